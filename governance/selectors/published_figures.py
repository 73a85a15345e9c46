"""What is published of a figure, and what the engine says of it at this moment. Runs in the client's scope.

`published_get(client, subject) -> Published` · `explained(client, subject, customer) -> dict` · `FigureError`

What is kept is plain data: the explanation of a figure is its customers with their amounts, of a closed month as it was closed
with what the contracts of now say beside them; that of a customer is what `manage.py arr_explain` prints of its lines as they
are now, beside what the close has of it; that of a metric is its formula with every part.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from governance.metric_figures import figure_text, sentence
from governance.models import DisputedFigure
from governance.selectors.metric_values import MetricValues, places_of, rounded
from metrics.engine.valuation import MissingRates
from metrics.explain_text import why_text
from metrics.formula.faults import Missing
from metrics.measures import MEASURES
from metrics.models import PolicyVersion
from metrics.selectors.books import book_head
from metrics.selectors.breaks import changes_between
from metrics.selectors.close_cells import ClosedCell, closed_cell, months_unkept
from metrics.selectors.closes import customer_closed, latest_closes, policy_of_month
from metrics.selectors.customers import customer_names
from metrics.selectors.drill import customers_of_cell, why_get
from metrics.selectors.figures import ZERO, BookHead, Cell, RetentionRow
from metrics.selectors.reported import bridge_reported, retention_reported
from portal.lib.money import money_text, percent_text
from portal.lib.periods import month_format
from portal.tenancy.models import Client

RATES: Final = ("nrr", "grr", "logo_churn")
MOST_CUSTOMERS: Final = 200
MOST_PLACES: Final = 20
DIMENSIONS: Final = ("segment", "region", "rep", "product")


class FigureError(ValueError):
    """There is no such figure; the message says which."""


@dataclass(frozen=True)
class Subject:
    """Which figure: of the ARR page, of all customers, a group or one customer; or a metric, by its key."""

    figure: str
    month: int
    recognition: str = ""
    dimension: str = ""
    group: str = ""
    customer: str = ""
    metric: str = ""


@dataclass(frozen=True)
class Published:
    """A figure as it is shown now: its value (None: it has none), as text, what it is of, and the engine's account of it."""

    subject: Subject
    title: str
    value: Decimal | None
    text: str
    unit: str
    evidence: dict[str, Any]


def published_get(client: Client, subject: Subject) -> Published:
    """A figure as it is published. FigureError for what is none."""
    if subject.figure not in DisputedFigure.values:
        raise FigureError("there is no such figure")
    try:
        if subject.figure == DisputedFigure.METRIC:
            return metric_published(client, subject)
        head = book_head(client, subject.recognition or None)
        if (
            head.first_month is None
            or head.last_month is None
            or not head.first_month <= subject.month <= head.last_month
        ):
            raise FigureError(f"there are no figures for {month_format(subject.month)}")
        subject = replace(subject, recognition=head.recognition)
        if subject.customer:
            return customer_published(client, head, subject)
        return (
            rate_published(client, head, subject)
            if subject.figure in RATES
            else amount_published(client, head, subject)
        )
    except MissingRates as error:
        raise FigureError("it cannot be valued: exchange rates are missing") from error


def basis_of(client: Client, head: BookHead, month: int) -> dict[str, Any]:
    """Under which policy and from which figures, and the revision of the month where it is closed."""
    close = next((each for each in latest_closes(head.recognition) if each.month == month), None)
    return {
        "policy": policy_of_month(head, month),
        "book": head.version,
        "closed_revision": close.revision if close else None,
        "closed_policy": close.policy_parameters if close else None,
    }


