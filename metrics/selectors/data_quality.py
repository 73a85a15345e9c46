"""Questions that the contract lines themselves raise. None is an error: every line counts as the policy says.

`issue_list(client) -> list[Issue]` · `issues_at_hand(client) -> list[Issue] | None` · `issue_get(client, code) -> Issue`

Found on the standing lines of the authoritative source under the policy in force, and remembered until either changes.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from metrics import repository
from metrics.engine.lines import code_lines
from metrics.engine.policy import Policy
from metrics.engine.settlement import WHY_NOT, settle_lines
from metrics.intake.ecb import ecb_currencies
from metrics.line_columns import lines_of
from metrics.memory import Memory
from metrics.models import ContractImport, Source
from metrics.models.intake import ImportState
from metrics.selectors.policies import policy_in_force
from portal.tenancy.models import Client

KEPT_LINES: Final = 2_000
LONG_YEARS: Final = 3
QUICK: Final = 200_000  # lines that are gone through in less than a second


@dataclass(frozen=True)
class Kind:
    """A question: its title, what it means for the numbers, and what can be done about it. Codes are stable."""

    code: str
    title: str
    meaning: str
    advice: str


@dataclass(frozen=True)
class Issue:
    """A question with the lines that raise it: how many there are, and the first 2,000 (`line_id`, customer, why)."""

    kind: Kind
    count: int
    lines: list[dict[str, str]]


NO_VALUE_MEANS: Final = "Where it is a customer's newest line, the customer appears under (none)."

KINDS: Final = (
    Kind(
        "overlap",
        "Lines that count at the same time",
        "Two lines of one customer and product count on the same days, and neither continues the other: both are in ARR.",
        "If one replaces the other, say so in replaces_line_id or replaces_contract_id. An add-on in mid-term is fine.",
    ),
    Kind(
        "never_live",
        "Lines that wait for a go-live date",
        "The policy counts a line from its go-live. These have none and continue no earlier line: they never count.",
        "Fill in live_date when the customer goes live.",
    ),
    Kind(
        "no_rates",
        "Currencies without exchange rates",
        "Neither you nor the European Central Bank have rates for it: months in which such a line counts cannot be valued.",
        "Upload rates for the currency.",
    ),
    Kind(
        "two_names",
        "Customers with more than one name",
        "One customer_id has several names. The numbers are not touched; lists show one of them.",
        "Correct the names at the source, or check that it is one customer.",
    ),
    Kind(
        "same_name",
        "Names that belong to more than one customer",
        "Several customer_ids have one name. If they are one company, its moves look like churn and new business.",
        "Give them one customer_id, or the same parent_customer_id and the policy's customer unit 'parent'.",
    ),
    Kind(
        "unknown_predecessor",
        "Lines that replace something unknown",
        "The contract or line named as replaced is not among the lines: the replacement has no effect.",
        "Correct replaces_contract_id or replaces_line_id, or load the missing lines.",
    ),
    Kind(
        "old_evergreen",
        f"Open-ended lines older than {LONG_YEARS} years",
        "They have no end date and no cancellation, and count for ever.",
        "Check that the service still runs; otherwise fill in cancelled_date.",
    ),
    Kind(
        "cancelled_first",
        "Lines cancelled on or before their first day",
        "They never count.",
        "Nothing to do if the contract was called off; otherwise correct the dates.",
    ),
    Kind(
        "no_segment",
        "Lines without a segment",
        NO_VALUE_MEANS,
        "Fill in segment at the source.",
    ),
    Kind("no_region", "Lines without a region", NO_VALUE_MEANS, "Fill in region at the source."),
    Kind("no_rep", "Lines without a sales representative", NO_VALUE_MEANS, "Fill in rep at the source."),
)
BY_CODE: Final = {kind.code: kind for kind in KINDS}
Found = dict[str, tuple[int, list[dict[str, str]]]]
memory: Memory[Found] = Memory(200_000)


def issue_list(client: Client) -> list[Issue]:
    """Every question that has at least one line, in the order of what it may be worth."""
    found = findings(client)
    return [Issue(kind, *found[kind.code]) for kind in KINDS if found[kind.code][0]]


def issues_at_hand(client: Client) -> list[Issue] | None:
    """`issue_list` for a page that shows more than that: None where it would wait for very many lines."""
    source = repository.authoritative_source()
    if source and source.line_count > QUICK and not memory.holds(key_of(client, source, policy_in_force(client))):
        return None
    return issue_list(client)


def issue_get(client: Client, code: str) -> Issue:
    """One question with its lines. Raises KeyError for a code that is none."""
    return Issue(BY_CODE[code], *findings(client)[code])


def findings(client: Client) -> Found:
    """What is found per code, remembered by the newest load and the policy."""
    policy = policy_in_force(client)
    source = repository.authoritative_source()
    key = key_of(client, source, policy)
    return memory.get(key, lambda: find(lines_of(source), policy, key[-2], client.currency), weight)


def key_of(client: Client, source: Source | None, policy: Policy) -> tuple[Any, ...]:
    """What the questions depend on; the currencies with rates of the client's own, and that of its numbers, come last."""
    loads = ContractImport.objects.filter(source=source, state=ImportState.DONE).order_by("-finished_at")
    newest = loads.values_list("pk", flat=True).first()
    own = frozenset(repository.own_rate_currencies())
    return (client.pk, source.pk if source else None, newest, policy, own, client.currency)


