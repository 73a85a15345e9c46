"""How an audit draws its sample, which anybody can draw again, and what it makes of what was found in it."""

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.audit_patterns import Finding, by_chance, patterns_of
from governance.sampling import contracts_draw
from tests.governance.audits import drawn_by_postgresql

# --- the drawing ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("seed", ["", "0f" * 16, "Q3 “2026”"])
def test_another_program_draws_the_same_contracts(seed: str) -> None:
    contracts = [f"K-{n:04d}" for n in range(300)] + ["Ä 1", "k-0001", "K/1", "契約"]
    assert list(contracts_draw(seed, contracts, 20)) == drawn_by_postgresql(seed, contracts, 20)


IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(st.lists(IDS, max_size=40), st.integers(1, 20), st.randoms())
@settings(max_examples=50, deadline=None)
def test_the_order_and_repetition_of_ids_change_nothing(contracts: list[str], size: int, random: object) -> None:
    shuffled = contracts * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    drawn = contracts_draw("seed", contracts, size)
    assert drawn == contracts_draw("seed", shuffled, size)
    assert len(drawn) == min(size, len(set(contracts))) == len(set(drawn))


def test_every_contract_is_as_likely_as_any_other() -> None:
    contracts = [f"K{n}" for n in range(20)]
    times = dict.fromkeys(contracts, 0)
    for seed in range(2_000):
        for contract in contracts_draw(str(seed), contracts, 5):
            times[contract] += 1
    assert all(430 < count < 570 for count in times.values())  # 500 expected, 3.6 standard deviations


def finding(reason: str = "", segment: str = "SMB") -> Finding:
    return Finding(bool(reason), reason, {"segment": [segment]})


@pytest.mark.parametrize(
    ("differences", "size", "is_pattern"),
    [(3, 20, True), (2, 20, False), (2, 11, False), (2, 10, True), (1, 10, False)],
)
def test_a_reason_is_a_pattern_from_three_times_or_a_fifth(differences: int, size: int, is_pattern: bool) -> None:
    findings = [finding("price")] * differences + [finding()] * (size - differences)
    keys = [each.key for each in patterns_of(findings, {})]
    assert ("reason price" in keys) is is_pattern


def test_a_segment_stands_out_where_chance_would_not_do_it() -> None:
    few = [finding("price", "Public"), finding("dates", "Public"), finding(segment="Public")]
    patterns = patterns_of(few + [finding()] * 12, {})
    assert [each.sentence for each in patterns] == [
        "2 of 2 differences lie in segment “Public”, which has 3 of the 15 contracts: more than chance gives."
    ]
    half = [finding("price", "Public"), finding("dates", "Public")] + [finding(segment="Public")] * 6
    assert not patterns_of(half + [finding()] * 7, {})


@pytest.mark.parametrize(("hit", "off", "held", "size"), [(2, 2, 3, 9), (1, 3, 4, 8), (0, 2, 1, 5), (3, 4, 5, 10)])
def test_what_chance_gives_is_counted_out(hit: int, off: int, held: int, size: int) -> None:
    drawings = [set(each) for each in combinations(range(size), off)]
    at_least = sum(len(each & set(range(held))) >= hit for each in drawings)
    assert by_chance(hit, off, held, size) == Fraction(at_least, len(drawings))