def amount_published(client: Client, head: BookHead, subject: Subject) -> Published:
    """A figure of the bridge: as reported, with the customers that make it."""
    dimension = subject.dimension or "total"
    if dimension not in ("total", *DIMENSIONS):
        raise FigureError("there is no such split")
    bridge = bridge_reported(client, head, subject.month, subject.month, dimension)
    rows = [row for row in bridge.rows if row.group == subject.group] if subject.dimension else list(bridge.totals)
    if not rows:
        raise FigureError(f"{subject.group} has nothing in {month_format(subject.month)}")
    value: Decimal = getattr(rows[0], subject.figure)
    span, of = (subject.month, subject.month), (dimension, subject.group, subject.figure)
    closed = closed_cell(client, head, *span, *of)
    evidence = {"kind": "customers", **basis_of(client, head, subject.month), "published": str(value)}
    if closed is not None:
        evidence |= closed_evidence(closed)
    else:
        evidence |= live_evidence(customers_of_cell(client, head.recognition, *span, *of, most=MOST_CUSTOMERS))
        evidence["unkept"] = bool(months_unkept(head, subject.figure, *span))
    text = money_text(value, client.currency, client.locale)
    return Published(subject, title_of(head, subject), value, text, client.currency, evidence)


def closed_evidence(closed: ClosedCell) -> dict[str, Any]:
    """The customers as the month was closed, whoever differs by now first, beside what the contracts of now make under the
    policy in force; `now_policy` is its number where it says something else than a policy under which they were closed.
    """
    rest, now = closed.customers[MOST_CUSTOMERS:], closed.now
    return {
        "standing": "closed",
        "now_policy": other_policy(closed),
        "closes": [
            {"month": month_format(each.month), "revision": each.revision, "policy": each.policy}
            for each in closed.closes
        ],
        "now": None if now is None else str(now),
        "reported": None if closed.reported is None else str(closed.reported),
        "customers": [
            {"customer": row.customer, "name": row.name, "amount": str(row.closed or ZERO), "movement": row.kind}
            | {"now": None if now is None else str(row.now or ZERO)}
            | {"reported": None if closed.reported is None else str(row.reported or ZERO)}
            for row in closed.customers[:MOST_CUSTOMERS]
        ],
        "rest": {"customers": len(rest), "amount": str(sum((row.closed or ZERO for row in rest), ZERO))},
    }


def other_policy(closed: ClosedCell) -> int | None:
    """The number of the policy in force; None where every month was closed under the same definition."""
    number = closed.cell.head.policy_number or 0
    rows = PolicyVersion.objects.filter(number__in={number, *(each.policy for each in closed.closes)})
    parameters = dict(rows.values_list("number", "parameters"))
    now = parameters.pop(number, None)
    return number if now and any(changes_between(each, now) for each in parameters.values()) else None


def live_evidence(cell: Cell) -> dict[str, Any]:
    """The customers as the contracts stand now."""
    named = sum((row.amount for row in cell.customers), Decimal(0))
    return {
        "standing": "now",
        "now": str(cell.amount),
        "customers": [
            {"customer": row.customer, "name": row.name, "amount": str(row.amount), "movement": row.kind}
            for row in cell.customers
        ],
        "rest": {"customers": cell.customer_count - len(cell.customers), "amount": str(cell.amount - named)},
    }


def rate_published(client: Client, head: BookHead, subject: Subject) -> Published:
    """A rate over twelve months, with what it is the quotient of."""
    dimension = subject.dimension or "total"
    rows = retention_reported(client, head, subject.month, subject.month, dimension)
    row: RetentionRow | None = next((each for each in rows if each.group == subject.group), None)
    value = getattr(row, subject.figure) if row else None
    evidence: dict[str, Any] = {"kind": "retention", **basis_of(client, head, subject.month)}
    if row is not None:
        evidence |= {
            name: str(getattr(row, name)) for name in ("base", "now", "kept", "customers_base", "customers_kept")
        }
    text = percent_text(value, client.locale) if value is not None else "no value"
    return Published(subject, title_of(head, subject), value, text, "", evidence)


