"""Contract lines as the engine takes them, and as arrays of codes.

Source: ARR semantics, section 1, and the engine frames of ``docs/architecture.md``. A frame holds the lines of one
source of one client and is valid by construction: the intake refuses a bad file as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
import polars as pl

from metrics.engine.arrays import NEVER, Bools, Codes, Ints, ints, rows_of_codes, sorted_codes
from metrics.engine.threads import Columns, by_pieces, together

CHARGE_TYPES: Final = ("recurring", "usage_minimum", "usage_overage", "one_time", "services", "trial")
AMOUNT_BASES: Final = ("month", "quarter", "year", "total")
NO_VALUE: Final = "(none)"
ATTRIBUTES: Final = ("segment", "region", "rep")
DIMENSIONS: Final = (*ATTRIBUTES, "product")
CODED: Final = ("charge_type", "basis")  # into tuples of this module
DATES: Final = ("starts", "natural_end", "signed", "live", "cancelled")

LINE_SCHEMA: Final = pl.Schema(
    {
        **dict.fromkeys(("line_id", "contract_id", "customer_id", "customer_name", "parent_customer_id"), pl.String()),
        **dict.fromkeys(("product", "charge_type", "amount_basis", "currency"), pl.String()),
        **dict.fromkeys(("amount_e6", "discount_e6"), pl.Int64()),
        **dict.fromkeys(("signed_on", "starts_on", "ends_on", "live_on", "cancelled_on"), pl.Date()),
        **dict.fromkeys(("replaces_contract_id", "replaces_line_id", "segment", "region", "rep"), pl.String()),
    }
)
RATE_SCHEMA: Final = pl.Schema({"currency": pl.String(), "day": pl.Date(), "rate_e10": pl.Int64()})

CHARGE_TYPE_ENUM: Final = pl.Enum(list(CHARGE_TYPES))
AMOUNT_BASIS_ENUM: Final = pl.Enum(list(AMOUNT_BASES))


def empty_lines() -> pl.DataFrame:
    """No contract lines, in the schema the engine takes."""
    return LINE_SCHEMA.to_frame()


def empty_rates() -> pl.DataFrame:
    """No exchange rates, in the schema the engine takes."""
    return RATE_SCHEMA.to_frame()


@dataclass(frozen=True, slots=True)
class CodedLines:
    """The lines as arrays, one place per line in the order of ``frame``.

    ``unit``, ``product`` and ``currency`` are codes into ``unit_names``, ``product_names`` and ``currency_names``;
    ``charge_type`` and ``basis`` into ``CHARGE_TYPES`` and ``AMOUNT_BASES``. ``natural_end`` is the first day after
    the term, ``NEVER`` where it is evergreen; a date that is not given is ``NEVER``.
    """

    frame: pl.DataFrame
    unit: Ints
    unit_names: pl.Series
    product: Ints
    product_names: pl.Series
    currency: Ints
    currency_names: list[str]
    charge_type: Codes
    basis: Codes
    starts: Ints
    natural_end: Ints
    signed: Ints
    live: Ints
    cancelled: Ints

    def __len__(self) -> int:
        return len(self.unit)

    def part(self, rows: slice) -> Self:
        """Some neighbouring lines."""
        if rows == slice(0, len(self)):
            return self
        names = ("unit", "product", "currency", *CODED, *DATES)
        return replace(self, frame=self.frame[rows], **{name: getattr(self, name)[rows] for name in names})

    @property
    def service_end(self) -> Ints:
        """The first day without service: the earlier of the natural end and the cancellation."""
        return np.minimum(self.natural_end, self.cancelled)

    @property
    def is_overage(self) -> Bools:
        """Whether a line is metered overage."""
        return np.asarray(self.charge_type == CHARGE_TYPES.index("usage_overage"))


def unit_expression(customer_unit: str) -> pl.Expr:
    """Who is a customer: ``customer_id``, or under ``parent`` the ``parent_customer_id`` where a line has one."""
    customer = pl.col("customer_id")
    return pl.coalesce("parent_customer_id", customer) if customer_unit == "parent" else customer


def code_lines(lines: pl.DataFrame, customer_unit: str) -> CodedLines:
    """The lines as arrays of codes; columns of few values may also be categories."""
    columns, (unit, unit_names) = together(
        lines.height,
        lambda: _columns(lines),
        lambda: _units(lines.select(unit_expression(customer_unit)).to_series()),
    )
    return CodedLines(frame=lines, unit=unit, unit_names=unit_names, **columns)


def _columns(lines: pl.DataFrame) -> dict[str, Any]:
    """The columns of the coded lines that are not the customer."""
    coding = {
        "product": _category(lines, "product"),
        "currency": _category(lines, "currency"),
        "charge_type": pl.col("charge_type").cast(CHARGE_TYPE_ENUM).to_physical().cast(pl.Int8),
        "basis": pl.col("amount_basis").cast(AMOUNT_BASIS_ENUM).to_physical().cast(pl.Int8),
        "starts": pl.col("starts_on").to_physical(),
        "natural_end": _day("ends_on", 1),
        "signed": _day("signed_on"),
        "live": _day("live_on"),
        "cancelled": _day("cancelled_on"),
    }

    def coded(rows: slice) -> Columns:
        columns = lines[rows].select(**coding)
        return tuple(column.to_numpy() if column.name in CODED else ints(column) for column in columns.get_columns())

    columns: dict[str, Any] = dict(zip(coding, by_pieces(lines.height, coded), strict=True))
    columns["product"], columns["product_names"] = _ordered(columns["product"], lines["product"])
    columns["currency"], currency_names = _ordered(columns["currency"], lines["currency"])
    return columns | {"currency_names": currency_names.to_list()}


def _category(lines: pl.DataFrame, name: str) -> pl.Expr:
    """Codes of a text column, 0 where there is none."""
    codes = pl.col(name)
    if lines.schema[name] == pl.String:
        # Private categories, so that codes are small and no frame sees another's.
        codes = codes.cast(pl.Categorical(pl.Categories.random()))
    return (codes.to_physical() + 1).fill_null(0)


def _day(name: str, shift: int = 0) -> pl.Expr:
    return (pl.col(name).to_physical() + shift).fill_null(NEVER)


def _ordered(codes: Ints, texts: pl.Series) -> tuple[Ints, pl.Series]:
    """Codes in the order of their texts, and the texts in that order."""
    names = pl.Series([NO_VALUE if name is None else name for name in texts[rows_of_codes(codes)]], dtype=pl.String)
    place, ordered = sorted_codes(names)
    return place[codes], ordered


def _units(customers: pl.Series) -> tuple[Ints, pl.Series]:
    """Codes of the customers, and their names in the order of the codes."""

    def another(rows: slice) -> Columns:
        own = customers[max(rows.start - 1, 0) : rows.stop]
        return (np.append([True] * (rows.start == 0), own[1:] != own[:-1]),)

    # The lines of a customer are mostly neighbours, so that only the first of each run is looked up, if any comes again.
    begins = np.flatnonzero(by_pieces(len(customers), another)[0][: len(customers)])
    names = customers[begins]
    codes = np.arange(len(names))
    if names.n_unique() < len(names):
        codes = ints(names.cast(pl.Categorical(pl.Categories.random())))
        names = names[rows_of_codes(codes)]
    return np.repeat(codes, np.diff(begins, append=len(customers))), names
