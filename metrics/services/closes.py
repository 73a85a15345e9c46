"""Closing months: what was reported is stored once and never changes; a later correction is a restatement with its reason.

`month_close(client=, month=, user=) -> list[MonthClose]` · `month_close_check(client=, month=)` ·
`month_restate(client=, month=, reason=, user=) -> list[MonthClose]`

A month is closed for ARR, CARR and LARR together. The first close may be any month of the book; from then on months are closed
in their order, so that no reported month ever begins with an open one. What a correction changes in closed months shows as an
adjustment in the first open month, until the closed months are restated. The months before the first close go on to follow the
policy under which that one was closed first (`metrics.selectors.policies`).

A restatement corrects data: it is computed under the policy version that the month was closed under. What another definition
makes of closed months comes through a decision alone (`redefines`): a restating change request or signed policy.

What else a closed month keeps is written by the floors above, in the same transaction (`WHEN_CLOSED`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import polars as pl
from django.urls import reverse

from metrics import repository
from metrics.book_rows import load_cohorts, load_groups
from metrics.computation import EngineInput, compute
from metrics.engine.arrays import Ints
from metrics.engine.bridge import AMOUNTS
from metrics.engine.drill import settle_month
from metrics.figures import amount_text
from metrics.intake.compare import content_digest
from metrics.models import ArrBook, BookState, CloseBalance, CloseBridge, MonthClose, PolicyVersion
from metrics.month_content import RETAINED_AT, MonthContent, MonthSeries, month_content
from metrics.selectors.close_preview import numbers_seen
from metrics.selectors.closes import latest_closes
from metrics.selectors.policies import policy_in_force, policy_name
from metrics.services.books import book_input, books_hold
from metrics.services.close_borders import Borders, borders_of
from metrics.services.close_details import Detail, cohort_table, detail_of, detail_store, is_kept, no_cohorts
from metrics.services.close_news import closes_emit
from metrics.services.summaries import summary_refresh
from portal.lib.dates import month_text
from portal.lib.periods import month_format
from portal.notices.audience import consultants_of, members_in
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client, ClientRole

MonthOfBook = tuple[MonthSeries, Ints]  # and its `cohort_table`


class Keeps(Protocol):
    """Somebody who keeps something of a month that was just closed or restated: one close for each recognition."""

    def __call__(self, *, client: Client, closes: Sequence[MonthClose]) -> object: ...


WHEN_CLOSED: Final[list[Keeps]] = []  # named at start-up by the apps that keep


class CloseError(ValueError):
    """A month cannot be closed or restated; the message says why and what to do."""


class NothingToRestateError(CloseError):
    """The contracts say of a closed month what was closed."""


@dataclass(frozen=True)
class MonthFigures:
    """The figures of one month and recognition as they are to be stored, and the policy version they are computed under."""

    version: PolicyVersion
    content: MonthContent
    input_hash: str
    borders: Borders
    detail: Detail


def month_close(*, client: Client, month: int, user: Any = None, seen: str | None = None) -> list[MonthClose]:
    """Store what the books say of a month, for ever. Raises CloseError: closed already, out of order, or not ready.

    With `seen`, the state of the numbers that a person was shown (`numbers_seen`), also where they have changed since.
    """
    books = ready_books(client, month)
    require_order(month)
    if seen is not None and seen != numbers_seen():
        raise CloseError("the numbers have changed since they were shown: look at them once more")
    figures = figures_of(client, books, month)
    made = [store_close(client, book, month, found, user=user) for book, found in figures]
    others_keep(client, made)
    summary_refresh(client=client)
    text = f"{month_text(month)} is closed: what it reported stays as it is"
    months_tell(client, text=text, key=f"closed {month}")
    closes_emit(client=client, event="month.closed", made=made, bridges=[found.content.bridge for _, found in figures])
    return made


def others_keep(client: Client, made: Sequence[MonthClose]) -> None:
    """Let the floors above keep what they have to of a month."""
    for keep in WHEN_CLOSED:
        keep(client=client, closes=made)


def months_tell(client: Client, *, text: str, key: str) -> None:
    """Whoever answers for the numbers hears what became of a month."""
    told = members_in(ClientRole.ADMIN, ClientRole.FINANCE, ClientRole.REVOPS, ClientRole.EXECUTIVE)
    path = reverse("months", kwargs={"client_slug": client.slug})
    notice_add(client=client, users=[*told, *consultants_of(client)], kind=Kind.MONTH, path=path, text=text, key=key)


def month_close_check(*, client: Client, month: int) -> None:
    """Raise the CloseError that closing the month would raise now; changes and locks nothing."""
    require_ready(client, list(ArrBook.objects.order_by("id")), month)
    require_order(month)


def require_order(month: int) -> None:
    """Raise CloseError unless the month is open and follows the newest closed one."""
    closed = latest_closes()
    if any(close.month == month for close in closed):
        raise CloseError(f"{month_format(month)} is closed already: restate it if its numbers have to change")
    newest = max((close.month for close in closed), default=None)
    if newest is not None and month != newest + 1:
        raise CloseError(f"months are closed in their order: the next one is {month_format(newest + 1)}")


def month_restate(
    *, client: Client, month: int, reason: str, user: Any = None, redefines: bool = False
) -> list[MonthClose]:
    """Open a closed month again and close it with what the contracts say now, as a new revision linked to the old one.

    Computed under the policy that the month was closed under; with `redefines`, for whoever carries out a decision that says
    so, under the one in force. By hand, whoever answers for the numbers is told. The old revision stays readable. Raises
    CloseError without a reason, for an open month, where nothing would change, and where the old policy cannot be valued.
    """
    if not reason.strip():
        raise CloseError("a restatement needs a reason")
    books = ready_books(client, month)
    closed = {close.recognition: close for close in latest_closes() if close.month == month}
    if not closed:
        raise CloseError(f"{month_format(month)} is not closed: there is nothing to restate")
    figures = figures_of(client, books, month, {} if redefines else closed)
    if not any(is_moved(closed[book.recognition], found, redefines=redefines) for book, found in figures):
        raise NothingToRestateError(nothing_text(client, closed, month))
    made = [
        store_close(client, book, month, found, user=user, restates=closed[book.recognition], reason=reason.strip())
        for book, found in figures
    ]
    others_keep(client, made)
    summary_refresh(client=client)
    if not redefines:
        text = f"{month_text(month)} is restated (revision {made[0].revision}): {made[0].reason}"
        months_tell(client, text=text, key=f"restated {month} r{made[0].revision}")
    closes_emit(
        client=client, event="month.restated", made=made, bridges=[found.content.bridge for _, found in figures]
    )
    return made


def is_moved(close: MonthClose, found: MonthFigures, *, redefines: bool) -> bool:
    """Whether the contracts say another thing of a month than its close. By hand also where only customers differ whose sums
    are the same, as far as the close kept them; a decision about definitions leaves such a month alone.
    """
    return close.content_hash != found.content.content_hash or (not redefines and not is_kept(close, found.detail))


def nothing_text(client: Client, closed: Mapping[str, MonthClose], month: int) -> str:
    """Why there is nothing to restate; where another policy holds by now, also what would apply that."""
    said = f"the numbers of {month_format(month)} are still those that were closed: there is nothing to restate"
    policy = policy_in_force(client)
    if all(close.policy_then == policy.with_(recognition=name) for name, close in closed.items()):
        return said
    return f"{said}. What the policy in force would make of a closed month comes through a restating change request"


def ready_books(client: Client, month: int) -> list[ArrBook]:
    """The client's books, locked, if all can be relied on and the policy's own has the month. Raises CloseError."""
    books = books_hold(client=client)
    require_ready(client, books, month)
    return books


def require_ready(client: Client, books: list[ArrBook], month: int) -> None:
    """Raise CloseError unless all books can be relied on and the policy's own has the month."""
    own = policy_in_force(client).recognition
    if not books:
        raise CloseError("there are no numbers to close yet: import contracts first")
    for book in books:
        if book.state == BookState.STALE:
            raise CloseError("the numbers are being recomputed: close the month when they are ready")
        if book.state == BookState.BLOCKED:
            raise CloseError(f"{book.get_recognition_display()} cannot be computed: {book.message}")
        is_own = book.recognition == own
        if is_own and not (book.first_month is not None and book.first_month <= month <= (book.last_month or 0)):
            raise CloseError(f"{month_format(month)} cannot be closed: {shown_range(book)}")
        if book.first_month is not None and month > (book.last_month or 0):
            raise CloseError(f"{month_format(month)} cannot be closed: {shown_range(book)}")


