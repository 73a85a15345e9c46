"""The review of a quarter for the board, written from what the system knows. Runs in the client's scope; time is passed in.

`review_content(client, period) -> dict` · `review_quarters(client, now) -> list[Period]` ·
`review_quarter(client, now, key) -> Period | None` · `review_kept(quarter)`

The content is plain data: it is shown, printed, and kept with its sha256 once the board has held the review.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from governance.chapters import Chapter
from governance.models import BoardReview
from governance.selectors.review_alerts import alerts_chapter
from governance.selectors.review_changes import changes_chapter, definitions_chapter, restatements_chapter
from governance.selectors.review_chapters import (
    Span,
    audits_chapter,
    disputes_chapter,
    numbers_chapter,
    quality_chapter,
    usage_chapter,
)
from metrics.models import CloseBridge
from metrics.selectors.books import book_head
from metrics.selectors.periods import Period, quarters_over
from portal.lib.periods import month_format, month_of
from portal.tenancy.clock import day_at
from portal.tenancy.models import Client

SCHEMA: Final = "tieout.board_review/1"
CHAPTERS: Final[tuple[Callable[[Span], Chapter | None], ...]] = (
    numbers_chapter,
    changes_chapter,
    restatements_chapter,
    alerts_chapter,
    quality_chapter,
    disputes_chapter,
    audits_chapter,
    definitions_chapter,
    usage_chapter,
)


def review_quarters(client: Client, now: dt.datetime) -> list[Period]:
    """The quarters of the client's fiscal year that can be reviewed: those that are over, of the last two years and with
    figures, the newest first.
    """
    this_month = month_of(day_at(client, now))
    head = book_head(client)
    first = CloseBridge.objects.order_by("month").values_list("month", flat=True).first()
    begins = min((each for each in (head.first_month, first) if each is not None), default=None)
    if begins is None:
        return []
    return [each for each in quarters_over(this_month, client.fiscal_year_start) if each.last >= begins]


def review_quarter(client: Client, now: dt.datetime, key: str) -> Period | None:
    """The quarter of that name, where it can be reviewed."""
    return next((each for each in review_quarters(client, now) if each.key == key), None)


def review_kept(quarter: str) -> BoardReview | None:
    """The review of a quarter as it was held."""
    found: BoardReview | None = BoardReview.objects.filter(quarter=quarter).select_related("kept_by").first()
    return found


def review_content(client: Client, period: Period) -> dict[str, Any]:
    """The review of a quarter, chapter by chapter; a chapter of which there is nothing to say is left out."""
    span = Span.of(client, period)
    chapters = [made for write in CHAPTERS if (made := write(span)) is not None]
    return {
        "schema": SCHEMA,
        "client": {"slug": client.slug, "name": client.name, "currency": client.currency},
        "quarter": period.key,
        "months": [month_format(period.first), month_format(period.last)],
        "chapters": [each.told() for each in chapters],
    }
