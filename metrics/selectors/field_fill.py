"""How well the standing contract lines of the authoritative source are filled, and how old they are.

`line_fill(now) -> LineFill` in two queries. Runs in the client's scope.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db.models import Count, Q

from metrics.models import ContractLine
from metrics.selectors.imports import source_cards

COLUMNS: Final[Mapping[str, str]] = {
    "customer_id": "customer_id", "product": "product", "charge_type": "charge_type", "amount": "amount",
    "amount_basis": "amount_basis", "discount": "discount", "currency": "currency", "start_date": "starts_on",
    "end_date": "ends_on", "signed_date": "signed_on", "live_date": "live_on",
}  # fmt: skip
MAY_BE_EMPTY: Final = ("end_date", "discount")
"""Empty means something here: evergreen, and no discount."""


@dataclass(frozen=True)
class LineFill:
    """The lines of the authoritative source: how many, the share of each field that is filled, and when they last came."""

    lines: int
    filled: Mapping[str, Decimal]
    fresh_at: datetime | None
    is_stale: bool


def line_fill(now: datetime) -> LineFill:
    """What is there of each field of the import format."""
    card = next((card for card in source_cards(now) if card.source.is_authoritative), None)
    if card is None:
        return LineFill(0, {}, None, is_stale=False)
    columns = {
        name: Count("pk", filter=Q(**{f"{column}__isnull": False}) & ~blank(column)) for name, column in COLUMNS.items()
    }
    rows = ContractLine.objects.filter(source=card.source, removed_import__isnull=True)
    found = rows.aggregate(all_lines=Count("pk"), **columns)
    total = found.pop("all_lines")
    filled = {name: Decimal(count) / total for name, count in found.items()} if total else {}
    return LineFill(total, filled, card.good.finished_at if card.good else None, card.is_stale)


def blank(column: str) -> Q:
    """Where a text is there and empty."""
    return Q(**{column: ""}) if column in ("product", "customer_id") else Q(pk__isnull=True)
