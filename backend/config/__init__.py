"""配置: the Celery application is loaded with Django, so that `delay` always finds its broker."""

from backend.config.celery import app

__all__ = ["app"]
