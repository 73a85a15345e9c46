"""Whether background jobs are being done: one row says when one was last at work.

Every tick stamps it, and so does a long job while it runs. It therefore falls silent whatever is wrong: no beat, no broker, no
worker, or a worker that takes jobs and does none.
"""

import datetime as dt
import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final

from django.db import Error, connection
from django.db.models.functions import Now

from portal.tenancy.models import JobPulse

SILENCE: Final = dt.timedelta(seconds=45)  # the tick comes every ten
BEAT_SECONDS: Final = 10.0
ONE: Final = 1
logger = logging.getLogger(__name__)


def pulse_beat() -> None:
    """Say that a job is at work now, by the database's clock."""
    row = JobPulse(pk=ONE, seen_at=Now())
    JobPulse.objects.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=["seen_at"])


def pulse_is_silent() -> bool:
    """Whether no job has been at work for longer than SILENCE (or ever)."""
    return not JobPulse.objects.filter(pk=ONE, seen_at__gte=Now() - SILENCE).exists()


class Heartbeat:
    """While this lasts, does `beat` every `seconds` in a thread with a database connection of its own.

    A beat that fails is logged and tried again at the next: a job is not broken off because its heartbeat was.
    """

    def __init__(self, beat: Callable[[], None], seconds: float = BEAT_SECONDS) -> None:
        self.beat = beat
        self.seconds = seconds
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self.thread.join(self.seconds)

    def _run(self) -> None:
        while not self.over.wait(self.seconds):
            try:
                self.beat()
            except Error as problem:
                logger.warning("a heartbeat failed: %s", problem)
            finally:
                connection.close()
