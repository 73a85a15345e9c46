"""Which team and territory each representative belongs to: the list, and what may be said, ended and corrected."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from metrics.assignment_forms import AssignForm, CorrectForm, EndForm, WithdrawForm, correct_initial
from metrics.models import AssignmentKind, RepAssignment
from metrics.selectors.teams import assignment_get, assignments_list, reps_known
from metrics.services.assignments import (
    AssignmentProblem,
    assignment_add,
    assignment_correct,
    assignment_end,
    assignment_withdraw,
)
from metrics.views.tabs import data_tabs
from portal.lib.dates import dated_text
from portal.lib.periods import month_of
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import MANAGE_TEAMS, VIEW_ARR, VIEW_DATA
from portal.tenancy.reader import locale_of


@require_GET
@client_page(VIEW_DATA)
def teams(request: TenantRequest) -> HttpResponse:
    """Every assignment by representative, who has none, and the form to add one."""
    initial = {"rep": request.GET.get("rep", "")[:200], "kind": asked_kind(request) or AssignmentKind.TEAM}
    return shown(request, assign_form(initial=initial))


def asked_kind(request: TenantRequest) -> str:
    """The kind that the address names; blank: both."""
    kind = request.GET.get("kind", "")
    return kind if kind in AssignmentKind.values else ""


def assign_form(data: Any = None, **more: Any) -> AssignForm:
    """The form with the names that are known."""
    groups = sorted(set(assignments_list().order_by().values_list("group", flat=True)))
    return AssignForm(data, reps=reps_known(), groups=groups, **more)


def shown(request: TenantRequest, form: AssignForm, status: int = 200) -> HttpResponse:
    """The page with a form."""
    kind, month = asked_kind(request), month_of(day_now(request.client))
    rows = list(assignments_list(kind))
    context: dict[str, Any] = {
        "rows": [(row, state_of(row, month)) for row in rows],
        "withdrawn": list(assignments_list(kind, withdrawn=True)),
        "without": without(rows, kind, month) if rows else [],
        "kinds": kind_links(request, kind),
        "form": form,
        "tabs": data_tabs(request, "teams"),
        "may_manage": request.standing.may(MANAGE_TEAMS),
        "may_see_numbers": request.standing.may(VIEW_ARR),
    }
    return render(request, "metrics/teams.html", context, status=status)


def state_of(row: RepAssignment, month: int) -> tuple[str, str]:
    """Whether an assignment holds in a month: tone and words of its badge."""
    if row.first_month > month:
        return "waiting", "From later on"
    return ("draft", "Ended") if row.until_month is not None and row.until_month <= month else ("agreed", "Now")


def without(rows: list[RepAssignment], kind: str, month: int) -> list[dict[str, str]]:
    """Representatives of contract lines who belong to no team, or to no territory, in a month."""
    missing = []
    for one in [kind] if kind else AssignmentKind.values:
        placed = {row.rep for row in rows if row.kind == one and state_of(row, month)[1] == "Now"}
        names = [rep for rep in reps_known() if rep not in placed]
        if names:
            missing.append({"label": str(AssignmentKind(one).label).lower(), "names": ", ".join(names)})
    return missing


def kind_links(request: TenantRequest, kind: str) -> list[dict[str, Any]]:
    """The switch between both kinds, teams, and territories."""
    base = reverse("teams", kwargs={"client_slug": request.client.slug})
    options = [("", "Both"), (AssignmentKind.TEAM.value, "Teams"), (AssignmentKind.TERRITORY.value, "Territories")]
    return [
        {"label": label, "url": f"{base}?kind={value}" if value else base, "active": value == kind}
        for value, label in options
    ]


@require_POST
@client_page(MANAGE_TEAMS)
def add(request: TenantRequest) -> HttpResponse:
    """Say what a representative belongs to."""
    form = assign_form(request.POST)
    if tried(request, form, lambda given: assignment_add(client=request.client, user=request.user, **given)):
        given = form.cleaned_data
        messages.success(
            request, f"{given['rep']} is assigned to {given['group']}. The audit log has it with your name."
        )
        return redirect("teams", client_slug=request.client.slug)
    return shown(request, form, status=422)


def tried(request: TenantRequest, form: forms.Form, do: Callable[[dict[str, Any]], object]) -> bool:
    """Whether it was done; else the form says why not."""
    if not form.is_valid():
        return False
    try:
        do(form.cleaned_data)
    except AssignmentProblem as error:
        form.add_error(None, dated_text(str(error), locale_of(request)))
        return False
    return True


# --- one assignment ---------------------------------------------------------------------------------------------------


@require_GET
@client_page(MANAGE_TEAMS)
def assignment(request: TenantRequest, assignment_id: int) -> HttpResponse:
    """One assignment, and the forms to end it, to correct it, and to set it aside."""
    return one(request, found_or_404(assignment_id))


def found_or_404(assignment_id: int) -> RepAssignment:
    """The assignment of that number."""
    row = assignment_get(assignment_id)
    if row is None:
        raise Http404("No such assignment.")
    return row


def one(request: TenantRequest, row: RepAssignment, **given: forms.Form) -> HttpResponse:
    """The page of one assignment; of the forms, the one that was refused with what was written."""
    usual: dict[str, forms.Form] = {
        "end_form": EndForm(auto_id="end_%s"),
        "correct_form": CorrectForm(initial=correct_initial(row), auto_id="correct_%s"),
        "withdraw_form": WithdrawForm(auto_id="withdraw_%s"),
    }
    context = {"row": row, **usual, **given}
    return render(request, "metrics/team_assignment.html", context, status=422 if given else 200)


def done(request: TenantRequest, text: str) -> HttpResponse:
    """Back to the list."""
    messages.success(request, f"{text} The audit log has it with your name.")
    return redirect("teams", client_slug=request.client.slug)


@require_POST
@client_page(MANAGE_TEAMS)
def end(request: TenantRequest, assignment_id: int) -> HttpResponse:
    """End an assignment."""
    row, form = found_or_404(assignment_id), EndForm(request.POST, auto_id="end_%s")
    if tried(request, form, lambda given: assignment_end(assignment=row, **given)):
        return done(request, f"{row.rep} leaves {row.group}.")
    return one(request, row, end_form=form)


@require_POST
@client_page(MANAGE_TEAMS)
def correct(request: TenantRequest, assignment_id: int) -> HttpResponse:
    """Put another in the place of a wrong assignment."""
    row, form = found_or_404(assignment_id), CorrectForm(request.POST, auto_id="correct_%s")
    if tried(request, form, lambda given: assignment_correct(assignment=row, user=request.user, **given)):
        return done(request, f"The assignment of {row.rep} is corrected.")
    return one(request, row, correct_form=form)


@require_POST
@client_page(MANAGE_TEAMS)
def withdraw(request: TenantRequest, assignment_id: int) -> HttpResponse:
    """Set a wrong assignment aside."""
    row, form = found_or_404(assignment_id), WithdrawForm(request.POST, auto_id="withdraw_%s")
    if tried(request, form, lambda given: assignment_withdraw(assignment=row, user=request.user, **given)):
        return done(request, f"The assignment of {row.rep} to {row.group} is set aside.")
    return one(request, row, withdraw_form=form)
