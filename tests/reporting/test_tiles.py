"""What stands beside a headline figure, and beside a file that waits: its change as a share, what moved ARR beside net new."""

from decimal import Decimal

from metrics.models import ContractImport
from metrics.selectors.figures import Figure
from reporting.arr_page import beside_of, ratio_of
from reporting.home_page import lines_text


def figure(name: str, value: int, before: int) -> Figure:
    return Figure(name, Decimal(value), Decimal(before), Decimal(value - before), ())


def test_a_change_across_zero_has_no_share() -> None:
    assert ratio_of(figure("net_new", 92, 184)) == Decimal("-0.5")
    assert ratio_of(figure("net_new", -64, 92)) is None and ratio_of(figure("net_new", 92, -64)) is None


def test_the_parts_that_are_shown_add_up_however_they_are_rounded() -> None:
    arr, net_new = figure("arr", 1_081_500, 1_000_000), figure("net_new", 92_400, 50)
    assert beside_of(arr, net_new, "USD", "full") == Decimal(-10_900)
    assert beside_of(arr, net_new, "USD", "thousands") == Decimal(-10_000), "+92 and −10 are +82"


def test_what_moved_arr_beside_net_new_is_said_where_there_is_any() -> None:
    assert beside_of(figure("arr", 1_082, 1_000), figure("net_new", 92, 50), "USD", "full") == Decimal(-10)
    assert beside_of(figure("arr", 1_092, 1_000), figure("net_new", 92, 50), "USD", "full") is None
    assert beside_of(Figure("arr", Decimal(1), None, None, ()), figure("net_new", 92, 50), "USD", "full") is None


def test_a_file_that_waits_says_only_what_it_would_do() -> None:
    assert (
        lines_text(ContractImport(added_count=0, changed_count=1, vanished_count=1_200))
        == "1 line changed, 1,200 lines vanished"
    )
    assert lines_text(ContractImport(added_count=0, changed_count=0, vanished_count=None)) == "no line changes"
