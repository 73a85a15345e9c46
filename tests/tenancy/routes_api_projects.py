"""The operations of the API on definitions, policy documents and engagements."""

import datetime as dt
from dataclasses import replace
from typing import Any

from engagements.models import ChecklistPoint, Engagement, Gate, GateCriterion
from engagements.services.gates import criterion_say
from engagements.services.start import Chosen, engagement_start
from engagements.services.tasks import task_create
from engagements.shipped import shipped_playbooks
from governance.models import DefinitionItem, Signer
from governance.services.documents import document_create
from governance.services.items import definitions_start, item_confirm, item_edit
from governance.services.respondents import respondent_add
from governance.services.signing import document_sign, intent_text
from governance.services.signoff import signoff_request
from portal.accounts.models import User
from portal.accounts.proofs import Place, Proof
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import (
    ANSWER_DEFINITIONS,
    EDIT_POLICY,
    RUN_ENGAGEMENT,
    VIEW_ARR,
    VIEW_ENGAGEMENT,
    VIEW_POLICY,
)
from portal.tenancy.services import member_add
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.matrix import day

SHA256 = "0" * 64


def items(client: Client) -> dict[str, Any]:
    """The definitions, started; Finn answers for Finance by his role."""
    if not DefinitionItem.objects.exists():
        definitions_start(client=client, user=User.objects.filter(email="ana@example.com").first())
    return {"key": DefinitionItem.objects.exclude(parameter="").order_by("position")[0].key}


def started(client: Client) -> dict[str, Any]:
    """The definitions; the address names none of them."""
    items(client)
    return {}


def begun(client: Client) -> dict[str, Any]:
    """An engagement; the address names none."""
    engagement_of(client)
    return {}


def a_confirmed_item(client: Client) -> dict[str, Any]:
    found = items(client)
    item_confirm(item=DefinitionItem.objects.get(key=found["key"]), version=1, by="Finn", meeting="Kickoff")
    return found


def the_same_for_all(client: Client) -> dict[str, Any]:
    """An item with content whose sha256 is known beforehand: the test sends `SHA256`."""
    found = items(client)
    DefinitionItem.objects.filter(key=found["key"]).update(sha256=SHA256, functions=["finance"], edited_by=None)
    return found


def a_document(client: Client) -> dict[str, Any]:
    items(client)
    return {"number": document_create(client=client, meeting="Kickoff").number}


def two_documents(client: Client) -> dict[str, Any]:
    found = a_document(client)
    item = DefinitionItem.objects.get(key=items(client)["key"])
    item_edit(item=item, version=item.version, changes={"rationale": "Because"})
    return found | {"number": document_create(client=client, meeting="Refinement").number}


def a_signed_document(client: Client) -> dict[str, Any]:
    """A final document that one person was asked to sign, and signed."""
    items(client)
    DefinitionItem.objects.update(is_critical=False, edited_by=None)
    user, _ = User.objects.get_or_create(email="signer@example.com", defaults={"name": "Sigrid"})
    asks, _ = User.objects.get_or_create(email="asks@example.com", defaults={"name": "Asks"})
    member_add(client=client, user=user, role=ClientRole.FINANCE)
    document = document_create(client=client, meeting="Review", is_final=True)
    signoff_request(client=client, document=document, signers=[(user, "finance")], user=asks)
    signer = Signer.objects.select_related("user", "signoff__document", "signoff__requested_by").get(user=user)
    document_sign(
        client=client, signer=signer, sha256=document.sha256, intent=intent_text(signer),
        proof=Proof("password", dt.datetime.now(dt.UTC)), place=Place("", ""),
    )  # fmt: skip
    return {"number": document.number}


def engagement_of(client: Client) -> Engagement:
    """The smallest shipped project, without the playbook's own tasks; the same one each time."""
    if (found := Engagement.objects.select_related("client").filter(name="Sales").first()) is not None:
        return found
    playbook = replace(shipped_playbooks()["sales-dashboards"], milestones=())
    answers = dict.fromkeys((condition.key for condition in playbook.conditions), True)
    return engagement_start(
        client=client, chosen=Chosen(playbook), name="Sales", kind="single", starts_on=dt.date(2026, 11, 2),
        answers=answers, user=User.objects.filter(email="ana@example.com").first(),
    )  # fmt: skip


def an_engagement(client: Client) -> dict[str, Any]:
    return {"engagement_id": engagement_of(client).pk}


def a_task(client: Client) -> dict[str, Any]:
    engagement = engagement_of(client)
    return {"engagement_id": engagement.pk, "task_id": task_create(engagement=engagement, name="Map fields").pk}


