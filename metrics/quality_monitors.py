"""What the monitors of data quality look for, in one table: each with its threshold, and how long a finding may stay open.

A new monitor is a row here and a finder in `metrics.selectors.quality_finders`; settings, pages, API and job follow. Codes are
stable: rows of findings name them.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True)
class MonitorSpec:
    """A monitor: what it looks for in a sentence, its threshold with its unit ("" is the reporting currency), and what helps.

    `days` is how long a finding may stay open, `escalate_days` how much longer before it is told further up.
    """

    code: str
    title: str
    looks_for: str
    threshold_label: str
    unit: str
    threshold: Decimal
    advice: str
    days: int = 10
    escalate_days: int = 5


MONITORS: Final = (
    MonitorSpec(
        "duplicates", "Duplicate lines",
        "The same product at the same amount for one customer, counted twice on the same days.",
        "Common days from which two lines are a finding", "days", Decimal(1),
        "Take one of the two away at the source, or say which replaces the other. Two sites may rightly have one line each.",
        days=5,
    ),
    MonitorSpec(
        "missing_fields", "Missing fields",
        "Name, product, segment, region or representative that some lines have and others lack.",
        "Share of the lines that may lack a field", "%", Decimal(0),
        "Fill the field in at the source: until then the ARR stands under (none) in every cut by it.",
    ),
    MonitorSpec(
        "expired", "In grace after the end",
        "Contract lines whose last day is past and that the policy counts on purpose, within its grace for late renewals.",
        "Days after the end that are let pass", "days", Decimal(0),
        "Enter the renewal, or the cancellation, before the grace is over: then the ARR falls out at once.",
        days=5,
    ),
    MonitorSpec(
        "unexplained", "Moves without an event",
        "Accounts that moved in the last three months, or since a month was closed, without a contract event then; what rates"
        " moved is left out.",
        "Movement that is let pass", "", Decimal(50_000),
        "Look at what the last imports changed on its lines, and restate the closed month if the correction is right.",
        days=5,
    ),
    MonitorSpec(
        "names", "Inconsistent names",
        "One customer id under several names, and one name, however it is written, under several customer ids.",
        "ARR from which a name is a finding", "", Decimal(0),
        "Correct the name, or give one company one customer_id or the same parent_customer_id: else a move between them looks"
        " like churn and new business.",
        days=20, escalate_days=10,
    ),
    MonitorSpec(
        "stale_rates", "Stale exchange rates",
        "Currencies in which lines are written and whose newest rate is old, or of which a month lacks one.",
        "Days since the newest rate that are let pass", "days", Decimal(7),
        "Load newer rates. Where your own are old, take them away, and the European Central Bank's count again.",
        days=3, escalate_days=3,
    ),
)  # fmt: skip
BY_CODE: Final = {spec.code: spec for spec in MONITORS}
