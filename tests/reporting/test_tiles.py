"""What stands beside a headline figure, and beside a file that waits: its change as a share, what moved ARR beside net new."""

from decimal import Decimal

from metrics.causes import Cause
from metrics.models import ContractImport
from metrics.selectors.breaks import DefinitionBreak
from metrics.selectors.figures import BookHead, Figure, Headline
from portal.lib.periods import month_parse
from reporting.arr_query import ArrQuery
from reporting.home_page import lines_text
from reporting.tiles import beside_of, ratio_of

MARCH = month_parse("2026-03")
HEAD = BookHead("start", "ARR", "ready", "", [], MARCH, MARCH, None, 1, 1, None, "USD", is_policys_own=True)


def figure(name: str, value: int, before: int) -> Figure:
    return Figure(name, Decimal(value), Decimal(before), Decimal(value - before), ())


def headline(arr: Figure, net_new: Figure) -> Headline:
    return Headline(HEAD, MARCH, (MARCH,), arr, arr, net_new, arr, arr, arr)


def defined(definition: Decimal | None) -> DefinitionBreak:
    """Another definition from March on, by CR-7."""
    causes = (Cause("change", "CR-7", "/c/northwind/changes/7/"),)
    return DefinitionBreak(MARCH, 1, 2, (), Decimal(0), Decimal(0), definition, None, False, causes=causes)


def test_a_change_across_zero_has_no_share() -> None:
    assert ratio_of(figure("net_new", 92, 184)) == Decimal("-0.5")
    assert ratio_of(figure("net_new", -64, 92)) is None and ratio_of(figure("net_new", 92, -64)) is None


def test_the_parts_that_are_shown_add_up_however_they_are_rounded() -> None:
    found = headline(figure("arr", 1_081_500, 1_000_000), figure("net_new", 92_400, 50))
    why = "by exchange rates and corrections"
    assert beside_of(found, ArrQuery(scale="full")) == [(Decimal(-10_900), why)]
    assert beside_of(found, ArrQuery(scale="thousands")) == [(Decimal(-10_000), why)], "+92 and −10 are +82"


def test_what_moved_arr_beside_net_new_is_said_where_there_is_any() -> None:
    query = ArrQuery(scale="full")
    assert beside_of(headline(figure("arr", 1_092, 1_000), figure("net_new", 92, 50)), query) == []
    assert beside_of(headline(Figure("arr", Decimal(1), None, None, ()), figure("net_new", 92, 50)), query) == []


def test_a_changed_definition_is_named_apart_from_rates_and_corrections() -> None:
    found = headline(figure("arr", 1_081_500, 1_000_000), figure("net_new", 92_400, 50))
    known, unknown = [defined(Decimal(-6_600))], [defined(None)]
    assert beside_of(found, ArrQuery(scale="thousands"), known) == [
        (Decimal(-7_000), "by another definition (CR-7)"), (Decimal(-3_000), "by exchange rates and corrections"),
    ]  # fmt: skip
    together = [(Decimal(-10_900), "by another definition (CR-7), exchange rates and corrections")]
    assert beside_of(found, ArrQuery(scale="full"), unknown) == together
    cut = ArrQuery(scale="full", filters={"segment": ("SMB",)})
    assert beside_of(found, cut, known) == together, "what a definition makes is known of all customers alone"


def test_a_file_that_waits_says_only_what_it_would_do() -> None:
    assert (
        lines_text(ContractImport(added_count=0, changed_count=1, vanished_count=1_200))
        == "1 line changed, 1,200 lines vanished"
    )
    assert lines_text(ContractImport(added_count=0, changed_count=0, vanished_count=None)) == "no line changes"
