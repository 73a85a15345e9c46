"""What stands beside a headline figure: its change as a share, and what moved ARR beside net new."""

from decimal import Decimal

from metrics.selectors.figures import Figure
from reporting.arr_page import beside_of, ratio_of


def figure(name: str, value: int, before: int) -> Figure:
    return Figure(name, Decimal(value), Decimal(before), Decimal(value - before), ())


def test_a_change_across_zero_has_no_share() -> None:
    assert ratio_of(figure("net_new", 92, 184)) == Decimal("-0.5")
    assert ratio_of(figure("net_new", -64, 92)) is None and ratio_of(figure("net_new", 92, -64)) is None


def test_what_moved_arr_beside_net_new_is_said_where_there_is_any() -> None:
    assert beside_of(figure("arr", 1_082, 1_000), figure("net_new", 92, 50)) == Decimal(-10)
    assert beside_of(figure("arr", 1_092, 1_000), figure("net_new", 92, 50)) is None
    assert beside_of(Figure("arr", Decimal(1), None, None, ()), figure("net_new", 92, 50)) is None
