"""From which day until which day a line counts (ARR semantics, section 4), on lines small enough to settle by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest

from metrics.engine import threads
from metrics.engine.arrays import NEVER, months_of_days, range_minimum
from metrics.engine.book import settle
from metrics.engine.names import FEW_LINES, few_text_pairs, given, text_pairs
from metrics.engine.policy import Policy
from tests.engine.frames import frame, line, plain_policy


def settled(policy: Policy, *rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["line_id"]: row for row in settle(frame(*rows), policy).to_dicts()}


def span(row: dict[str, Any]) -> tuple[str | None, str | None]:
    begin, end = (None if row[name] is None else row[name].isoformat() for name in ("counts_from", "counts_until"))
    return begin, end


YEAR_ONE = line("A", starts_on="2024-01-01", ends_on="2024-12-31", signed_on="2023-12-10", live_on="2024-02-15")


def renewal(**given: Any) -> dict[str, Any]:
    return line("B", **({"starts_on": "2025-01-01", "ends_on": "2025-12-31"} | given))


@pytest.mark.parametrize(
    ("recognition", "expected", "rule"),
    [("start", "2024-01-01", "start"), ("signed", "2023-12-10", "signed"), ("live", "2024-02-15", "live")],
)
def test_a_line_counts_from_its_recognition_day(recognition: str, expected: str, rule: str) -> None:
    row = settled(plain_policy(recognition=recognition), YEAR_ONE)["A"]
    assert span(row) == (expected, "2025-01-01")
    assert (row["from_rule"], row["until_rule"]) == (rule, "natural_end")


def test_live_before_the_start_counts_from_the_start() -> None:
    row = settled(plain_policy(recognition="live"), line("A", live_on="2023-11-01"))["A"]
    assert span(row)[0] == "2024-01-01"


def test_signed_without_a_signed_date_counts_from_the_start() -> None:
    row = settled(plain_policy(recognition="signed"), line("A"))["A"]
    assert (span(row)[0], row["from_rule"]) == ("2024-01-01", "signed_missing")


def test_under_signed_a_renewal_takes_over_at_its_signature() -> None:
    rows = settled(plain_policy(recognition="signed"), YEAR_ONE, renewal(signed_on="2024-11-05"))
    assert span(rows["A"]) == ("2023-12-10", "2024-11-05")
    assert (rows["A"]["until_rule"], rows["A"]["continued_by"], rows["B"]["continues"]) == ("continued", "B", "A")
    assert span(rows["B"]) == ("2024-11-05", "2026-01-01")


def test_steps_of_a_ramp_signed_together_count_from_their_starts() -> None:
    signed = {"signed_on": "2023-12-10"}
    steps = [line(f"S{n}", starts_on=f"{2023 + n}-01-01", ends_on=f"{2023 + n}-12-31", **signed) for n in (1, 2, 3)]
    rows = settled(plain_policy(recognition="signed"), *steps)
    assert [span(rows[name])[0] for name in ("S1", "S2", "S3")] == ["2023-12-10", "2025-01-01", "2026-01-01"]
    assert [rows[name]["from_rule"] for name in ("S1", "S2", "S3")] == ["signed", "ramp_step", "ramp_step"]


def test_whether_a_line_is_a_ramp_step_depends_on_what_the_line_before_it_turned_out_to_be() -> None:
    # S2 is a step only because S1 is recognised on S2's signed date; S3, signed between S2's signature and S2's
    # start, is a step only
    # because S2 is one; S4 is signed after S3's start and so is recognised at its signature.
    rows = settled(
        plain_policy(recognition="signed"),
        line("S1", starts_on="2024-01-01", ends_on="2024-12-31", signed_on="2023-12-10"),
        line("S2", starts_on="2025-01-01", ends_on="2025-12-31", signed_on="2023-12-10"),
        line("S3", starts_on="2026-01-01", ends_on="2026-12-31", signed_on="2024-06-01"),
        line("S4", starts_on="2027-01-01", ends_on="2027-12-31", signed_on="2026-01-02"),
    )
    assert [rows[name]["recognised_on"].isoformat() for name in ("S1", "S2", "S3", "S4")] == [
        "2023-12-10",
        "2025-01-01",
        "2026-01-01",
        "2026-01-02",
    ]


@pytest.mark.parametrize(("signed_on", "expected"), [("2025-01-01", "2026-01-01"), ("2025-01-02", "2025-01-02")])
def test_a_signature_on_the_day_the_step_before_begins_is_still_a_ramp(signed_on: str, expected: str) -> None:
    rows = settled(
        plain_policy(recognition="signed"),
        line("S1", starts_on="2024-01-01", ends_on="2024-12-31", signed_on="2023-12-10"),
        line("S2", starts_on="2025-01-01", ends_on="2025-12-31", signed_on="2023-12-10"),
        line("S3", starts_on="2026-01-01", ends_on="2026-12-31", signed_on=signed_on),
    )
    assert rows["S3"]["recognised_on"].isoformat() == expected


def test_a_signature_after_the_line_before_was_recognised_is_no_ramp() -> None:
    rows = settled(
        plain_policy(recognition="signed"),
        line("S1", starts_on="2024-01-01", ends_on="2024-12-31", signed_on="2023-12-10"),
        line("S2", starts_on="2025-01-01", ends_on="2025-12-31", signed_on="2024-06-01"),
        line("S3", starts_on="2026-01-01", ends_on="2026-12-31", signed_on="2024-06-02"),
    )
    assert rows["S2"]["recognised_on"] == dt.date(2024, 6, 1)
    assert rows["S3"]["recognised_on"] == dt.date(2024, 6, 2)


def test_without_a_live_date_a_line_counts_only_if_service_goes_on() -> None:
    policy = plain_policy(recognition="live")
    rows = settled(policy, YEAR_ONE, renewal(), line("N", product="Other"))
    assert (span(rows["B"])[0], rows["B"]["from_rule"]) == ("2025-01-01", "continues")
    assert (rows["N"]["counts"], rows["N"]["why_not"]) == (False, "never_live")


def test_service_goes_on_along_a_chain_but_not_out_of_nothing() -> None:
    chain = [line(f"L{year}", starts_on=f"{year}-01-01", ends_on=f"{year}-12-31") for year in range(2024, 2030)]
    policy = plain_policy(recognition="live")
    assert not any(row["counts"] for row in settled(policy, *chain).values())
    chain[1]["live_on"] = dt.date(2025, 1, 1)
    counts = [row["counts"] for row in settled(policy, *chain).values()]
    assert counts == [False, True, True, True, True, True]


def test_service_goes_on_by_name_across_products_and_customers() -> None:
    policy = plain_policy(recognition="live")
    other = {"customer_id": "C2", "product": "Other", "starts_on": "2024-06-01"}
    assert settled(policy, YEAR_ONE, line("B", replaces_line_id="A", **other))["B"]["from_rule"] == "continues"
    assert settled(policy, YEAR_ONE, line("B", replaces_contract_id="K-A", **other))["B"]["from_rule"] == "continues"
    # Named by line, the contract has no effect.
    blind = line("B", replaces_line_id="Z", replaces_contract_id="K-A", **other)
    assert settled(policy, YEAR_ONE, blind)["B"]["why_not"] == "never_live"


def test_earlier_at_the_same_start_is_decided_by_the_line_id() -> None:
    policy = plain_policy(recognition="live")
    live = {"live_on": "2024-01-01"}
    rows = settled(policy, line("A", **live), line("B", replaces_line_id="A"))
    assert rows["B"]["from_rule"] == "continues"
    rows = settled(policy, line("b", **live), line("B", replaces_line_id="b"))
    assert rows["B"]["why_not"] == "never_live", "B comes before b by code points"


def test_a_line_recognised_on_its_end_of_service_never_counts() -> None:
    rows = settled(plain_policy(recognition="live"), line("A", live_on="2025-01-01"), line("B", live_on="2024-12-31"))
    assert (rows["A"]["counts"], rows["A"]["why_not"]) == (False, "recognised_after_end")
    assert span(rows["B"]) == ("2024-12-31", "2025-01-01")


@pytest.mark.parametrize(
    ("given", "grace", "until", "rule"),
    [
        ({}, 0, "2025-01-01", "natural_end"),
        ({}, 30, "2025-01-31", "grace"),
        ({"cancelled_on": "2024-07-01"}, 30, "2024-07-01", "cancelled"),
        ({"cancelled_on": "2025-01-01"}, 30, "2025-01-01", "cancelled"),
        ({"cancelled_on": "2025-03-01"}, 30, "2025-01-01", "natural_end"),
        ({"ends_on": None}, 30, None, "open"),
        ({"ends_on": None, "cancelled_on": "2026-02-01"}, 30, "2026-02-01", "cancelled"),
    ],
)
def test_until_when_a_line_counts_that_nothing_continues(
    given: dict[str, Any], grace: int, until: str | None, rule: str
) -> None:
    row = settled(plain_policy(renewal_grace_days=grace), line("A", **given))["A"]
    assert (span(row)[1], row["until_rule"]) == (until, rule)


def test_a_renewal_twenty_days_late_is_one_unbroken_customer_and_one_forty_days_late_a_gap() -> None:
    policy = plain_policy(renewal_grace_days=30)
    rows = settled(policy, YEAR_ONE, renewal(starts_on="2025-01-21"))
    assert (span(rows["A"])[1], span(rows["B"])[0]) == ("2025-01-21", "2025-01-21")
    rows = settled(policy, YEAR_ONE, renewal(starts_on="2025-02-10"))
    assert (span(rows["A"])[1], rows["A"]["until_rule"], span(rows["B"])[0]) == ("2025-01-31", "grace", "2025-02-10")


def test_the_last_day_of_grace_still_follows() -> None:
    policy = plain_policy(recognition="live", renewal_grace_days=30)
    assert settled(policy, YEAR_ONE, renewal(starts_on="2025-01-31"))["B"]["from_rule"] == "continues"
    assert settled(policy, YEAR_ONE, renewal(starts_on="2025-02-01"))["B"]["why_not"] == "never_live"


def test_following_looks_ahead_although_a_cancellation_took_the_grace() -> None:
    policy = plain_policy(recognition="live", renewal_grace_days=30)
    ended = YEAR_ONE | {"cancelled_on": dt.date(2025, 1, 1)}
    rows = settled(policy, ended, renewal(starts_on="2025-01-20"))
    assert (span(rows["A"])[1], rows["A"]["until_rule"]) == ("2025-01-01", "cancelled")
    assert (span(rows["B"])[0], rows["B"]["from_rule"]) == ("2025-01-20", "continues")


def test_an_amendment_takes_over_at_once_from_the_line_or_the_whole_contract_it_names() -> None:
    contract = [line(name, contract_id="K1", product=product) for name, product in (("A", "P"), ("B", "Q"))]
    upgrade = {"starts_on": "2024-07-01", "ends_on": "2025-06-30", "product": "R"}
    rows = settled(plain_policy(), *contract, line("C", replaces_contract_id="K1", **upgrade))
    assert [rows[name]["counts_until"] for name in ("A", "B")] == [dt.date(2024, 7, 1)] * 2
    rows = settled(plain_policy(), *contract, line("C", replaces_line_id="B", replaces_contract_id="K1", **upgrade))
    assert [rows[name]["counts_until"] for name in ("A", "B")] == [dt.date(2025, 1, 1), dt.date(2024, 7, 1)]


def test_a_line_replaced_before_its_own_recognition_never_counts() -> None:
    rows = settled(
        plain_policy(), line("A", starts_on="2024-07-01"), line("B", starts_on="2024-03-01", replaces_line_id="A")
    )
    assert (rows["A"]["counts"], rows["A"]["why_not"]) == (False, "no_day_left")


def test_a_line_that_never_counts_continues_nothing() -> None:
    dead = line("B", starts_on="2024-07-01", cancelled_on="2024-07-01", replaces_line_id="A")
    assert settled(plain_policy(), line("A"), dead)["A"]["counts_until"] == dt.date(2025, 1, 1)


def test_an_add_on_in_mid_term_continues_nothing() -> None:
    rows = settled(plain_policy(), YEAR_ONE, line("B", starts_on="2024-06-01", ends_on="2025-05-31"))
    assert span(rows["A"]) == ("2024-01-01", "2025-01-01")
    assert span(rows["B"]) == ("2024-06-01", "2025-06-01")


def test_another_customer_or_product_does_not_follow() -> None:
    for other in ({"customer_id": "C2"}, {"product": "Other"}):
        assert settled(plain_policy(recognition="live"), YEAR_ONE, renewal(**other))["B"]["why_not"] == "never_live"


def test_under_parent_the_renewal_of_a_sister_follows() -> None:
    first, second = YEAR_ONE | {"parent_customer_id": "P"}, renewal(customer_id="C2", parent_customer_id="P")
    rows = settled(plain_policy(recognition="live", customer_unit="parent"), first, second)
    assert (rows["B"]["from_rule"], rows["B"]["customer"]) == ("continues", "P")


@pytest.mark.parametrize(
    ("months", "ends_on", "why_not"),
    [
        (12, "2024-12-31", None),
        (12, "2024-12-30", "below_minimum_term"),
        (13, "2024-12-31", "below_minimum_term"),
        (36, None, None),
    ],
)
def test_minimum_term(months: int, ends_on: str | None, why_not: str | None) -> None:
    assert settled(plain_policy(minimum_term_months=months), line("A", ends_on=ends_on))["A"]["why_not"] == why_not


def test_minimum_term_counts_a_short_month_as_whole() -> None:
    # 2024-01-31 and one month is 2024-02-29, the first day after this term.
    row = settled(plain_policy(minimum_term_months=1), line("A", starts_on="2024-01-31", ends_on="2024-02-28"))["A"]
    assert row["why_not"] is None


def test_excluded_charge_types_neither_count_nor_continue() -> None:
    rows = settled(plain_policy(recognition="live"), line("A", charge_type="services", live_on="2024-01-01"), renewal())
    assert (rows["A"]["why_not"], rows["B"]["why_not"]) == ("charge_type_excluded", "never_live")


def test_overage_counts_three_months_where_the_policy_adds_it() -> None:
    metered = line("O", charge_type="usage_overage", starts_on="2024-05-20", ends_on="2024-05-31", amount_basis="total")
    row = settled(plain_policy(overage="trailing_3_months"), metered)["O"]
    assert (row["annual_value_cents"], row["m_until"] - row["m_from"]) == (4800_00, 3)
    assert settled(plain_policy(), metered)["O"]["why_not"] == "overage_excluded"


def test_a_day_without_service_before_its_start_does_not_follow_itself() -> None:
    # Cancelled before it starts: its start lies on or after its own end of service, and yet it does not continue
    # itself.
    policy = plain_policy(recognition="signed", renewal_grace_days=90)
    row = settled(policy, line("A", starts_on="2024-03-01", signed_on="2024-01-05", cancelled_on="2024-02-01"))["A"]
    assert (span(row), row["until_rule"]) == (("2024-01-05", "2024-02-01"), "cancelled")


def test_names_are_found_alike_among_few_lines_and_many() -> None:
    # Names that occur once, several times and not at all, and so many that some of them share a place with others.
    names = pl.Series([f"K{number % 200 if number % 2 else number}" for number in range(FEW_LINES + 200)] + [None])
    references = pl.Series([f"K{number * 7 % 300}" if number % 3 else None for number in range(len(names))])
    many = text_pairs(names, references, given(references))
    few = few_text_pairs(names, references, np.flatnonzero(given(references)))
    assert sorted(zip(*(part.tolist() for part in many), strict=True)) == sorted(
        zip(*(part.tolist() for part in few), strict=True)
    )
    assert len(few[0]) > 300


def test_a_name_of_the_row_before_is_found_wherever_else_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PIECE", 64)
    # Every row refers to the one before it; each tenth name is that of several rows, some of which are neighbours.
    names = pl.Series([f"K{number // 20 % 10 if number % 10 < 2 else number}" for number in range(600)])
    references = names.shift(1)
    many = text_pairs(names, references, given(references))
    few = few_text_pairs(names, references, np.flatnonzero(given(references)))
    assert sorted(zip(*(part.tolist() for part in many), strict=True)) == sorted(
        zip(*(part.tolist() for part in few), strict=True)
    )
    assert len(few[0]) > len(names)


def test_a_day_that_never_comes_lies_in_a_month_that_never_comes() -> None:
    day = (dt.date(2024, 2, 29) - dt.date(1970, 1, 1)).days
    assert months_of_days(np.array([day, NEVER, day + 1])).tolist() == [2024 * 12 + 1, NEVER, 2024 * 12 + 2]
    assert months_of_days(np.array([NEVER, NEVER])).tolist() == [NEVER, NEVER]
    assert months_of_days(np.array([day])).tolist() == [2024 * 12 + 1]


def test_the_first_following_line_is_found_however_long_the_range() -> None:
    random = np.random.default_rng(11)
    values, low = random.integers(0, 1000, 300), random.integers(0, 300, 500)
    high = np.minimum(low + random.integers(0, 300, 500), 300)
    wanted = [min(values[a:b].tolist(), default=NEVER) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    assert range_minimum(values, low, high).tolist() == wanted
