"""What the list of change requests and the page of one show, made ready for their templates."""

from decimal import Decimal
from typing import Any, Final

from governance.board_rules import Outcome
from governance.change_hand_forms import OwnerForm, TriageForm
from governance.change_sections import sections_of
from governance.change_words import rows_of
from governance.effect_words import ends_text, since_words
from governance.metric_figures import sentence
from governance.models import ChangeEffect, ChangeEvent, ChangeKind, ChangeRequest, ChangeState, EffectState
from governance.outlook_page import request_outlook
from governance.selectors.change_duplicates import has_joined, metrics_alike, twins_of
from governance.selectors.change_effects import unread_words
from governance.selectors.change_pay import pay_touched
from governance.selectors.change_previews import preview_standing
from governance.selectors.changes import APPROVED, IN_HAND, OPEN, change_events, change_list, seen_by
from governance.selectors.registry import registry_get
from governance.selectors.voting import decisions_of
from governance.services.change_news import triagers
from governance.services.change_states import WORDS, WRITABLE, steps_from
from governance.services.changes import closed_fault
from metrics.figures import from_cents
from portal.lib.dates import dated_text, month_text
from portal.notices.audience import people_who
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import REQUEST_CHANGES, TRIAGE_CHANGES, VIEW_ARR
from portal.tenancy.reader import locale_of

MARKS: Final = {
    ChangeState.DRAFT: "draft",
    ChangeState.SUBMITTED: "waiting",
    ChangeState.TRIAGE: "waiting",
    ChangeState.IMPACT: "waiting",
    ChangeState.REVIEW: "waiting",
    ChangeState.NEEDS_CHANGES: "waiting",
    ChangeState.APPROVED: "agreed",
    ChangeState.REJECTED: "refused",
    ChangeState.SCHEDULED: "agreed",
    ChangeState.EFFECTIVE: "agreed",
    ChangeState.COMMUNICATED: "agreed",
    ChangeState.CLOSED: "done",
    ChangeState.WITHDRAWN: "lapsed",
}
WAY: Final = (
    (ChangeState.SUBMITTED, "Submitted"),
    (ChangeState.TRIAGE, "Triage"),
    (ChangeState.IMPACT, "Impact"),
    (ChangeState.REVIEW, "Board"),
    (ChangeState.APPROVED, "Decided"),
    (ChangeState.EFFECTIVE, "Effective"),
    (ChangeState.CLOSED, "Closed"),
)
PLACES: Final = {state: place for place, (state, _) in enumerate(WAY)} | {
    ChangeState.DRAFT: 0,
    ChangeState.NEEDS_CHANGES: 0,
    ChangeState.REJECTED: 4,
    ChangeState.SCHEDULED: 4,
    ChangeState.COMMUNICATED: 5,
}
"""At which step of the way a request stands."""
ELSEWHERE: Final = (
    ChangeState.DRAFT, ChangeState.NEEDS_CHANGES, ChangeState.REJECTED, ChangeState.APPROVED, ChangeState.SCHEDULED,
    ChangeState.COMMUNICATED,
)  # fmt: skip
"""States that have no step of their own: the step at which they stand is called by the state."""
STEP_BUTTONS: Final = {
    "ask_impact": "Compute its impact",
    "to_review": "Put it before the board",
    "close": "Close it",
}
"""The steps that whoever triages takes with a button; sending back needs a reason."""
BEFORE_SCHEDULE: Final = ("owner",)
"""What a job, or somebody's leaving, writes into a log beside what was scheduled."""


# --- the list ---------------------------------------------------------------------------------------------------------


