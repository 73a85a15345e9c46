"""Lines as rows are the same lines: the same codes, customers and groups as the frames' own."""

import numpy as np
import polars as pl
from hypothesis import given

from metrics.engine.balances import attributes_of_units
from metrics.engine.few_lines import code_rows, frame_of_rows, groups_of_units, rows_of_frame
from metrics.engine.lines import ATTRIBUTES, DIMENSIONS, CodedLines, code_lines, empty_lines, unit_expression
from tests.engine.engine_case import lines_frame, tried
from tests.engine.oracle import Line
from tests.engine.strategies import line_lists

ARRAYS = ("charge_type", "basis", "starts", "natural_end", "signed", "live", "cancelled")


def named(lines: CodedLines) -> list[tuple[str, ...]]:
    """Customer, product and currency of each line."""
    units, products = lines.unit_names[lines.unit], lines.product_names[lines.product]
    return list(zip(units, products, [lines.currency_names[code] for code in lines.currency], strict=True))


@tried(60, 600)
@given(line_lists())
def test_rows_code_as_frames_do(drawn: list[Line]) -> None:
    frame = lines_frame(drawn)
    rows = rows_of_frame(frame)
    assert frame_of_rows(rows).equals(frame)
    for customer_unit in ("customer", "parent"):
        expected, found = code_lines(frame, customer_unit), code_rows(rows, customer_unit)
        assert named(found) == named(expected)
        assert (found.product_names.to_list(), found.currency_names) == (
            expected.product_names.to_list(),
            expected.currency_names,
        )
        for name in ARRAYS:
            assert np.array_equal(getattr(found, name), getattr(expected, name)), name
        assert found.frame.equals(frame.select(found.frame.columns))
        units = frame.select(unit_expression(customer_unit).alias("unit"))["unit"].to_list()
        assert [row.unit(customer_unit) for row in rows] == units


@tried(60, 600)
@given(line_lists())
def test_rows_give_customers_the_groups_that_frames_do(drawn: list[Line]) -> None:
    frame = lines_frame(drawn)
    expected, rows = code_lines(frame, "parent"), rows_of_frame(frame)
    attributes, found = attributes_of_units(expected, DIMENSIONS), code_rows(rows, "parent")
    groups = groups_of_units(rows, found)
    for name in ATTRIBUTES:
        assert groups.names[name] == attributes.names[name].to_list()
        of_frame = attributes.names[name][attributes.codes[name][attributes.rank]]
        of_rows = pl.Series(groups.names[name], dtype=pl.String)[groups.codes[name]]
        assert dict(zip(found.unit_names, of_rows, strict=True)) == dict(
            zip(expected.unit_names, of_frame, strict=True)
        )


def test_no_row_is_no_line() -> None:
    found = code_rows(rows_of_frame(empty_lines()), "customer")
    assert len(found) == 0 and found.frame.height == 0
    assert frame_of_rows([]).equals(empty_lines())