def a_gate_to_open(client: Client) -> dict[str, Any]:
    """The first gate of an engagement, with everything in place."""
    engagement = engagement_of(client)
    gate = Gate.objects.select_related("engagement__client").get(engagement=engagement, phase__key="1")
    user, _ = User.objects.get_or_create(email="asks@example.com")
    for criterion in gate.criteria.filter(kind="confirmed"):
        criterion_say(criterion=criterion, holds=True, user=user)
    points = ChecklistPoint.objects.filter(subphase__phase=gate.phase)
    points.update(done_at=dt.datetime.now(dt.UTC), done_by=user)
    return {"engagement_id": engagement.pk, "gate_id": gate.pk}


def a_criterion(client: Client) -> dict[str, Any]:
    engagement = engagement_of(client)
    row = GateCriterion.objects.filter(engagement=engagement, kind="confirmed").order_by("pk")[0]
    return {"engagement_id": engagement.pk, "criterion_id": row.pk}


def a_respondent(client: Client) -> dict[str, Any]:
    """Somebody of Sales, with questions that wait."""
    items(client)
    row = respondent_add(client=client, email="sam@example.com", function="sales", may_invite=True)
    return {"respondent_id": row.pk}


FINN = {"email": "finn@example.com", "function": "executive", "sees_figures": False}
CONFIRM = {"version": 1, "by": "Finn", "meeting": "Kickoff"}
VIEW, RUN = VIEW_ENGAGEMENT, RUN_ENGAGEMENT

PROJECT_API_ROUTES = [
    ApiRoute("api_questionnaire_start", EDIT_POLICY, "post", status=201),
    ApiRoute("api_respondents", EDIT_POLICY, "get", started),
    ApiRoute("api_respondents", EDIT_POLICY, "post", started, status=201, data=lambda: dict(FINN)),
    ApiRoute("api_respondent", EDIT_POLICY, "delete", a_respondent, names_object=True),
    ApiRoute("api_respondent_ask", EDIT_POLICY, "post", a_respondent, names_object=True),
    ApiRoute("api_definitions", VIEW_POLICY, "get", started),
    ApiRoute("api_answers", VIEW_POLICY),
    ApiRoute("api_definition", VIEW_POLICY, "get", items),
    ApiRoute("api_definition", EDIT_POLICY, "patch", items, data=lambda: {"version": 1, "rationale": "Because"}),
    ApiRoute("api_definition_confirm", EDIT_POLICY, "post", items, data=lambda: dict(CONFIRM)),
    ApiRoute(
        "api_definition_reopen", EDIT_POLICY, "post", a_confirmed_item, data=lambda: {"version": 2, "note": "Usage"}
    ),
    ApiRoute(
        "api_definition_answer", ANSWER_DEFINITIONS, "post", the_same_for_all, status=201, is_clients=True,
        data=lambda: {"sha256": SHA256, "verdict": "no", "comment": "Not so"},
    ),
    ApiRoute("api_definition_exposure", VIEW_ARR, "get", items),
    ApiRoute("api_documents", VIEW_POLICY),
    ApiRoute("api_documents", EDIT_POLICY, "post", started, status=201,
             data=lambda: {"meeting": "Kickoff"}),
    ApiRoute("api_document", VIEW_POLICY, "get", a_document),
    ApiRoute("api_document_file", VIEW_POLICY, "get", a_document),
    ApiRoute("api_document_diff", VIEW_POLICY, "get", two_documents, query={"against": "0"}),
    ApiRoute("api_signoff", VIEW_POLICY, "get", a_signed_document),
    ApiRoute("api_certificate", VIEW_POLICY, "get", a_signed_document),
    ApiRoute("api_engagements", VIEW, "get", begun),
    ApiRoute("api_engagement", VIEW, "get", an_engagement, names_object=True),
    ApiRoute("api_tasks", VIEW, "get", an_engagement, names_object=True),
    ApiRoute("api_tasks", RUN, "post", an_engagement, names_object=True, data=lambda: {"name": "Map"}, status=201),
    ApiRoute("api_task", RUN, "patch", a_task, names_object=True, data=lambda: {"due_on": day(7)}),
    ApiRoute("api_task_move", RUN, "post", a_task, names_object=True, data=lambda: {"step": "start"}),
    ApiRoute("api_gates", VIEW, "get", an_engagement, names_object=True),
    ApiRoute("api_gate_open", RUN, "post", a_gate_to_open, names_object=True),
    ApiRoute("api_criterion_confirm", RUN, "post", a_criterion, names_object=True, data=lambda: {"holds": True}),
]  # fmt: skip
