"""The web application, as gunicorn loads it; it refuses to start on an unsound deployment."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

from portal.selftest import require_sound  # noqa: E402 — needs the settings

require_sound()
get_resolver().url_patterns  # noqa: B018 — loads every view now, once for all processes, and not in the first request

# What is loaded by now stays as long as the process: the collector of garbage need not go through it in the middle of a page.
gc.collect()
gc.freeze()
