"""Changes that must change nothing, or everything by the same factor, and the book as a sum over customers."""

import random
from dataclasses import asdict, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from metrics.engine.book import build_book
from metrics.engine.links import affected_customers
from metrics.engine.policy import Policy as EnginePolicy
from tests.engine.engine_case import cells_of, engine_book, lines_frame, rates_frame, retained_of, tried
from tests.engine.oracle import MOVEMENTS
from tests.engine.oracle_lines import Line, customer_of, per_year
from tests.engine.strategies import CONTRACT_IDS, CUSTOMER_IDS, LINE_IDS, Case, cases


def figures_of(case: Case) -> list[Any]:
    """Everything that is shown of a client, save the names of its customers."""
    book = engine_book(case)
    return [cells_of(book), retained_of(book), book.cohorts.rows()]


@tried(50, 1_000)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(case: Case, chance: random.Random) -> None:
    lines, rates = lines_frame(list(case.lines)), rates_frame(case.rates)
    policy = EnginePolicy(**asdict(case.policy))
    book = build_book(lines, rates, policy, case.first, case.last)
    shuffled = [frame[chance.sample(range(frame.height), frame.height)] for frame in (lines, rates)]
    again = build_book(shuffled[0], shuffled[1], policy, case.first, case.last)
    assert cells_of(again) == cells_of(book)
    assert retained_of(again) == retained_of(book)
    assert again.cohorts.equals(book.cohorts)
    assert sorted(again.movements.rows()) == sorted(book.movements.rows())


@tried(50, 1_000)
@given(cases())
def test_names_do_not_matter_but_their_order_does(case: Case) -> None:
    line_ids = _renamed("L", {line.line_id for line in case.lines} | {line.replaces_line_id for line in case.lines})
    contracts = _renamed("K", {name for line in case.lines for name in (line.contract_id, line.replaces_contract_id)})
    customers = _renamed("C", {name for line in case.lines for name in (line.customer_id, line.parent_customer_id)})
    renamed = [
        replace(
            line,
            line_id=line_ids[line.line_id],
            contract_id=contracts[line.contract_id],
            customer_id=customers[line.customer_id],
            parent_customer_id=customers[line.parent_customer_id],
            replaces_contract_id=contracts[line.replaces_contract_id],
            replaces_line_id=line_ids[line.replaces_line_id],
        )
        for line in case.lines
    ]
    assert figures_of(case.with_lines(renamed)) == figures_of(case)


def _renamed(prefix: str, names: set[str]) -> dict[str, str]:
    return {"": ""} | {name: f"{prefix}{place:03}" for place, name in enumerate(sorted(names - {""}))}


def exact(line: Line) -> Line:
    """The line with an amount whose annual value, and that of every whole multiple, is exact."""
    unit = Fraction(per_year(line).denominator, 100)
    return replace(line, amount=unit * int(line.amount), discount=unit * int(line.discount))


