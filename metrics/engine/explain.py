"""Why a customer's ARR is what it is: every line, rule, parameter and rate behind one customer's figure at one month
end.

Source: ARR semantics, sections 3 to 6. The contributions of the lines add up to the customer's ARR exactly: amounts
are rounded once per customer × product × currency, and the lines of such a grain, in order of line id, carry that
rounding between them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from metrics.engine.annualise import annual_factor
from metrics.engine.arrays import Ints, first_days_of_months
from metrics.engine.csv_format import money_text
from metrics.engine.drill import Grains, Settled, month_grains, settle_month, unit_kinds, unit_rows
from metrics.engine.fx import RATE_ONE, converter, currency_rates, rates_on
from metrics.engine.policy import Policy
from metrics.engine.settlement import settled_frame
from metrics.engine.tally import CONTRACTION, EXPANSION, KINDS
from metrics.engine.valuation import contract_days, lines_at
from portal.lib.periods import month_format

# The policy parameters that each rule answers to, so that a reader finds what would have to change for another
# figure.
PARAMETERS: Final[dict[str, tuple[str, ...]]] = {
    "start": ("recognition",),
    "signed": ("recognition",),
    "signed_missing": ("recognition",),
    "ramp_step": ("recognition", "renewal_grace_days"),
    "live": ("recognition",),
    "continues": ("recognition", "renewal_grace_days"),
    "never_live": ("recognition", "renewal_grace_days"),
    "overage": ("overage",),
    "grace": ("renewal_grace_days",),
    "natural_end": ("renewal_grace_days",),
    "continued": ("recognition", "renewal_grace_days"),
    "charge_type_excluded": ("included_charge_types",),
    "below_minimum_term": ("minimum_term_months",),
    "overage_excluded": ("overage",),
    "recognised_after_end": ("recognition",),
    "no_day_left": ("recognition", "renewal_grace_days"),
    "not_begun": ("recognition",),
}

MOVED: Final = ("beginning", "organic", "fx", "ending")


@dataclass(frozen=True, slots=True)
class RateUsed:
    """The rate that values an amount: ``rate`` as exact text, the day it is of (not of an average), and the policy's
    ``fx`` rule.
    """

    currency: str
    rate: str
    day: str | None
    rule: str


@dataclass(frozen=True, slots=True)
class AnnualValue:
    """How a line's annual value came about: (amount − discount subtracted) × ``times`` / ``divided_by``, rounded
    once to cents.
    """

    amount: str
    discount: str
    discount_subtracted: bool
    basis: str
    times: int
    divided_by: int
    cents: int


@dataclass(frozen=True, slots=True)
class LineExplained:
    """One line of the customer: what it adds at the month end and the one before, and what decided it.

    ``contributes`` and ``contributed`` are cents of the reporting currency now and at the month end before.
    ``why_not`` says why the line does not count at the month end: a rule of the engine, or ``not_begun``, or the
    rule that ended it; ``None`` where it counts.
    """

    line_id: str
    contract_id: str
    product: str
    charge_type: str
    currency: str
    annual_value: AnnualValue
    recognised_on: str | None
    counts_from: str | None
    from_rule: str | None
    from_parameters: tuple[str, ...]
    counts_until: str | None
    until_rule: str | None
    until_parameters: tuple[str, ...]
    why_not: str | None
    why_not_parameters: tuple[str, ...]
    continues: str | None
    continued_by: str | None
    contributed: int
    contributes: int
    rate_before: RateUsed | None
    rate_now: RateUsed | None


@dataclass(frozen=True, slots=True)
class ProductExplained:
    """One product of the customer: ARR before and now, its organic change at this month's rates, and the effect of
    exchange rates.
    """

    product: str
    beginning: int
    organic: int
    fx: int
    ending: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """A customer's ARR at a month end, all amounts in cents of the reporting currency; ``kind`` is ``None`` where
    nothing moved.
    """

    customer: str
    month: str
    reporting_currency: str
    kind: str | None
    beginning: int
    organic: int
    fx: int
    ending: int
    products: tuple[ProductExplained, ...]
    lines: tuple[LineExplained, ...]

    def to_dict(self) -> dict[str, Any]:
        """The explanation as plain values that JSON can hold: amounts as decimal text, as everywhere outside the engine."""
        told = with_text(asdict(self), MOVED)
        told["products"] = [with_text(each, MOVED) for each in told["products"]]
        told["lines"] = [with_text(each, ("contributed", "contributes")) for each in told["lines"]]
        for line in told["lines"]:
            value = dict(line["annual_value"])
            line["annual_value"] = value | {"value": money_text(value.pop("cents"))}
        return told


def with_text(told: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The same with these amounts as text."""
    return told | {name: money_text(told[name]) for name in names}


