"""Small nasty clients: lines whose dates, ids and references meet in every awkward way that a valid file allows."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cache, lru_cache
from typing import TypeVar

from hypothesis import strategies as st

from tests.engine.oracle import Rates
from tests.engine.oracle_lines import Line, Policy, last_day, moved

T = TypeVar("T")

CURRENCIES = ("USD", "EUR", "GBP", "JPY", "KWD")
CHARGE_TYPES = ("recurring", "usage_minimum", "usage_overage", "one_time", "services", "trial")

FX_METHODS = ("spot", "monthly_average", "contract_date")

# Code-point order differs here from any locale's order, from case folding and from the order of UTF-16 units.
LINE_IDS = ("Z", "a", "A", "z", "9", "10", "é", "ß", "Ω", "\uffee", "\U0001f4a1", "a-")
CUSTOMER_IDS = ("Z", "a", "é", "\U0001f4a1")
CONTRACT_IDS = ("K1", "k1", "K10", "K9")
PRODUCTS = ("Core", "core", "Éxtra")
PARENTS = ("", "", "P", "a")
UNKNOWN = "nowhere"
LINE_ID_ORDERS = st.permutations(LINE_IDS)
EXTRA_CHARGE_TYPES = st.lists(st.sampled_from(CHARGE_TYPES[1:]), unique=True)

WINTER = ("2022-12-31", "2023-02-28", "2023-11-30", "2023-12-31", "2024-01-01", "2024-01-31", "2024-02-29")
SUMMER = ("2023-08-31", "2024-03-01", "2024-03-31", "2024-04-30", "2024-06-30", "2024-08-15")
ANCHORS = tuple(date.fromisoformat(text) for text in WINTER + SUMMER)
FIRST_RATE_MONTH, LAST_RATE_MONTH = 2021 * 12 + 6, 2026 * 12 + 11
FIRST_MONTH_SHOWN = 2022 * 12 + 11

LARGE = ("1200", "1000", "100", "3333.333333", "12345.678901", "36500", "4999999999.999999", "99.999999", "7.77")
SMALL = ("1", "0.41", "0.025", "0.015", "0.01", "0.005", "0.004999", "0.0001", "0")
AMOUNTS = tuple(Fraction(text) for text in LARGE + SMALL)
BASE_RATES_E10 = (5_000_000_000, 10_000_000_000, 11_234_567_891, 67_005_000, 32_500_000_000, 1_500_000_000_000, 20_000)


@dataclass(frozen=True)
class Case:
    """A client, its rates, a policy and the months to show."""

    lines: tuple[Line, ...]
    rates: Rates
    policy: Policy
    first: int
    last: int

    def with_lines(self, lines: list[Line]) -> "Case":
        return replace(self, lines=tuple(lines))


# --- drawing


@lru_cache(maxsize=None, typed=True)
def choice(*options: T) -> st.SearchStrategy[T]:
    """One of the options; built once, because building a strategy costs more than drawing from it."""
    return st.sampled_from(options)


@cache
def number(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least, most)


# --- policies


@st.composite
def policies(draw: st.DrawFn, *, fx: tuple[str, ...] = FX_METHODS) -> Policy:
    """Every combination of the parameters of section 2."""
    types = ("recurring", "usage_minimum")
    if draw(choice(False, True)):
        types = ("recurring", *draw(EXTRA_CHARGE_TYPES))
    return Policy(
        reporting_currency=draw(choice("USD", "USD", "USD", "EUR", "JPY", "KWD")),
        recognition=draw(choice("start", "signed", "live")),
        included_charge_types=types,
        minimum_term_months=draw(choice(*[0] * 9, 1, 2, 12, 13)),
        overage=draw(choice("exclude", "trailing_3_months")),
        discounts=draw(choice("net", "list")),
        fx=draw(choice(*fx)),
        renewal_grace_days=draw(choice(0, 0, 0, 1, 30, 30, 45, 400)),
        reactivation_window_months=draw(choice(None, 12, 6, 3, 2, 1, 0)),
        customer_unit=draw(choice("customer", "parent")),
        retention_fx=draw(choice("constant", "reported")),
    )


# --- lines


@st.composite
def line_lists(draw: st.DrawFn, *, currencies: tuple[str, ...] = CURRENCIES) -> list[Line]:
    """1 to 12 lines of 1 to 4 customers; about half of them are a next step of an earlier one."""
    ids = draw(LINE_ID_ORDERS)[: draw(choice(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))]
    parents = {customer: draw(choice(*PARENTS)) for customer in CUSTOMER_IDS}
    lines: list[Line] = []
    for line_id in ids:
        line = _fresh_line(draw, line_id, parents, currencies)
        kind = (
            draw(choice("fresh", "fresh", "fresh", "step", "renewal", "renewal", "amendment", "return"))
            if lines
            else "fresh"
        )
        if kind != "fresh":
            line = _next_line(draw, kind, line, draw(number(0, len(lines) - 1).map(lines.__getitem__)))
        lines.append(_valid(_with_reference(draw, line)))
    return lines


def _fresh_line(draw: st.DrawFn, line_id: str, parents: dict[str, str], currencies: tuple[str, ...]) -> Line:
    customer = draw(choice(*CUSTOMER_IDS))
    start = _later(draw(choice(*ANCHORS)), draw(choice(0, 0, 0, -1, 1, 2, 29, 30, -31)))
    end = _last_day(draw, start)
    amount = draw(choice(*AMOUNTS))
    largest_e6 = draw(choice(10**11, 10**11, 10**11, 10**16, 0))
    if largest_e6:
        amount = Fraction(draw(number(10_000, largest_e6)), 10**6)
    return Line(
        contract_id=draw(choice(*CONTRACT_IDS)),
        line_id=line_id,
        customer_id=customer,
        parent_customer_id=draw(choice(*[parents[customer]] * 9, "")),
        product=draw(choice(*PRODUCTS)),
        charge_type=draw(choice(*["recurring"] * 10, "usage_overage", *CHARGE_TYPES)),
        amount=amount,
        amount_basis=draw(choice("month", "quarter", "year", "total", "total")),
        discount=_discount(draw, amount),
        currency=draw(choice(*currencies)),
        signed_date=_around(draw, start, end, (None, 0, -1, -30, -45, -200, -400, 1, 40)),
        start_date=start,
        end_date=end,
        live_date=_around(draw, start, end, (0, None, -10, 0, 1, 35, 100)),
        cancelled_date=_cancellation(draw, start, end),
        replaces_contract_id="",
        replaces_line_id="",
        segment=draw(choice("", "a", "B", "é")),
        region=draw(choice("", "a", "B", "é")),
        rep=draw(choice("", "a", "B", "é")),
    )


def _last_day(draw: st.DrawFn, start: date) -> date | None:
    """Whole months, single days, odd numbers of days, or evergreen."""
    months = draw(choice(12, 12, 12, 1, 2, 3, 6, 13, 24, 36, -1, 0))
    if months > 0:
        return _later(moved(start, months), -1)
    return _near(draw, start, (None, 0, 1, 27, 28, 29, 30, 31, 89, 364, 365, 366, 729))


def _near(draw: st.DrawFn, day: date, offsets: tuple[int | None, ...]) -> date | None:
    offset = draw(choice(*offsets))
    return None if offset is None else _later(day, offset)


def _around(draw: st.DrawFn, start: date, end: date | None, offsets: tuple[int | None, ...]) -> date | None:
    """Mostly near the first day, sometimes at the natural end."""
    if end and draw(choice(*["start"] * 9, "end")) == "end":
        return _near(draw, end, (0, 1, 2))
    return _near(draw, start, offsets)


def _cancellation(draw: st.DrawFn, start: date, end: date | None) -> date | None:
    """Before, on and after the first day and the natural end."""
    when = draw(choice("never", "never", "never", "at the end", "at the start"))
    if when == "never":
        return None
    if when == "at the end" and end:
        return _near(draw, _later(end, 1), (0, -31, -1, 1, 20, 60))
    return _near(draw, start, (150, -40, -1, 0, 1, 31))


def _discount(draw: st.DrawFn, amount: Fraction) -> Fraction:
    kind = draw(choice(*["none"] * 6, *["some"] * 4, "full"))
    if kind == "some":
        return Fraction(int(amount * draw(number(0, 1000)) * 1000), 10**6)
    return amount if kind == "full" else Fraction(0)


def _later(day: date, days: int) -> date:
    return day + timedelta(days=days)


NEXT_STARTS = {
    "step": (0, 0, 0, 1),
    "renewal": (0, 0, 1, -1, -20, 20, 30, 31, 45, 46),
    "return": (46, 75, 130, 200, 400),
    "amendment": (-1, -30, -150, -300),
}


def _next_line(draw: st.DrawFn, kind: str, line: Line, before: Line) -> Line:
    """`line` moved next to `before`: a step of its contract, its renewal (early, late), a return, an amendment."""
    start = _later(before.end_of_service or before.start_date, draw(choice(*NEXT_STARTS[kind])))
    shift = start - line.start_date
    line = replace(
        line,
        customer_id=before.customer_id,
        parent_customer_id=before.parent_customer_id,
        product=draw(choice(before.product, before.product, before.product, *PRODUCTS)),
        charge_type=draw(choice(before.charge_type, line.charge_type)),
        currency=draw(choice(before.currency, before.currency, line.currency)),
        contract_id=before.contract_id if kind == "step" else line.contract_id,
        signed_date=draw(choice(before.signed_date, _shifted(line.signed_date, shift), before.end_date)),
        start_date=start,
        end_date=_shifted(line.end_date, shift),
        live_date=draw(choice(None, None, _shifted(line.live_date, shift))),
        cancelled_date=_shifted(line.cancelled_date, shift),
    )
    named = draw(choice("nothing", "contract", "contract", "line")) if kind != "step" else "nothing"
    return replace(
        line,
        replaces_contract_id=before.contract_id if named == "contract" else "",
        replaces_line_id=before.line_id if named == "line" else "",
    )


def _shifted(day: date | None, shift: timedelta) -> date | None:
    return day + shift if day else None


def _with_reference(draw: st.DrawFn, line: Line) -> Line:
    """Now and then a reference to anything at all: another customer's line, a later contract, one that is not there."""
    kind = draw(choice(*["as it is"] * 7, "contract", "line", "both"))
    if kind in ("contract", "both"):
        line = replace(line, replaces_contract_id=draw(choice(*CONTRACT_IDS, UNKNOWN)))
    if kind in ("line", "both"):
        line = replace(line, replaces_line_id=draw(choice(*LINE_IDS, UNKNOWN)))
    return line