def customer_published(client: Client, head: BookHead, subject: Subject) -> Published:
    """One customer's figure at a month end, of a closed month as it was closed, with every line behind it as it is now."""
    evidence = explained(client, subject, subject.customer)
    value = Decimal(evidence["published"])
    text = money_text(value, client.currency, client.locale)
    ending = replace(subject, figure=DisputedFigure.ENDING.value)
    title = f"{evidence['name']}: {title_of(head, ending)}"
    return Published(ending, title, value, text, client.currency, evidence)


def explained(client: Client, subject: Subject, customer: str) -> dict[str, Any]:
    """Why a customer's figure is what it is, as `arr_explain` prints it and as data, by the contracts of now;
    `published` is what counts: of a closed month what its close has of the customer, who may have no lines by now.
    """
    customer, head = customer[:200], book_head(client, subject.recognition or None)
    try:
        why = why_get(client, customer, subject.month, head.recognition)
    except MissingRates as error:
        raise FigureError("it cannot be valued: exchange rates are missing") from error
    closed = customer_closed(head.recognition, customer, subject.month)
    if why is None and not any(closed):
        raise FigureError(f"there is no customer {customer[:60]}")
    now = why.ending if why else ZERO
    basis = basis_of(client, head, subject.month) | ({"policy": why.policy_number} if why else {})
    return {
        "kind": "arr_explain",
        **basis,
        "customer": customer,
        "name": why.name if why else customer_names([customer])[customer],
        "published": str(closed[-1] if closed else now),
        "now": str(now),
        "text": why_text(why) if why else "No contract line is this customer's by now.",
        "explanation": why.explanation.to_dict() if why else None,
    }


def metric_published(client: Client, subject: Subject) -> Published:
    """A metric of the registry with its formula and every part of it."""
    values = MetricValues(client)
    entry = values.registry.entries.get(subject.metric)
    if entry is None:
        raise FigureError("there is no such metric")
    if values.months is None or not values.months[0] <= subject.month <= values.months[1]:
        raise FigureError(f"there are no figures for {month_format(subject.month)}")
    point = values.point(subject.metric, subject.month)
    content = entry.at(subject.month)
    formula = (content or entry.current).content["formula"]
    evidence = {
        "kind": "metric",
        "version": point.version,
        "formula": formula,
        "value": str(point.value) if point.value is not None else None,
        "reason": point.reason,
        "parts": [part_of(values, name, subject.month) for name in values.registry.needs(subject.metric)],
    }
    unit = (content or entry.current).content["unit"]
    text = (
        figure_text(point.value, unit, client.currency, client.locale)
        if point.value is not None
        else sentence(point.reason)
    )
    return Published(subject, entry.name, point.value, text[:60], unit, evidence)


def part_of(values: MetricValues, name: str, month: int) -> dict[str, Any]:
    """A measure or metric that a formula names, with its unit, or why it has no value."""
    entry = values.registry.entries.get(name)
    told = {"name": name, "label": values.registry.labels.get(name, name), "value": None}
    if entry is not None:
        point, unit = values.point(name, month), (entry.at(month) or entry.current).content["unit"]
        exact, reason = point.exact, point.reason
    else:
        read: Callable[[str, int], Any] = values.reader.at
        found, unit = read(name, month), MEASURES[name].unit
        reason = found.reason if isinstance(found, Missing) else ""
        exact = None if reason else found
    value = None if exact is None else decimal_of(exact, unit, values.client.currency)
    return told | {"value": value, "unit": unit, "reason": reason}


def decimal_of(value: Fraction, unit: str, currency: str) -> str:
    """A figure as plain decimal text: every place that it has, or where it has no end, rounded as its unit is shown."""
    places = 0
    while places <= MOST_PLACES and 10**places % value.denominator:
        places += 1
    return f"{rounded(value, places if places <= MOST_PLACES else places_of(unit, currency)):f}"


def title_of(head: BookHead, subject: Subject) -> str:
    """What the figure is called, with its group."""
    label = str(DisputedFigure(subject.figure).label).replace("ARR", head.label)
    return f"{label}, {subject.group}" if subject.group else label
