"""kombu's pgmq transport, mended where a crash would stop its worker for good.

- Its worker gets an event loop. Without one, Celery's pool hands jobs out through a single pipe whose lock an idle process
  holds: that process killed, no other ever gets a job again.
- One plain connection instead of a pool, whose threads do not survive a fork, and whose tries to reconnect grow ever rarer.
- A message is invisible for a minute only, and that minute is renewed while its worker lives: what a dead worker held goes
  to another one soon, however long the job.
"""

import logging
import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty
from typing import Any, cast

import psycopg
from kombu.transport import pgmq as kombu_pgmq
from pgmq import PGMQueue

POLL_SECONDS = 0.25
RENEW_PER_LEASE = 4
CONNECT_SECONDS = 3
logger = logging.getLogger(__name__)


class OneConnection:
    """What PGMQueue asks of a pool, over one connection that is made anew after a failure and after a fork."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.lock = threading.RLock()
        self.made: psycopg.Connection[Any] | None = None
        self.owner = 0

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """The connection, for one thread at a time; psycopg.OperationalError at once when the server does not answer."""
        with self.lock:
            if self.made is None or self.made.closed or self.owner != os.getpid():
                self.made = psycopg.connect(self.address, autocommit=True, connect_timeout=CONNECT_SECONDS)
                self.owner = os.getpid()
            try:
                yield self.made
            except (psycopg.OperationalError, psycopg.InterfaceError):
                self.close()
                raise

    def close(self) -> None:
        """Let go of the connection; the next use makes another."""
        with self.lock:
            made, self.made = self.made, None
            if made is not None and self.owner == os.getpid():  # a parent's connection is not ours to end
                made.close()


class Transport(kombu_pgmq.Transport):
    """pgmq for a worker with an event loop."""

    client: Any
    channels: Any
    implements = kombu_pgmq.Transport.implements.extend(asynchronous=True)
    connection: OneConnection | None = None

    def _create_pgmq_client(self) -> PGMQueue:
        options = self.client.transport_options
        self.connection = OneConnection(options["conn_string"])
        return PGMQueue(
            conn_string=options["conn_string"],
            vt=options["visibility_timeout"],
            init_extension=False,  # database_prepare installed the SQL; there is no extension
            pool=cast(Any, self.connection),
        )

    def close_connection(self, connection: Any) -> None:
        super().close_connection(connection)
        if self.connection is not None:
            self.connection.close()

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        """Called by the worker on every connect; it cancels both timers when the connection is lost."""
        loop.call_repeatedly(POLL_SECONDS, self.receive)
        loop.call_repeatedly(self.client.transport_options["visibility_timeout"] / RENEW_PER_LEASE, self.renew)

    def receive(self) -> None:
        """Take what is there, if the worker has room for it, and do not wait."""
        for channel in self.channels:
            with suppress(Empty):
                channel.drain_events(timeout=0, callback=self._deliver)

    def renew(self) -> None:
        """Keep what this worker holds invisible to others."""
        for channel in self.channels:
            held = defaultdict(list)
            for tag, message in channel.qos._delivered.items():
                if tag not in channel.qos._dirty:
                    held[message.delivery_info["pgmq_queue"]].append(message.delivery_info["pgmq_msg_id"])
            for queue, numbers in held.items():
                channel.pgmq.set_vt(queue, numbers, channel.visibility_timeout)
