"""Engagements of a client: the list, starting one, the overview, the card, and its people."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from engagements.forms_project import CardForm, EngagementForm, PersonForm
from engagements.models import Engagement, Participant
from engagements.pages import base, overview_context, reader_of
from engagements.selectors.people import people_to_add, person_of
from engagements.selectors.playbooks import playbook_get, playbook_list, shipped_list, version_content, version_get
from engagements.selectors.projects import engagement_list, name_suggested, participant_list
from engagements.selectors.summaries import summaries_of_client
from engagements.services.card import card_update
from engagements.services.people import participant_add, participant_remove
from engagements.services.problems import EngagementError
from engagements.services.start import Chosen, engagement_start
from engagements.shipped import shipped_playbooks
from engagements.views.scope import carried_out, engagement_or_404, invalid
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import RUN_ENGAGEMENT, VIEW_ENGAGEMENT


@require_GET
@client_page(VIEW_ENGAGEMENT)
def engagements(request: TenantRequest) -> HttpResponse:
    """The client's engagements; a single one opens by itself for the client's people."""
    rows = engagement_list(reader_of(request))
    if len(rows) == 1 and not request.standing.is_firm_staff:
        return redirect("engagement", client_slug=request.client.slug, engagement_id=rows[0].pk)
    summaries = summaries_of_client()
    may_run = request.standing.may(RUN_ENGAGEMENT)
    context: dict[str, Any] = {"rows": [(row, summaries.get(row.pk)) for row in rows], "may_run": may_run}
    context["is_firm"] = request.standing.is_firm_staff
    return TemplateResponse(request, "engagements/engagements.html", context)


@require_http_methods(["GET", "POST"])
@client_page(RUN_ENGAGEMENT)
def engagement_new(request: TenantRequest) -> HttpResponse:
    """Choose a playbook, answer its conditions, and start."""
    firm = request.client.firm
    asked = request.POST.get("from") or request.GET.get("from")
    if not asked:
        lists = {"own": playbook_list(firm), "shipped": shipped_list()}
        return TemplateResponse(request, "engagements/engagement_choose.html", lists)
    chosen = chosen_or_404(request, asked)
    today = day_now(request.client)
    initial = {"name": name_suggested(chosen.playbook.name, today), "kind": "single", "starts_on": today}
    form = EngagementForm(chosen.playbook, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        plan = {name: form.cleaned_data[name] for name in ("name", "kind", "starts_on", "ends_on")}
        try:
            started = engagement_start(
                client=request.client, chosen=chosen, answers=form.answers, user=request.user, **plan
            )
        except EngagementError as error:
            form.add_error(None, f"Not started: {error}.")
        else:
            messages.success(request, f"{started} has begun.")
            return redirect("engagement", client_slug=request.client.slug, engagement_id=started.pk)
    context = {"form": form, "chosen": chosen, "asked": asked}
    return TemplateResponse(request, "engagements/engagement_new.html", context, status=422 if form.errors else 200)


def chosen_or_404(request: TenantRequest, asked: str) -> Chosen:
    """`shipped:<key>` or `own:<key>`: the playbook, in its newest version."""
    source, _, key = asked.partition(":")
    if source == "shipped" and (found := shipped_playbooks().get(key)):
        return Chosen(found, 0, key)
    row = playbook_get(request.client.firm, key) if source == "own" else None
    version = version_get(row) if row else None
    if version is None:
        raise Http404("No such playbook.")
    return Chosen(version_content(version), version.number, key)


@require_GET
@client_page(VIEW_ENGAGEMENT)
def engagement(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Where it stands: phases and gates, now, waiting on, health, activity."""
    found = engagement_or_404(request, engagement_id)
    context = overview_context(request, found, day_now(request.client))
    return TemplateResponse(request, "engagements/overview.html", context)


@require_GET
@client_page(VIEW_ENGAGEMENT)
def engagement_card(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """The one-pager: what the project is, in one screen."""
    found = engagement_or_404(request, engagement_id)
    asked = {each["key"]: each["question"] for each in found.content.get("conditions", [])}
    answers = [(asked.get(key) or key.replace("_", " ").capitalize(), holds) for key, holds in found.answers.items()]
    context = base(request, found, "card/") | {"people": participant_list(found), "answers": answers}
    return TemplateResponse(request, "engagements/card.html", context)


@require_http_methods(["GET", "POST"])
@client_page(RUN_ENGAGEMENT)
def engagement_card_edit(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Change the card."""
    found = engagement_or_404(request, engagement_id)
    form = CardForm(request.POST or None, instance=Engagement.objects.get(pk=found.pk))
    if request.method == "POST" and form.is_valid():
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        return carried_out(request, found, lambda: card_update(engagement=found, changes=changes), "Saved.", "card/")
    context = base(request, found, "card/") | {"form": form}
    return TemplateResponse(request, "engagements/card_edit.html", context, status=422 if form.errors else 200)


@require_GET
@client_page(VIEW_ENGAGEMENT)
def engagement_people(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Who is on it, in which role."""
    found = engagement_or_404(request, engagement_id)
    context = base(request, found, "people/") | {"people": participant_list(found)}
    if context["may_run"]:
        context["form"] = PersonForm(people_to_add(request.client))
    return TemplateResponse(request, "engagements/people.html", context)


@require_POST
@client_page(RUN_ENGAGEMENT)
def participant_new(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Put somebody on the engagement."""
    found = engagement_or_404(request, engagement_id)
    form = PersonForm(people_to_add(request.client), request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    given = form.cleaned_data
    user, is_staff = person_of(request.client, given["person"])

    def change() -> object:
        return participant_add(
            engagement=found, user=user, is_firm_staff=is_staff, project_role=given["project_role"],
            function=given["function"],
        )  # fmt: skip

    return carried_out(request, found, change, f"{user.get_full_name()} is on the engagement.", "people/")


@require_POST
@client_page(RUN_ENGAGEMENT)
def participant_end(request: TenantRequest, engagement_id: int, participant_id: int) -> HttpResponse:
    """Take somebody off the engagement."""
    found = engagement_or_404(request, engagement_id)
    row = get_object_or_404(
        Participant.objects.select_related("user", "engagement"), pk=participant_id, engagement=found
    )
    name = row.user.get_full_name()
    return carried_out(
        request, found, lambda: participant_remove(participant=row), f"{name} is off the engagement.", "people/"
    )
