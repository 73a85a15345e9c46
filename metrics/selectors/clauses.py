"""The policy in plain language: one clause per parameter, for the policy page and the "why this number" panel."""

from dataclasses import dataclass
from typing import Any, Final

from metrics.engine.policy import Policy

CHARGE_TYPE_NAMES: Final = {
    "recurring": "recurring fees",
    "usage_minimum": "usage minimums",
    "one_time": "one-time fees",
    "services": "services",
    "trial": "trials",
}


@dataclass(frozen=True)
class Clause:
    """One parameter: its name and value as stored, what it says, and why it matters."""

    parameter: str
    title: str
    value: Any
    sentence: str
    why_it_matters: str


TITLES: Final = {
    "reporting_currency": "Reporting currency",
    "recognition": "When a contract starts to count",
    "included_charge_types": "Charges that count",
    "minimum_term_months": "Shortest term",
    "overage": "Usage above the minimum",
    "discounts": "Discounts",
    "fx": "Exchange rates",
    "renewal_grace_days": "Late renewals",
    "reactivation_window_months": "Returning customers",
    "customer_unit": "Who is a customer",
    "retention_fx": "Exchange rates in retention",
}
WHY: Final = {
    "reporting_currency": "Every amount is converted into it before it is added up.",
    "recognition": "It decides the month in which a new or changed contract moves ARR.",
    "included_charge_types": "Anything else in a contract is revenue, but not recurring revenue.",
    "minimum_term_months": "Short pilots would otherwise come and go as new business and churn.",
    "overage": "Counting it shows growth early, and makes ARR swing with usage.",
    "discounts": "List prices overstate what customers have agreed to pay.",
    "fx": "It decides whether a move of a currency shows in ARR at all, and at which rate.",
    "renewal_grace_days": "Without grace, paperwork that comes late looks like churn and a new customer.",
    "reactivation_window_months": "It decides whether a customer who comes back is won again or is new.",
    "customer_unit": "It decides what counts as churn when one company of a group leaves and another stays.",
    "retention_fx": "It decides whether NRR and GRR move when only a currency does.",
}
CHOICES: Final = {
    ("recognition", "start"): "A contract line counts from its start date.",
    ("recognition", "signed"): "A contract line counts from its signature, a step agreed in advance from its own start.",
    ("recognition", "live"): "A contract line counts from the day it is live, but not before its start date.",
    ("overage", "exclude"): "Usage above the agreed minimum does not count.",
    ("overage", "trailing_3_months"): "Usage above the minimum counts: four times the overage of the last three months.",
    ("discounts", "net"): "Discounts are subtracted before an amount is annualised.",
    ("discounts", "list"): "List prices count; discounts are not subtracted.",
    ("fx", "spot"): "Other currencies are converted at the rate of the month's last day, or one up to 7 days older.",
    ("fx", "monthly_average"): "Other currencies are converted at the mean of the month's rates.",
    ("fx", "contract_date"): "Each line is converted once, at the rate of the day it was signed: currencies never move ARR.",
    ("customer_unit", "customer"): "Each customer id is one customer, also where several belong to one parent.",
    ("customer_unit", "parent"): "Companies with the same parent are one customer.",
    ("retention_fx", "constant"): "Balances of twelve months ago are valued at today's rates: currencies alone move nothing.",
    ("retention_fx", "reported"): "Balances of twelve months ago keep the rates of that time: currencies move retention.",
}  # fmt: skip


def retention_method(policy: Policy) -> str:
    """How NRR and GRR are measured, as it is named beside them."""
    if policy.fx == "contract_date":
        rates = "each contract at its own rate"
    else:
        rates = "at constant rates" if policy.retention_fx == "constant" else "at the rates of each time"
    return f"point to point over 12 months, {rates}"


def policy_in_plain_words(policy: Policy) -> list[Clause]:
    """Every parameter of a policy as a clause, in the order of the ARR semantics."""
    values = policy.to_dict()
    return [Clause(name, TITLES[name], values[name], sentence_of(name, values[name]), WHY[name]) for name in TITLES]


def clause_of(policy: Policy, parameter: str) -> Clause:
    """The clause of one parameter; KeyError for a name that is no parameter."""
    return next(clause for clause in policy_in_plain_words(policy) if clause.parameter == parameter)


def sentence_of(parameter: str, value: Any) -> str:
    """What a parameter's value says."""
    if (parameter, value if isinstance(value, str) else None) in CHOICES:
        return CHOICES[parameter, value]
    if parameter == "reporting_currency":
        return f"All figures are in {value}."
    if parameter == "included_charge_types":
        return charge_types_sentence(value)
    if parameter == "minimum_term_months":
        return (
            f"Lines with a term of less than {months(value)} do not count." if value else "A line of any length counts."
        )
    if parameter == "renewal_grace_days":
        return grace_sentence(value)
    return window_sentence(value)


def charge_types_sentence(names: list[str]) -> str:
    """Which charges count."""
    if not names:
        return "No charge counts."
    spoken = [CHARGE_TYPE_NAMES[name] for name in CHARGE_TYPE_NAMES if name in names]
    listed = spoken[0] if len(spoken) == 1 else f"{', '.join(spoken[:-1])} and {spoken[-1]}"
    return f"Only {listed} {'counts' if listed == 'services' else 'count'} as recurring."


def grace_sentence(days: int) -> str:
    """How long an ended line is carried."""
    if not days:
        return "A line stops to count on the day its term ends; a renewal that starts later leaves a gap."
    day = "1 day" if days == 1 else f"{days} days"
    return f"A line that is not cancelled counts for {day} after its term; a renewal that starts by then leaves no gap."


def window_sentence(window: int | None) -> str:
    """What a customer is who comes back."""
    if window is None:
        return "A customer who comes back is a reactivation, however long they were away."
    if window == 0:
        return "A customer who comes back is a new customer."
    return f"A customer who comes back within {months(window)} is a reactivation, later a new customer."


def months(count: int) -> str:
    """A number of months in words."""
    return "1 month" if count == 1 else f"{count} months"
