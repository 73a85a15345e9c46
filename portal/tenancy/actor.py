"""Who is acting: set by the request or the job, read by the audit log."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """The person or program behind a change."""

    name: str
    user_id: int | None = None
    request_id: str = ""


_actor: ContextVar[Actor] = ContextVar("actor", default=Actor("system"))  # noqa: B039 — an Actor is frozen


def current_actor() -> Actor:
    """The actor of the running request or job."""
    return _actor.get()


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Changes made in this block are this actor's."""
    token = _actor.set(actor)
    try:
        yield actor
    finally:
        _actor.reset(token)
