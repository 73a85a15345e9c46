"""What workers are started with: `celery -A portal.celery worker`. Finds every application's jobs."""

import os
from typing import Any

import django
from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.broker import app as application  # noqa: E402 — needs the settings
from portal.selftest import require_sound  # noqa: E402
from portal.tenancy.pulse import Heartbeat, pulse_beat  # noqa: E402

app: Celery = application
app.autodiscover_tasks()
app.autodiscover_tasks(["portal.tenancy"], related_name="jobs")
_beating: dict[str, Heartbeat] = {}


@worker_init.connect
def refuse_unsound(**kwargs: object) -> None:
    """A worker on an unsound deployment does not start."""
    require_sound()


@task_prerun.connect
def begin_heartbeat(task_id: str, **kwargs: Any) -> None:
    """A long job shows that it is at work: while all processes have one, no tick does."""
    _beating[task_id] = Heartbeat(pulse_beat).__enter__()


@task_postrun.connect
def end_heartbeat(task_id: str, **kwargs: Any) -> None:
    """The job has ended, however it did."""
    if heartbeat := _beating.pop(task_id, None):
        heartbeat.__exit__(None, None, None)
