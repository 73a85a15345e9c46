"""The ledger of restatements: every month that was closed again, what changed, why, by which decision, by whom, by how much.

`ledger_get(client, basis=None) -> Ledger` · `restatements(recognition) -> QuerySet` with `entries_of(client, closes)`, page
by page. Runs in the client's scope. Changed definitions that left closed months alone are entries of their own kind
(`Ledger.definitions`), with ARR of the month before under both.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from governance.effect_words import source_of
from governance.models import ChangeEffect, Publication
from metrics.causes import Cause, Causes, causes_of
from metrics.engine.bridge import AMOUNTS, TOTAL
from metrics.engine.retention import ratio4
from metrics.memory import asked_once
from metrics.models import CloseBridge, MonthClose, PolicyVersion, Recognition
from metrics.selectors.books import book_head
from metrics.selectors.breaks import DefinitionBreak, breaks_get, changes_between
from metrics.selectors.close_memory import bridges_kept, closes_kept, newest_close
from metrics.selectors.closes import first_told, reported_row
from metrics.selectors.figures import ZERO, Basis, BookHead, BridgeRow
from portal.tenancy.models import Client

FLOWS = ("adjustment", *(name for name in AMOUNTS if name not in ("beginning", "ending")))


@dataclass(frozen=True)
class LedgerEntry:
    """One restatement of one month: the revision before and after. `definition` + `data` = `effect`; None: cannot be told.

    `own` is what the version of the policy by which it was restated makes of it, `earlier` what earlier versions had made and
    left closed months alone: together they are the `definition`. None where nothing was kept that tells them apart.
    """

    close: MonthClose
    before: BridgeRow
    after: BridgeRow
    nrr: tuple[Decimal | None, Decimal | None]
    grr: tuple[Decimal | None, Decimal | None]
    definition: Decimal | None
    data: Decimal | None
    own: Decimal | None
    earlier: Decimal | None
    cause: Cause | None

    @property
    def month(self) -> int:
        return int(self.close.month)

    @property
    def effect(self) -> Decimal:
        """By how much the month's ending moved."""
        return self.after.ending - self.before.ending

    @property
    def why(self) -> str:
        return self.cause.label if self.cause else str(self.close.reason)

    @property
    def moved(self) -> tuple[tuple[str, Decimal, Decimal], ...]:
        """Name, amount before and amount after of the lines of the bridge that moved."""
        names = ("beginning", "adjustment", *AMOUNTS[1:])
        pairs = ((name, getattr(self.before, name), getattr(self.after, name)) for name in names)
        return tuple(pair for pair in pairs if pair[1] != pair[2])


@dataclass(frozen=True)
class Turn:
    """A version of the policy from which on another book is the one that pages show first, by the names of both."""

    number: int
    old: str
    new: str


@dataclass(frozen=True)
class Ledger:
    """Every restatement of a basis, the newest first, and every definition that changed without one.

    ARR, CARR and LARR are closed side by side, so that another recognition (`turns`) restates nothing.
    """

    head: BookHead
    entries: tuple[LedgerEntry, ...]
    definitions: tuple[DefinitionBreak, ...]
    turns: tuple[Turn, ...] = ()

    @property
    def by_month(self) -> dict[int, Decimal]:
        """By month what all its restatements together moved: as restated less as first reported."""
        found: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
        for entry in self.entries:
            found[entry.month] += entry.effect
        return dict(sorted(found.items()))

    @property
    def largest(self) -> tuple[int, Decimal] | None:
        """The month whose ending moved most, and by how much."""
        return max(self.by_month.items(), key=lambda pair: (abs(pair[1]), pair[0]), default=None)

    @property
    def flows(self) -> dict[str, Decimal]:
        """What was restated of each movement over all months, the step with which a month begins among them: movements add up
        where balances do not.
        """
        return {
            name: sum((getattr(each.after, name) - getattr(each.before, name) for each in self.entries), ZERO)
            for name in FLOWS
        }


def ledger_get(client: Client, basis: Basis = None) -> Ledger:
    """The ledger of a recognition (default: the policy's own)."""
    head = book_head(client, basis)
    closes = restatements(head.recognition).order_by("-closed_at", "-month")
    return Ledger(head, entries_of(client, list(closes)), breaks_get(client, head), turns_of())


def turns_of() -> tuple[Turn, ...]:
    """The versions of the policy that took another recognition, the newest first. One query."""
    rows = PolicyVersion.objects.order_by("number").values_list("number", "parameters__recognition")
    return tuple(
        Turn(number, str(Recognition(old).label), str(Recognition(new).label))
        for (_, old), (number, new) in pairwise(rows)
        if old != new
    )[::-1]


def restatements(recognition: str) -> QuerySet[MonthClose]:
    """Every month of a book that was closed again."""
    rows = MonthClose.objects.filter(recognition=recognition, revision__gt=1)
    return rows.select_related("restates", "policy", "closed_by")


