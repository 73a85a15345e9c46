"""Reading the portfolio: the clients a person reaches, each with its summary, in as many queries as there are firms."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.tenancy.models import Client, ClientRole, ClientSummary, FirmRole
from portal.tenancy.scope import firm_context
from portal.tenancy.selectors import clients_reached


@dataclass(frozen=True)
class PortfolioRow:
    """One client of a portfolio; `summary` is None for people who are no consultants, and before the first numbers."""

    client: Client
    role_label: str
    is_firm_staff: bool
    summary: ClientSummary | None

    @property
    def change(self) -> Decimal | None:
        """The change of ARR since the month before, like for like, in the client's currency."""
        if self.summary is None or self.summary.arr is None or self.summary.arr_previous is None:
            return None
        return Decimal(self.summary.arr - self.summary.arr_previous)

    @property
    def arr_reported(self) -> Decimal | None:
        """What was first reported in place of ARR; None where that is the same, or nothing was."""
        if self.summary is None or self.summary.arr_reported == self.summary.arr:
            return None
        return self.summary.arr_reported

    @property
    def change_reported(self) -> Decimal | None:
        """The change from what was reported to what was; None where that is the same, or nothing was."""
        summary, change = self.summary, self.change
        if summary is None or change is None:
            return None
        moved = change
        if summary.arr_reported is not None:
            moved += summary.arr_reported - Decimal(summary.arr or 0)
        if summary.previous_reported is not None:
            moved += Decimal(summary.arr_previous or 0) - summary.previous_reported
        return None if moved == change else moved


SortKey = Callable[[PortfolioRow], Any]
SORTS: dict[str, SortKey] = {
    "client": lambda row: row.client.name.casefold(),
    "arr": lambda row: row.summary.arr if row.summary else None,
    "change": lambda row: row.change,
    "nrr": lambda row: row.summary.nrr if row.summary else None,
    "customers": lambda row: row.summary.customers if row.summary else None,
    "issues": lambda row: row.summary.open_issues if row.summary else None,
    "import": lambda row: row.summary.last_import_at if row.summary else None,
    "closed": lambda row: row.summary.last_closed_month if row.summary else None,
}


def portfolio_list(
    user: Any, *, search: str = "", sort: str = "client", descending: bool = False
) -> list[PortfolioRow]:
    """The clients a person reaches; `search` is a part of the name, rows without the value of `sort` come last."""
    reached = clients_reached(user)
    summaries: dict[int, ClientSummary] = {}
    for firm_id in {each.client.firm_id for each in reached if each.is_firm_staff}:
        with firm_context(firm_id):
            summaries |= {row.client_id: row for row in ClientSummary.of_firm.filter(firm_id=firm_id)}
    rows = [
        PortfolioRow(
            client=each.client,
            role_label=str((FirmRole if each.is_firm_staff else ClientRole)(each.role).label),
            is_firm_staff=each.is_firm_staff,
            summary=summaries.get(each.client.pk) if each.is_firm_staff else None,
        )
        for each in reached
        if search.casefold() in each.client.name.casefold()
    ]
    key = SORTS.get(sort, SORTS["client"])
    known = sorted((row for row in rows if key(row) is not None), key=key, reverse=descending)
    return known + [row for row in rows if key(row) is None]