def explain(lines: pl.DataFrame, rates: pl.DataFrame, policy: Policy, customer: str, month: int) -> Explanation:
    """Explains a customer's ARR at a month end.

    ``lines`` holds at least the lines of all customers that are linked with this one (``links.affected_customers``).
    Raises ``KeyError`` for a customer without lines, ``MissingRates`` where the month or the one before cannot be
    valued.
    """
    book = settle_month(lines, rates, policy, month)
    unit = book.lines.unit_names.index_of(customer)
    if unit is None:
        raise KeyError(customer)
    rows = np.flatnonzero(book.lines.unit == unit)
    rows = rows[lines["line_id"].gather(rows).arg_sort().to_numpy()]
    grains = month_grains(book)
    kinds = unit_kinds(book, grains)
    products = product_parts(book, grains, kinds, unit)
    totals = unit_rows(book.lines, grains, grains.unit == unit, kinds, by_product=False)
    return Explanation(
        customer=customer,
        month=month_format(month),
        reporting_currency=policy.reporting_currency,
        kind=movement_kind(totals, [part.organic for part in products]),
        beginning=sum(part.beginning for part in products),
        organic=sum(part.organic for part in products),
        fx=sum(part.fx for part in products),
        ending=sum(part.ending for part in products),
        products=products,
        lines=tuple(explain_lines(book, rates, rows)),
    )


def movement_kind(totals: pl.DataFrame, organic: list[int]) -> str | None:
    """The customer's case; ``None`` for a customer without ARR now and before, and for one that stayed without an
    organic change.
    """
    if totals.height == 0:
        return None
    kind = str(totals["kind"][0])
    stayed = kind in (KINDS[EXPANSION], KINDS[CONTRACTION])
    return None if stayed and not any(organic) else kind


def product_parts(book: Settled, grains: Grains, kinds: Ints, unit: int) -> tuple[ProductExplained, ...]:
    """The bridge of one customer by product."""
    parts = []
    for code in np.unique(grains.product[grains.unit == unit]).tolist():
        wanted = (grains.unit == unit) & (grains.product == code)
        row = unit_rows(book.lines, grains, wanted, kinds, by_product=True).row(0, named=True)
        organic = sum(row[kind] for kind in KINDS)
        parts.append(
            ProductExplained(book.lines.product_names[code], row["beginning"], organic, row["fx"], row["ending"])
        )
    return tuple(sorted(parts, key=lambda part: part.product))


def explain_lines(book: Settled, rates: pl.DataFrame, rows: Ints) -> list[LineExplained]:
    """Every line of the rows, in their order."""
    settled = settled_frame(book.lines, book.settled)[rows].to_dicts()
    sources = book.lines.frame[rows].to_dicts()
    times, divided_by = (part[rows].tolist() for part in annual_factor(book.lines))
    before, now = (contributions(book, rows, month).tolist() for month in (book.month - 1, book.month))
    used = [line_rates(book, rates, rows, month) for month in (book.month - 1, book.month)]
    explained = []
    for place, (source, state) in enumerate(zip(sources, settled, strict=True)):
        value = annual_value(source, book.policy, times[place], divided_by[place], state["annual_value_cents"])
        amounts = (before[place], now[place], used[0][place], used[1][place])
        explained.append(explain_line(source, state, value, amounts, book.month))
    return explained


def annual_value(source: dict[str, Any], policy: Policy, times: int, divided_by: int, cents: int) -> AnnualValue:
    """The computation of a line's annual value."""
    overage = source["charge_type"] == "usage_overage"
    discount = source["discount_e6"] or 0
    return AnnualValue(
        amount=decimal_text(source["amount_e6"], 6),
        discount=decimal_text(discount, 6),
        discount_subtracted=policy.discounts == "net" and not overage and discount > 0,
        basis=source["amount_basis"],
        times=times,
        divided_by=divided_by,
        cents=cents,
    )


