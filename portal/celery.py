"""What workers and beat are started with: `celery -A portal.celery worker`. Finds every application's jobs."""

import os

import django
from celery import Celery
from celery.signals import beat_init, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.broker import app as application  # noqa: E402 — needs the settings
from portal.selftest import require_sound  # noqa: E402

app: Celery = application
app.autodiscover_tasks()
app.autodiscover_tasks(["portal.tenancy"], related_name="jobs")


@worker_init.connect
@beat_init.connect
def refuse_unsound(**kwargs: object) -> None:
    """A worker on an unsound deployment does not start."""
    require_sound()
