"""The secret address of a person's calendar: made, made anew, turned off, and looked up by whoever presents it.

Only the sha256 of the secret is kept, so the address is shown once. What it shows is decided each time it is read.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from engagements.models import CalendarFeed
from engagements.services.problems import EngagementError
from portal.accounts.bearer import hash_of, new_secret
from portal.accounts.services.guesses import guess_take
from portal.tenancy.selectors import SessionLimit, session_limit

WINDOW: Final = timedelta(hours=1)
READS, GUESSES = 60, 30  # of one address, and of wrong ones from one place, within the window
NOTE_EVERY: Final = timedelta(minutes=5)


class TooOften(Exception):
    """An address is read, or guessed, more often than any calendar program does."""


def calendar_make(*, user: Any, is_everything: bool, now: datetime) -> str:
    """Make the address, in place of one there was; gives its secret, which is shown once.

    EngagementError in a session that began with a mailed link: the address would outlive what the link is for.
    """
    limit = session_limit(user)
    if limit is not None and limit.permissions is not None:
        raise EngagementError("sign in with your password first: a mailed link makes no address that lasts")
    secret = new_secret()
    values = {
        "token_hash": hash_of(secret), "only_client_key": limit.client_id if limit else None,
        "is_everything": is_everything, "made_at": now, "read_at": None,
    }  # fmt: skip
    CalendarFeed.objects.update_or_create(user=user, defaults=values)
    return secret


def calendar_end(*, user: Any) -> None:
    """Turn the address off: its next reading finds nothing."""
    CalendarFeed.objects.filter(user=user).update(token_hash="", made_at=None)


def calendar_scope(*, user: Any, is_everything: bool) -> None:
    """Choose how much the calendar shows; the address stays."""
    CalendarFeed.objects.filter(user=user).update(is_everything=is_everything)


def feed_presented(*, secret: str, place: str, now: datetime) -> CalendarFeed | None:
    """The feed of a secret, with its person held to what they may reach; None: no such address, or one turned off.

    TooOften where it is read too often, or where wrong ones come too often from one place.
    """
    token = hash_of(secret)
    feed = CalendarFeed.objects.select_related("user").filter(token_hash=token).first()
    if feed is None or not feed.user.is_active:
        if not guess_take(purpose="calendar guess", subject=place, limit=GUESSES, window=WINDOW):
            raise TooOften
        return None
    if not guess_take(purpose="calendar", subject=token, limit=READS, window=WINDOW):
        raise TooOften
    if feed.only_client_key is not None:
        feed.user.session_limit = SessionLimit(feed.only_client_key)  # type: ignore[attr-defined]
    if feed.read_at is None or feed.read_at < now - NOTE_EVERY:
        CalendarFeed.objects.filter(pk=feed.pk, token_hash=token).update(read_at=now)
    return feed
