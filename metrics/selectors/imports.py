"""Reading sources, imports and lines for the Data pages. Runs in the client's scope.

`source_cards() -> list[SourceCard]` · `import_list(source_id=None)` · `import_get(pk)` · `import_faults(row, after)` ·
`import_changes(row, after)` · `line_search(text, source_id, after)` · `line_get(pk)` · `line_history(line)`
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from metrics.models import ContractImport, ContractLine, ImportFault, LineChange, Source
from metrics.models.intake import ImportState

PAGE: Final = 100
STALE_AFTER: Final = timedelta(days=35)  # a month and a few days: a monthly export that did not come
GOOD: Final = (ImportState.DONE, ImportState.UNCHANGED)


@dataclass(frozen=True)
class SourceCard:
    """A source as the Data page shows it. `good` is its last import that loaded or confirmed its lines."""

    source: Source
    good: ContractImport | None
    latest: ContractImport | None
    is_stale: bool

    @property
    def attention(self) -> ContractImport | None:
        """The newest import, where it is not the good one: somebody has something to do about it."""
        is_settled = self.latest is None or self.latest == self.good or self.latest.state == ImportState.CANCELLED
        return None if is_settled else self.latest


def source_cards(now: datetime | None = None) -> list[SourceCard]:
    """Every source with its last good and its latest import, the authoritative one first."""
    good = {row.source_id: row for row in newest_by_source().filter(state__in=GOOD)}
    latest = {row.source_id: row for row in newest_by_source()}
    limit = (now or datetime.now(UTC)) - STALE_AFTER
    return [
        SourceCard(
            source,
            good.get(source.pk),
            latest.get(source.pk),
            is_stale=source.pk in good and (good[source.pk].finished_at or limit) < limit,
        )
        for source in Source.objects.order_by("-is_authoritative", "name")
    ]


def newest_by_source() -> "QuerySet[ContractImport]":
    """The newest import of each source, without what its pages alone need."""
    rows = ContractImport.objects.order_by("source_id", "-id").distinct("source_id")
    return rows.defer("report", "totals", "mapping").select_related("created_by")


def import_list(source_id: int | None = None, before: int | None = None) -> list[ContractImport]:
    """A page of imports, newest first, and one more where there are older ones; `before` is the id the page ends above."""
    rows = ContractImport.objects.select_related("source", "created_by").defer("report", "totals", "mapping")
    if source_id:
        rows = rows.filter(source_id=source_id)
    if before:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-id")[: PAGE + 1])


def import_get(pk: int) -> ContractImport:
    """One import with its source. Raises ContractImport.DoesNotExist for anyone else's id."""
    found: ContractImport = ContractImport.objects.select_related("source", "created_by").get(pk=pk)
    return found


def import_faults(contract_import: ContractImport, after: int = 0) -> list[ImportFault]:
    """A page of faults in the order of the file, and one more where there are others; `after` is the last id shown."""
    rows = ImportFault.objects.filter(contract_import=contract_import, pk__gt=after)
    return list(rows.order_by("id")[: PAGE + 1])


def import_changes(contract_import: ContractImport, after: int = 0) -> list[LineChange]:
    """A page of the history that an import wrote."""
    rows = LineChange.objects.filter(contract_import=contract_import, pk__gt=after)
    return list(rows.order_by("id")[: PAGE + 1])


def line_search(text: str = "", source_id: int | None = None, after: int = 0) -> list[ContractLine]:
    """A page of lines of which an id (line, contract, customer) or the customer's name holds `text`, in capitals or not.

    Every line of the client is looked at: 100,000 take a tenth of a second. No index helps: PostgreSQL uses none for patterns
    behind row-level security.
    """
    rows = ContractLine.objects.select_related("source")
    if source_id:
        rows = rows.filter(source_id=source_id)
    if text:
        customer = Q(customer_id__icontains=text) | Q(customer_name__icontains=text)
        rows = rows.filter(Q(line_id__icontains=text) | Q(contract_id__icontains=text) | customer)
    return list(rows.filter(pk__gt=after).order_by("id")[: PAGE + 1])


def lines_named(text: str, most: int) -> list[ContractLine]:
    """The first live lines of which the contract or line id holds `text`, in capitals or not, in order of their contract;
    those that begin with it come before the others. Without what an import tells.
    """
    rows = ContractLine.objects.filter(
        Q(contract_id__icontains=text) | Q(line_id__icontains=text), removed_import=None
    ).alias(begins=Q(contract_id__istartswith=text) | Q(line_id__istartswith=text))
    shown = rows.only("line_id", "contract_id", "customer_name")
    return list(shown.order_by("-begins", "contract_id", "line_id")[:most])


def line_get(pk: int) -> ContractLine:
    """One line with its source and imports. Raises ContractLine.DoesNotExist for anyone else's id."""
    found: ContractLine = ContractLine.objects.select_related(
        "source", "first_import", "last_import", "removed_import"
    ).get(pk=pk)
    return found


def line_history(line: ContractLine) -> list[LineChange]:
    """Every change that the line went through, newest first."""
    rows = LineChange.objects.filter(source_id=line.source_id, line_id=line.line_id)
    return list(rows.select_related("contract_import").order_by("-id"))
