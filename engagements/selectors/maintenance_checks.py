"""What a maintenance check computes: a registry of keys and the functions that answer them. Reads only; in the client's scope.

An answer is ok, red, missing, or figures for a person to judge. It says why in one sentence, keeps the figures it was decided
by, and where they come from. What cannot be computed says what is missing; it is never ok. Sentences name accounts and amounts,
so they are for readers of the numbers. `engagements.playbook.terms.MAINTENANCE_CHECKS` names the same keys: a test says so.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model

from metrics.selectors.limits import changes_limit
from metrics.selectors.month_ends import NoValue
from metrics.selectors.policies import policy_at
from metrics.selectors.rates import rate_coverage, rate_gaps
from metrics.selectors.reconciliation import reconciliation_get
from metrics.selectors.reconciliation_checks import closed_months
from metrics.selectors.reconciliation_figures import EXPLAINED, Reconciliation
from metrics.selectors.upkeep import account_changes, contracts_drawn, lines_past_end, sync_health
from portal.accounts.counted_pages import counted_pages
from portal.accounts.models import PageUse
from portal.lib.periods import first_day, last_day, month_format
from portal.tenancy.models import Client, ClientRole, Membership

OK, RED, MISSING, JUDGE = "ok", "red", "missing", "judge"
SHOWN, MOST_DRAWN = 10, 50
HOURS_MOST = 24 * 366


@dataclass(frozen=True)
class Asked:
    """What is computed: of which client, for which period (`month` is its last one, None: up to now), against which number."""

    client: Client
    month: int | None
    months: int
    threshold: Decimal | None
    now: datetime


@dataclass(frozen=True)
class Figure:
    """A figure an answer was decided by, exact: an amount where there is a `currency`, else a text."""

    label: str
    value: str
    note: str = ""
    currency: str = ""


@dataclass(frozen=True)
class Link:
    """A page of the client that the figures come from."""

    label: str
    url_name: str
    query: str = ""


@dataclass(frozen=True)
class Found:
    """An answer with its figures."""

    state: str
    sentence: str
    figures: tuple[Figure, ...] = ()
    links: tuple[Link, ...] = ()

    def kept(self) -> dict[str, Any]:
        """The answer as it is stored."""
        return asdict(self)


Check = Callable[[Asked], Found]
RECONCILIATION, NUMBERS, DATA, RATES, PEOPLE, MONTHS = (
    ("Reconciliation", "reconciliation"), ("Numbers", "arr"), ("Data", "data"), ("Exchange rates", "data_rates"),
    ("People", "people"), ("Months", "months"),
)  # fmt: skip


def variance(asked: Asked) -> Found:
    """Total ARR of the two decided sources at the month end, once the month is closed."""
    found = reconciled(asked)
    if isinstance(found, Found):
        return found
    link = reconciliation_link(found)
    base, difference, threshold = found.base_arr, found.difference, asked.threshold
    if base is None or difference is None or not base or threshold is None:
        return Found(MISSING, "The base source has no ARR at that month end, so there is no variance.", links=(link,))
    figures = (
        Figure(str(found.base), str(base), currency=found.currency),
        Figure(str(found.other), str(found.other_arr), currency=found.currency),
        Figure("Difference", str(difference), f"{percent(difference, base)}%", found.currency),
        Figure("Threshold", f"{threshold.normalize():f}%"),
    )
    is_red = abs(difference) * 100 > threshold * base
    how = "above" if is_red else "within"
    sentence = (
        f"{found.other} is {percent(abs(difference), base)}% {'below' if difference < 0 else 'above'} {found.base} at the end "
        f"of {month_format(found.month or 0)}: {how} the threshold of {threshold.normalize():f}%."
    )
    if not difference:
        sentence = f"{found.base} and {found.other} agree to the cent at the end of {month_format(found.month or 0)}."
    return Found(RED if is_red else OK, sentence, figures, (link,))


def accounts(asked: Asked) -> Found:
    """Account by account at the newest closed month end: those that differ and that nobody has explained."""
    closed = closed_months(asked.client)
    if not closed:
        return Found(MISSING, "No month is closed yet: close one, then reconcile it.", links=(Link(*MONTHS),))
    found = reconciled(Asked(asked.client, closed[0], 1, asked.threshold, asked.now))
    if isinstance(found, Found):
        return found
    open_ones = [row for row in found.rows if row.difference and row.state != EXPLAINED]
    figures = [
        Figure(row.name or row.account, str(row.difference), row.state_words, found.currency)
        for row in sorted(open_ones, key=lambda row: -abs(row.difference))[:SHOWN]
    ]
    month = month_format(found.month or 0)
    head = Figure("Accounts compared", str(len(found.rows)), month)
    if len(open_ones) <= limit(asked):
        return Found(
            OK, f"Every account agrees or is explained at the end of {month}.", (head,), (reconciliation_link(found),)
        )
    sentence = f"{counted(len(open_ones), 'account')} without an explanation at the end of {month}."
    return Found(RED, sentence, (head, *figures), (reconciliation_link(found),))


def reconciled(asked: Asked) -> Reconciliation | Found:
    """The reconciliation of the month, or why there is none."""
    month = asked.month
    if month is None:
        return Found(MISSING, "The check is about no month.", links=(Link(*MONTHS),))
    if month not in closed_months(asked.client):
        sentence = f"{month_format(month)} is not closed yet, so its numbers may still move: close it first."
        return Found(MISSING, sentence, links=(Link(*MONTHS),))
    found = reconciliation_get(asked.client, month)
    if found.reason is not None:
        return Found(MISSING, found.reason.sentence, links=(reconciliation_link(found),))
    return found


def failed_imports(asked: Asked) -> Found:
    """Imports that were refused, failed or got stuck, and that no later good import has made up for."""
    hours = int(min(asked.threshold or 0, HOURS_MOST))
    sources = sync_health(asked.now, hours)
    if not any(each.good_at or each.failed for each in sources):
        return Found(MISSING, "No contract file was ever loaded: there is no sync to look at.", links=(Link(*DATA),))
    figures = [
        Figure(
            str(each.source),
            f"last good {each.good_at:%Y-%m-%d}" if each.good_at else "never loaded",
            "; ".join(
                [f"{row.get_state_display().lower()}: {row.file_name}" for row in each.failed[:SHOWN]]
                + (["nothing new for over a month"] if each.is_stale else [])
                + ([f"{each.waiting} waiting for a decision"] if each.waiting else [])
            ),
        )
        for each in sources
    ]
    count = sum(len(each.failed) for each in sources)
    if count:
        sentence = f"{counted(count, 'import')} failed and open for more than {hours} hours."
        return Found(RED, sentence, tuple(figures), (Link(*DATA),))
    stale = [str(each.source) for each in sources if each.is_stale]
    more = f" Nothing new for over a month from {', '.join(stale)}." if stale else ""
    return Found(OK, f"No failed import is open for more than {hours} hours.{more}", tuple(figures), (Link(*DATA),))


def changes(asked: Asked) -> Found:
    """Accounts that moved by more than the threshold in the month, or since it was closed, without a contract event."""
    if asked.month is None or asked.threshold is None:
        return Found(MISSING, "The check is about no month.", links=(Link(*NUMBERS),))
    moved = account_changes(asked.client, asked.month)
    month, currency = month_format(asked.month), asked.client.currency
    link = Link("Numbers of the month", "arr", f"from={month}&to={month}")
    if isinstance(moved, NoValue):
        return Found(MISSING, moved.sentence, links=(link,))
    limit = changes_limit(asked.threshold)
    large = [each for each in moved if each.size > limit.amount]
    unknown = [each for each in large if not each.has_event]
    figures = [
        Figure(
            each.name, str(each.change),
            ("a contract event explains it" if each.has_event else "no contract event")
            + (f"; {each.since_close:+} since the close" if each.since_close else ""), currency,
        )
        for each in [*unknown, *(each for each in large if each.has_event)][:SHOWN]
    ]  # fmt: skip
    head = Figure(
        "Threshold", str(limit.amount), f"{limit.source}; {counted(len(moved), 'account')} moved in {month}", currency
    )
    if unknown:
        sentence = (
            f"{counted(len(unknown), 'account')} moved by more than the threshold in {month} without a contract event."
        )
        return Found(RED, sentence, (head, *figures), (link,))
    known = f" {counted(len(large), 'account')} did, each with a contract event." if large else ""
    return Found(
        OK, f"No account moved unexplained by more than the threshold in {month}.{known}", (head, *figures), (link,)
    )


def expired(asked: Asked) -> Found:
    """Contract lines whose last day of service is past and that still count at the month end."""
    if asked.month is None:
        return Found(MISSING, "The check is about no month.", links=(Link(*DATA),))
    over = lines_past_end(asked.client, asked.month)
    if isinstance(over, NoValue):
        return Found(MISSING, over.sentence, links=(Link(*DATA),))
    month, currency = month_format(asked.month), asked.client.currency
    figures = tuple(
        Figure(each.contract_id, str(each.arr), f"ended {each.ends_on:%Y-%m-%d}", currency) for each in over[:SHOWN]
    )
    link = Link("Contract lines", "data_lines")
    if len(over) <= limit(asked):
        return Found(OK, f"No contract line past its end counts at the end of {month}.", figures, (link,))
    total = Figure("In all", str(sum((each.arr for each in over), Decimal(0))), counted(len(over), "line"), currency)
    grace = counted(policy_at(asked.client, asked.month).renewal_grace_days, "day")
    count = "counts" if len(over) == 1 else "count"
    sentence = (
        f"{counted(len(over), 'contract line')} past the end still {count} at the end of {month}, within the policy's grace of "
        f"{grace}."
    )
    return Found(RED, sentence, (total, *figures), (link,))


def sample(asked: Asked) -> Found:
    """Contracts drawn at random, with what the engine says of each: whether their paper says the same, a person judges."""
    if asked.month is None:
        return Found(MISSING, "The check is about no month.", links=(Link(*DATA),))
    drawn = contracts_drawn(asked.client, asked.month, min(int(limit(asked)), MOST_DRAWN))
    if isinstance(drawn, NoValue):
        return Found(MISSING, drawn.sentence, links=(Link(*DATA),))
    month, link = month_format(asked.month), Link("Contract lines", "data_lines")
    if not drawn:
        return Found(MISSING, f"No contract has ARR at the end of {month}.", links=(link,))
    figures = tuple(Figure(each.contract_id, str(each.arr), each.name, asked.client.currency) for each in drawn)
    of = f"drawn at random from those with ARR at the end of {month}"
    sentence = f"{counted(len(drawn), 'contract')} {of}: compare each with its paper."
    return Found(JUDGE, sentence, figures, (link,))


def stale_rates(asked: Asked) -> Found:
    """The newest rate of each currency that lines are written in, as of now."""
    rows = [row for row in rate_coverage(asked.client) if row.lines]
    if not rows:
        sentence = f"Every contract line is in {asked.client.currency}: no exchange rate is needed."
        is_any = any(each.good_at for each in sync_health(asked.now, 0))
        return (
            Found(OK, sentence) if is_any else Found(MISSING, "There are no contract lines yet.", links=(Link(*DATA),))
        )
    today, days = asked.now.date(), asked.threshold or Decimal(0)
    figures = tuple(
        Figure(
            row.currency,
            f"newest {row.last}" if row.last else "no rates",
            f"{counted(row.lines, 'line')}, {row.origin}",
        )
        for row in rows
    )
    old = [row.currency for row in rows if row.last is None or (today - row.last).days > days]
    gaps = sorted({gap.currency for gap in rate_gaps(asked.client)})
    if old or gaps:
        text = f"Stale or missing rates: {', '.join(sorted({*old, *gaps}))}."
        return Found(RED, text, figures, (Link(*RATES),))
    return Found(OK, f"Every currency has a rate of the last {days.normalize():f} days.", figures, (Link(*RATES),))


def dashboard_use(asked: Asked) -> Found:
    """How many of the client's executives opened a dashboard here in the period; use elsewhere is not known."""
    people = Membership.objects.filter(role=ClientRole.EXECUTIVE).values_list("user_id", flat=True)
    users = list(get_user_model().objects.filter(pk__in=list(people), is_active=True).order_by("name", "pk"))
    if not users:
        sentence = "Nobody of the client is an executive here, so their use is not known."
        return Found(MISSING, sentence, links=(Link(*PEOPLE),))
    first, last = period_of(asked)
    uses = PageUse.objects.filter(is_firm_staff=False)
    since = uses.order_by("day").values_list("day", flat=True).first()
    if since is None or since > last:
        return Found(
            MISSING, f"Nothing was counted up to {last:%Y-%m-%d}, so use is not known.", links=(Link(*PEOPLE),)
        )
    dashboards = [page.name for page in counted_pages().values() if page.is_dashboard]
    opened: dict[int, int] = {}
    for user_id, times in uses.filter(page__in=dashboards, day__gte=first, day__lte=last).values_list(
        "user_id", "times"
    ):
        opened[user_id] = opened.get(user_id, 0) + times
    came = sum(user.pk in opened for user in users)
    figures = tuple(
        Figure(user.get_full_name(), f"{counted(opened.get(user.pk, 0), 'dashboard')} opened") for user in users[:SHOWN]
    )
    enough = Decimal(came) * 100 >= (asked.threshold or 0) * len(users)
    sentence = (
        f"{came} of {counted(len(users), 'executive')} opened a dashboard from {first:%Y-%m-%d} to {last:%Y-%m-%d}."
    )
    return Found(OK if enough else RED, sentence, figures, (Link(*PEOPLE),))


