"""What a line is worth and when it counts, written for being read beside the text: sections 1 to 4 of the ARR semantics.

Shares nothing with `metrics.engine`; see `tests.engine.oracle`. Money is an integer number of cents; a month is
`year * 12 + month - 1`.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction


@dataclass(frozen=True)
class Line:
    """A row of `contracts.csv` (section 1); `end_date` is the last day of service."""

    contract_id: str
    line_id: str
    customer_id: str
    parent_customer_id: str
    product: str
    charge_type: str
    amount: Fraction
    amount_basis: str
    discount: Fraction
    currency: str
    signed_date: date | None
    start_date: date
    end_date: date | None
    live_date: date | None
    cancelled_date: date | None
    replaces_contract_id: str
    replaces_line_id: str
    segment: str
    region: str
    rep: str

    @property
    def natural_end(self) -> date | None:
        return self.end_date + timedelta(days=1) if self.end_date else None

    @property
    def end_of_service(self) -> date | None:
        return min((day for day in (self.natural_end, self.cancelled_date) if day), default=None)

    @property
    def contract_day(self) -> date:
        """The day whose rate a line has for good under `contract_date` (section 5)."""
        return self.signed_date or self.start_date

    @property
    def order(self) -> tuple[date, str]:
        return self.start_date, self.line_id


@dataclass(frozen=True)
class Policy:
    """The policy parameters (section 2)."""

    reporting_currency: str
    recognition: str
    included_charge_types: tuple[str, ...]
    minimum_term_months: int
    overage: str
    discounts: str
    fx: str
    renewal_grace_days: int
    reactivation_window_months: int | None
    customer_unit: str
    retention_fx: str


# --- calendar and rounding


def month_of(day: date) -> int:
    return day.year * 12 + day.month - 1


def last_day(month: int) -> date:
    year, index = divmod(month, 12)
    return date(year, index + 1, monthrange(year, index + 1)[1])


def moved(day: date, months: int) -> date:
    """`day` so many months later; where that month has no such day, its last day counts (section 3)."""
    end = last_day(month_of(day) + months)
    return end.replace(day=min(day.day, end.day))


def rounded(number: Fraction) -> int:
    """The nearest integer, halves away from zero (section 3)."""
    size = (2 * abs(number.numerator) + number.denominator) // (2 * number.denominator)
    return size if number >= 0 else -size


# --- section 3: the annual value


def annual_cents(line: Line, policy: Policy) -> int:
    """The annual value of a line in cents of its own currency (section 3)."""
    amount = line.amount - line.discount if policy.discounts == "net" else line.amount
    return rounded(amount * per_year(line) * 100)


def per_year(line: Line) -> Fraction:
    if line.amount_basis != "total":
        return Fraction({"month": 12, "quarter": 4, "year": 1}[line.amount_basis])
    assert line.natural_end is not None
    months = month_of(line.natural_end) - month_of(line.start_date)
    if months and moved(line.start_date, months) == line.natural_end:
        return Fraction(12, months)
    return Fraction(365, (line.natural_end - line.start_date).days)


# --- section 4: when a line counts


@dataclass(frozen=True)
class Span:
    """A line (or an overage amount) that counts on every day with `begins <= day < until`."""

    line: Line
    cents: int
    begins: date
    until: date | None

    def counts_on(self, day: date) -> bool:
        return self.begins <= day and (self.until is None or day < self.until)


def customer_of(line: Line, policy: Policy) -> str:
    return (policy.customer_unit == "parent" and line.parent_customer_id) or line.customer_id


def is_eligible(line: Line, policy: Policy) -> bool:
    if line.charge_type == "usage_overage" or line.charge_type not in policy.included_charge_types:
        return False
    return line.natural_end is None or moved(line.start_date, policy.minimum_term_months) <= line.natural_end


def replaces(later: Line, line: Line) -> bool:
    if later.line_id == line.line_id:
        return False
    if later.replaces_line_id:
        return later.replaces_line_id == line.line_id
    return bool(later.replaces_contract_id) and later.replaces_contract_id == line.contract_id


def follows(later: Line, line: Line, policy: Policy) -> bool:
    if later.line_id == line.line_id or later.product != line.product:
        return False
    if customer_of(later, policy) != customer_of(line, policy) or line.end_of_service is None:
        return False
    return 0 <= (later.start_date - line.end_of_service).days <= policy.renewal_grace_days


def continues(later: Line, line: Line, policy: Policy) -> bool:
    return replaces(later, line) or follows(later, line, policy)


def recognition_days(eligible: list[Line], policy: Policy) -> dict[str, date]:
    """By line id, the day from which a line is recognised; lines that never are, are absent."""
    days: dict[str, date] = {}
    settled: list[Line] = []
    for line in sorted(eligible, key=lambda each: each.order):
        day = _recognition_day(line, settled, days, policy)
        if day is not None:
            days[line.line_id] = day
            settled.append(line)
    return days


def _recognition_day(line: Line, earlier: list[Line], days: dict[str, date], policy: Policy) -> date | None:
    if policy.recognition == "start":
        return line.start_date
    if policy.recognition == "signed":
        if line.signed_date is None:
            return line.start_date
        agreed = (follows(line, each, policy) and days[each.line_id] >= line.signed_date for each in earlier)
        return line.start_date if any(agreed) else line.signed_date
    if line.live_date is not None:
        return max(line.start_date, line.live_date)
    return line.start_date if any(continues(line, each, policy) for each in earlier) else None


def spans_of(lines: list[Line], policy: Policy) -> list[Span]:
    """Every line that counts on at least one day, zero-valued ones too; the overage amounts are not among them."""
    eligible = [line for line in lines if is_eligible(line, policy)]
    days = recognition_days(eligible, policy)
    counted = [
        line
        for line in eligible
        if line.line_id in days and (line.end_of_service is None or days[line.line_id] < line.end_of_service)
    ]
    return [
        Span(line, annual_cents(line, policy), days[line.line_id], _until(line, counted, days, policy))
        for line in counted
    ]


def _until(line: Line, counted: list[Line], days: dict[str, date], policy: Policy) -> date | None:
    ends = [days[other.line_id] for other in counted if continues(other, line, policy)]
    if line.cancelled_date:
        ends.append(line.cancelled_date)
    if line.natural_end:
        grace = 0 if line.cancelled_date else policy.renewal_grace_days
        ends.append(line.natural_end + timedelta(days=grace))
    return min(ends, default=None)


def overage_spans_of(lines: list[Line], policy: Policy) -> list[Span]:
    """An overage amount counts at the end of its own month and of the next two (section 2)."""
    if policy.overage == "exclude":
        return []
    return [
        Span(line, rounded(line.amount * 400), line.start_date.replace(day=1), moved(line.start_date.replace(day=1), 3))
        for line in lines
        if line.charge_type == "usage_overage"
    ]
