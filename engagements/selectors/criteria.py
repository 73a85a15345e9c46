"""What a gate computes: a registry of keys and the functions that answer them. Reads only; runs in the client's scope.

Every answer says in one sentence why it holds or what is missing, and where to go. `engagements.playbook.terms.COMPUTED_CHECKS`
names the same keys: a test holds the two together.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from django.db.models import Q

from engagements.models import (
    ChecklistPoint,
    Component,
    Document,
    Gate,
    ProjectTest,
    ProjectTraining,
    Risk,
    Task,
)
from engagements.selectors.access import access_settled
from engagements.selectors.handoffs import handoffs_now
from engagements.selectors.hypercare import hypercare_of, rule_of
from engagements.selectors.spec import spec_get
from governance.models import DefinitionItem, ItemState
from governance.selectors.answers import terms_approved, terms_waiting
from governance.selectors.items import no_assumed_critical
from governance.selectors.signoff import signed_final
from metrics.selectors.reconciliation_checks import month_closed_and_reconciled, variance_within_tolerance
from metrics.selectors.samples import samples_agree, samples_get


@dataclass(frozen=True)
class Answer:
    """Whether something holds, the sentence that says why, and where it is looked after.

    `page` is a page of the engagement (`build/`), `url_name` one of the client's pages (`definitions`).
    """

    holds: bool
    sentence: str
    page: str = ""
    url_name: str = ""


Check = Callable[[Gate, date], Answer]
# Checks whose sentences hold figures of ARR, or contracts of it: whoever may not see these reads whether they hold, no more.
OF_FIGURES: Final = frozenset(
    {"variance_within_tolerance", "month_closed_and_reconciled", "samples_agree", "hypercare_over"}
)
HOLDS, HOLDS_NOT = "It holds.", "It does not hold yet."
FEWEST_SAMPLES = 10


def without_figures(check_key: str, answer: Answer) -> Answer:
    """An answer for whoever may not see figures."""
    if check_key not in OF_FIGURES:
        return answer
    return replace(answer, sentence=HOLDS if answer.holds else HOLDS_NOT, url_name="")


def terms_answered(gate: Gate, today: date) -> Answer:
    """Every term has the yes of every function that must approve it."""
    if terms_approved():
        return Answer(True, "Every term has the yes of every function it needs.", url_name="definitions")
    missing = terms_waiting()
    if not missing:
        return Answer(False, "The definitions are not started.", url_name="definitions")
    first = missing[0]
    sentence = f"{_counted(len(missing), 'answer')} missing, first {first.standing.label} on {first.item.title}."
    return Answer(False, sentence, url_name="definitions")


def policy_signed(gate: Gate, today: date) -> Answer:
    """The final policy is signed, and no signature under it has lapsed."""
    found = signed_final()
    if found is None or not found.is_signed:
        return Answer(False, "The final version of the policy is not signed yet.", url_name="definitions")
    if found.lapsed:
        return Answer(
            False, f"Signatures have lapsed, because this changed: {', '.join(found.lapsed)}.", url_name="definitions"
        )
    names = ", ".join(each.signer.user.get_full_name() for each in found.signers if each.signature is not None)
    return Answer(True, f"Signed by {names}.", url_name="definitions")


def assumed_critical(gate: Gate, today: date) -> Answer:
    """No critical definition is still an assumption."""
    if no_assumed_critical():
        return Answer(True, "Every critical definition is confirmed.", url_name="definitions")
    open_ones = DefinitionItem.objects.filter(is_critical=True, state=ItemState.ASSUMED).count()
    started = f"{_counted(open_ones, 'critical definition')} still assumed."
    sentence = started if open_ones else "The definitions are not started."
    return Answer(False, sentence, url_name="definitions")


def samples(gate: Gate, today: date) -> Answer:
    """The engine's answer on every sample contract is the one that Finance expects."""
    check = samples_agree(gate.engagement.client)
    return Answer(check.holds, check.sentence, url_name="samples")


def samples_provided(gate: Gate, today: date) -> Answer:
    """There are enough sample contracts to test with."""
    count = len(samples_get(gate.engagement.client).rows)
    return Answer(
        count >= FEWEST_SAMPLES,
        f"{_counted(count, 'sample contract')} there; {FEWEST_SAMPLES} are needed.",
        url_name="samples",
    )


def variance(gate: Gate, today: date) -> Answer:
    """The decided sources agree within the tolerance at the end of the newest closed month."""
    check = variance_within_tolerance(gate.engagement.client)
    return Answer(check.holds, check.sentence, url_name="reconciliation")


def month_reconciled(gate: Gate, today: date) -> Answer:
    """A closed month agrees within the tolerance."""
    check = month_closed_and_reconciled(gate.engagement.client)
    return Answer(check.holds, check.sentence, url_name="reconciliation")


def checklists_done(gate: Gate, today: date) -> Answer:
    """Every point of the phase's checklists is ticked."""
    points = ChecklistPoint.objects.filter(subphase__phase=gate.phase)
    open_ones = points.filter(done_at=None).count()
    return _all_of(open_ones, points.count(), "point", "ticked", page="checklists/")


def tasks_done(gate: Gate, today: date) -> Answer:
    """Every task of the phase is done, or left out."""
    tasks = Task.objects.filter(subphase__phase=gate.phase).exclude(state="dropped")
    return _all_of(tasks.exclude(state="done").count(), tasks.count(), "task", "done", page="plan/")


def spec_accepted(gate: Gate, today: date) -> Answer:
    """The engineer has accepted exactly the specification as it stands."""
    now = spec_get(gate.engagement)
    return Answer(now.is_accepted, now.sentence, "build/spec/")


