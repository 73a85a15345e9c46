"""The policy in plain language, its versions, and publishing a new one."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from governance.change_history import changes_about
from governance.selectors.signoff import signed_policy
from metrics.engine.policy import Policy, PolicyError
from metrics.models import PolicyVersion
from metrics.selectors.clauses import TITLES, policy_in_plain_words, sentence_of
from metrics.selectors.policies import (
    policy_changes,
    policy_in_force,
    policy_latest,
    policy_version_get,
    policy_versions,
)
from metrics.services.policies import board_decides, pay_fault, policy_publish, signed_by
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import EDIT_POLICY, EMERGENCY_POLICY, REQUEST_CHANGES, VIEW_POLICY
from portal.tenancy.step_up import identity_confirmed
from reporting.forms import EmergencyPolicyForm, PolicyForm


@client_page(VIEW_POLICY)
def policy(request: TenantRequest) -> HttpResponse:
    """The version in force, clause by clause, and every version before it."""
    versions = policy_versions()
    return TemplateResponse(
        request,
        "reporting/policy.html",
        {
            "version": versions[0] if versions else None,
            "signed": signed_policy(versions[0].number if versions else None),
            "clauses": policy_in_plain_words(policy_in_force(request.client)),
            "history": history_of(versions),
            "may_edit": request.standing.may(EDIT_POLICY),
            "signatures": signed_by(),
            "is_boards": board_decides(),
            "may_pass": request.standing.may(EMERGENCY_POLICY),
            "may_ask": request.standing.may(REQUEST_CHANGES),
            "about": changes_about(request, list(TITLES)),
        },
    )


@client_page(VIEW_POLICY)
def policy_version(request: TenantRequest, number: int) -> HttpResponse:
    """One version as it was published."""
    version = policy_version_get(number)
    if version is None:
        raise Http404
    clauses = policy_in_plain_words(Policy.from_dict(version.parameters))
    newest = policy_latest()
    signed = signed_policy(number)
    context = {
        "version": version,
        "signed": signed,
        "clauses": clauses,
        "is_past": newest is not None and newest.number != number,
    }
    return TemplateResponse(request, "reporting/policy.html", context)


@client_page(EDIT_POLICY)
def policy_edit(request: TenantRequest) -> HttpResponse:
    """Publish a new version, in force at once. Past signatures or the board a policy changes in an emergency alone."""
    context: dict[str, Any] = {"signatures": signed_by(), "is_boards": board_decides()}
    is_guarded = any(context.values())
    if is_guarded and not request.standing.may(EMERGENCY_POLICY):
        context["may_ask"] = request.standing.may(REQUEST_CHANGES)
        status = 409 if request.method == "POST" else 200
        return TemplateResponse(request, "reporting/policy_signed.html", context, status=status)
    newest = policy_latest()
    given = policy_in_force(request.client).to_dict() | {"based_on": newest.number if newest else 0}
    form = (EmergencyPolicyForm if is_guarded else PolicyForm)(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        if is_guarded and (first := identity_confirmed(request)) is not None:
            return first
        if (version := published(request, form)) is not None:
            messages.success(request, f"Policy v{version.number} is in force. The numbers are being recomputed.")
            return redirect("policy", client_slug=request.client.slug)
    context |= {"form": form, "is_guarded": is_guarded, "pay_fault": pay_fault(request.client) if is_guarded else ""}
    return TemplateResponse(request, "reporting/policy_edit.html", context, status=422 if form.errors else 200)


def published(request: TenantRequest, form: PolicyForm) -> PolicyVersion | None:
    """The version that a form makes; None where it is refused, with the reasons in the form."""
    said = form.cleaned_data
    try:
        return policy_publish(
            client=request.client, parameters=form.parameters(), note=said["note"], user=request.user,
            based_on=said["based_on"], is_by_hand=True, emergency=said.get("emergency", ""),
        )  # fmt: skip
    except PolicyError as error:
        form.add_error(None, error.faults)
        return None


def history_of(versions: list[PolicyVersion]) -> list[dict[str, Any]]:
    """Each version with what it changed, in words."""
    older = [*versions[1:], None]
    return [
        {"version": version, "changes": [words(change) for change in policy_changes(before, version)] if before else []}
        for version, before in zip(versions, older, strict=False)
    ]


def words(change: Any) -> dict[str, str]:
    """One changed parameter: what it said and what it says."""
    return {
        "title": TITLES[change.parameter],
        "old": sentence_of(change.parameter, change.old),
        "new": sentence_of(change.parameter, change.new),
    }
