"""The plan: board and timeline, a task, what it waits for, and the time spent on it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from engagements.forms_project import TaskForm, TimeForm
from engagements.models import Engagement, Task, TaskNeed
from engagements.pages import base, comments, estimate_text, plan_context, reader_of, task_steps
from engagements.selectors.projects import cut, task_list, time_list
from engagements.services.conversation import mentions_seen
from engagements.services.tasks import (
    task_create,
    task_need_add,
    task_need_remove,
    task_point_set,
    task_update,
    time_add,
)
from engagements.views.scope import carried_out, engagement_or_404, invalid
from portal.lib.hours import minutes_text
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import RUN_ENGAGEMENT, VIEW_ENGAGEMENT


@require_GET
@client_page(VIEW_ENGAGEMENT)
def plan(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Every task, as a board or along the calendar."""
    found = engagement_or_404(request, engagement_id)
    return TemplateResponse(request, "engagements/plan.html", plan_context(request, found, day_now(request.client)))


def task_or_404(request: TenantRequest, engagement: Engagement, task_id: int) -> Task:
    """A task that this reader may see."""
    rows = Task.objects.filter(engagement=engagement).select_related(
        "owner__user", "subphase", "milestone", "engagement"
    )
    if not request.standing.is_firm_staff:
        rows = rows.filter(is_client_visible=True)
    return get_object_or_404(rows, pk=task_id)


@require_GET
@client_page(VIEW_ENGAGEMENT)
def task(request: TenantRequest, engagement_id: int, task_id: int) -> HttpResponse:
    """One task: its plan, points, what it waits for, time and comments."""
    found = engagement_or_404(request, engagement_id)
    row, reader = cut(task_or_404(request, found, task_id), reader_of(request)), reader_of(request)
    mentions_seen(user=request.user, about="task", about_id=row.pk)
    needs = list(TaskNeed.objects.filter(task=row).select_related("needs").order_by("needs__number"))
    open_needs = [need.needs for need in needs if need.needs.state not in {"done", "dropped"}]
    times = time_list(row, reader)
    others = [other for other in task_list(found, reader) if other.pk != row.pk]
    context = base(request, found, "plan/") | {
        "task": row,
        "needs": [need for need in needs if reader.is_firm_staff or need.needs.is_client_visible],
        "others": others,
        "points": [(at, text, at in row.points_done) for at, text in enumerate(row.points)],
        "times": [(entry, minutes_text(entry.minutes)) for entry in times],
        "estimate": estimate_text(row),
        "logged": minutes_text(sum(entry.minutes for entry in times)),
        "steps": task_steps(row, is_waiting=bool(open_needs)),
        "waits": open_needs if row.state == "todo" else [],
        **comments(found, "task", row.pk, reader),
    }
    return TemplateResponse(request, "engagements/task.html", context)


@require_http_methods(["GET", "POST"])
@client_page(RUN_ENGAGEMENT)
def task_edit(request: TenantRequest, engagement_id: int, task_id: int) -> HttpResponse:
    """Change the plan of a task."""
    found = engagement_or_404(request, engagement_id)
    row = task_or_404(request, found, task_id)
    form = TaskForm(found, request.POST or None, instance=Task.objects.get(pk=row.pk))
    if request.method == "POST" and form.is_valid():
        changes = form.changes()
        return carried_out(request, found, lambda: task_update(task=row, changes=changes), "Saved.", f"tasks/{row.pk}/")
    context = base(request, found, "plan/") | {"task": row, "form": form}
    return TemplateResponse(request, "engagements/task_edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@client_page(RUN_ENGAGEMENT)
def task_new(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Add a task of the engagement's own."""
    found = engagement_or_404(request, engagement_id)
    form = TaskForm(found, request.POST or None, initial={"is_client_visible": True})
    if request.method == "POST" and form.is_valid():
        plan_of = dict(form.cleaned_data)
        name = plan_of.pop("name")
        return carried_out(
            request, found, lambda: task_create(engagement=found, name=name, **plan_of), "Added.", "plan/"
        )
    context = base(request, found, "plan/") | {"form": form}
    return TemplateResponse(request, "engagements/task_edit.html", context, status=422 if form.errors else 200)


@require_POST
@client_page(RUN_ENGAGEMENT)
def task_need(request: TenantRequest, engagement_id: int, task_id: int) -> HttpResponse:
    """Let a task wait for another."""
    found = engagement_or_404(request, engagement_id)
    row = task_or_404(request, found, task_id)
    asked = request.POST.get("needs", "")
    other = get_object_or_404(Task, engagement=found, pk=int(asked) if asked.isascii() and asked.isdigit() else 0)
    done = f"It now waits for {other}."
    return carried_out(request, found, lambda: task_need_add(task=row, needs=other), done, f"tasks/{row.pk}/")


@require_POST
@client_page(RUN_ENGAGEMENT)
def task_need_end(request: TenantRequest, engagement_id: int, need_id: int) -> HttpResponse:
    """Let a task no longer wait for another."""
    found = engagement_or_404(request, engagement_id)
    need = get_object_or_404(TaskNeed.objects.select_related("task__engagement", "needs"), pk=need_id, engagement=found)
    path = f"tasks/{need.task_id}/"
    return carried_out(
        request, found, lambda: task_need_remove(need=need), f"It no longer waits for {need.needs}.", path
    )


@require_POST
@client_page(RUN_ENGAGEMENT)
def task_point(request: TenantRequest, engagement_id: int, task_id: int, position: int) -> HttpResponse:
    """Tick a point of a task, or open it again."""
    found = engagement_or_404(request, engagement_id)
    row = task_or_404(request, found, task_id)
    is_done = request.POST.get("done") == "1"

    def change() -> object:
        return task_point_set(task=row, position=position, is_done=is_done)

    return carried_out(request, found, change, "Ticked." if is_done else "Open again.", f"tasks/{row.pk}/")


@require_POST
@client_page(RUN_ENGAGEMENT)
def time_new(request: TenantRequest, engagement_id: int, task_id: int) -> HttpResponse:
    """Log time on a task: one click for a usual span, today."""
    found = engagement_or_404(request, engagement_id)
    row = task_or_404(request, found, task_id)
    form = TimeForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    given = form.cleaned_data
    day = given["day"] or day_now(request.client)

    def change() -> object:
        return time_add(task=row, user=request.user, minutes=given["minutes"], day=day, note=given["note"])

    return carried_out(request, found, change, f"{minutes_text(given['minutes'])} logged.", f"tasks/{row.pk}/")
