"""The sample contracts beside what the engine makes of them under a policy. Runs in the client's scope.

- `samples_get(client, policy=None) -> SampleBench` — under a draft, or (None) the policy in force
- `samples_agree(client, policy=None) -> Check` — for gates: at least ten samples, and each agrees to the cent
- `contract_search(text) -> list[FoundContract]` — contracts of the authoritative source, by id or customer

A contract's ARR is the sum of what its lines add to the client's ARR at the month end, so that contracts add up to it.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Count, Min, Q

from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import Policy
from metrics.models import ContractLine, SampleContract
from metrics.repository import authoritative_source
from metrics.selectors.clauses import Clause, policy_in_plain_words
from metrics.selectors.contract_told import ExampleLine, ExampleTerm, contracts_told, customer_of, sum_of, terms_of
from metrics.selectors.month_ends import MonthEnds, NoValue
from metrics.selectors.policies import policy_before_closes, policy_in_force
from metrics.selectors.reconciliation_figures import Check
from portal.tenancy.models import Client

FEWEST: Final = 10
MOST_FOUND: Final = 20


@dataclass(frozen=True)
class SampleRow:
    """One sample: what is expected, what the engine says (None with a `reason`), and why.

    `terms` is the contract as it is written, `lines` what the engine makes of each, `clauses` those of the policy that decided.
    """

    sample: SampleContract
    customer: str
    name: str
    answer: Decimal | None
    reason: NoValue | None
    terms: tuple[ExampleTerm, ...]
    lines: tuple[ExampleLine, ...]
    clauses: tuple[Clause, ...]

    @property
    def difference(self) -> Decimal | None:
        """The engine's answer less what is expected."""
        return None if self.answer is None else self.answer - self.sample.expected

    @property
    def agrees(self) -> bool:
        """Whether the two are the same to the cent."""
        return self.answer == self.sample.expected


@dataclass(frozen=True)
class SampleBench:
    """All samples under one policy, those that do not agree first."""

    policy: Policy
    is_in_force: bool
    currency: str
    rows: tuple[SampleRow, ...]

    @property
    def agreeing(self) -> int:
        """How many agree."""
        return sum(row.agrees for row in self.rows)

    @property
    def missing(self) -> int:
        """How many samples are still needed for a bench that says something."""
        return max(FEWEST - len(self.rows), 0)


@dataclass(frozen=True)
class FoundContract:
    """A contract that a search found."""

    contract_id: str
    customer_id: str
    customer_name: str
    lines: int


def samples_get(client: Client, policy: Policy | None = None) -> SampleBench:
    """Every sample with the engine's answer under a policy (None: the one that its month follows)."""
    in_force = policy_in_force(client)
    used, earlier = policy or in_force, None if policy else policy_before_closes()
    ends = MonthEnds.of(client)
    by_month: dict[int, list[SampleContract]] = defaultdict(list)
    for sample in SampleContract.objects.all():
        by_month[sample.month].append(sample)
    rows = []
    for month, samples in by_month.items():
        own = earlier.policy if earlier and month < earlier.until else used
        rows += rows_of(samples, ends.at(own, month), own, month)
    rows.sort(key=lambda row: (row.agrees, row.sample.contract_id, row.sample.month))
    return SampleBench(used, used == in_force, client.currency, tuple(rows))


def rows_of(samples: list[SampleContract], end: MonthEnd | NoValue, policy: Policy, month: int) -> list[SampleRow]:
    """The samples of one month with their answers."""
    if isinstance(end, NoValue):
        return [SampleRow(sample, "", sample.contract_id, None, end, (), (), ()) for sample in samples]
    told = contracts_told(end, [sample.contract_id for sample in samples], month)
    return [row_of(sample, lines, end, policy) for sample, lines in zip(samples, told, strict=True)]


def row_of(sample: SampleContract, lines: tuple[ExampleLine, ...], end: MonthEnd, policy: Policy) -> SampleRow:
    """One sample with its answer."""
    contract = sample.contract_id
    if not lines:
        gone = NoValue("no_contract", f"Contract {contract} is no longer among the lines.")
        return SampleRow(sample, "", contract, None, gone, (), (), ())
    terms = terms_of(end, contract)
    return SampleRow(
        sample, *customer_of(end, contract), sum_of(lines), None, terms, lines, clauses_of(terms, lines, policy)
    )


def clauses_of(terms: tuple[ExampleTerm, ...], lines: tuple[ExampleLine, ...], policy: Policy) -> tuple[Clause, ...]:
    """The clauses that decided what a contract is worth, in the order of the policy."""
    named = {parameter for line in lines for parameter in line.parameters}
    if any(term.discount for term in terms):
        named.add("discounts")
    if any(term.currency != policy.reporting_currency for term in terms):
        named.add("fx")
    return tuple(clause for clause in policy_in_plain_words(policy) if clause.parameter in named)


def samples_agree(client: Client, policy: Policy | None = None) -> Check:
    """Whether there are at least ten samples and the engine's answer to each is the expected one, to the cent."""
    bench = samples_get(client, policy)
    count = len(bench.rows)
    if bench.missing:
        return Check(False, f"There are {count} sample contracts: at least {FEWEST} are needed.", None)
    if bench.agreeing < count:
        different = [row.sample.contract_id for row in bench.rows if not row.agrees]
        more = f" and {len(different) - 3} more" if len(different) > 3 else ""
        return Check(False, f"{bench.agreeing} of {count} samples agree; not {', '.join(different[:3])}{more}.", None)
    return Check(True, f"All {count} sample contracts agree to the cent.", None)


def contract_search(text: str) -> list[FoundContract]:
    """Up to twenty live contracts of which the id, or the customer's id or name, holds the text, in capitals or not."""
    text = text.strip()
    source = authoritative_source()
    if not text or source is None:
        return []
    wanted = Q(contract_id__icontains=text) | Q(customer_id__icontains=text) | Q(customer_name__icontains=text)
    lines = ContractLine.objects.filter(wanted, source=source, removed_import=None).order_by()
    grouped = lines.values("contract_id").annotate(
        customer=Min("customer_id"), name=Min("customer_name"), lines=Count("pk")
    )
    rows = grouped.order_by("contract_id")[:MOST_FOUND]
    return [FoundContract(row["contract_id"], row["customer"], row["name"], row["lines"]) for row in rows]
