"""From a cell of the bridge down to contract lines and the reason for each number.

- `customers_of_cell(client, recognition, first, last, dimension, group, column, filters=None, most=None) -> Cell`
- `customer_lines(client, customer, recognition=None) -> list[CustomerLine]`
- `why_get(client, customer, month, recognition=None) -> Why | None`

A cell is recomputed from the lines, not looked up: its customers add up to the cell exactly, or the cell is wrong.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from metrics import repository
from metrics.affected import affected_lines
from metrics.computation import EngineInput
from metrics.engine.bridge import TOTAL
from metrics.engine.detail import parts_summed
from metrics.engine.drill import month_of, settled_bridge
from metrics.engine.explain import Explanation, LineExplained, explain
from metrics.engine.few_lines import frame_of_rows, rows_of_frame
from metrics.engine.policy import Policy
from metrics.engine.tally import KINDS
from metrics.figures import from_cents
from metrics.models import ContractLine, PolicyVersion
from metrics.selectors.books import book_head
from metrics.selectors.clauses import Clause, policy_in_plain_words
from metrics.selectors.customers import customer_names
from metrics.selectors.figures import BRIDGE_COLUMNS, BookHead, Cell, CellCustomer, Filters, chosen_values
from metrics.selectors.filtered import book_input, customer_attributes
from metrics.selectors.periods import Period
from metrics.selectors.policies import policy_in_force, policy_latest, version_before_closes
from portal.lib.periods import month_format
from portal.tenancy.models import Client


@dataclass(frozen=True)
class CustomerLine:
    """A contract line as it stands, and where it came from."""

    line: ContractLine
    file_name: str
    source_row: int


@dataclass(frozen=True)
class WhyLine:
    """One line behind a number: the engine's account of it, the clauses that decided, and its row in the source."""

    explained: LineExplained
    contributed: Decimal
    contributes: Decimal
    annual_value: Decimal
    clauses: tuple[Clause, ...]
    starts_on: dt.date | None
    ends_on: dt.date | None
    source_name: str
    file_name: str
    source_row: int | None


@dataclass(frozen=True)
class Why:
    """Why a customer's ARR is what it is at a month end; the lines' `contributes` add up to `ending` exactly."""

    head: BookHead
    customer: str
    name: str
    month: int
    policy_number: int | None
    explanation: Explanation
    beginning: Decimal
    organic: Decimal
    fx: Decimal
    ending: Decimal
    lines: tuple[WhyLine, ...]
    clauses: tuple[Clause, ...]


# --- the customers of a cell ------------------------------------------------------------------------------------------


def customers_of_cell(
    client: Client,
    recognition: str | None,
    first: int,
    last: int,
    dimension: str = TOTAL,
    group: str = "",
    column: str = "ending",
    filters: Filters = None,
    most: int | None = None,
) -> Cell:
    """The customers behind one cell of the bridge of the months from `first` to `last`, the largest amounts first, and no more
    than `most` of them: whoever shows a few of very many need not have all of them named.

    Raises KeyError for an unknown column, MissingRates for months that cannot be valued.
    """
    if column not in BRIDGE_COLUMNS and column != "net_new":
        raise KeyError(column)
    head = book_head(client, recognition)
    period = Period(
        month_format(first) if first == last else f"{month_format(first)}/{month_format(last)}", first, last
    )
    given = book_input(client, head)
    wanted = chosen_values(filters)
    targets, wanted = cell_targets(dimension, group, wanted)
    months = months_behind(column, first, last)
    parts = pl.concat([month_cells(given, month, target, column, wanted) for month in months for target in targets])
    found = parts_summed(parts)
    shown = found.sort(pl.col("amount").abs(), "customer", descending=[True, False]).head(most or found.height)
    names = customer_names(shown["customer"].to_list())
    told = Decimal if column.startswith("customers") else from_cents
    customers = tuple(
        CellCustomer(customer, names[customer], told(amount), kind) for customer, amount, kind in shown.iter_rows()
    )
    return Cell(head, period, dimension, group, column, told(int(found["amount"].sum())), customers, found.height)


def cell_targets(
    dimension: str, group: str, wanted: dict[str, tuple[str, ...]]
) -> tuple[list[tuple[str, str]], dict[str, tuple[str, ...]]]:
    """The groups of the engine's bridge that make a cell, and the attributes its customers must have besides."""
    if "product" not in wanted:
        return [(dimension, group) if dimension != TOTAL else (TOTAL, "")], wanted
    rest = {name: values for name, values in wanted.items() if name != "product"}
    if dimension == "product":
        return [(dimension, group)], rest
    products = [("product", product) for product in wanted["product"]]
    return products, rest | ({dimension: (group,)} if dimension != TOTAL else {})


def months_behind(column: str, first: int, last: int) -> range:
    """The months that make a figure of a period: the first for what it begins with, the last for what it ends with, or all."""
    if column in ("beginning", "customers_beginning"):
        return range(first, first + 1)
    return range(last, last + 1) if column in ("ending", "customers_ending") else range(first, last + 1)