CHECKS: dict[str, Check] = {
    "variance_within_tolerance": variance,
    "accounts_reconciled": accounts,
    "failed_imports": failed_imports,
    "account_changes": changes,
    "expired_contracts": expired,
    "contract_sample": sample,
    "stale_rates": stale_rates,
    "dashboard_use": dashboard_use,
}


def compute(check_key: str, asked: Asked) -> Found:
    """The answer of a check; missing where the system knows no such check, or there is no number to compare with."""
    check = CHECKS.get(check_key)
    if check is None:
        return Found(MISSING, "The system cannot compute this: look at it and say what you found.")
    if asked.threshold is None:
        return Found(MISSING, "The playbook states no threshold, so there is nothing to compare with.")
    return check(asked)


def period_of(asked: Asked) -> tuple[date, date]:
    """The first and the last day of the period; a day alone where it is about no month."""
    if asked.month is None:
        return asked.now.date(), asked.now.date()
    return first_day(asked.month - asked.months + 1), last_day(asked.month)


def limit(asked: Asked) -> Decimal:
    """The threshold as a number of things."""
    return asked.threshold or Decimal(0)


def percent(part: Decimal, whole: Decimal) -> str:
    """A share in per cent, two places."""
    return f"{part * 100 / whole:.2f}"


def counted(number: int, name: str) -> str:
    """So many of something."""
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def reconciliation_link(found: Reconciliation) -> Link:
    """The page of a reconciliation, at its month."""
    return Link(*RECONCILIATION, f"month={month_format(found.month)}" if found.month is not None else "")
