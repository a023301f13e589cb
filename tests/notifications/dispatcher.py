"""A dispatcher as a process of its own, to be killed: `python -m …notifications.dispatcher`."""

import os
import sys

import django
from django.conf import settings
from django.db import close_old_connections


def main() -> None:
    """Do round after round, as beat would have the worker do."""
    from notifications import dispatch

    while True:
        close_old_connections()
        dispatch.run("rt", seconds=2)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "backend.config.settings"
    django.setup()
    settings.NOTIFY_UNKNOWN_GUARD = "--careless" not in sys.argv
    main()
