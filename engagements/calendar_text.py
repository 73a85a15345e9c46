"""A calendar as RFC 5545 has it: the library escapes, folds and orders; here is what goes into it."""

from collections.abc import Iterable
from datetime import UTC, datetime

from icalendar import Calendar
from icalendar import Event as Entry

from engagements.selectors.calendar import Event
from portal.accounts.mail import absolute

PRODUCT = "-//Tieout//Engagements//EN"


def calendar_text(events: Iterable[Event], name: str, now: datetime) -> bytes:
    """The entries as a file. Instants are written in UTC, which every program shows in its own zone; days are days."""
    calendar = Calendar()
    for key, value in (("prodid", PRODUCT), ("version", "2.0"), ("method", "PUBLISH"), ("x-wr-calname", name)):
        calendar.add(key, value)
    for event in events:
        calendar.add_component(entry_of(event, now))
    return bytes(calendar.to_ical())


def entry_of(event: Event, now: datetime) -> Entry:
    """One entry; a whole day takes nobody's time."""
    entry = Entry()
    entry.add("uid", event.uid)
    entry.add("dtstamp", now.astimezone(UTC))
    entry.add("summary", event.summary)
    url = absolute(event.page)
    entry.add("description", f"{event.text}\n{url}" if event.text else url)
    entry.add("url", url)
    is_instant = isinstance(event.starts, datetime)
    for key, when in (("dtstart", event.starts), ("dtend", event.ends)):
        entry.add(key, when.astimezone(UTC) if isinstance(when, datetime) else when)
    entry.add("transp", "OPAQUE" if is_instant else "TRANSPARENT")
    entry.add("status", "CANCELLED" if event.is_cancelled else "CONFIRMED")
    return entry