def components_built(gate: Gate, today: date) -> Answer:
    """Every component is built, or verified as well."""
    rows = Component.objects.filter(engagement=gate.engagement)
    open_ones = rows.exclude(state__in=["built", "verified"]).count()
    return _all_of(open_ones, rows.count(), "component", "built", page="build/")


def tests_passed(gate: Gate, today: date) -> Answer:
    """Every test that applies has passed, and no issue that one raised is open."""
    rows = ProjectTest.objects.filter(engagement=gate.engagement)
    answer = _all_of(
        rows.exclude(state__in=["passed", "not_applicable"]).count(),
        rows.count(),
        "test",
        "passed",
        page="build/tests/",
    )
    issues = Risk.objects.filter(engagement=gate.engagement, about="test").exclude(state="closed").count()
    if answer.holds and issues:
        return Answer(False, f"{_counted(issues, 'issue')} of failed tests still open.", "risks/")
    return answer


def trainings_held(gate: Gate, today: date) -> Answer:
    """Every training was held."""
    rows = ProjectTraining.objects.filter(engagement=gate.engagement)
    open_ones = rows.filter(Q(held_on=None) | Q(held_on__gt=today)).count()
    return _all_of(open_ones, rows.count(), "training", "held", page="build/trainings/")


def hypercare_over(gate: Gate, today: date) -> Answer:
    """Its last day is past, and the first month end since it began is closed and reconciled."""
    if rule_of(gate.engagement) is None:
        return Answer(False, "The playbook's copy says nothing of hypercare.", "maintenance/")
    found = hypercare_of(gate.engagement, today)
    if found is None:
        return Answer(False, "Hypercare has not begun: it begins with its phase, or with a date on the card.", "card/")
    return Answer(found.is_over, found.sentence, "maintenance/")


def no_critical_issue(gate: Gate, today: date) -> Answer:
    """No critical issue or blocker is open."""
    grave = Risk.objects.filter(engagement=gate.engagement, severity="critical").exclude(state="closed")
    count = grave.exclude(kind="risk").count()
    sentence = f"{_counted(count, 'critical issue')} open." if count else "No critical issue is open."
    return Answer(count == 0, sentence, "risks/")


def documents_approved(gate: Gate, today: date) -> Answer:
    """Every deliverable that belongs to the phase is approved."""
    keys = list(gate.phase.subphases.values_list("key", flat=True))
    rows = Document.objects.filter(engagement=gate.engagement, kind="deliverable", subphase_key__in=keys)
    open_ones = rows.exclude(state__in=["approved", "delivered"]).count()
    return _all_of(open_ones, rows.count(), "deliverable", "approved", page="documents/")


def maintenance_planned(gate: Gate, today: date) -> Answer:
    """The schedule has tasks, and somebody runs them in an engagement of this type."""
    content = gate.engagement.content
    tasks = content.get("maintenance", [])
    owners = [each for each in content.get("maintenance_owners", []) if each["kind"] == gate.engagement.kind]
    if not tasks or not owners:
        return Answer(False, "The playbook's copy has no maintenance tasks, or nobody to run them.")
    begun = gate.engagement.maintenance_from
    since = f" The schedule runs since {begun}." if begun else ""
    return Answer(True, f"{_counted(len(tasks), 'task')} of maintenance. {owners[0]['owner']}.{since}", "maintenance/")


def handoffs_accepted(gate: Gate, today: date) -> Answer:
    """The internal handoff (where the firm has more than one person on it) and the one to the client are accepted."""
    held = handoffs_now(gate.engagement)
    return Answer(held.holds, held.sentence, "handoff/")


def firm_access_settled(gate: Gate, today: date) -> Answer:
    """Every access is handed over or removed, or its end, or why it stays, is decided."""
    found = access_settled(gate.engagement)
    return Answer(found.holds, found.sentence, "access/")


def time_final(gate: Gate, today: date) -> Answer:
    """Somebody said that all time is booked; from then on none is."""
    at = gate.engagement.time_final_at
    if at is None:
        return Answer(False, "Nobody has said yet that all time is booked.", "close/")
    return Answer(True, f"Time is final since {at:%Y-%m-%d}.", "close/")


CHECKS: dict[str, Check] = {
    "terms_approved": terms_answered,
    "policy_signed": policy_signed,
    "no_assumed_critical": assumed_critical,
    "samples_agree": samples,
    "samples_provided": samples_provided,
    "variance_within_tolerance": variance,
    "month_closed_and_reconciled": month_reconciled,
    "checklists_done": checklists_done,
    "tasks_done": tasks_done,
    "spec_accepted": spec_accepted,
    "components_built": components_built,
    "tests_passed": tests_passed,
    "trainings_held": trainings_held,
    "hypercare_over": hypercare_over,
    "no_critical_issue": no_critical_issue,
    "documents_approved": documents_approved,
    "maintenance_planned": maintenance_planned,
    "handoffs_accepted": handoffs_accepted,
    "access_settled": firm_access_settled,
    "time_final": time_final,
}


def _all_of(open_ones: int, total: int, name: str, done: str, **where: Any) -> Answer:
    """The answer where every one of several has to be done; none at all is not enough."""
    if not total:
        return Answer(False, f"There is no {name} yet.", **where)
    if open_ones:
        return Answer(False, f"{open_ones} of {_counted(total, name)} not {done}.", **where)
    return Answer(True, f"All {_counted(total, name)} {done}.", **where)


def _counted(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