def _valid(line: Line) -> Line:
    """What section 1 would refuse, made acceptable."""
    if line.replaces_contract_id == line.contract_id:
        line = replace(line, replaces_contract_id="")
    if line.replaces_line_id == line.line_id:
        line = replace(line, replaces_line_id="")
    if line.end_date is None and line.amount_basis == "total":
        line = replace(line, amount_basis="quarter")
    return line


# --- rates


@st.composite
def rate_tables(draw: st.DrawFn, lines: list[Line], reporting_currency: str, *, oldest: int = 7) -> Rates:
    """Few rates, each at most `oldest` days older than a day on which it may be needed (7: none is missing)."""
    rates: Rates = {}
    for currency in sorted({line.currency for line in lines}):
        days = _month_ends(draw(number(0, oldest)), draw(number(0, oldest)))
        days |= {_later(line.contract_day, -draw(number(0, oldest))) for line in lines if line.currency == currency}
        base, wobble = draw(choice(*BASE_RATES_E10)), draw(number(0, 10_006))
        rates[currency] = {day: _rate(base, day.toordinal() * wobble % 10_007) for day in days}
    if reporting_currency in rates:
        rates[reporting_currency] = dict.fromkeys(rates[reporting_currency], Fraction(1))
    return rates


def _rate(base_e10: int, wobble: int) -> Fraction:
    return Fraction(base_e10 + base_e10 // 10**5 * wobble, 10**10)


def _month_ends(even: int, odd: int) -> set[date]:
    months = range(FIRST_RATE_MONTH, LAST_RATE_MONTH + 1)
    return {_later(last_day(month), -(odd if month % 2 else even)) for month in months}


# --- cases


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    oldest_rate: int = 7,
    currencies: tuple[str, ...] = CURRENCIES,
    fx: tuple[str, ...] = FX_METHODS,
) -> Case:
    """A whole client; with `oldest_rate` above 7, one or another rate may be missing."""
    policy = draw(policies(fx=fx))
    lines = draw(line_lists(currencies=currencies))
    rates = draw(rate_tables(lines, policy.reporting_currency, oldest=oldest_rate))
    first = FIRST_MONTH_SHOWN + draw(choice(0, 3, 8, 13, 14, 15, 19))
    return Case(tuple(lines), rates, policy, first, first + draw(choice(24, 12, 5, 0)))
