"""The rows that the API walks through page by page, as querysets without an order. Run in the client's scope.

`import_rows` · `fault_rows` · `line_rows` · `change_rows` · `rate_rows` · `policy_rows`
"""

from django.db.models import QuerySet

from metrics.models import ContractImport, ContractLine, FxRate, ImportFault, LineChange, PolicyVersion, Source


def source_named(name: str) -> Source | None:
    """The client's source of that name."""
    found: Source | None = Source.objects.filter(name=name).first()
    return found


def import_rows(source: Source | None = None) -> "QuerySet[ContractImport]":
    """Imports with their source, without what only one import's own page shows."""
    rows = ContractImport.objects.select_related("source", "created_by").defer("report", "totals", "mapping")
    return rows.filter(source=source) if source else rows


def fault_rows(contract_import: ContractImport) -> "QuerySet[ImportFault]":
    """Why an import was refused; by id they are in the order of the file."""
    return ImportFault.objects.filter(contract_import=contract_import)


def line_rows(
    source: Source | None = None, customer: str = "", product: str = "", is_live: bool | None = None
) -> "QuerySet[ContractLine]":
    """Contract lines with their source. `is_live`: whether the newest file still has them."""
    # The sources are named even where all are meant: the index by customer begins with them.
    sources = [source.pk] if source else list(Source.objects.values_list("pk", flat=True))
    rows = ContractLine.objects.select_related("source").filter(source__in=sources)
    if customer:
        rows = rows.filter(customer_id=customer)
    if product:
        rows = rows.filter(product=product)
    return rows if is_live is None else rows.filter(removed_import__isnull=is_live)


def change_rows(line: ContractLine) -> "QuerySet[LineChange]":
    """Every change that a line went through, with the import that brought it."""
    rows = LineChange.objects.filter(source_id=line.source_id, line_id=line.line_id)
    return rows.select_related("contract_import").defer(
        "contract_import__report", "contract_import__totals", "contract_import__mapping"
    )


def rate_rows(currency: str = "") -> "QuerySet[FxRate]":
    """The client's own exchange rates with the file that brought them."""
    rows = FxRate.objects.select_related("rate_import")
    return rows.filter(currency=currency) if currency else rows


def policy_rows() -> "QuerySet[PolicyVersion]":
    """Every version of the policy."""
    return PolicyVersion.objects.select_related("created_by")