def weight(found: Found) -> int:
    return sum(len(lines) for _, lines in found.values()) + 1


def find(lines: pl.DataFrame, policy: Policy, own_currencies: frozenset[str], reporting: str) -> Found:
    """All questions that these lines raise."""
    settled = settled_lines(lines, policy)
    quoted = set(ecb_currencies())
    valued = own_currencies | {reporting} | (quoted if reporting in quoted else set())
    found = {
        "overlap": overlapping(settled),
        "never_live": settled.filter(pl.col("why_not") == WHY_NOT.index("never_live")).with_columns(
            why=pl.lit("no live_date")
        ),
        "no_rates": lines.filter(~pl.col("currency").is_in(list(valued))).with_columns(why=pl.col("currency")),
        "two_names": several(lines, "customer_id", "customer_name"),
        "same_name": several(lines, "customer_name", "customer_id"),
        "unknown_predecessor": without_predecessor(lines),
        "old_evergreen": old_evergreen(lines),
        "cancelled_first": lines.filter(pl.col("cancelled_on") <= pl.col("starts_on")).with_columns(
            why=pl.format("starts {}, cancelled {}", "starts_on", "cancelled_on")
        ),
    }
    for name in ("segment", "region", "rep"):
        found[f"no_{name}"] = lines.filter(pl.col(name).is_null()).with_columns(why=pl.lit(f"no {name}"))
    return {code: (frame.height, shown_lines(frame)) for code, frame in found.items()}


def settled_lines(lines: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """The lines with the days on which they count and why they do not."""
    coded = code_lines(lines, policy.customer_unit)
    settled = settle_lines(coded, policy)
    return lines.with_columns(
        counts_from=pl.Series(settled.counts_from, dtype=pl.Int64),
        counts_until=pl.Series(settled.counts_until, dtype=pl.Int64),
        gives_arr=pl.Series(settled.has_value & ~coded.is_overage, dtype=pl.Boolean),
        why_not=pl.Series(np.asarray(settled.why_not), dtype=pl.Int64),
    )


def overlapping(settled: pl.DataFrame) -> pl.DataFrame:
    """Lines that give ARR on days on which an earlier line of the same customer and product does."""
    group = ["customer_id", "product"]
    counting = settled.filter("gives_arr").sort(*group, "counts_from", "line_id")
    earlier = pl.col("counts_until").cum_max().shift(1).over(group)
    found = counting.with_columns(other=pl.col("line_id").shift(1).over(group), earlier=earlier)
    return found.filter(pl.col("earlier") > pl.col("counts_from")).with_columns(why=pl.format("beside {}", "other"))


def several(lines: pl.DataFrame, of: str, values: str) -> pl.DataFrame:
    """One line for each `of` that stands beside more than one of `values`."""
    pairs = lines.drop_nulls([of, values]).unique([of, values], keep="first", maintain_order=True)
    repeated = pairs.filter(pl.len().over(of) > 1)
    return repeated.with_columns(why=pl.format("{} {}", pl.lit(values), values)).sort(of, values)


def without_predecessor(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines that name a line or contract which is not there."""
    unknown_line = pl.col("replaces_line_id").is_not_null() & ~pl.col("replaces_line_id").is_in(
        lines["line_id"].implode()
    )
    contract = pl.col("replaces_contract_id")
    unknown_contract = (
        pl.col("replaces_line_id").is_null() & contract.is_not_null() & ~contract.is_in(lines["contract_id"].implode())
    )
    named = pl.coalesce("replaces_line_id", "replaces_contract_id")
    return lines.filter(unknown_line | unknown_contract).with_columns(why=pl.format("replaces {}", named))


def old_evergreen(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines without an end whose start lies more than three years before the newest start of all lines.

    Compared with the data and not with today: time is passed in, never read.
    """
    newest = lines["starts_on"].max()
    is_open = pl.col("ends_on").is_null() & pl.col("cancelled_on").is_null()
    is_old = pl.col("starts_on").dt.offset_by(f"{LONG_YEARS}y") < pl.lit(newest, pl.Date)
    return lines.filter(is_open & is_old).with_columns(why=pl.format("open since {}", "starts_on"))


def shown_lines(frame: pl.DataFrame) -> list[dict[str, str]]:
    """The first lines of a finding, as texts."""
    names = ("line_id", "contract_id", "customer_id", "customer_name", "product", "why")
    return frame.head(KEPT_LINES).select(pl.col(name).cast(pl.String).fill_null("") for name in names).to_dicts()
