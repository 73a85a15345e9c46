"""Lines as rows are the same lines: the same codes, customers and groups as the frames' own."""

from dataclasses import asdict, replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given

from metrics.engine.balances import attributes_of_units
from metrics.engine.change import may_lack_rates
from metrics.engine.few_lines import code_rows, frame_of_rows, groups_of_units, rows_of_frame
from metrics.engine.lines import ATTRIBUTES, DIMENSIONS, CodedLines, code_lines, empty_lines, unit_expression
from metrics.engine.policy import Policy
from metrics.engine.settlement import relate_lines, settle_related
from metrics.engine.valuation import rate_gaps, rates_for
from tests.engine.engine_case import lines_frame, rates_frame, tried
from tests.engine.frames import frame, line
from tests.engine.oracle_lines import Line
from tests.engine.strategies import Case, cases, line_lists

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
        of_frame = attributes.names[name][attributes.codes[name]]
        of_rows = pl.Series(groups.names[name], dtype=pl.String)[groups.codes[name]]
        assert dict(zip(found.unit_names, of_rows, strict=True)) == dict(
            zip(expected.unit_names, of_frame, strict=True)
        )


@pytest.mark.parametrize("ids", [("A", "B"), ("B", "A")])
def test_of_two_lines_that_start_together_the_greater_id_gives_the_group(ids: tuple[str, str]) -> None:
    """By its id, not by its place."""
    rows = rows_of_frame(frame(*(line(line_id, segment=line_id) for line_id in ids)))
    groups = groups_of_units(rows, code_rows(rows, "customer"))
    assert groups.names["segment"] == ["B"]


@tried(40, 400)
@given(cases(fx=("spot", "monthly_average")))
def test_where_no_rate_seems_to_lack_none_does(case: Case) -> None:
    """The quick look spares the search for gaps, so that it must never miss one: each rate is taken away once."""
    policy = Policy(**asdict(case.policy))
    lines = code_rows(rows_of_frame(lines_frame(list(case.lines))), policy.customer_unit)
    related = relate_lines(lines, policy)
    settled = [settle_related(related, recognition) for recognition in ("start", "signed", "live")]
    table = rates_for(lines, rates_frame(case.rates), policy, case.first, case.last)
    for code, month in np.ndindex(table.by_month.shape):
        by_month = np.ones_like(table.by_month)
        by_month[code, month] = 0
        lacking = replace(table, by_month=by_month)
        gaps = [rate_gaps(lines, each, lacking, policy, case.first, case.last, True).height for each in settled]
        assert may_lack_rates(lines, settled, lacking) or not any(gaps)


def test_no_row_is_no_line() -> None:
    found = code_rows(rows_of_frame(empty_lines()), "customer")
    assert len(found) == 0 and found.frame.height == 0
    assert frame_of_rows([]).equals(empty_lines())
