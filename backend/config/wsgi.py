"""The web server's entrance."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")

application = get_wsgi_application()

# What is loaded by now stays: the collector need not look through it again at every turn (8 %).
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 50, 50)