def shown_range(book: ArrBook) -> str:
    """Which months a book has."""
    if book.first_month is None or book.last_month is None:
        return "there are no numbers yet"
    shown = f"there are numbers from {month_format(book.first_month)} to {month_format(book.last_month)}"
    return f"{shown}. {book.message}" if book.message else shown


def figures_of(
    client: Client, books: list[ArrBook], month: int, closed: Mapping[str, MonthClose] | None = None
) -> list[tuple[ArrBook, MonthFigures]]:
    """What each basis says of a month, with the balances behind it; where `closed` has its close, under the policy of that one.

    Raises CloseError where the stored numbers and the lines do not agree, and where an earlier policy cannot be valued.
    """
    given = book_input(client=client)
    lines = content_digest(given.lines)
    found = []
    for book in books:
        own, close = given.recognised(book.recognition), (closed or {}).get(book.recognition)
        if close is None or close.policy_then == own.policy:
            version = PolicyVersion.objects.get(pk=book.policy_id or 0)
            figures = month_figures(version, own, lines, month, stored_month(book, month))
        else:
            earlier = own.under(close.policy_then)
            figures = month_figures(close.policy, earlier, lines, month, computed_month(client, earlier, close))
        found.append((book, figures))
    return found


def stored_month(book: ArrBook, month: int) -> MonthOfBook | None:
    """A month as a book stores it; None where the book does not have it."""
    if book.first_month is None or not book.first_month <= month <= (book.last_month or 0):
        return None
    groups = {key: values[:, month - book.first_month] for key, values in load_groups(book).items()}
    return groups, cohort_table(load_cohorts(book), book.first_month, month)


