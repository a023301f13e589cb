"""The staff's page of routes."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
