"""What the reconciliation page is asked in its address, and its rows in the asked order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from metrics.models import Source
from metrics.selectors.books import book_head
from metrics.selectors.reconciliation_figures import AccountRow, Reconciliation
from metrics.views.tabs import number_of
from portal.lib.dates import month_text
from portal.lib.periods import month_format, month_parse
from portal.tenancy.models import Client

PAGE: Final = 100
MOST_MONTHS: Final = 36
NOTHING: Final = Decimal("-Infinity")
DEFAULT_SORT: Final = "-size"
ORDERS: Final[dict[str, Callable[[AccountRow], Any]]] = {
    "account": lambda row: (row.name.casefold(), row.account),
    "base": lambda row: NOTHING if row.base is None else row.base,
    "other": lambda row: NOTHING if row.other is None else row.other,
    "difference": lambda row: row.difference,
    "size": lambda row: abs(row.difference),
    "ratio": lambda row: NOTHING if row.ratio is None else row.ratio,
    "state": lambda row: row.state_words,
}
HEADS: Final = (
    ("account", "Account", ""),
    ("base", "", "num"),
    ("other", "", "num"),
    ("difference", "Difference", "num"),
    ("ratio", "Per cent", "num"),
    ("state", "State", ""),
)
TONES: Final = {"matched": "agreed", "explained": "info", "different": "waiting"}
LEVEL_TONES: Final = {"within": "agreed", "above": "waiting", "red": "refused", "none": "draft"}


@dataclass(frozen=True)
class Asked:
    """What an address asks for; what it says wrongly is as if it did not say it."""

    month: int | None
    base: Source | None
    other: Source | None
    state: str
    sort: str
    start: int

    @classmethod
    def of(cls, query: QueryDict) -> "Asked":
        """From the address, in the client's scope."""
        text = query.get("sort", "")
        return cls(
            month=month_or_none(query.get("month", "")),
            base=Source.objects.filter(pk=number_of(query.get("base"))).first(),
            other=Source.objects.filter(pk=number_of(query.get("other"))).first(),
            state=query.get("state", ""),
            sort=text if text.lstrip("-") in ORDERS else DEFAULT_SORT,
            start=number_of(query.get("start")),
        )

    def address(self, **changes: Any) -> str:
        """The query of an address that asks for this, with something changed; blank where it is the default."""
        values = {
            "month": month_format(self.month) if self.month is not None else "",
            "base": self.base.pk if self.base else "",
            "other": self.other.pk if self.other else "",
            "state": self.state,
            "sort": "" if self.sort == DEFAULT_SORT else self.sort,
        } | changes
        return urlencode({name: value for name, value in values.items() if value not in ("", None)})


def month_or_none(text: str) -> int | None:
    """The month that is written, or None."""
    try:
        return month_parse(text)
    except ValueError:
        return None


def asked_rows(found: Reconciliation, asked: Asked) -> list[AccountRow]:
    """The rows of the asked state, in the asked order."""
    rows = [row for row in found.rows if not asked.state or row.state == asked.state]
    return sorted(rows, key=ORDERS[asked.sort.lstrip("-")], reverse=asked.sort.startswith("-"))


def heads(found: Reconciliation, asked: Asked) -> list[dict[str, str]]:
    """The heads of the table: each sorts, the second time the other way round."""
    names = {"base": found.base.name if found.base else "", "other": found.other.name if found.other else ""}
    made = []
    for key, label, kind in HEADS:
        is_down = asked.sort == f"-{key}"
        sorted_as = "descending" if is_down else "ascending" if asked.sort == key else "none"
        turned = key if is_down or (key in ("account", "state") and asked.sort != key) else f"-{key}"
        url = "?" + asked.address(sort=turned)
        made.append({"label": names.get(key, label), "kind": kind, "sort_url": url, "sorted": sorted_as})
    return made


def filters(client: Client, found: Reconciliation, locale: str) -> list[dict[str, Any]]:
    """The choices of month and sources, for `_partials/filter_bar.html`."""
    sources = list(Source.objects.order_by("-is_authoritative", "name"))
    return [
        {"name": "month", "label": "Month end", "options": month_options(client, found.month, locale)},
        {"name": "base", "label": "Measured against", "options": source_options(sources, found.base)},
        {"name": "other", "label": "Compared with it", "options": source_options(sources, found.other)},
    ]


def month_options(client: Client, chosen: int | None, locale: str) -> list[dict[str, Any]]:
    """The newest months of the book, and the chosen one."""
    head = book_head(client)
    months: list[int] = []
    if head.first_month is not None and head.last_month is not None:
        months = list(range(head.last_month, max(head.first_month, head.last_month - MOST_MONTHS + 1) - 1, -1))
    if chosen is not None and chosen not in months:
        months.append(chosen)
    return [
        {"value": month_format(month), "label": month_text(month, locale), "selected": month == chosen}
        for month in months
    ]


def source_options(sources: Iterable[Source], chosen: Source | None) -> list[dict[str, Any]]:
    """Every source of the client."""
    return [{"value": source.pk, "label": source.name, "selected": source == chosen} for source in sources]


def state_links(found: Reconciliation, asked: Asked) -> list[dict[str, Any]]:
    """All accounts, and those of each state that has some, for `_partials/segmented.html`."""
    everything = [{"label": f"All {len(found.rows)}", "url": "?" + asked.address(state=""), "active": not asked.state}]
    return everything + [
        {
            "label": f"{each.words} {each.count}",
            "url": "?" + asked.address(state=each.state),
            "active": each.state == asked.state,
        }
        for each in found.sums
        if each.count or each.state == asked.state
    ]


def account_address(client: Client, account: str, asked: Asked) -> str:
    """The page of one account."""
    base = reverse("reconciliation_account", kwargs={"client_slug": client.slug})
    return f"{base}?{asked.address(sort='', state='', account=account)}"


def page_links(asked: Asked, count: int) -> dict[str, str]:
    """The pages before and after, and which rows these are."""
    newer = "?" + asked.address(start=asked.start - PAGE if asked.start > PAGE else "") if asked.start else ""
    older = "?" + asked.address(start=asked.start + PAGE) if asked.start + PAGE < count else ""
    text = f"Accounts {asked.start + 1} to {min(asked.start + PAGE, count)} of {count}"
    return {"newer_url": newer, "older_url": older, "text": text}
