"""Products that the contracts did not know before. Runs in the client's scope.

`products_new_since(day) -> list[str]`
"""

import datetime as dt

from django.db.models import Min

from metrics.models import ContractLine


def products_new_since(day: dt.date) -> list[str]:
    """Products of the authoritative source whose first standing line begins on or after a day, by name."""
    rows = ContractLine.objects.filter(source__is_authoritative=True, removed_import=None)
    first = rows.order_by().values("product").annotate(first=Min("starts_on")).filter(first__gte=day)
    return sorted(row["product"] for row in first if row["product"])
