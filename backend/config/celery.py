"""The Celery application. Tasks carry ids and ring; what is to be done stands in PostgreSQL."""

import os

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")

app = Celery("backend", include=["backend.clock"])
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks(["notifications"])


@setup_logging.connect
def _keep_our_logging(**_: object) -> None:
    """Celery would install its own handlers; Django's configuration already stands."""
