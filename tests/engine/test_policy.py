"""Policies are validated as a whole, compared by value, and go through JSON unchanged (ARR semantics, section 2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from metrics.engine.policy import Policy, PolicyError, policy_faults
from tests.engine.frames import plain_policy


def test_a_policy_goes_through_json_unchanged() -> None:
    policy = plain_policy(reactivation_window_months=6, fx="contract_date")
    again = Policy.from_dict(json.loads(json.dumps(policy.to_dict())))
    assert again == policy
    assert hash(again) == hash(policy)


def test_the_order_of_charge_types_means_nothing() -> None:
    one, other = ["recurring", "usage_minimum"], ["usage_minimum", "recurring", "recurring"]
    assert plain_policy(included_charge_types=one) == plain_policy(included_charge_types=other)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reporting_currency", "usd"),
        ("reporting_currency", None),
        ("recognition", "booked"),
        ("included_charge_types", "recurring"),
        ("included_charge_types", ["subscription"]),
        ("included_charge_types", ["usage_overage"]),
        ("included_charge_types", [["recurring"]]),
        ("minimum_term_months", -1),
        ("minimum_term_months", True),
        ("renewal_grace_days", 1.5),
        ("renewal_grace_days", None),
        ("reactivation_window_months", "6"),
        ("overage", True),
        ("discounts", ["net"]),
        ("fx", "daily"),
        ("customer_unit", "group"),
        ("retention_fx", ""),
    ],
)
def test_a_bad_value_is_named(name: str, value: Any) -> None:
    faults = policy_faults(plain_policy().to_dict() | {name: value})
    assert len(faults) == 1
    assert faults[0].startswith(f"{name}: ")
    with pytest.raises(PolicyError):
        plain_policy(**{name: value})


def test_all_faults_are_named_together() -> None:
    values = plain_policy().to_dict() | {"fx": "daily", "colour": "blue", "renewal_grace_days": -3}
    del values["discounts"]
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict(values)
    named = {fault.split(":")[0] for fault in caught.value.faults}
    assert named == {"colour", "discounts", "fx", "renewal_grace_days"}


def test_any_gap_and_no_gap_are_both_windows() -> None:
    assert policy_faults(plain_policy().to_dict() | {"reactivation_window_months": None}) == []
    assert policy_faults(plain_policy().to_dict() | {"reactivation_window_months": 0}) == []
