"""What the system watches for as a reason to engage again: a registry of keys and the functions that find facts.

Reads only; runs in the client's scope. Texts hold shares and names of products and definitions, no amounts: everybody on the
engagement hears of them. `engagements.playbook.terms.TRIGGER_CHECKS` names the same keys: a test holds the two together.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from engagements.models import Engagement, RefinementTrigger
from governance.selectors.disputes import disputes_since_signing, signed_at
from metrics.selectors.reconciliation import reconciliation_get
from metrics.selectors.reconciliation_checks import closed_months
from metrics.selectors.reconciliation_figures import Reconciliation
from metrics.selectors.upkeep import billing_sources_since, products_since
from portal.lib.periods import month_format, month_of
from portal.tenancy.clock import day_at

LONGEST_RUN = 12
MONTHS_RUNNING = 2


@dataclass(frozen=True)
class Fact:
    """Something that happened: `key` tells it from others of its kind, `facts` are its figures."""

    key: str
    text: str
    facts: dict[str, Any] = field(default_factory=dict)
    url_name: str = ""


Watcher = Callable[[Engagement, Decimal | None], list[Fact]]


def launched_on(engagement: Engagement) -> date | None:
    """When the system went live: hypercare's first day, else the first of its maintenance."""
    return engagement.hypercare_from or engagement.maintenance_from


def variance_repeated(engagement: Engagement, limit: Decimal | None) -> list[Fact]:
    """Two closed month ends running since the launch on which the sources were further apart than the limit.

    One run of months is one fact, however long it becomes.
    """
    launch = launched_on(engagement)
    if launch is None or limit is None:
        return []
    run: list[Reconciliation] = []
    for month in closed_months(engagement.client)[:LONGEST_RUN]:
        if month < month_of(launch) or (run and run[-1].month != month + 1):
            break
        found = reconciliation_get(engagement.client, month)
        if not is_apart(found, limit):
            break
        run.append(found)
    if len(run) < MONTHS_RUNNING:
        return []
    run.reverse()
    first, last = run[0].month or 0, run[-1].month or 0
    told = " and ".join(f"{percent(each)} at the end of {month_format(each.month or 0)}" for each in run[-2:])
    text = (
        f"{run[-1].other} and {run[-1].base} were apart by {told}: more than {limit.normalize():f}% two months running."
    )
    facts = {
        "first": first,
        "last": last,
        "variances": {month_format(each.month or 0): str(each.variance) for each in run},
    }
    return [Fact(month_format(first), text, facts, "reconciliation")]


def is_apart(found: Reconciliation, limit: Decimal) -> bool:
    """Whether two sources are further apart than so many per cent, decided on exact amounts."""
    if found.difference is None or not found.base_arr:
        return False
    return abs(found.difference) * 100 > limit * found.base_arr


def percent(found: Reconciliation) -> str:
    """The variance without its sign."""
    return f"{abs(found.variance or Decimal(0)) * 100:.2f}%"


def new_product(engagement: Engagement, limit: Decimal | None) -> list[Fact]:
    """Products whose first line is signed or begins after the month in which the policy was signed."""
    at = signed_at()
    if at is None:
        return []
    month = month_of(day_at(engagement.client, at))
    return [
        Fact(
            each.name[:120],
            f"{each.name} is sold since {each.first:%Y-%m-%d}: the policy signed in {month_format(month)} did not know it.",
            {
                "product": each.name,
                "first": f"{each.first}",
                "contracts": each.contracts,
                "signed": month_format(month),
            },
            "policy",
        )
        for each in products_since(month)
    ]


def new_billing_source(engagement: Engagement, limit: Decimal | None) -> list[Fact]:
    """Billing systems that deliver lines and were added after the launch, beside one that was there."""
    launch = launched_on(engagement)
    if launch is None:
        return []
    return [
        Fact(
            str(source.pk),
            f"{source} delivers contract lines as a billing system since {source.created_at:%Y-%m-%d}, after the launch.",
            {"source": source.name, "since": f"{source.created_at:%Y-%m-%d}"},
            "data",
        )
        for source in billing_sources_since(launch)
    ]


def definition_disputed(engagement: Engagement, limit: Decimal | None) -> list[Fact]:
    """Definitions that were refused or opened again after they were signed."""
    said = {"refused": "was refused", "reopened": "was opened again"}
    return [
        Fact(
            f"{each.signoff_id}:{each.key}",
            f"“{each.title}” {said[each.event]} on {each.at:%Y-%m-%d}, after it was signed.",
            {"definition": each.key, "event": each.event, "on": f"{each.at:%Y-%m-%d}"},
            "definitions",
        )
        for each in disputes_since_signing()
    ]


WATCHERS: dict[str, Watcher] = {
    "variance_repeated": variance_repeated,
    "new_product": new_product,
    "new_billing_source": new_billing_source,
    "definition_disputed": definition_disputed,
}


def trigger_list(engagement: Engagement) -> list[RefinementTrigger]:
    """What was found: the open ones first, the newest on top."""
    rows = RefinementTrigger.objects.filter(engagement=engagement).select_related("settled_by")
    return sorted(rows, key=lambda row: (row.state != "open", -row.pk))


def watched(engagement: Engagement) -> list[dict[str, Any]]:
    """The playbook's triggers: name, threshold, response, and what the watch waits for, where it is not on yet."""
    launch, signed = launched_on(engagement), signed_at()
    waits = {
        "variance_repeated": "" if launch else "Watched from the launch on.",
        "new_billing_source": "" if launch else "Watched from the launch on.",
        "new_product": "" if signed else "Watched once the policy is signed.",
        "definition_disputed": "" if signed else "Watched once the policy is signed.",
    }
    return [
        row | {"waits": waits.get(row.get("check", ""), "Not watched by the system: tell your consultant.")}
        for row in engagement.content.get("triggers", [])
    ]