def list_context(request: TenantRequest) -> dict[str, Any]:
    """The requests that search and filters leave; those that need the reader come first."""
    asked = request.GET
    state = asked.get("state", "")
    found = change_list(
        request.user,
        state=state, kind=asked.get("kind", ""), search=asked.get("q", ""),
        mine=request.user if asked.get("whose") == "mine" else None,
    )  # fmt: skip
    if state not in ChangeState.values:
        found = [each for each in found if each.state != ChangeState.WITHDRAWN]
    stuck = stuck_of(found)
    rows = [
        {
            "change": each, "mark": MARKS[ChangeState(each.state)], "needs": needs_reader(request, each),
            "effect": effect_shown(each), "no_effect": no_effect_words(each), "stuck": each.pk in stuck,
            "ends": ends_text(each, locale_of(request)) if each.kind == ChangeKind.METRIC_RETIRE else "",
            "effect_month": each.preview.effect_month if each.preview else None,
            "is_step": each.preview is not None and each.preview.effect_is_step,
            "is_unowned": each.owner_id is None and each.state in IN_HAND,
            "is_restated": each.preview is not None and each.preview.effect_is_restated,
        }
        for each in found
    ]  # fmt: skip
    rows.sort(key=lambda row: not row["needs"])
    return {
        "rows": rows,
        "waiting": sum(bool(row["needs"]) for row in rows),
        "has_any": bool(found) or ChangeRequest.objects.filter(seen_by(request.user)).exists(),
        "shows_effect": request.standing.may(VIEW_ARR),
        "filters": filters_of(request),
        "search": asked.get("q", "")[:80],
        "may_ask": request.standing.may(REQUEST_CHANGES),
        "currency": request.client.currency,
    }


def stuck_of(changes: list[ChangeRequest]) -> set[int]:
    """The requests before the board, by id, that it cannot decide as it is; the same few queries however many there are."""
    waiting = [each for each in changes if each.state == ChangeState.REVIEW]
    found = decisions_of(waiting) if waiting else {}
    return {key for key, decision in found.items() if decision.outcome is Outcome.STUCK}


def effect_shown(change: ChangeRequest) -> Decimal | None:
    """The largest change of ARR in a month that it changes; None before there is a preview, and where nothing is money."""
    cents = change.preview.effect_cents if change.preview else None
    return from_cents(cents) if cents is not None else None


def no_effect_words(change: ChangeRequest) -> str:
    """Why there is no amount in the list."""
    if change.preview is None:
        return "It is computed after triage"
    return "Its effect is not known" if change.kind == ChangeKind.POLICY else "It moves no figure of ARR"


def needs_reader(request: TenantRequest, change: ChangeRequest) -> str:
    """What the reader has to do next, if anything."""
    own = request.user.pk in (change.requested_by_id, change.edited_by_id)
    if change.state in WRITABLE and own:
        return "Finish it" if change.state == ChangeState.DRAFT else "Change it"
    if not request.standing.may(TRIAGE_CHANGES):
        return ""
    if change.state == ChangeState.SUBMITTED:
        return "Take it in hand"
    if change.state in (ChangeState.TRIAGE, ChangeState.IMPACT) and change.owner_id in (None, request.user.pk):
        return "Take it on"
    return ""


def filters_of(request: TenantRequest) -> list[dict[str, Any]]:
    """The choices of the filters."""
    wanted: tuple[tuple[str, str, list[tuple[str, str]]], ...] = (
        ("whose", "Whose", [("", "Everybody’s"), ("mine", "Mine")]),
        ("state", "State", [("", "All but withdrawn"), *ChangeState.choices]),
        ("kind", "Kind", [("", "Any"), *ChangeKind.choices]),
    )
    return [
        {
            "name": name,
            "label": label,
            "options": [
                {"value": value, "label": text, "selected": request.GET.get(name, "") == value}
                for value, text in choices
            ],
        }
        for name, label, choices in wanted
    ]


# --- one request ------------------------------------------------------------------------------------------------------


def change_context(request: TenantRequest, change: ChangeRequest, problem: str = "") -> dict[str, Any]:
    """Everything on the page of one request."""
    registry, locale = registry_get(request.client), locale_of(request)
    sections = sections_of(request, change)  # first: whoever opens a change that is in effect has read of it by that
    events = change_events(change)
    return {
        "change": change,
        "mark": MARKS[ChangeState(change.state)],
        "steps": steps_shown(change),
        "next": next_words(request, change),
        "rows": rows_of(change, registry, locale),
        "facts": facts_of(change, events, locale),
        "pay": pay_touched(change, registry)
        if change.state not in (ChangeState.WITHDRAWN, ChangeState.REJECTED)
        else (),
        "events": [shown(event, scheduler_of(events)) for event in events],
        "sections": sections,
        "problem": problem,
        "outlook": request_outlook(request, change),
        **actions_of(request, change),
    }


