"""What stands beside a figure of a metric: its unit, in the singular where there is one."""

from decimal import Decimal

import pytest

from governance.metric_figures import unit_words


@pytest.mark.parametrize(
    ("unit", "value", "words"),
    [
        ("customers", Decimal(1), "customer"),
        ("deals", Decimal(-1), "deal"),
        ("customers", Decimal(0), "customers"),
        ("leads", Decimal(2), "leads"),
        ("months", Decimal(1), "months"),  # shown as 1.0 months
        ("money per customer", Decimal(1), "EUR per customer"),
        ("ratio", Decimal(1), "times"),
        ("percent", Decimal(1), ""),
    ],
)
def test_one_customer_is_no_customers(unit: str, value: Decimal, words: str) -> None:
    assert unit_words(unit, "EUR", value) == words


def test_the_head_of_a_column_is_in_the_plural() -> None:
    assert unit_words("customers", "EUR") == "customers"
