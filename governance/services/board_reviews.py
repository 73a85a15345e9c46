"""Keeping the board's review of a quarter as it was held.

`review_hold(client=, quarter=, sha256=, held_on=, present=, decisions=, user=, now=) -> BoardReview`, in the client's scope.
"""

import datetime as dt
from typing import Any

from django.urls import reverse

from governance.models import BoardReview
from governance.selectors.board_review import review_content, review_kept, review_quarter
from governance.services.problems import DefinitionError, OutdatedError
from portal.lib.dates import date_text, quarter_text
from portal.notices.audience import members_in
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy import audit
from portal.tenancy.clock import database_time, day_at
from portal.tenancy.models import Client, ClientRole


def review_hold(
    *, client: Client, quarter: str, sha256: str, held_on: dt.date, present: str, user: Any, now: dt.datetime,
    decisions: str = "",
) -> BoardReview:  # fmt: skip
    """Keep the review exactly as it was shown. OutdatedError where it was kept already, or something changed since."""
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    if review_kept(quarter) is not None:
        raise OutdatedError(f"the review of {quarter_text(quarter)} was held already, and stays as it was")
    period = review_quarter(client, now, quarter)
    if period is None:
        raise DefinitionError(f"{quarter_text(quarter)} is no quarter that is over and has figures")
    if not present.strip():
        raise DefinitionError("say who was there")
    if held_on > day_at(client, now):
        raise DefinitionError("a review is kept once it was held: the day cannot lie ahead")
    content = review_content(client, period)
    if audit.digest(content) != sha256:
        raise OutdatedError("something in it changed since you opened it: read it once more")
    kept: BoardReview = BoardReview.objects.create(
        quarter=quarter, first_month=period.first, last_month=period.last, content=content, sha256=sha256, held_on=held_on,
        present=present.strip(), decisions=decisions.strip(), kept_by=user, kept_at=database_time(),
    )  # fmt: skip
    audit.record(
        "board_review.held", object_type="board review", object_id=quarter, after=content,
        details={"quarter": quarter, "sha256": sha256, "held_on": held_on, "decisions": kept.decisions},
    )  # fmt: skip
    people = members_in(ClientRole.ADMIN, ClientRole.REVOPS, ClientRole.FINANCE, ClientRole.EXECUTIVE)
    path = reverse("board_review", kwargs={"client_slug": client.slug, "quarter": quarter})
    text = f"The review of {quarter_text(quarter)} was held on {date_text(held_on)}: it can be read as it was"
    notice_add(client=client, users=people, kind=Kind.AUDIT, text=text, path=path, about=f"review {quarter}"[:60])
    return kept
