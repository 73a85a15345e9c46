"""Two sources of a client against each other at a month end, account by account. Runs in the client's scope.

- `reconciliation_get(client, month=None, base=None, other=None, policy=None) -> Reconciliation`
- `account_lines_get(client, reconciliation, account) -> tuple[list[SideLine], list[SideLine]]` — the lines of both sides
- `reconciliation_setting() -> ReconciliationSetting` — tolerance, red flag and sources in force (not stored: the defaults)
- `source_pair(base=None, other=None) -> tuple[Source | None, Source | None]` — which two sources are meant
- `mapping_list() -> list[AccountMapping]`
- for gates: `metrics.selectors.reconciliation_checks`

Both sides run through the engine under the policy in force. Results are remembered by the version of the books; what people
say about them (mappings, explanations, levels) is read each time.
"""

from decimal import Decimal
from typing import Final

from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import Policy
from metrics.engine.reconcile import STATES, AccountResult, account_lines, reconcile
from metrics.engine.retention import ratio4
from metrics.figures import from_cents
from metrics.memory import Memory
from metrics.models import (
    AccountExplanation,
    AccountMapping,
    CloseBridge,
    ContractLine,
    ReconciliationSetting,
    Source,
)
from metrics.models.intake import SourceKind
from metrics.selectors.closes import latest_closes
from metrics.selectors.month_ends import NO_MONTH, MonthEnds, NoValue, newest_month
from metrics.selectors.policies import policy_at, policy_in_force, policy_latest
from metrics.selectors.reconciliation_figures import (
    ABOVE,
    EXPLAINED,
    NONE,
    RED,
    STATE_WORDS,
    WITHIN,
    AccountRow,
    Levels,
    Reconciliation,
    SideLine,
    StateSum,
)
from metrics.selectors.reconciliation_text import reason_told, result_sentence
from portal.tenancy.models import Client

RESULTS: Final[Memory[list[AccountResult]]] = Memory(400_000)
ONE_SOURCE: Final = NoValue(
    "one_source", "Two sources are needed: load the contracts of a second one, the CRM for example."
)
ORDER: Final = (*STATES[:-1], EXPLAINED, STATES[-1])


def reconciliation_setting() -> ReconciliationSetting:
    """What was decided for the client; the defaults where nothing was."""
    found: ReconciliationSetting | None = ReconciliationSetting.objects.select_related("base", "other").first()
    return found or ReconciliationSetting()


def source_pair(base: Source | None = None, other: Source | None = None) -> tuple[Source | None, Source | None]:
    """The two sources to compare: those given, else those decided, else by kind.

    By kind the base is the one billing system (else the authoritative source), the other a CRM (else any other).
    """
    setting = reconciliation_setting()
    base, other = base or setting.base, other or setting.other
    sources = list(Source.objects.order_by("-is_authoritative", "pk"))
    if base is None:
        billing = [source for source in sources if source.kind == SourceKind.BILLING and source != other]
        rest = [source for source in sources if source != other]
        base = next(iter(billing or rest), None)
    if other is None:
        rest = [source for source in sources if source != base]
        other = next(iter([source for source in rest if source.kind == SourceKind.CRM] or rest), None)
    return base, other


def mapping_list() -> list[AccountMapping]:
    """Every customer of a source that is another account, by source and customer."""
    return list(AccountMapping.objects.select_related("source", "created_by").order_by("source__name", "customer_id"))


def reconciliation_get(
    client: Client,
    month: int | None = None,
    base: Source | None = None,
    other: Source | None = None,
    *,
    policy: Policy | None = None,
) -> Reconciliation:
    """The reconciliation of two sources at a month end (None: the newest of the book), under a policy (that of the month)."""
    mine, theirs = source_pair(base, other)
    at = newest_month(client) if month is None else month
    setting = reconciliation_setting()
    levels = Levels(setting.tolerance, setting.red_flag)
    if mine is None or theirs is None or mine == theirs:
        return without_value(client, (mine, theirs), at, levels, ONE_SOURCE)
    policy = policy or policy_at(client, at)
    given = [MonthEnds.of(client, source) for source in (mine, theirs)]
    ends = [each.at(policy, at) for each in given]
    for source, end in zip((mine, theirs), ends, strict=True):
        if isinstance(end, NoValue):
            reason = end if end == NO_MONTH else NoValue(end.code, f"{source.name}: {end.sentence}")
            return without_value(client, (mine, theirs), at, levels, reason)
    valued = [end for end in ends if isinstance(end, MonthEnd)]
    results = results_of(given[0].version, (mine, theirs), valued, policy, at or 0)
    return told(client, (mine, theirs), at or 0, levels, (valued[0].total, valued[1].total), results)


def results_of(
    version: tuple[object, ...], sources: tuple[Source, Source], ends: list[MonthEnd], policy: Policy, month: int
) -> list[AccountResult]:
    """The engine's account of two month ends, remembered by the version of the books and the mappings."""
    mine, theirs = (mapping_of(source) for source in sources)
    mapped = tuple(tuple(sorted(each.items())) for each in (mine, theirs))
    key = (version, sources[0].pk, sources[1].pk, mapped, policy, month)
    return RESULTS.get(key, lambda: reconcile(ends[0], ends[1], mine, theirs, policy), len)


