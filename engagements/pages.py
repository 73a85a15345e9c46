"""What the pages of an engagement show, made ready for their templates."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.urls import reverse

from engagements import states
from engagements.forms_project import CommentForm
from engagements.models import Document, Engagement, Task
from engagements.selectors.gates import GateNow, current_phase, gate_list, gate_now, next_gate, phase_list
from engagements.selectors.health import health_get, hours_spent, level_shown
from engagements.selectors.projects import (
    FEED,
    Reader,
    activity_list,
    comment_list,
    minutes_by_task,
    participant_list,
    task_list,
    task_needs,
)
from engagements.selectors.signing import signable_by
from engagements.selectors.waiting import needed_of, waiting_list
from engagements.services.mentions import is_firms_alone
from portal.lib.hours import hours_text, minutes_text
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import JOIN_ENGAGEMENT, OVERRIDE_GATE, RUN_ENGAGEMENT, VIEW_ARR

TABS = (
    ("", "Overview"), ("plan/", "Plan"), ("checklists/", "Checklists"), ("meetings/", "Meetings"),
    ("documents/", "Documents"), ("build/", "Build and teach"), ("risks/", "Risks"),
    ("maintenance/", "Maintenance"), ("people/", "People"), ("card/", "Card"),
    ("access/", "Access"), ("handoff/", "Handoff"), ("report/", "Report"),
)  # fmt: skip
BOARD = (("todo", "To do"), ("doing", "Doing"), ("blocked", "Blocked"), ("done", "Done"))
WEEK = timedelta(days=7)
ALL_ACTIVITY = 500


def reader_of(request: TenantRequest) -> Reader:
    """Who reads this page."""
    return Reader(request.user, request.standing.is_firm_staff)


def base(request: TenantRequest, engagement: Engagement, tab: str) -> dict[str, Any]:
    """What every page of an engagement knows."""
    home = reverse("engagement", kwargs={"client_slug": request.client.slug, "engagement_id": engagement.pk})
    may = request.standing.may
    return {
        "engagement": engagement,
        "home": home,
        "after_url": reverse("after", kwargs={"client_slug": request.client.slug, "engagement_id": engagement.pk}),
        "tabs": [{"label": label, "url": home + path, "active": path == tab} for path, label in TABS],
        "is_firm": request.standing.is_firm_staff,
        "may_run": may(RUN_ENGAGEMENT) and engagement.is_open,
        "may_join": may(JOIN_ENGAGEMENT),
        "may_override": may(OVERRIDE_GATE),
    }


def comments(engagement: Engagement, about: str, about_id: int, reader: Reader) -> dict[str, Any]:
    """What was said about a thing, the form to say more, and whom one may name in it."""
    people = participant_list(engagement)
    if is_firms_alone(about, about_id):
        people = [row for row in people if row.is_firm_staff]
    names = [row.user.name.casefold() for row in people]
    once = {name for name in names if name and names.count(name) == 1}
    return {
        "comments": comment_list(engagement, about, about_id, reader),
        "comment_form": CommentForm(),
        "about": about,
        "about_id": about_id,
        "mentionable": [
            {
                "name": row.user.get_full_name(), "role": row.project_role, "firm": row.is_firm_staff,
                "write": row.user.name if row.user.name.casefold() in once else row.user.email,
            }
            for row in people
        ],
    }  # fmt: skip


def signing_context(request: TenantRequest, now: GateNow) -> dict[str, Any]:
    """What a gate's page offers about its signed criteria: those that the reader signs, and documents as evidence."""
    rows = [each.row for each in now.criteria if each.row.kind == "signed" and not each.row.check_key]
    if not request.standing.is_firm_staff:
        return {"signable": {row.pk for row in rows if signable_by(row, request.user)}}
    documents = Document.objects.filter(engagement=now.gate.engagement, is_client_visible=True)
    return {"signable": set(), "evidence_documents": documents.order_by("position", "pk") if rows else []}


def phase_line(engagement: Engagement, home: str) -> list[dict[str, Any]]:
    """The phases in a line with the gates between them."""
    phases = phase_list(engagement)
    gates = {gate.phase_id: gate for gate in gate_list(engagement)}
    now = current_phase(phases)
    notes = {"open": "Under way", "early": "Begun in part", "done": "Done", "shut": "Not begun"}
    line = []
    for phase in phases:
        gate = gates.get(phase.pk)
        state = "done" if phase.state == "done" else "current" if phase == now else "todo"
        shown = None
        if gate is not None:
            gate_state = "shut" if gate.state == "shut" else "open"
            shown = {"name": gate.name, "state": gate_state, "url": f"{home}gates/{gate.pk}/"}
        note, url = f"{notes[phase.state]} · {phase.weight}", f"{home}checklists/#phase-{phase.key}"
        line.append({"name": str(phase), "note": note, "state": state, "gate": shown, "url": url})
    return line


