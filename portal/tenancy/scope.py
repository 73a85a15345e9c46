"""The tenant scope: which client the running code works for.

`tenant_context(client)` is the only way in. It owns the transaction and tells both Python (a context variable that the
managers read) and PostgreSQL (a transaction-local setting that the row policies read). It never nests, and the setting dies
with the transaction, so that nothing leaks through a pooled connection.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connection, connections, transaction

if TYPE_CHECKING:
    from portal.tenancy.models import Client


class ScopeError(RuntimeError):
    """Code touched tenant data outside the scope of that tenant: a bug, never a user's mistake."""


@dataclass(frozen=True)
class Scope:
    """The client whose rows may be touched now."""

    client_id: int
    client_slug: str
    left_for_the_end: dict[Hashable, Callable[[], None]] = field(default_factory=dict, compare=False, repr=False)


_current: ContextVar[Scope | None] = ContextVar("tenant_scope", default=None)


def current_scope() -> Scope | None:
    """The scope that is open, if any."""
    return _current.get()


def scoped_client_id() -> int:
    """The id of the client in scope; ScopeError where none is."""
    scope = _current.get()
    if scope is None:
        raise ScopeError("no client is in scope: open tenant_context(client) around this code")
    return scope.client_id


def at_scope_end(key: Hashable, action: Callable[[], None]) -> None:
    """Do `action` as the last thing of the open scope, in its transaction; once, however often it is asked for under `key`.

    For what sums up everything that a transaction changed. Where the transaction is rolled back, nothing is done; what was
    rolled back to a savepoint may still be asked about, so that the action reads what is there.
    """
    scope = _current.get()
    if scope is None:
        raise ScopeError("no client is in scope, so that it has no end")
    scope.left_for_the_end[key] = action


def not_at_scope_end(key: Hashable) -> None:
    """What was left for the end of the open scope under `key` has been done already."""
    if (scope := _current.get()) is not None:
        scope.left_for_the_end.pop(key, None)


def scope_settle() -> None:
    """Do now what was left for the end of the open scope."""
    scope = _current.get()
    while scope is not None and scope.left_for_the_end:
        scope.left_for_the_end.pop(next(iter(scope.left_for_the_end)))()


@contextmanager
def tenant_context(client: "Client", *, using: str = "default") -> Iterator["Client"]:
    """Open one transaction in which only `client`'s rows exist; roll it back when the block raises.

    Raises ScopeError when a scope is already open: code that works for two clients at once is wrong.
    """
    if (open_scope := _current.get()) is not None:
        raise ScopeError(f"the scope of client {open_scope.client_id} is open: scopes do not nest")
    with transaction.atomic(using=using, durable=True):
        outermost = len(connections[using].savepoint_ids) == 0
        _set_tenant(using, str(client.pk))
        token = _current.set(Scope(client_id=client.pk, client_slug=client.slug))
        try:
            yield client
            if not connections[using].needs_rollback:
                scope_settle()
        finally:
            _current.reset(token)
        if not outermost and not connections[using].needs_rollback:  # a rollback takes the setting back by itself
            _set_tenant(using, "")  # only a test's outer transaction goes on after this one


def _set_tenant(using: str, value: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT set_config('tenancy.client', %s, true)", [value])


@contextmanager
def person_context(user_id: int) -> Iterator[None]:
    """Let the queries of this block see the memberships of one person, across clients, and nothing else.

    Needed before a client is known: to list the clients that someone may open.
    """
    with _setting("tenancy.person", str(user_id)):
        yield


@contextmanager
def firm_context(firm_id: int) -> Iterator[None]:
    """Let the queries of this block see one firm's summary rows of its clients."""
    with _setting("tenancy.firm", str(firm_id)):
        yield


@contextmanager
def bearer_context(secret_hash: str) -> Iterator[None]:
    """Let the queries of this block see the one row that this secret opens, whichever client's it is.

    Needed before a client is known: a mailed link, a program's token or a sign-in domain leads to its client.
    """
    with _setting("tenancy.bearer", secret_hash):
        yield


@contextmanager
def _setting(name: str, value: str) -> Iterator[None]:
    """A transaction in which a row policy reads `value`. The setting ends with its transaction; inside one, it is cleared."""
    is_nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
        yield
        if is_nested:
            cursor.execute("SELECT set_config(%s, '', true)", [name])