def mapping_of(source: Source) -> dict[str, str]:
    """The account of each customer of a source that is mapped."""
    return dict(AccountMapping.objects.filter(source=source).values_list("customer_id", "account_id"))


def without_value(
    client: Client,
    sources: tuple[Source | None, Source | None],
    month: int | None,
    levels: Levels,
    reason: NoValue,
) -> Reconciliation:
    """A reconciliation that has no figures, and why."""
    newest = policy_latest()
    number = newest.number if newest else None
    head = (*sources, month, client.currency, number, levels)
    return Reconciliation(*head, None, None, None, NONE, reason.sentence, (), (), None, reason)


def told(
    client: Client,
    sources: tuple[Source, Source],
    month: int,
    levels: Levels,
    totals: tuple[int, int],
    results: list[AccountResult],
) -> Reconciliation:
    """The engine's results with words, levels and explanations."""
    names = (sources[0].name, sources[1].name)
    found = AccountExplanation.objects.filter(base=sources[0], other=sources[1], month=month)
    explanations = {row.account_id: row for row in found.select_related("explained_by")}
    rows = tuple(row_of(result, names, explanations.get(result.account)) for result in results)
    base, other = totals
    variance, level = ratio4(other - base, base), level_of(other - base, base, levels)
    newest = policy_latest()
    return Reconciliation(
        base=sources[0],
        other=sources[1],
        month=month,
        currency=client.currency,
        policy_number=newest.number if newest else None,
        levels=levels,
        base_arr=from_cents(base),
        other_arr=from_cents(other),
        variance=variance,
        level=level,
        sentence=result_sentence(month, names, variance, level, levels),
        rows=rows,
        sums=sums_of(rows, names),
        reported=reported_of(client, sources[0], month),
        reason=None,
    )


def level_of(difference: int, base: int, levels: Levels) -> str:
    """How a variance stands to the levels, decided on exact amounts; the levels themselves are still within."""
    if base == 0:
        return NONE
    size = abs(difference)
    if size > levels.red_flag * base:
        return RED
    return ABOVE if size > levels.tolerance * base else WITHIN


def row_of(result: AccountResult, names: tuple[str, str], explanation: AccountExplanation | None) -> AccountRow:
    """One account as the pages show it."""
    difference = from_cents(result.difference)
    is_explained = explanation is not None and difference != 0 and explanation.difference == difference
    state = EXPLAINED if is_explained else result.state
    both = result.base is not None and result.other is not None
    return AccountRow(
        account=result.account,
        name=result.name,
        base=None if result.base is None else from_cents(result.base),
        other=None if result.other is None else from_cents(result.other),
        difference=difference,
        ratio=ratio4(result.difference, result.base or 0) if both else None,
        state=state,
        state_words=STATE_WORDS[state].format(base=names[0], other=names[1]),
        reasons=tuple(reason_told(reason, *names) for reason in result.reasons),
        namesake=result.namesake,
        explanation=explanation,
    )


def sums_of(rows: tuple[AccountRow, ...], names: tuple[str, str]) -> tuple[StateSum, ...]:
    """How many accounts are in each state, and what they differ by together; every state is there."""
    sums = []
    for state in ORDER:
        own = [row.difference for row in rows if row.state == state]
        words = STATE_WORDS[state].format(base=names[0], other=names[1])
        sums.append(StateSum(state, words, len(own), sum(own, Decimal("0.00"))))
    return tuple(sums)


def reported_of(client: Client, source: Source, month: int) -> Decimal | None:
    """What was reported of a closed month, where the source is the one that reports."""
    closes = [close for close in latest_closes(policy_in_force(client).recognition) if close.month == month]
    if not closes or not source.is_authoritative:
        return None
    total = CloseBridge.objects.filter(close=closes[0], dimension="total").values_list("ending", flat=True).first()
    return None if total is None else Decimal(total)


def account_lines_get(client: Client, found: Reconciliation, account: str) -> tuple[list[SideLine], list[SideLine]]:
    """All lines of an account in the base and in the other source of a reconciliation that has figures."""
    if found.base is None or found.other is None:
        return [], []
    return side_lines(client, found.base, account, found.month), side_lines(client, found.other, account, found.month)


def side_lines(client: Client, source: Source, account: str, month: int | None) -> list[SideLine]:
    """All lines of an account in one source with what they add at the month end."""
    end = MonthEnds.of(client, source).at(policy_at(client, month), month)
    if isinstance(end, NoValue):
        return []
    facts = account_lines(end, mapping_of(source), account)
    rows = ContractLine.objects.filter(source=source, line_id__in=[line.line_id for line in facts])
    keys = dict(rows.values_list("line_id", "pk"))
    return [
        SideLine(line, from_cents(line.annual_cents), from_cents(line.cents), keys.get(line.line_id)) for line in facts
    ]
