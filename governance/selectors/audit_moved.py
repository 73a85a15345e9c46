"""Sheets of an audit whose contracts moved in the data after they were taken. Runs in the client's scope.

`sheets_now(client, found, contracts) -> dict[str, dict | None]` · `sheet_moved(kept, now) -> bool` · `AuditInputError`
"""

from collections.abc import Iterable
from typing import Any, Final

from governance.models import QuarterAudit
from governance.selectors.audit_sheets import quarter_book, sheet_of
from metrics.memory import Memory
from metrics.models import MonthClose, PolicyVersion
from metrics.selectors.contract_told import contract_rows
from metrics.selectors.stamp import lines_stamp
from portal.tenancy.models import Client

SheetsNow = dict[str, dict[str, Any] | None]
SHEETS: Final[Memory[SheetsNow]] = Memory(2_000)  # sheets
DATA: Final = ("customer", "traits", "months", "customer_total", "movements")
WORDS: Final = (
    "clauses",
    "rule",
    "source",
)  # of a line: what the program says of it, and in which row of a file it came


def sheets_now(client: Client, found: QuarterAudit, contracts: Iterable[str]) -> SheetsNow:
    """The sheets of contracts as they would be taken now, under the policy of the audit; None for a contract without lines.

    Remembered until lines, rates or closed months change. AuditInputError where the quarter has no figures any more.
    """
    asked = tuple(contracts)
    newest = MonthClose.objects.order_by("-id").values_list("id", flat=True).first()
    key = (lines_stamp(client), newest, found.pk, asked)
    return SHEETS.get(key, lambda: sheets_take(client, found, asked), len)


def sheets_take(client: Client, found: QuarterAudit, contracts: tuple[str, ...]) -> SheetsNow:
    """The sheets of contracts from the data as it is."""
    number = found.policy_number
    version = None if number is None else PolicyVersion.objects.get(number=number)
    book = quarter_book(client, found.first_month, found.last_month, version)
    return {each: sheet_of(book, each) if len(contract_rows(book.end, each)) else None for each in contracts}


def sheet_moved(kept: dict[str, Any], now: dict[str, Any] | None) -> bool:
    """Whether the data says something else than a kept sheet: other words of the program and another file are no change."""
    return now is None or data_of(kept) != data_of(now)


def data_of(sheet: dict[str, Any]) -> list[Any]:
    """What of a sheet is of the data."""
    lines = [{name: value for name, value in line.items() if name not in WORDS} for line in sheet["lines"]]
    return [*(sheet[name] for name in DATA), lines]
