"""The Celery application and how it talks to whichever broker CELERY_BROKER_URL names.

Below every application: `portal.tenancy` loads it at start-up, so that each process of Tieout (web, worker, command) sends its
jobs to the configured broker. `portal.celery` is what workers are started with, `portal.beat` what beat is.
"""

import os
from typing import Any
from urllib.parse import urlsplit

import psycopg
from celery import Celery
from django.conf import settings
from kombu import Connection
from kombu.transport import TRANSPORT_ALIASES
from psycopg.sql import SQL, Identifier

QUEUE = "jobs"
TICK_SECONDS = 10
# On Redis, a message that is not acknowledged within this many seconds goes to another worker; a job is stopped well before
# that, so that the same job never runs twice at once.
VISIBILITY = int(os.environ.get("CELERY_VISIBILITY_TIMEOUT", "1800"))
HELD_SECONDS = min(60, VISIBILITY)  # pgmq: renewed for as long as the worker lives
TRANSPORT_ALIASES["pgmq"] = "portal.pgmq_transport:Transport"


def queue_address(url: str) -> str:
    """The address of the queues' database."""
    return url.replace("pgmq://", "postgresql://", 1)


def transport_options(url: str) -> dict[str, Any]:
    """What the transport of `url` must be told."""
    options: dict[str, dict[str, Any]] = {
        "pgmq": {
            "conn_string": queue_address(url),  # else the library would take DATABASE_URL for its own
            "visibility_timeout": HELD_SECONDS,
        },
        "redis": {
            "visibility_timeout": VISIBILITY,
            "socket_connect_timeout": 5,
            "unacked_restore_throttle": 1,  # look for abandoned messages every ten seconds; the default is a hundred
        },
        "amqp": {"confirm_publish": True},
    }
    scheme = urlsplit(url).scheme
    return options.get({"rediss": "redis", "amqps": "amqp"}.get(scheme, scheme), {})


def configuration(url: str) -> dict[str, Any]:
    """Celery's settings."""
    return {
        "broker_url": url,
        "broker_transport_options": transport_options(url),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # for as long as it takes
        "broker_connection_timeout": 5,
        "broker_pool_limit": 4,
        "task_always_eager": False,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "task_default_queue": QUEUE,
        "task_serializer": "json",
        "accept_content": ["json"],
        # At least once: a job is acknowledged when it is done, and comes back when its process dies
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_acks_on_failure_or_timeout": True,  # a failure is recorded by the job itself, not retried blindly
        "task_time_limit": max(1, int(VISIBILITY * 0.8)),
        "task_soft_time_limit": max(1, int(VISIBILITY * 0.75)),
        "task_publish_retry_policy": {
            "max_retries": 2,
            "interval_start": 0.1,
            "interval_step": 0.2,
            "interval_max": 0.5,
        },
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,  # nobody can stop or inspect a worker through the broker
        "worker_send_task_events": False,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_max_memory_per_child": 1_500_000,  # kB
        "worker_hijack_root_logger": False,
        "timezone": "UTC",
        "beat_schedule": {
            "tick": {
                "task": "tenancy.dispatch_due",
                "schedule": TICK_SECONDS,
                "options": {
                    "expires": TICK_SECONDS,
                    "ignore_result": True,
                },  # a stopped worker finds one tick, not a heap
            }
        },
    }


app = Celery("tieout")
app.conf.update(configuration(settings.CELERY_BROKER_URL))
app.set_default()  # for every thread: `task.delay` never falls back to Celery's own default address


def is_reachable(url: str, timeout: float = 2.0) -> bool:
    """Whether the broker answers."""
    try:
        if urlsplit(url).scheme == "pgmq":
            with _queue_database(url, timeout) as connection:
                connection.execute("SELECT FROM pgmq.meta LIMIT 1")
        else:
            with Connection(url, connect_timeout=timeout) as broker:
                broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=int(timeout))
    except Exception:  # every transport has exceptions of its own, and each of them means no
        return False
    return True


def release_unfinished(url: str) -> None:
    """Make every message of the embedded broker visible again: for the moment before its only worker starts.

    What a killed worker held would otherwise come back only when its visibility timeout runs out.
    """
    if urlsplit(url).scheme != "pgmq":
        return
    with _queue_database(url, 10) as connection:
        for (queue,) in connection.execute("SELECT queue_name FROM pgmq.meta").fetchall():
            statement = SQL("UPDATE pgmq.{} SET vt = clock_timestamp() WHERE vt > clock_timestamp()")
            connection.execute(statement.format(Identifier(f"q_{queue}")))


def _queue_database(url: str, timeout: float) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(queue_address(url), connect_timeout=max(2, int(timeout)), autocommit=True)
