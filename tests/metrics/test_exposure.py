"""What a question is worth: against the oracle under every choice, and by hand where the reason matters."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from metrics.engine.policy import Policy, PolicyError
from metrics.engine.settlement import settle_lines
from metrics.models import Source
from metrics.selectors import month_ends
from metrics.selectors.exposure import exposure_get, exposure_list, largest_first, usual_choices
from metrics.selectors.policy_effect import policy_effect
from metrics.selectors.worked_example import worked_example
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import frame, line, plain_policy, rates
from tests.engine.oracle_input import oracle_arr, oracle_segments
from tests.engine.test_drill import random_case
from tests.metrics.loading import load_lines, load_rates, replace_lines

DECEMBER = month_parse("2024-12")
PARAMETERS = [
    "recognition",
    "included_charge_types",
    "minimum_term_months",
    "overage",
    "discounts",
    "fx",
    "renewal_grace_days",
    "customer_unit",
    "reactivation_window_months",
    "retention_fx",
]


@pytest.fixture
def scope(northwind: Client) -> Iterator[Client]:
    with tenant_context(northwind):
        yield northwind


def money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("text", ["2022-03", "2024-09"])
def test_every_parameter_is_worth_what_the_oracle_says(scope: Client, seed: int, text: str) -> None:
    lines, given, policy, _ = random_case(seed)
    load_lines(lines)
    load_rates(given)
    month = month_parse(text)
    found = exposure_list(scope, [(name, None) for name in PARAMETERS], month, policy, most=1000)
    assert [exposure.parameter for exposure in found] == PARAMETERS
    for exposure in found:
        arr = [
            oracle_arr(lines, given, policy.with_(**{exposure.parameter: choice.value}), month)
            for choice in exposure.choices
        ]
        totals = [sum(each.values()) for each in arr]
        assert [choice.arr for choice in exposure.choices] == [money(total) for total in totals]
        assert exposure.amount == money(max(totals) - min(totals))
        assert exposure.first is not None and exposure.second is not None and exposure.reason is None
        if exposure.parameter != "customer_unit":
            first, second = (arr[exposure.choices.index(each)] for each in (exposure.first, exposure.second))
            moved = {name for name in first | second if first.get(name, 0) != second.get(name, 0)}
            assert {row.customer for row in exposure.moved} == moved and exposure.moved_count == len(moved)
            for row in exposure.moved:
                assert (row.before, row.after) == (
                    money(first.get(row.customer, 0)),
                    money(second.get(row.customer, 0)),
                )
        assert sum(row.change for row in exposure.moved) == exposure.second.arr - exposure.first.arr  # type: ignore[operator]
        sizes = [abs(row.change) for row in exposure.moved]
        assert sizes == sorted(sizes, reverse=True)
        assert exposure.moves_arr == (exposure.parameter not in ("reactivation_window_months", "retention_fx"))


@pytest.mark.parametrize("seed", range(4))
def test_the_effect_of_a_policy_ties_in_total_by_segment_and_by_cause(scope: Client, seed: int) -> None:
    lines, given, before, _ = random_case(seed)
    load_lines(lines)
    load_rates(given)
    month = month_parse("2023-10")
    recognition = "signed" if before.recognition != "signed" else "start"
    after = before.with_(recognition=recognition, renewal_grace_days=before.renewal_grace_days + 25, discounts="list")
    effect = policy_effect(scope, before, after, month, most=1000)
    old, new = (oracle_arr(lines, given, each, month) for each in (before, after))
    assert (effect.before, effect.after) == (money(sum(old.values())), money(sum(new.values())))
    assert {row.customer: row.change for row in effect.moved} == {
        name: money(new.get(name, 0) - old.get(name, 0)) for name in old | new if old.get(name, 0) != new.get(name, 0)
    }
    segments = [oracle_segments(lines, policy, arr) for policy, arr in ((before, old), (after, new))]
    assert {row.segment: (row.before, row.after) for row in effect.segments} == {
        name: (money(segments[0].get(name, 0)), money(segments[1].get(name, 0))) for name in segments[0] | segments[1]
    }
    changed = {"recognition": recognition, "renewal_grace_days": after.renewal_grace_days}
    changed |= {"discounts": "list"} if before.discounts != "list" else {}
    assert {cause.parameter for cause in effect.causes} == set(changed)
    for cause in effect.causes:
        alone = oracle_arr(lines, given, before.with_(**{cause.parameter: changed[cause.parameter]}), month)
        assert cause.alone == money(sum(alone.values()) - sum(old.values()))
    assert effect.change == sum(cause.alone or 0 for cause in effect.causes) + effect.interplay  # type: ignore[operator]


def test_a_policy_against_itself_has_no_effect_and_no_cause(scope: Client) -> None:
    load_lines(frame(line()))
    effect = policy_effect(scope, plain_policy(), plain_policy(), DECEMBER)
    assert (effect.change, effect.moved, effect.causes) == (Decimal("0.00"), (), ())
    assert [(row.segment, row.before) for row in effect.segments] == [("(none)", Decimal("1200.00"))]


def test_each_customer_is_moved_by_its_own_parameter(scope: Client) -> None:
    late = line("L1", customer_id="LATE", ends_on="2024-12-10")
    dear = line("L2", customer_id="DEAR", discount="200")
    load_lines(frame(late, dear))
    effect = policy_effect(scope, plain_policy(), plain_policy(renewal_grace_days=30, discounts="list"), DECEMBER)
    assert {row.customer: row.parameters for row in effect.moved} == {
        "LATE": ("renewal_grace_days",),
        "DEAR": ("discounts",),
    }
    assert {cause.parameter: cause.alone for cause in effect.causes} == {
        "discounts": Decimal("200.00"),
        "renewal_grace_days": Decimal("1200.00"),
    }


# --- no figure --------------------------------------------------------------------------------------------------------


def test_a_missing_rate_is_a_named_reason_and_never_a_number(scope: Client) -> None:
    load_lines(frame(line("L1", currency="EUR", signed_on="2023-12-01"), line("L2", customer_id="C2")))
    load_rates(rates(("EUR", "2024-12-31", "1.1")))
    exposure = exposure_get(scope, "fx", ["spot", "contract_date"], DECEMBER, plain_policy())
    assert exposure.choices[0].arr == Decimal("2520.00") and exposure.choices[1].arr is None
    assert exposure.amount is None and exposure.moved == () and exposure.first is None
    assert exposure.reason is not None and exposure.reason.code == "missing_rates"
    assert "EUR" in exposure.reason.sentence and "2023-12-01" in exposure.reason.sentence
    effect = policy_effect(scope, plain_policy(), plain_policy(fx="contract_date"), DECEMBER)
    assert (effect.before, effect.after, effect.change, effect.interplay) == (None, None, None, None)
    assert effect.reason == exposure.reason and [cause.parameter for cause in effect.causes] == ["fx"]
    example = worked_example(scope, "fx", ["spot", "contract_date"], DECEMBER, plain_policy())
    assert example.contracts == () and example.reason == exposure.reason


def test_a_cause_that_cannot_be_valued_alone_has_its_reason_beside_a_whole_that_can(scope: Client) -> None:
    load_lines(frame(line("L1", currency="EUR", charge_type="services"), line("L2")))
    before = plain_policy(included_charge_types=["recurring"])
    after = plain_policy(included_charge_types=["recurring", "services"], minimum_term_months=24)
    load_rates(rates(("EUR", "2020-01-31", "1.1")))
    effect = policy_effect(scope, before, after, DECEMBER)
    alone = {cause.parameter: (cause.alone, cause.reason.code if cause.reason else "") for cause in effect.causes}
    assert effect.change == Decimal("-1200.00") and effect.interplay is None
    assert alone == {
        "included_charge_types": (None, "missing_rates"),
        "minimum_term_months": (Decimal("-1200.00"), ""),
    }


def test_without_lines_or_numbers_there_is_a_reason(scope: Client) -> None:
    assert exposure_get(scope, "discounts", None, DECEMBER).reason == month_ends.NO_LINES
    load_lines(frame(line()))
    assert exposure_get(scope, "discounts").reason == month_ends.NO_MONTH
    other = exposure_get(scope, "reporting_currency", ["USD", "EUR"], DECEMBER)
    assert other.amount is None and other.reason is not None and other.reason.code == "other_currency"
    assert exposure_get(scope, "reporting_currency", None, DECEMBER).reason is not None


def test_a_month_in_which_nothing_counts_is_a_true_zero(scope: Client) -> None:
    load_lines(frame(line()))
    exposure = exposure_get(scope, "discounts", None, month_parse("2020-01"))
    assert (exposure.amount, exposure.reason) == (Decimal("0.00"), None)


def test_a_value_that_a_parameter_cannot_have_is_refused(scope: Client) -> None:
    load_lines(frame(line()))
    with pytest.raises(PolicyError):
        exposure_get(scope, "recognition", ["start", "whenever"], DECEMBER)
    with pytest.raises(KeyError):
        exposure_get(scope, "colour", None, DECEMBER)


# --- order, examples, memory ------------------------------------------------------------------------------------------


def test_what_is_worth_most_comes_first_and_what_has_no_figure_before_it(scope: Client) -> None:
    load_lines(frame(line("L1", discount="200", currency="EUR"), line("L2", customer_id="C2", ends_on="2024-12-10")))
    load_rates(rates(("EUR", "2024-12-31", "1")))
    asked: list[tuple[str, Any]] = [("discounts", None), ("renewal_grace_days", None), ("fx", None), ("overage", None)]
    found = sorted(exposure_list(scope, asked, DECEMBER, plain_policy()), key=largest_first)
    assert [exposure.parameter for exposure in found] == ["fx", "renewal_grace_days", "discounts", "overage"]


def test_changes_that_cancel_out_are_zero_with_customers_that_move(scope: Client) -> None:
    gone = line("L1", customer_id="C1", ends_on="2024-12-10", cancelled_on=None)
    load_lines(frame(gone, line("L2", customer_id="C2", signed_on="2025-01-10")))
    both = exposure_get(scope, "recognition", ["start", "signed"], DECEMBER, plain_policy())
    assert both.amount == Decimal("1200.00") and [row.customer for row in both.moved] == ["C2"]
    effect = policy_effect(scope, plain_policy(), plain_policy(recognition="signed", renewal_grace_days=30), DECEMBER)
    assert effect.change == Decimal("0.00") and {row.customer for row in effect.moved} == {"C1", "C2"}


def test_the_usual_choices_hold_the_one_in_force() -> None:
    policy = plain_policy(renewal_grace_days=45, included_charge_types=["recurring", "trial"])
    assert usual_choices("renewal_grace_days", policy) == (45, 0, 30, 60, 90)
    assert usual_choices("recognition", policy) == ("start", "signed", "live")
    assert usual_choices("included_charge_types", policy) == (
        ["recurring", "trial"],
        ["recurring", "trial", "one_time"],
        ["recurring", "trial", "services"],
    )
    assert usual_choices("reporting_currency", policy) == ("USD",)


def test_a_worked_example_tells_the_contract_under_both_choices(scope: Client) -> None:
    rows = [
        line("K1-1", "1200", contract_id="K1", customer_id="C1", customer_name="Acme", ends_on="2024-12-10"),
        line("K1-2", "600", contract_id="K1", customer_id="C1", customer_name="Acme", product="Extra"),
        line("K2-1", "900", contract_id="K2", customer_id="C2", ends_on="2024-12-20"),
        line("K3-1", "800", contract_id="K3", customer_id="C2", product="Q", ends_on="2024-12-20"),
    ]
    load_lines(frame(*rows))
    example = worked_example(scope, "renewal_grace_days", [0, 30], DECEMBER, plain_policy())
    first, second = example.contracts
    assert (first.contract_id, first.customer_name, first.difference) == ("K1", "Acme", Decimal("1200.00"))
    assert second.contract_id == "K2"  # K3 is the same customer's, and smaller
    without, with_grace = first.sides
    assert (without.choice.value, without.arr) == (0, Decimal("600.00"))
    assert (with_grace.choice.value, with_grace.arr) == (30, Decimal("1800.00"))
    assert [(each.line_id, each.arr, each.words) for each in without.lines] == [
        ("K1-1", Decimal("0.00"), "ends with its term"),
        ("K1-2", Decimal("600.00"), "counts from its start date"),
    ]
    assert with_grace.lines[0].counts_until == dt.date(2025, 1, 10)
    assert [(term.line_id, term.amount, term.basis, term.ends_on) for term in first.terms] == [
        ("K1-1", Decimal("1200.00"), "year", dt.date(2024, 12, 10)),
        ("K1-2", Decimal("600.00"), "year", dt.date(2024, 12, 31)),
    ]


def test_an_example_that_nothing_touches_is_a_sentence(scope: Client) -> None:
    load_lines(frame(line()))
    example = worked_example(scope, "overage", None, DECEMBER)
    assert example.contracts == () and example.sentence.startswith("None of the client's contracts is touched")
    assert worked_example(scope, "retention_fx", None, DECEMBER).sentence.startswith("It never moves ARR")


def test_what_is_remembered_follows_the_lines_and_the_rates(scope: Client) -> None:
    source = load_lines(old := frame(line("L1", discount="200", currency="EUR")))
    load_rates(rates(("EUR", "2024-12-31", "1.5")))
    assert exposure_get(scope, "discounts", None, DECEMBER).amount == Decimal("300.00")
    replace_lines(source, old, frame(line("L1", discount="100", currency="EUR")))
    assert exposure_get(scope, "discounts", None, DECEMBER).amount == Decimal("150.00")


def test_lines_that_settle_alike_are_settled_once(scope: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    load_lines(frame(line()))
    settled: list[Policy] = []

    def counting(lines: Any, policy: Policy) -> Any:
        settled.append(policy)
        return settle_lines(lines, policy)

    monkeypatch.setattr(month_ends, "settle_lines", counting)
    exposure_list(scope, [(name, None) for name in PARAMETERS], DECEMBER, plain_policy())
    # plain; two recognitions; three charge types; three terms; overage; list; three graces; parent
    assert len(settled) == 15
    exposure_list(scope, [(name, None) for name in PARAMETERS], DECEMBER, plain_policy())
    assert len(settled) == 15


def test_the_lines_of_another_source_are_not_counted(scope: Client) -> None:
    load_lines(frame(line("L1", discount="200")))
    load_lines(frame(line("L1", discount="900")), source="crm")
    assert Source.objects.count() == 2
    assert exposure_get(scope, "discounts", None, DECEMBER).amount == Decimal("200.00")
