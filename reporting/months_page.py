"""What the pages of closed months show: the switch of the basis, what a close kept, what a restatement changed and by what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.urls import reverse

from governance.dispute_links import mark_shown
from governance.metric_figures import point_shown, unit_words
from governance.models import KeptValue
from governance.selectors.figure_disputes import Mark
from governance.selectors.kept_values import Kept
from governance.selectors.metric_values import MetricValues
from metrics.causes import Cause, causes_of
from metrics.engine.bridge import AMOUNTS, TOTAL
from metrics.engine.retention import ratio4
from metrics.figures import RATE_LABELS
from metrics.models import MonthClose, Recognition
from metrics.selectors.closes import close_rows
from metrics.selectors.figures import BRIDGE_COLUMNS
from portal.tenancy.models import Client
from reporting.bridge_view import COUNT_LABELS, LABELS, STANDS

KEPT: Final = {
    **{name: (label, "money" if name in STANDS else "signed") for name, label in LABELS.items() if name in AMOUNTS},
    **{name: (label, "count") for name, label in COUNT_LABELS.items()},
    **{name: (label, "percent") for name, label in RATE_LABELS.items()},
}


@dataclass(frozen=True)
class KeptFigure:
    """One figure of a closed month, beside what the revision before it had: `kind` is money, signed, count or percent."""

    label: str
    amount: Decimal | int | None
    before: Decimal | int | None
    kind: str
    disputes: tuple[dict[str, str], ...] = ()

    @property
    def change(self) -> Decimal | None:
        """What the restatement changed."""
        return None if self.before is None or self.amount is None else Decimal(self.amount - self.before)


def chosen_basis(given: str) -> str | None:
    """The basis an address names; None: the policy's own."""
    return given if given in Recognition.values else None


def basis_switch(base: str, shown: str) -> list[dict[str, Any]]:
    """ARR, CARR and LARR as links to the same page."""
    return [
        {"label": label, "url": f"{base}?basis={value}", "active": value == shown}
        for value, label in Recognition.choices
    ]


def months_address(client: Client, basis: str | None) -> str:
    """The page of closed months under a basis."""
    base = reverse("months", kwargs={"client_slug": client.slug})
    return f"{base}?basis={basis}" if basis else base


def month_disputes(slug: str, marks: Sequence[Mark], month: int) -> dict[str, tuple[dict[str, str], ...]]:
    """By figure the disputes of a month of all customers."""
    found: dict[str, tuple[dict[str, str], ...]] = {}
    for each in marks:
        if each.month == month and not each.dimension:
            found[each.figure] = (*found.get(each.figure, ()), mark_shown(slug, each))
    return found


def kept_figures(close: MonthClose, disputes: Mapping[str, tuple[dict[str, str], ...]]) -> list[KeptFigure]:
    """Bridge, customers and retention of a closed month in total; beside them the revision that it restates, and what is
    disputed of them. Nothing of a month in which neither has anything: nobody had ARR on that basis.
    """
    held = [kept_of(each) for each in (close, close.restates) if each is not None]
    if not any(any(figures.values()) for figures in held):
        return []
    return [
        KeptFigure(label, held[0][name], held[-1][name] if close.restates else None, kind, disputes.get(name, ()))
        for name, (label, kind) in KEPT.items()
    ]


def kept_of(close: MonthClose) -> dict[str, Decimal | int | None]:
    """The figures of one revision by name; None where there was nobody to measure retention by."""
    row = close_rows(close)[0]
    retained = close.retention.get(TOTAL, {}).get("", {})
    base = retained.get("base_cents", 0)
    rates = {name: ratio4(retained.get(of, 0), base) for name, of in (("nrr", "now_cents"), ("grr", "kept_cents"))}
    return {name: getattr(row, name) for name in BRIDGE_COLUMNS} | rates


def kept_metrics(client: Client, close: MonthClose, locale: str) -> list[dict[str, Any]]:
    """The metrics that were kept when a month was closed, or closed again: of a restatement those that it moved, and of later
    months too. Closed together, ARR, CARR and LARR keep one value of each.
    """
    kept = KeptValue.objects.filter(close__month=close.month, close__revision=close.revision, grain="month")
    rows = list(kept.select_related("metric").order_by("month", "metric__position"))
    if not rows:
        return []
    values = MetricValues(client)
    return [
        kept_shown(values, row.metric.key, row.month, Kept(row.version, row.exact, row.reason), locale) for row in rows
    ]


def kept_shown(values: MetricValues, key: str, month: int, kept: Kept, locale: str) -> dict[str, Any]:
    """One kept value with its name, and its month."""
    point = values.of_kept(key, month, kept)
    entry, currency = values.registry.entries[key], values.client.currency
    version = next((each for each in entry.versions if each.number == kept.version), entry.current)
    unit = version.content["unit"]
    shown = point_shown(point, unit, currency, locale)
    return shown | {"key": key, "name": version.content["name"], "unit": unit_words(unit, currency, point.value)}


def restated_by(client: Client, closes: Sequence[MonthClose]) -> dict[int, Cause]:
    """By id of a close the decision that restated the month; none of a first close, nor of a correction by hand."""
    return causes_of(client, [], [close for close in closes if close.restates_id]).closes


def closing_of(client: Client, close: MonthClose, revisions: Sequence[MonthClose]) -> dict[str, Any]:
    """What stands around one revision of a closed month: the close itself, what restated it, and what came later."""
    return {
        "first": next(found for found in revisions if found.revision == 1),
        "later": next((found for found in revisions if found.restates_id == close.pk), None),
        "cause": restated_by(client, [close]).get(close.pk),
    }