def explain_line(
    source: dict[str, Any],
    state: dict[str, Any],
    value: AnnualValue,
    amounts: tuple[int, int, RateUsed | None, RateUsed | None],
    month: int,
) -> LineExplained:
    """One line from its source row and its settled row."""
    why_not = reason(state, month)
    return LineExplained(
        line_id=source["line_id"],
        contract_id=source["contract_id"],
        product=source["product"],
        charge_type=source["charge_type"],
        currency=source["currency"],
        annual_value=value,
        recognised_on=day_text(state["recognised_on"]),
        counts_from=day_text(state["counts_from"]),
        from_rule=state["from_rule"],
        from_parameters=PARAMETERS.get(state["from_rule"] or "", ()),
        counts_until=day_text(state["counts_until"]),
        until_rule=state["until_rule"],
        until_parameters=PARAMETERS.get(state["until_rule"] or "", ()),
        why_not=why_not,
        why_not_parameters=PARAMETERS.get(why_not or "", ()),
        continues=state["continues"],
        continued_by=state["continued_by"],
        contributed=amounts[0],
        contributes=amounts[1],
        rate_before=amounts[2],
        rate_now=amounts[3],
    )


def reason(state: dict[str, Any], month: int) -> str | None:
    """Why a line does not count at a month end; ``None`` where it does."""
    if state["why_not"] is not None:
        return str(state["why_not"])
    if state["m_from"] > month:
        return "not_begun"
    ended = state["m_until"] is not None and state["m_until"] <= month
    return str(state["until_rule"]) if ended else None


def contributions(book: Settled, rows: Ints, month: int) -> Ints:
    """What each of the rows, lines of one customer, adds to ARR at a month end; a grain's lines together give its
    rounded value.
    """
    lines = book.lines
    local = np.where(lines_at(book.settled, month), book.values, 0)[rows]
    rate = book.rates.column(month)[lines.currency[rows]]
    convert = converter(int(local.sum()), int(rate.max(initial=RATE_ONE)))
    added = np.zeros(len(rows), dtype=np.int64)
    grain = lines.product[rows] * max(len(lines.currency_names), 1) + lines.currency[rows]
    for code in np.unique(grain):
        own = np.flatnonzero(grain == code)
        added[own] = np.diff(convert(np.cumsum(local[own]), rate[own]), prepend=0)
    return added


def line_rates(book: Settled, rates: pl.DataFrame, rows: Ints, month: int) -> list[RateUsed | None]:
    """The rate that values each of the rows at a month end; ``None`` where a line does not count then."""
    counts = lines_at(book.settled, month)
    contract = contract_days(book.lines)
    month_end = int(first_days_of_months(np.array([month + 1]))[0]) - 1
    used: list[RateUsed | None] = []
    for row in rows.tolist():
        code = int(book.lines.currency[row])
        wanted = int(contract[row]) if book.rates.by_line is not None else month_end
        by_line = book.rates.by_line
        rate = int(by_line[row]) if by_line is not None else int(book.rates.column(month)[code])
        used.append(rate_used(book, rates, code, rate, wanted) if counts[row] else None)
    return used


def rate_used(book: Settled, rates: pl.DataFrame, code: int, rate: int, wanted: int) -> RateUsed:
    """A rate with the day it is of; an average has none, nor has the reporting currency's own 1."""
    currency, fx = book.lines.currency_names[code], book.policy.fx
    if currency == book.policy.reporting_currency:
        return RateUsed(currency, "1", None, "reporting_currency")
    day = None
    if fx != "monthly_average":
        found = int(rates_on(*currency_rates(rates, currency), np.array([wanted]))[1][0])
        day = str(np.datetime64(found, "D"))
    return RateUsed(currency, decimal_text(rate, 10), day, fx)


def decimal_text(value: int, places: int) -> str:
    """A scaled integer as exact decimal text without trailing zeros."""
    whole, rest = divmod(value, 10**places)
    return f"{whole}.{rest:0{places}d}".rstrip("0").rstrip(".")


def day_text(day: Any) -> str | None:
    """A date as ISO text, or none."""
    return None if day is None else str(day)