def computed_month(client: Client, given: EngineInput, close: MonthClose) -> MonthOfBook | None:
    """A month as the policy makes it that it was closed under, which is no book's any more; None where nobody had ARR yet.

    CloseError where that policy cannot be valued: its currency is another one, or rates are missing.
    """
    asked = "what the policy in force makes of it comes through a restating change request"
    cannot = f"{month_format(close.month)} cannot be computed under {policy_name(close.policy.number)} that it was closed under"
    if given.policy.reporting_currency != client.currency:
        raise CloseError(f"{cannot}: rates are kept in {client.currency}; {asked}")
    series = (found := compute(given, close.month)).series
    if found.gaps and (series is None or not series.first <= close.month <= series.last):
        raise CloseError(f"{cannot}: {found.message.rstrip('.')}; {asked}")
    if series is None:
        return None
    groups = {key: values[:, close.month - series.first] for key, values in series.groups.items()}
    return groups, cohort_table(series.cohorts, series.first, close.month)


def month_figures(
    version: PolicyVersion, given: EngineInput, lines_digest: str, month: int, found: MonthOfBook | None
) -> MonthFigures:
    """The bridge and retention of a month (`found`; None: nobody had ARR yet) and the balances computed from the lines."""
    series, cohorts = found or (None, no_cohorts())
    settled, is_retained = None, any(values[RETAINED_AT:].any() for values in (series or {}).values())
    if series is not None:
        settled = settle_month(given.lines, given.rates, given.policy, month, with_retention=is_retained)
    content = month_content(series or {}, settled)
    if content.balances["reporting_cents"].sum() != content.ending:
        raise CloseError(
            "the stored numbers and the contract lines do not agree: have the books checked, then close the month"
        )
    rates = repository.frame_digest(given.rates, "currency", "day")
    text = f"{lines_digest} {rates} {audit.digest(given.policy.to_dict())}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    detail = detail_of(settled, cohorts, is_retained=is_retained)
    return MonthFigures(version, content, digest, borders_of(given, month, version), detail)


def store_close(
    client: Client,
    book: ArrBook,
    month: int,
    figures: MonthFigures,
    *,
    user: Any,
    restates: MonthClose | None = None,
    reason: str = "",
) -> MonthClose:
    """Write a close and its rows, and the audit entry."""
    content = figures.content
    close: MonthClose = MonthClose.objects.create(
        client=client,
        recognition=book.recognition,
        month=month,
        revision=restates.revision + 1 if restates else 1,
        restates=restates,
        reason=reason,
        policy=figures.version,
        policy_parameters=figures.version.parameters,
        input_hash=figures.input_hash,
        content_hash=content.content_hash,
        retention=content.retention,
        opening_before=figures.borders.opening,
        ending_before=figures.borders.ending,
        ending_in_force=figures.borders.in_force,
        closed_at=database_time(),
        closed_by=user,
    )
    amounts = [amount_text(pl.col(name)).alias(name) for name in AMOUNTS]
    repository.rows_insert(CloseBridge, content.bridge.with_columns(amounts), close_id=close.pk, month=month)
    balances = content.balances.select(
        "customer",
        "product",
        "currency",
        amount_text(pl.col("local_cents")).alias("local_amount"),
        amount_text(pl.col("reporting_cents")).alias("amount"),
    )
    repository.rows_insert(CloseBalance, balances, close_id=close.pk)
    detail_store(close, figures.detail)
    record_close(close, figures)
    return close


def record_close(close: MonthClose, figures: MonthFigures) -> None:
    """The audit entry of a close."""
    audit.record(
        "month.restated" if close.restates_id else "month.closed",
        object_type="month",
        object_id=f"{month_format(close.month)} {close.recognition} r{close.revision}",
        before=close.restates.content_hash if close.restates else None,
        after=close.content_hash,
        details={
            "month": month_format(close.month),
            "recognition": close.recognition,
            "revision": close.revision,
            "ending_cents": figures.content.ending,
            "policy": close.policy.number,
            "content_hash": close.content_hash,
            "input_hash": close.input_hash,
            "detail_hash": figures.detail.sha256,
            "reason": close.reason,
        },
    )
