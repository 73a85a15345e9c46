"""The one row about a client that its firm's portfolio reads.

`summary_refresh(client=)` · `issues_refresh(client=)` · `figures_of(book)`
"""

from decimal import Decimal
from typing import Any

from metrics.book_rows import load_groups
from metrics.engine.arrays import Ints
from metrics.engine.bridge import TOTAL
from metrics.engine.retention import ratio4
from metrics.engine.series import FIGURES
from metrics.figures import from_cents
from metrics.models import ArrBook, BookState, CloseBridge, ContractImport, MonthClose, QualityFinding
from metrics.models.intake import ImportState
from metrics.models.quality import FindingState
from metrics.selectors.policies import policy_in_force
from portal.tenancy.models import Client, ClientSummary


def summary_refresh(*, client: Client) -> ClientSummary:
    """Write down what the portfolio shows: the figures of the newest month of the policy's own book, and what waits."""
    recognition = policy_in_force(client).recognition
    book = ArrBook.objects.filter(recognition=recognition).first()
    fields = figures_of(book) | waiting()
    fields |= reported_of(recognition, fields["as_of_month"])
    summary, _ = ClientSummary.objects.update_or_create(client=client, defaults={"firm_id": client.firm_id, **fields})
    return summary


def issues_refresh(*, client: Client) -> None:
    """Write down how many findings of the monitors are open, whenever one opens, is fixed or may stay."""
    ClientSummary.objects.filter(client=client).update(open_issues=open_issues())


def open_issues() -> int:
    """How many findings of the monitors are open, late ones among them; what may stay for a while is none."""
    return QualityFinding.objects.filter(state=FindingState.OPEN).count()


def figures_of(book: ArrBook | None, newest: Ints | None = None) -> dict[str, Any]:
    """The newest month of a book as fields of the summary; `newest` is what its total has there, if it is at hand."""
    empty = dict.fromkeys(("as_of_month", "arr", "arr_previous", "nrr", "customers"))
    if book is None:
        return {**empty, "state": "No contract lines yet"}
    lacking = ", ".join(sorted({gap["currency"] for gap in book.gaps}))
    state = "" if book.state == BookState.READY else book.get_state_display()
    if lacking:
        state = f"No exchange rates: {lacking}"
    if newest is None and (total := load_groups(book, [TOTAL]).get((TOTAL, ""))) is not None:
        newest = total[:, -1]
    if newest is None:
        return {**empty, "state": state[:200]}
    at = dict(zip(FIGURES, newest.tolist(), strict=True))
    retained = book.retention_from is not None
    return {
        "as_of_month": book.last_month,
        "arr": from_cents(at["ending"]),
        "arr_previous": from_cents(at["beginning"]),
        "nrr": ratio4(at["now_cents"], at["base_cents"]) if retained else None,
        "customers": at["customers_ending"],
        "state": state[:200],
    }


def reported_of(recognition: str, month: int | None) -> dict[str, Decimal | None]:
    """What the newest month and the one before it were first reported to end with; None of a month that is open."""
    months = [] if month is None else [month, month - 1]
    first = CloseBridge.objects.filter(close__revision=1, close__recognition=recognition, dimension=TOTAL)
    found: dict[int, Decimal] = dict(first.filter(month__in=months).values_list("month", "ending")) if months else {}
    return {"arr_reported": found.get(month or 0), "previous_reported": found.get((month or 0) - 1)}


def waiting() -> dict[str, Any]:
    """Findings and imports that wait for somebody, the last import loaded, the last month closed."""
    imports = ContractImport.objects.order_by("-id")
    loaded = (
        imports.filter(state__in=[ImportState.DONE, ImportState.UNCHANGED])
        .values_list("finished_at", "created_at")
        .first()
    )
    return {
        "open_issues": open_issues(),
        "waiting_imports": imports.filter(state__in=[ImportState.UPLOADED, ImportState.WAITING]).count(),
        "last_import_at": (loaded[0] or loaded[1]) if loaded else None,
        "last_closed_month": MonthClose.objects.order_by("-month").values_list("month", flat=True).first(),
    }
