"""What lies behind the demonstration's engagements: when the meetings of a phase were, and what became of its documents."""

import datetime as dt

from engagements.models import Document, Engagement, Meeting, Participant
from engagements.services.documents import document_version_add
from engagements.services.moves import row_move
from portal.demo.clock import noon

Span = tuple[dt.date, dt.date]


def workday(day: dt.date) -> dt.date:
    """The day itself, or the Friday before it: nobody met at a weekend."""
    return day - dt.timedelta(days=max(day.weekday() - 4, 0))


def day_within(span: Span, at: int, count: int) -> dt.date:
    """The day of the one at the place `at` of `count` that lie evenly within the span, two days from either end."""
    first, last = span[0] + dt.timedelta(days=2), span[1] - dt.timedelta(days=2)
    return workday(first + dt.timedelta(days=(last - first).days * at // max(count - 1, 1)))


def meetings_held(engagement: Engagement, phase: str, span: Span) -> None:
    """Every meeting of a phase took place, one after the other."""
    found = Meeting.objects.filter(engagement=engagement, subphase_key__startswith=phase, state="planned")
    meetings = list(found.order_by("position"))
    for at, meeting in enumerate(meetings):
        when = noon(day_within(span, at, len(meetings)))
        row_move(about="meeting", row=meeting, step="schedule", starts_at=when)
        row_move(about="meeting", row=meeting, step="hold")


def documents_approved(engagement: Engagement, phase: str, lead: Participant) -> None:
    """Every document of a phase is written and approved."""
    for document in Document.objects.filter(engagement=engagement, subphase_key__startswith=phase).order_by("position"):
        if not document.versions.exists():
            document_version_add(document=document, text="As agreed in the review.", user=lead.user)
        document.refresh_from_db()
        if document.state == "draft":
            document = row_move(about="document", row=document, step="submit")
        if document.state == "in_review":
            row_move(about="document", row=document, step="approve")