def steps_shown(change: ChangeRequest) -> list[dict[str, str]]:
    """The way of a request, for the stepper; a request that went no further ends where it was."""
    place = PLACES.get(ChangeState(change.state), -1)
    words = {state: str(state.label) for state in ELSEWHERE}
    steps = []
    for number, (state, label) in enumerate(WAY):
        is_end = change.state == ChangeState.CLOSED
        mark = "done" if number < place or is_end else "current" if number == place else "todo"
        label = words.get(ChangeState(change.state), label) if number == place else label
        if change.state == ChangeState.REJECTED and number > place:
            break
        steps.append({"label": label, "state": mark, "name": state})
    return [] if change.state == ChangeState.WITHDRAWN else steps


def next_words(request: TenantRequest, change: ChangeRequest) -> str:
    """Who is asked next, and what the next step needs."""
    owner = change.owner.get_full_name() if change.owner else "Nobody takes care of it: RevOps takes it over, and"
    if change.state == ChangeState.SUBMITTED:
        names = list(dict.fromkeys(person.get_full_name() for person in triagers(change)))
        who = f"{', '.join(names[:3])}{' or somebody else of RevOps' if len(names) > 3 else ''}"
        return f"Waits to be taken in hand by {who or 'RevOps or an admin; nobody has that role yet'}."
    said = {
        ChangeState.DRAFT: "Only a draft: nobody is asked before it is submitted.",
        ChangeState.NEEDS_CHANGES: changer_words(request, change),
        ChangeState.TRIAGE: f"{owner} checks it. Next, its effect on the numbers is computed.",
        ChangeState.IMPACT: "The board votes on an effect that is computed from this content and from today’s figures.",
        ChangeState.REVIEW: "The board votes. A vote counts for exactly this content and this effect.",
        ChangeState.APPROVED: "Approved. It is scheduled next; then it takes effect by itself.",
        ChangeState.SCHEDULED: f"Approved, and takes effect by itself: {since_words(change, locale_of(request))}.",
        ChangeState.EFFECTIVE: "In effect. Next, everybody whose numbers move is told.",
        ChangeState.COMMUNICATED: told_words(change),
    }
    return obstacle_words(change) or said.get(ChangeState(change.state), f"This request {WORDS[change.state]}.")


def changer_words(request: TenantRequest, change: ChangeRequest) -> str:
    """Who changes what was sent back: whoever asked for it, or anybody who may ask for changes, once they may not."""
    name = name_of(change.requested_by)
    if change.requested_by in people_who(request.client, REQUEST_CHANGES):
        return f"Waits for {name}, who changes it and submits it again."
    return f"Waits for its changes. {name} makes them no more: whoever asks for changes here may, and submits it again."


def obstacle_words(change: ChangeRequest) -> str:
    """That what was approved waits for something that people do; empty where it waits for nothing but its month."""
    found = ChangeEffect.objects.filter(request=change, state__in=(EffectState.BLOCKED, EffectState.FAILED)).first()
    if found is None or change.state not in (ChangeState.SCHEDULED, ChangeState.EFFECTIVE):
        return ""
    if found.state == EffectState.FAILED:
        return "In effect, but its closed months are not restated. Under “Taking effect” stands why, and what to do."
    return "Approved. Something has to be done before it takes effect: under “Taking effect” stands what."


def told_words(change: ChangeRequest) -> str:
    """What a change waits for that is in effect and was told to everybody."""
    unread = unread_words(change)
    told = "In effect, and everybody concerned was told"
    return f"{told}. {unread}: the last of them closes it." if unread else f"{told}. It can be closed."


def name_of(person: Any) -> str:
    """A person's name; a job has none."""
    return str(person.get_full_name()) if person else "Tieout"


def facts_of(change: ChangeRequest, events: list[ChangeEvent], locale: str) -> list[dict[str, str]]:
    """What a request says of itself, beside its content."""
    facts = [("Asked by", name_of(change.requested_by))]
    if change.edited_by_id != change.requested_by_id:
        facts.append(("Last written by", name_of(change.edited_by)))
    if change.owner or change.state in IN_HAND:
        owner = name_of(change.owner) if change.owner else "Nobody: take it over"
        facts += [("Taken care of by", owner), ("How soon", change.get_urgency_display())]
    if change.kind == ChangeKind.METRIC_RETIRE:
        facts.append(("Last shown on", ends_text(change, locale)))
    else:
        since = month_text(change.from_month, locale) if change.from_month is not None else "Not decided yet"
        facts.append(("Holds from", since))
    restating = "Restated, both figures stay" if change.is_restating else "Stays as it was reported"
    facts.append(("What was reported", restating))
    if change.is_emergency:
        facts.append(("Emergency", "Decided at once, looked at again afterwards"))
    if joined := dict.fromkeys(name_of(event.by) for event in events if event.step == "join"):
        facts.append(("Wanted too by", ", ".join(joined)))
    return [{"label": label, "value": value} for label, value in facts]


