"""What the pages of closed months show: the switch of the basis, what a close would keep, what a restatement changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse

from governance.dispute_links import mark_shown
from governance.selectors.figure_disputes import Mark
from metrics.engine.bridge import AMOUNTS
from metrics.models import MonthClose, Recognition
from metrics.selectors.closes import close_rows
from portal.tenancy.models import Client
from reporting.bridge_view import LABELS, STANDS


@dataclass(frozen=True)
class KeptFigure:
    """One line of a closed month's bridge, beside what the revision before it had."""

    label: str
    amount: Decimal
    before: Decimal | None
    is_stand: bool
    disputes: tuple[dict[str, str], ...] = ()

    @property
    def change(self) -> Decimal | None:
        """What the restatement changed."""
        return None if self.before is None else self.amount - self.before


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
    """The bridge of a closed month in total, in the order of the bridge; beside it the revision that it restates, and what is
    disputed of it.
    """
    rows, before = close_rows(close), close_rows(close.restates) if close.restates else []
    if not rows:
        return []
    return [
        KeptFigure(
            label,
            getattr(rows[0], name),
            getattr(before[0], name) if before else None,
            is_stand=name in STANDS,
            disputes=disputes.get(name, ()),
        )
        for name, label in LABELS.items()
        if name in AMOUNTS
    ]