@tried(50, 1_000)
@given(cases(fx=("spot", "monthly_average")), st.integers(0, 11), st.integers(0, 100))
def test_a_line_in_two_halves_is_the_same_line(case: Case, place: int, percent: int) -> None:
    whole = exact(case.lines[place % len(case.lines)])
    # A line that others name by its id is continued as one line, and one that ends before it starts could follow its own half.
    assume(all(line.replaces_line_id != whole.line_id for line in case.lines))
    assume(whole.end_of_service is None or whole.end_of_service > whole.start_date)
    unit = Fraction(per_year(whole).denominator, 100)
    amount, discount = (unit * (value / unit * percent // 100) for value in (whole.amount, whole.discount))
    half = replace(whole, amount=amount, discount=discount)
    rest = replace(whole, line_id=whole.line_id + "!", amount=whole.amount - amount, discount=whole.discount - discount)
    others = [line for line in case.lines if line.line_id != whole.line_id]
    assert figures_of(case.with_lines([*others, half, rest])) == figures_of(case.with_lines([*others, whole]))


@tried(50, 1_000)
@given(cases(), st.integers(0, 11), st.booleans())
def test_a_zero_line_that_touches_no_other_adds_nothing(case: Case, place: int, own_customer: bool) -> None:
    """A zero line does take part (section 4): one that neither continues nor is continued, and is not the latest."""
    like = case.lines[place % len(case.lines)]
    zero = replace(
        like,
        line_id="zero",
        contract_id="zero",
        product="Zero",
        amount=Fraction(0),
        discount=Fraction(0),
        replaces_contract_id="",
        replaces_line_id="",
        start_date=date(2020, 1, 1),
    )
    if own_customer:
        zero = replace(zero, customer_id="zero", parent_customer_id="", product=like.product, segment="zero")
    assert figures_of(case.with_lines([*case.lines, zero])) == figures_of(case)


@tried(50, 1_000)
@given(cases())
def test_ten_times_the_amounts_are_ten_times_the_figures(case: Case) -> None:
    whole_rates = {
        currency: dict.fromkeys(days, Fraction(1 if currency == case.policy.reporting_currency else place + 2))
        for place, (currency, days) in enumerate(case.rates.items())
    }
    case = replace(case, lines=tuple(exact(line) for line in case.lines), rates=whole_rates)
    tenfold = [replace(line, amount=line.amount * 10, discount=line.discount * 10) for line in case.lines]
    small, large = cells_of(engine_book(case)), cells_of(engine_book(case.with_lines(tenfold)))
    money = len(MOVEMENTS)
    for dimension, table in small.items():
        expected = {key: (*(cents * 10 for cents in row[:money]), *row[money:]) for key, row in table.items()}
        assert large[dimension] == expected, dimension


# --- the book is a sum over sets of customers that no replacement joins


def sums_of(*parts: Case) -> dict[tuple[Any, ...], list[int]]:
    """Every figure of bridge, retention and cohorts, added up over the parts; what is all 0 is left out."""
    sums: dict[tuple[Any, ...], list[int]] = {}
    for part in parts:
        book = engine_book(part)
        for name, keys, frame in (
            ("bridge", 3, book.bridge),
            ("retention", 3, book.retention),
            ("cohorts", 2, book.cohorts),
        ):
            for row in frame.iter_rows():
                before = sums.get((name, *row[:keys]), [0] * len(row[keys:]))
                sums[name, *row[:keys]] = [a + b for a, b in zip(before, row[keys:], strict=True)]
    return {key: figures for key, figures in sums.items() if any(figures)}


def of_customers(case: Case, customers: set[str], *, inside: bool) -> Case:
    return case.with_lines([line for line in case.lines if (customer_of(line, case.policy) in customers) == inside])


def affected_by(case: Case, *, line_ids: set[str]) -> set[str]:
    return affected_customers(lines_frame(list(case.lines)), case.policy.customer_unit, line_ids=line_ids)


@tried(50, 1_000)
@given(cases(), st.integers(0, 11))
def test_the_book_is_the_sum_of_the_affected_and_the_others(case: Case, place: int) -> None:
    customer = customer_of(case.lines[place % len(case.lines)], case.policy)
    frame = lines_frame(list(case.lines))
    affected = affected_customers(frame, case.policy.customer_unit, customers=[customer])
    assert customer in affected
    parts = [of_customers(case, affected, inside=inside) for inside in (True, False)]
    assert sums_of(*parts) == sums_of(case)


@st.composite
def changed_lines(draw: st.DrawFn, line: Line) -> Line:
    """A later correction of a line: another end, another customer, another predecessor, another contract."""
    changes: list[dict[str, Any]] = [
        {"cancelled_date": line.start_date + timedelta(days=draw(st.sampled_from((0, 40, 200))))},
        {"customer_id": draw(st.sampled_from(CUSTOMER_IDS)), "parent_customer_id": ""},
        {"replaces_line_id": draw(st.sampled_from([id_ for id_ in LINE_IDS if id_ != line.line_id]))},
        {"replaces_line_id": "", "replaces_contract_id": ""},
        {"contract_id": draw(st.sampled_from([id_ for id_ in CONTRACT_IDS if id_ != line.replaces_contract_id]))},
        {"live_date": line.start_date, "amount": line.amount + 1},
    ]
    return replace(line, **draw(st.sampled_from(changes)))


@tried(50, 1_000)
@given(cases(), st.integers(0, 11), st.data())
def test_a_change_moves_the_figures_of_the_affected_only(case: Case, place: int, data: st.DataObject) -> None:
    before = case.lines[place % len(case.lines)]
    after = data.draw(changed_lines(before))
    changed = case.with_lines([after if line is before else line for line in case.lines])
    affected = affected_by(case, line_ids={before.line_id}) | affected_by(changed, line_ids={after.line_id})
    parts = of_customers(case, affected, inside=False), of_customers(changed, affected, inside=True)
    assert sums_of(*parts) == sums_of(changed)