def scheduler_of(events: list[ChangeEvent]) -> str:
    """Who scheduled a request last; empty before anybody has."""
    return next((name_of(event.by) for event in reversed(events) if event.step == "schedule"), "")


def by_words(event: ChangeEvent, scheduler: str) -> str:
    """Who did what a line of the log tells; of what a job did by itself, as whose doing it did so."""
    if event.by is None and scheduler and event.step not in BEFORE_SCHEDULE:
        return f"Automatically, as scheduled by {scheduler}"
    return name_of(event.by)


def shown(event: ChangeEvent, scheduler: str) -> dict[str, Any]:
    """A line of the log in words."""
    words = {"draft": "Begun as a draft", "edit": "Written anew", "join": "Joined", "owner": "Who takes care of it"}
    moved = event.from_state != event.to_state
    return {
        "event": event,
        "what": words.get(event.step) or (event.get_to_state_display() if moved else event.step.capitalize()),
        "by": by_words(event, scheduler),
        "mark": MARKS[ChangeState(event.to_state)] if moved else "draft",
    }


def actions_of(request: TenantRequest, change: ChangeRequest) -> dict[str, Any]:
    """What the reader may do with a request in its state."""
    may_ask, may_triage = (request.standing.may(each) for each in (REQUEST_CHANGES, TRIAGE_CHANGES))
    steps = steps_from(change.state)
    own = request.user.pk in (change.requested_by_id, change.edited_by_id)
    writable = may_ask and change.state in WRITABLE
    twins = twins_of(change.kind, change.content, change.title, change.pk) if writable else []
    alike = metrics_alike(registry_get(request.client), change.kind, change.content) if writable else []
    made: dict[str, Any] = {
        "may_edit": writable,
        "may_submit": writable,
        "twins": twins,
        "metrics_alike": alike,
        "exact": [*(str(twin.change) for twin in twins if twin.is_exact), *(f"“{entry.name}”" for entry in alike)],
        "may_withdraw": "withdraw" in steps and may_ask and (own or may_triage),
        "month_fault": dated_text(sentence(closed_fault(change)), locale_of(request)) if writable else "",
        "may_join": may_ask and is_joinable(request, change) and not has_joined(change, request.user),
        "buttons": [],
        "triage_form": None,
        "owner_form": None,
    }
    if may_triage:
        made["unread"] = unread_words(change) if "close" in steps else ""
        ready = [step for step in steps if is_ready(change, step) and not (step == "close" and made["unread"])]
        made["buttons"] = [(step, STEP_BUTTONS[step]) for step in ready if step in STEP_BUTTONS]
        made["asks_impact"] = "ask_impact" in ready
        made["may_send_back"] = "send_back" in steps
        if "triage" in steps:
            made["triage_form"] = triage_form(change, request.user)
        if change.state in IN_HAND:
            made["owner_form"] = owner_form(change, request.user)
    return made


def is_joinable(request: TenantRequest, change: ChangeRequest) -> bool:
    """Whether wanting it too says anything still: it is not decided, or somebody would withdraw a draft of the same for it."""
    return change.state in OPEN and (change.state not in APPROVED or "own" in request.GET)


def is_ready(change: ChangeRequest, step: str) -> bool:
    """Whether a button for the step has a point: the board gets a computed impact, and one that stands is not asked anew."""
    if step == "to_review":
        return preview_standing(change) is not None
    if step == "ask_impact" and change.state == ChangeState.REVIEW:
        return preview_standing(change) is None
    return True


def owner_form(change: ChangeRequest, user: Any, data: Any = None) -> OwnerForm:
    """The form that hands a request on; the reader is the first who may take it over."""
    people = list(dict.fromkeys([user, *triagers(change)]))
    initial = {"version": change.version, "owner": change.owner_id or user.pk}
    return OwnerForm(data, people=people, initial=initial, auto_id="owner_%s")


def triage_form(change: ChangeRequest, user: Any, data: Any = None) -> TriageForm:
    """The form that takes a request in hand; the reader is the first who may take care of it."""
    people = list(dict.fromkeys([user, *triagers(change)]))
    return TriageForm(data, people=people, initial={"version": change.version, "urgency": change.urgency})
