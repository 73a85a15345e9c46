"""An explanation as plain text for a terminal."""

from metrics.selectors.clauses import CHARGE_TYPE_NAMES
from metrics.selectors.drill import Why, WhyLine
from metrics.selectors.policies import policy_name
from portal.lib.periods import month_format

RULES = {
    "start": "counts from its start date",
    "signed": "counts from its signature",
    "signed_missing": "has no signed date: counts from its start date",
    "ramp_step": "was agreed in advance: counts from its start date",
    "live": "counts from the later of start and go-live",
    "continues": "continues an earlier line: counts from its start date",
    "overage": "metered overage of its month and the two after it",
    "open": "has no end",
    "natural_end": "ends with its term",
    "grace": "ends with its term and the days of grace",
    "cancelled": "was cancelled",
    "continued": "was continued by another line",
    "charge_type_excluded": "its charge type does not count",
    "below_minimum_term": "its term is too short",
    "overage_excluded": "overage does not count",
    "never_live": "never went live",
    "recognised_after_end": "would count only after its end",
    "no_day_left": "another line takes over before it begins to count",
    "not_begun": "has not begun to count",
}
RATE_RULES = {
    "spot": "of the month end",
    "monthly_average": "average of the month",
    "contract_date": "of the contract's own day",
}


def why_text(why: Why) -> str:
    """The whole explanation, one fact a line."""
    told = why.explanation
    kind = f" ({told.kind})" if told.kind else ""
    place = f"{why.head.label} at the end of {month_format(why.month)}, {told.reporting_currency}"
    head = [
        f"{why.name} ({why.customer}), {place}, {policy_name(why.policy_number)}",
        f"  beginning {why.beginning}, organic {why.organic}, exchange rates {why.fx}, ending {why.ending}{kind}",
    ]
    lines = [text for line in why.lines for text in line_text(line, told.reporting_currency)]
    clauses = ["", "Policy:", *(f"  {clause.title}: {clause.sentence}" for clause in why.clauses)]
    return "\n".join([*head, "", *lines, *clauses]) + "\n"


def line_text(line: WhyLine, currency: str) -> list[str]:
    """One contract line: what it adds, how its annual value comes about, when it counts, and its row in the source."""
    told, value = line.explained, line.explained.annual_value
    less = f" - {value.discount}" if value.discount_subtracted else ""
    what = f"{told.product}, {CHARGE_TYPE_NAMES.get(told.charge_type, told.charge_type.replace('_', ' '))}"
    texts = [
        f"Line {told.line_id} of contract {told.contract_id}, {what}: {line.contributes} {currency}",
        f"  annual value ({value.amount}{less}) x {value.times} / {value.divided_by} = {line.annual_value} {told.currency}",
    ]
    if told.rate_now is not None and told.rate_now.rule != "reporting_currency":
        of = f" of {told.rate_now.day}" if told.rate_now.day else ""
        rule = RATE_RULES.get(told.rate_now.rule, told.rate_now.rule)
        texts.append(f"  rate {told.rate_now.rate} {currency}/{told.currency}{of} ({rule})")
    if told.counts_from is not None:
        until = f"until {told.counts_until}" if told.counts_until else "with no end"
        rules = (
            f"{RULES.get(told.from_rule or '', told.from_rule)}; {RULES.get(told.until_rule or '', told.until_rule)}"
        )
        texts.append(f"  counts from {told.counts_from} {until}: {rules}")
    if told.why_not is not None:
        texts.append(f"  does not count now: {RULES.get(told.why_not, told.why_not)}")
    if told.continues or told.continued_by:
        texts.append(f"  continues {told.continues or 'none'}, continued by {told.continued_by or 'none'}")
    texts += [f"  clause “{clause.title}”: {clause.sentence}" for clause in line.clauses]
    texts.append(f"  source {line.source_name}, {line.file_name}, row {line.source_row}")
    return texts