def entries_of(client: Client, closes: Sequence[MonthClose]) -> tuple[LedgerEntry, ...]:
    """These restatements as the ledger tells them; a fixed number of queries."""
    wanted = [pk for close in closes for pk in (close.pk, close.restates_id)]
    rows = {row.close_id: reported_row(row) for row in CloseBridge.objects.filter(close__in=wanted, dimension=TOTAL)}
    begun = begun_rows(closes, rows)
    causes, versions = causes_of(client, [], closes), dict(PolicyVersion.objects.values_list("number", "parameters"))
    return tuple(entry_of(close, rows[close.restates_id or 0], begun[close.pk], versions, causes) for close in closes)


def begun_rows(closes: Sequence[MonthClose], rows: Mapping[int, BridgeRow]) -> dict[int, BridgeRow]:
    """The bridges of restatements with the change of their beginning as the rows of the bridge have it: what the month before
    was restated by together with this one is a change of the beginning, the rest is one of the prior-period adjustment.
    """
    newest = newest_close()
    kept, totals = closes_kept(newest), bridges_kept(newest, TOTAL)
    found: dict[int, BridgeRow] = {}
    for close in closes:
        month = [each for each in kept if (each.recognition, each.month) == (close.recognition, close.month - 1)]
        then = [each for each in month if each.closed_at <= close.closed_at]
        restates: Any = close.restates
        own, before = rows[close.pk].beginning, rows[restates.pk].beginning
        together = ZERO
        if not then and first_told(kept, close.recognition, close.month).policy_id == close.policy_id:
            together = own - before  # the open month before the first close ends with what that one begins with
        elif then and then[-1].restates_id and (then[-1].reason, then[-1].policy_id) == (close.reason, close.policy_id):
            together = totals[then[-1].pk][0].ending - totals[then[-1].restates_id][0].ending
        step = own - before - together
        found[close.pk] = replace(rows[close.pk], beginning=own - step, adjustment=step)
    return found


def entry_of(
    close: MonthClose, before: BridgeRow, after: BridgeRow, versions: Mapping[int, dict[str, Any]], causes: Causes
) -> LedgerEntry:
    """One restatement. Under the same policy all of it is corrected contracts."""
    earlier: Any = close.restates
    effect = after.ending - before.ending
    definition: Decimal | None = ZERO
    data: Decimal | None = effect
    own: Decimal | None = ZERO
    if changes_between(earlier.policy_parameters, close.policy_parameters):
        old = close.ending_before
        definition, data = (after.ending - old, old - before.ending) if old is not None else (None, None)
        own = own_part(close, after, versions.get(close.policy.number - 1), definition)
    left = None if definition is None or own is None else definition - own
    rates = [(ratio_of(earlier, name), ratio_of(close, name)) for name in ("now_cents", "kept_cents")]
    cause = causes.closes.get(close.pk)
    return LedgerEntry(close, before, after, rates[0], rates[1], definition, data, own, left, cause)


def own_part(
    close: MonthClose, after: BridgeRow, previous: dict[str, Any] | None, definition: Decimal | None
) -> Decimal | None:
    """What the version of the policy by which a month was restated makes of it, against the one before it (`previous`)."""
    restates: Any = close.restates
    if previous is None or not changes_between(restates.policy_parameters, previous):
        return definition
    if not changes_between(previous, close.policy_parameters):
        return ZERO
    return None if close.ending_in_force is None else after.ending - close.ending_in_force


def ratio_of(close: MonthClose, name: str) -> Decimal | None:
    """NRR or GRR of all customers as a close keeps it."""
    kept: dict[str, int] = close.retention.get(TOTAL, {}).get("", {})
    return ratio4(kept.get(name, 0), kept.get("base_cents", 0))


# --- by which decision --------------------------------------------------------------------------------------------------


def causes_told(client: Client, versions: Collection[int], closes: Sequence[MonthClose]) -> Causes:
    """Which publication or change request made these versions of the policy, and which of these restatements."""
    policies = {close.policy_id for close in closes}
    found = Causes()
    for effect in effects_on_policies():
        path = reverse("change", kwargs={"client_slug": client.slug, "number": effect.request.number})
        cause = Cause("change request", str(effect.request), path, effect.request.from_month)
        if effect.policy_version.number in versions:
            found.versions[effect.policy_version.number] = cause
        if effect.policy_version_id in policies:
            found.closes |= {
                close.pk: cause
                for close in closes
                if close.policy_id == effect.policy_version_id and close.reason == source_of(effect.request)
            }
    for row in publications():
        document = row.signoff.document
        path = reverse("document", kwargs={"client_slug": client.slug, "number": document.number})
        cause = Cause("policy document", f"Policy document {document}", path)
        if row.policy_version.number in versions:
            found.versions.setdefault(row.policy_version.number, cause)
        found.closes |= {
            close.pk: cause
            for close in closes
            if close.policy_id == row.policy_version_id
            and close.reason == row.reason
            and close.month in row.restated_months
        }
    return found


@asked_once
def effects_on_policies() -> tuple[ChangeEffect, ...]:
    """Every effect of a change request that made a version of the policy."""
    made = ChangeEffect.objects.filter(policy_version__isnull=False)
    return tuple(made.select_related("request", "policy_version"))


@asked_once
def publications() -> tuple[Publication, ...]:
    """Every publication of a policy document."""
    return tuple(Publication.objects.select_related("signoff__document", "policy_version"))
