"""A Celery application for tests with real workers: the portal's own, with a few jobs and a queue of its own.

`celery -A tests.platform.worker_app worker` consumes; `python -m tests.platform.worker_app <job> <arguments…>` sends.
"""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
import django

django.setup()

from portal.broker import app  # noqa: E402 — needs the settings

app.conf.task_default_queue = os.environ["TEST_QUEUE"]
if held := os.environ.get("TEST_HELD_SECONDS"):
    app.conf.broker_transport_options["visibility_timeout"] = int(held)


@app.task(name="test.note")
def note(path: str) -> None:
    """Append this process's number to the file."""
    with Path(path).open("a") as file:
        file.write(f"{os.getpid()}\n")


@app.task(name="test.hang_first")
def hang_first(path: str) -> None:
    """Hang on the first delivery, as a job does whose worker is about to be killed; be quick on every later one."""
    is_first = not Path(path).exists()
    note(path)
    if is_first:
        time.sleep(120)


@app.task(name="test.note_slowly")
def note_slowly(path: str) -> None:
    """Note the run, then take eight seconds."""
    note(path)
    time.sleep(8)


@app.task(name="test.note_later")
def note_later(path: str) -> None:
    """Send another job from inside a job."""
    note.delay(path)


if __name__ == "__main__":
    app.send_task(f"test.{sys.argv[1]}", args=sys.argv[2:])
