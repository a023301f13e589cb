"""The staff's page of routes."""

from django.urls import path

from backend.staff_api import auth, worklist

urlpatterns = [
    path("login", auth.Login.as_view()),
    path("otp/enrol", auth.OtpEnrol.as_view()),
    path("otp/confirm", auth.OtpConfirm.as_view()),
    path("logout", auth.Logout.as_view()),
    path("me", auth.Me.as_view()),
    path("sessions", auth.Sessions.as_view()),
    path("sessions/<uuid:uid>/end", auth.SessionEnd.as_view()),
    path("worklist", worklist.Worklist.as_view()),
    path("worklist/counts", worklist.WorklistCounts.as_view()),
    path("cases", worklist.CaseList.as_view()),
    path("cases/search", worklist.CaseSearch.as_view()),
]
