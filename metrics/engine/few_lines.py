"""Contract lines as rows, for so few of them that a frame's operations would cost more than the lines.

Each frame operation costs about a tenth of a millisecond however short the frame is; a change of ten contracts reaches some
fifty lines. The rows hold what ``LINE_SCHEMA`` holds, dates as days since 1970-01-01, and give the same codes as
``metrics.engine.lines``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from metrics.engine.arrays import NEVER, Ints
from metrics.engine.lines import AMOUNT_BASES, ATTRIBUTES, CHARGE_TYPES, LINE_SCHEMA, NO_VALUE, CodedLines

# What settling reads of a frame besides the codes.
NAMES: Final = ("line_id", "contract_id", "replaces_contract_id", "replaces_line_id")
SETTLED: Final = (*NAMES, "amount_e6", "discount_e6")


class LineRow(NamedTuple):
    """One line, in the order of ``LINE_SCHEMA``; ``ends_on`` is the last day of service."""

    line_id: str
    contract_id: str
    customer_id: str
    customer_name: str | None
    parent_customer_id: str | None
    product: str | None
    charge_type: str
    amount_basis: str
    currency: str
    amount_e6: int
    discount_e6: int | None
    signed_on: int | None
    starts_on: int
    ends_on: int | None
    live_on: int | None
    cancelled_on: int | None
    replaces_contract_id: str | None
    replaces_line_id: str | None
    segment: str | None
    region: str | None
    rep: str | None

    def unit(self, customer_unit: str) -> str:
        """Who the customer is: ``customer_id``, or under ``parent`` the ``parent_customer_id`` where the line has one."""
        return (self.parent_customer_id if customer_unit == "parent" else None) or self.customer_id


@dataclass(frozen=True, slots=True)
class Groups:
    """The values of each attribute in order, and which of them each customer has."""

    names: dict[str, list[str]]
    codes: dict[str, Ints]


def rows_of_frame(lines: pl.DataFrame) -> list[LineRow]:
    """The lines of a frame as rows."""
    return [LineRow._make(row) for row in zip(*plain_columns(lines, tuple(LINE_SCHEMA)), strict=True)]


def plain_columns(lines: pl.DataFrame, names: Iterable[str]) -> list[list[Any]]:
    """The values of some columns; dates as days since 1970."""
    columns = [lines[name] for name in names]
    return [(own.cast(pl.Int32()) if own.dtype == pl.Date() else own).to_list() for own in columns]


def frame_of_rows(rows: Iterable[LineRow]) -> pl.DataFrame:
    """Rows as the frame of lines that the engine takes."""
    physical = {name: pl.Int32() if dtype == pl.Date() else dtype for name, dtype in LINE_SCHEMA.items()}
    return pl.DataFrame(list(rows), schema=physical, orient="row").cast(LINE_SCHEMA)


def code_rows(rows: Sequence[LineRow], customer_unit: str, marks: Sequence[str] | None = None) -> CodedLines:
    """``code_lines`` of rows; its frame holds only what settling reads.

    A line with a mark has it before its own names and those it refers to, so that it never meets lines with another.
    """
    every: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [()] * len(LINE_SCHEMA)
    column = dict(zip(LINE_SCHEMA, every, strict=True))
    customers: Sequence[str] = [row.unit(customer_unit) for row in rows]
    if marks is not None:
        customers = marked(customers, marks)
        column |= {name: marked(column[name], marks) for name in NAMES}
    units: dict[str, int] = {}
    unit = [units.setdefault(customer, len(units)) for customer in customers]
    product, product_names = ordered_codes([name or NO_VALUE for name in column["product"]])
    currency, currency_names = ordered_codes(column["currency"])
    return CodedLines(
        frame=pl.DataFrame({name: pl.Series(column[name], dtype=LINE_SCHEMA[name]) for name in SETTLED}),
        unit=np.array(unit, dtype=np.int64),
        unit_names=pl.Series(list(units), dtype=pl.String),
        product=product,
        product_names=pl.Series(product_names, dtype=pl.String),
        currency=currency,
        currency_names=currency_names,
        charge_type=np.array([CHARGE_TYPES.index(name) for name in column["charge_type"]], dtype=np.int8),
        basis=np.array([AMOUNT_BASES.index(name) for name in column["amount_basis"]], dtype=np.int8),
        starts=np.array(column["starts_on"], dtype=np.int64),
        natural_end=days(column["ends_on"], 1),
        signed=days(column["signed_on"]),
        live=days(column["live_on"]),
        cancelled=days(column["cancelled_on"]),
    )


def marked(texts: Sequence[Any], marks: Sequence[str]) -> list[Any]:
    """Texts with the mark of their line; none stays none."""
    return [None if text is None else mark + text for mark, text in zip(marks, texts, strict=True)]


def ordered_codes(texts: Sequence[str]) -> tuple[Ints, list[str]]:
    """The place of each text among the distinct texts, and these in code-point order."""
    names = sorted(set(texts))
    places = {name: place for place, name in enumerate(names)}
    return np.array([places[text] for text in texts], dtype=np.int64), names


def days(column: Sequence[int | None], shift: int = 0) -> Ints:
    """Days moved by so many; ``NEVER`` where there is none."""
    return np.array([NEVER if day is None else day + shift for day in column], dtype=np.int64)


def groups_of_units(rows: Sequence[LineRow], lines: CodedLines) -> Groups:
    """The value of each attribute on each customer's line with the latest start (ties: the greatest line id), as in
    ``metrics.engine.balances``.
    """
    latest: dict[int, LineRow] = {}
    for unit, row in zip(lines.unit.tolist(), rows, strict=True):
        known = latest.get(unit)
        if known is None or (row.starts_on, row.line_id) > (known.starts_on, known.line_id):
            latest[unit] = row
    names, codes = {}, {}
    for name in ATTRIBUTES:
        values = [getattr(latest[unit], name) or NO_VALUE for unit in range(len(lines.unit_names))]
        codes[name], names[name] = ordered_codes(values)
    return Groups(names, codes)