def month_cells(
    given: EngineInput, month: int, target: tuple[str, str], column: str, wanted: Mapping[str, tuple[str, ...]]
) -> pl.DataFrame:
    """`customer, amount, kind` of one month and column, of one group and of customers with these attributes, under the policy
    that the month follows; a month begins with what the one before ended with, also under another.
    """
    if column == "beginning" and given.at(month - 1) is not given.at(month):
        return month_cells(given, month - 1, target, "ending", wanted)
    own = given.at(month)
    rows = settled_bridge(month_of(own.settled, own.rates, month), *target)
    rows = rows.join(customers_matching(own, wanted), on="customer", how="semi") if wanted else rows
    parts = KINDS if column == "net_new" else (column,)
    return rows.select("customer", pl.sum_horizontal(*parts).alias("amount"), "kind")


def customers_matching(given: EngineInput, attributes: Mapping[str, tuple[str, ...]]) -> pl.DataFrame:
    """The customers with these attributes."""
    of_customer = customer_attributes(given.lines, given.policy.customer_unit)
    kept = of_customer.filter(*(pl.col(name).is_in(list(values)) for name, values in attributes.items()))
    return kept.select(pl.col("unit").alias("customer"))


# --- lines, and why ---------------------------------------------------------------------------------------------------


def customer_lines(client: Client, customer: str, recognition: str | None = None) -> list[CustomerLine]:
    """All live lines of a customer (or of the companies of a parent) in the authoritative source, by start and id."""
    source = repository.authoritative_source()
    if source is None:
        return []
    rows = ContractLine.objects.filter(source=source, removed_import=None).select_related("last_import")
    own = rows.filter(customer_id=customer)
    if policy_in_force(client).customer_unit == "parent":
        own = rows.filter(parent_customer_id=customer) | own.filter(parent_customer_id=None)
    return [
        CustomerLine(row, row.last_import.file_name, row.source_row) for row in own.order_by("starts_on", "line_id")
    ]


def why_get(
    client: Client, customer: str, month: int, recognition: str | None = None, version: PolicyVersion | None = None
) -> Why | None:
    """Lines, values, rates, rules and clauses behind a customer's ARR at a month end; None for a customer without lines.

    Under an earlier `version` of the policy where one is given, else under the one that an open month follows. Reads the lines
    of the customer and of those linked with it, no others. Raises MissingRates.
    """
    head = book_head(client, recognition)
    if version is None:
        recognition, version = head.recognition, version_before_closes(month) or policy_latest()
    policy = Policy.from_dict(version.parameters) if version is not None else policy_in_force(client)
    policy = policy.with_(recognition=recognition or policy.recognition)
    lines = linked_lines(policy.customer_unit, customer)
    rates = repository.rates_frame(client, lines["currency"].unique())
    try:
        told = explain(lines, rates, policy, customer, month)
    except KeyError:
        return None
    return Why(
        head=head,
        customer=customer,
        name=customer_names([customer])[customer],
        month=month,
        policy_number=version.number if version else None,
        explanation=told,
        beginning=from_cents(told.beginning),
        organic=from_cents(told.organic),
        fx=from_cents(told.fx),
        ending=from_cents(told.ending),
        lines=why_lines(told, policy),
        clauses=tuple(policy_in_plain_words(policy)),
    )


def linked_lines(customer_unit: str, customer: str) -> pl.DataFrame:
    """The lines of a customer and of every customer linked with it."""
    source = repository.authoritative_source()
    empty = repository.lines_frame(None)
    if source is None:
        return empty
    own = repository.lines_frame(source, [customer])
    reached = affected_lines(source.pk, customer_unit, [], rows_of_frame(own), most=1_000_000)
    return frame_of_rows(reached.after) if reached else own


def why_lines(told: Explanation, policy: Policy) -> tuple[WhyLine, ...]:
    """The engine's account of each line with its clauses and its row in the source."""
    source = repository.authoritative_source()
    ids = [line.line_id for line in told.lines]
    rows = ContractLine.objects.filter(source=source, line_id__in=ids).select_related("last_import", "source")
    origins = {row.line_id: row for row in rows}
    clauses = {clause.parameter: clause for clause in policy_in_plain_words(policy)}
    return tuple(why_line(line, clauses, origins.get(line.line_id)) for line in told.lines)


def why_line(line: LineExplained, clauses: dict[str, Clause], origin: ContractLine | None) -> WhyLine:
    """One line; its clauses are those that decided from when and until when it counts, or why it does not, and its value."""
    named = [*line.from_parameters, *line.until_parameters, *line.why_not_parameters]
    if line.annual_value.discount != "0":
        named.append("discounts")
    if line.rate_now is not None and line.rate_now.rule != "reporting_currency":
        named.append("fx")
    return WhyLine(
        explained=line,
        contributed=from_cents(line.contributed),
        contributes=from_cents(line.contributes),
        annual_value=from_cents(line.annual_value.cents),
        clauses=tuple(clauses[name] for name in dict.fromkeys(named)),
        starts_on=origin.starts_on if origin else None,
        ends_on=origin.ends_on if origin else None,
        source_name=origin.source.name if origin else "",
        file_name=origin.last_import.file_name if origin else "",
        source_row=origin.source_row if origin else None,
    )
