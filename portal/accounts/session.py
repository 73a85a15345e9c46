"""What a session may reach, and how long it lasts.

A session begun with a password, a code or a passkey reaches whatever the person reaches. One begun with a mailed link reaches
one client with what the link is for and nothing more; one begun at a client's own identity provider reaches that client only,
whatever else the person may open: another company's provider must never be a key to it.
"""

import time
from dataclasses import asdict, dataclass
from typing import Any

from portal.tenancy.permissions import LINK_PERMISSIONS
from portal.tenancy.selectors import SessionLimit

SCOPE = "session_scope"
STARTED = "session_started"
SEEN = "session_seen"
INVITATION = "invitation"  # the hash of the link that the browser opened
LINK = "magic_link"

IDLE_SECONDS = 2 * 3600
LONGEST_SECONDS = 12 * 3600
LONGEST_LINK_SECONDS = 2 * 3600
NOTE_EVERY = 60


@dataclass(frozen=True)
class SessionScope:
    """Why a session is limited (`kind` is link or sso), and to what."""

    kind: str
    client_id: int
    client_slug: str
    purpose: str = ""

    def limit(self) -> SessionLimit:
        """What the selectors of tenancy hold the session to."""
        permissions = LINK_PERMISSIONS[self.purpose] if self.kind == "link" else None
        return SessionLimit(client_id=self.client_id, permissions=permissions)

    def to_session(self) -> dict[str, Any]:
        return asdict(self)


def scope_of(session: Any) -> SessionScope | None:
    """The limit of a session, if it has one."""
    kept = session.get(SCOPE)
    return SessionScope(**kept) if kept else None


def session_begin(session: Any, scope: dict[str, Any] | None) -> None:
    """At every sign-in: the clock starts anew, and what an earlier sign-in of this browser was limited to is forgotten."""
    for key in (SCOPE, INVITATION, LINK):
        session.pop(key, None)
    session[STARTED] = session[SEEN] = int(time.time())
    if scope:
        session[SCOPE] = scope


def session_is_over(session: Any, now: int) -> bool:
    """Whether the session was idle too long, or is too old; notes its use about once a minute."""
    started, seen = session.setdefault(STARTED, now), session.setdefault(SEEN, now)
    scope = scope_of(session)
    longest = LONGEST_LINK_SECONDS if scope and scope.kind == "link" else LONGEST_SECONDS
    if now - seen > IDLE_SECONDS or now - started > longest:
        return True
    if now - seen >= NOTE_EVERY:
        session[SEEN] = now
    return False
