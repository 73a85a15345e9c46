"""Reading exchange rates for the Data pages. Runs in the client's scope.

`rate_coverage(client) -> list[Coverage]` · `rate_gaps(client) -> list[Gap]` · `rate_imports()` · `rate_changes()`
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Max, Min

from metrics.intake.ecb import ecb_currencies
from metrics.memory import Memory
from metrics.models import ArrBook, FxRate, RateChange, RateImport, Source
from metrics.repository import authoritative_source, reference_rates
from metrics.selectors.policies import policy_in_force
from metrics.selectors.stamp import lines_stamp
from portal.tenancy.models import Client

SHOWN: Final = 50
COUNTS: Final[Memory[dict[str, int]]] = Memory(20_000)


@dataclass(frozen=True)
class Coverage:
    """Where the rates of a currency come from, and for which days there are any. `lines` counts the contract lines in it."""

    currency: str
    origin: str
    first: date | None
    last: date | None
    days: int
    lines: int


@dataclass(frozen=True)
class Gap:
    """A missing rate that some month needs: the currency, the day (or the month, where an average is taken), the lines."""

    currency: str
    month: str
    day: str | None
    lines: int
    line_ids: list[str]


def rate_coverage(client: Client) -> list[Coverage]:
    """Every currency that lines are written in or that rates exist for, with origin and span."""
    lines = lines_by_currency(client)
    own = own_spans()
    quoted = set(ecb_currencies())
    found = []
    for currency in sorted((set(lines) | set(own)) - {client.currency}):
        if currency in own:
            first, last, days = own[currency]
            found.append(Coverage(currency, "own", first, last, days, lines.get(currency, 0)))
        elif currency in quoted and client.currency in quoted:
            rates = reference_rates(client.currency, (currency,))["day"]
            found.append(Coverage(currency, "ecb", rates.min(), rates.max(), len(rates), lines.get(currency, 0)))  # type: ignore[arg-type]
        else:
            found.append(Coverage(currency, "none", None, None, 0, lines.get(currency, 0)))
    return found


def lines_by_currency(client: Client) -> dict[str, int]:
    """How many standing lines of the authoritative source are written in each currency, counted once for each state of them."""
    source = authoritative_source()
    if source is None:
        return {}
    return COUNTS.get(
        (lines_stamp(client), source.pk), lambda: counted_by_currency(source), lambda counts: len(counts) + 1
    )


def counted_by_currency(source: Source) -> dict[str, int]:
    """`lines_by_currency`, counted now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT currency, count(*) FROM metrics_contractline WHERE source_id = %s AND removed_import_id IS NULL"
            " GROUP BY currency",
            [source.pk],
        )
        return dict(cursor.fetchall())


def own_spans() -> dict[str, tuple[date, date, int]]:
    """First day, last day and number of days of the client's own rates, by currency."""
    rows = FxRate.objects.order_by().values("currency").annotate(first=Min("day"), last=Max("day"), days=Count("id"))
    return {row["currency"]: (row["first"], row["last"], row["days"]) for row in rows}


def rate_gaps(client: Client) -> list[Gap]:
    """What the book of the policy's own recognition found missing when it was last computed."""
    recognition = policy_in_force(client).recognition
    gaps: list[dict[str, Any]] = (
        ArrBook.objects.filter(recognition=recognition).values_list("gaps", flat=True).first() or []
    )
    return [Gap(row["currency"], row["month"], row["day"], row["lines"], list(row.get("line_ids", []))) for row in gaps]


def rate_imports() -> list[RateImport]:
    """The files of rates that were loaded, newest first."""
    return list(RateImport.objects.select_related("created_by")[:SHOWN])


def rate_changes() -> list[RateChange]:
    """The rates that later files corrected, newest first."""
    return list(RateChange.objects.select_related("rate_import")[:SHOWN])