def overview_context(request: TenantRequest, engagement: Engagement, today: date) -> dict[str, Any]:
    """Phases, the gate that is shut, what is to do now, whom it waits for, health and activity."""
    context = base(request, engagement, "")
    reader = reader_of(request)
    hours = hours_spent(engagement)
    health = health_get(engagement, today, hours)
    health = health if reader.is_firm_staff else health.for_client()
    health = health if request.standing.may(VIEW_ARR) else health.without_figures()
    gate = next_gate(engagement)
    tasks = task_list(engagement, reader)
    week = [task for task in tasks if is_now(task, today)]
    mine = {row.pk for row in participant_list(engagement) if row.user_id == request.user.pk}
    waiting = [each for each in waiting_list(engagement) if reader.is_firm_staff or not each.is_internal]
    needs = needed_of(engagement, request.user, is_firm_staff=reader.is_firm_staff, today=today)
    return context | {
        "line": phase_line(engagement, context["home"]),
        "gate_now": gate_now(gate, today) if gate else None,
        "health": health,
        "level": level_shown(engagement, health.level, today),
        "ended": None if engagement.is_open else ended(engagement, tasks),
        "hours": hours if reader.is_firm_staff else None,
        "week": sorted(week, key=lambda task: (task.owner_id not in mine, task.due_on or date.max, task.number))[:12],
        "waiting": waiting[:8],
        "needs": needs,
        "activity": activity_list(engagement, reader, ALL_ACTIVITY if request.GET.get("activity") == "all" else FEED),
        "is_all_activity": request.GET.get("activity") == "all",
        "late": {task.pk for task in week if task.due_on is not None and task.due_on < today},
        "steps": [each for each in step_list(states.ENGAGEMENT, engagement.state) if each[0] in {"pause", "resume"}]
        if request.standing.may(RUN_ENGAGEMENT)
        else [],
    }


def ended(engagement: Engagement, tasks: list[Task]) -> dict[str, int]:
    """How far an engagement that has ended had come: tasks done and gates open, of how many."""
    kept, gates = [task for task in tasks if task.state != "dropped"], gate_list(engagement)
    return {
        "tasks": len(kept),
        "done": sum(task.state == "done" for task in kept),
        "gates": len(gates),
        "opened": sum(gate.state != "shut" for gate in gates),
    }


def is_now(task: Task, today: date) -> bool:
    """Whether a task is of this week: worked on, or due until its end."""
    if task.state in {"done", "dropped"}:
        return False
    return task.state in {"doing", "blocked"} or (task.due_on is not None and task.due_on <= today + WEEK)


def plan_context(request: TenantRequest, engagement: Engagement, today: date) -> dict[str, Any]:
    """The tasks as a board, or along the calendar."""
    context = base(request, engagement, "plan/")
    reader = reader_of(request)
    view = "timeline" if request.GET.get("view") == "timeline" else "board"
    tasks = task_list(engagement, reader)
    needs, minutes = task_needs(engagement, reader), minutes_by_task(engagement, reader)
    cards = [task_card(task, needs.get(task.pk, []), minutes.get(task.pk, 0), today) for task in tasks]
    views = [
        {"label": label, "url": f"?view={key}", "active": key == view}
        for key, label in (("board", "Board"), ("timeline", "Timeline"))
    ]
    return context | {
        "view": view,
        "views": views,
        "columns": [(label, [card for card in cards if card["task"].state == state]) for state, label in BOARD],
        "dropped": [card for card in cards if card["task"].state == "dropped"],
        "count": len(tasks),
        "hours": hours_spent(engagement) if reader.is_firm_staff else None,
        "timeline": timeline(tasks, engagement, today) if view == "timeline" else None,
    }


def task_card(task: Task, needs: Iterable[Any], minutes: int, today: date) -> dict[str, Any]:
    """A task on the board."""
    open_needs = [need.needs for need in needs if need.needs.state not in {"done", "dropped"}]
    late = task.due_on is not None and task.due_on < today and task.state not in {"done", "dropped"}
    return {
        "task": task,
        "waits": open_needs,
        "is_late": late,
        "estimate": estimate_text(task),
        "logged": minutes_text(minutes),
        "steps": task_steps(task, is_waiting=bool(open_needs)),
    }


def task_steps(task: Task, *, is_waiting: bool) -> list[tuple[str, str]]:
    """The steps of a task; one that waits for others can be neither begun nor done (engagements.services.moves)."""
    steps = step_list(states.TASK, task.state)
    waits = is_waiting and task.state == "todo"
    return [each for each in steps if not (waits and each[0] in {"start", "finish"})]


def step_list(machine: states.Machine, state: str) -> list[tuple[str, str]]:
    """The legal steps with the words on their buttons."""
    return [(step, states.STEP_LABELS[step]) for step in states.steps(machine, state)]


def estimate_text(task: Any) -> str:
    """Estimated hours as text; empty where there are none, or where they are not for the reader."""
    return hours_text(task.hours_low, task.hours_high or task.hours_low)


def timeline(tasks: list[Task], engagement: Engagement, today: date) -> dict[str, Any]:
    """Tasks with dates as bars, in whole days from the first to the last; those without are named apart."""
    dated = [task for task in tasks if task.starts_on or task.due_on]
    bounds = [day for task in dated for day in (task.starts_on, task.due_on) if day]
    first = min([engagement.starts_on, today, *bounds])
    last = max([engagement.ends_on or today, today, *bounds])
    days = max((last - first).days, 1)
    scale = 700 / days
    bars = []
    for at, task in enumerate(dated):
        begins, ends = task.starts_on or task.due_on, task.due_on or task.starts_on
        assert begins is not None and ends is not None
        state = "done" if task.state == "done" else "late" if ends < today else ""
        bars.append({
            "task": task, "y": 30 + at * 24, "x": round(240 + (begins - first).days * scale),
            "width": max(round((ends - begins).days * scale), 6), "state": state, "from": begins, "to": ends,
        })  # fmt: skip
    return {
        "bars": bars, "first": first, "last": last, "height": 40 + len(dated) * 24,
        "today_x": round(240 + (today - first).days * scale), "undated": [task for task in tasks if task not in dated],
    }  # fmt: skip
