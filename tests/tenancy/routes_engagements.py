"""The access matrix of playbooks and engagements."""

import datetime as dt
from typing import Any

from engagements.models import (
    ChecklistPoint,
    Document,
    Engagement,
    Gate,
    GateCriterion,
    MaintenanceCheck,
    Meeting,
    MeetingItem,
    Participant,
    RefinementTrigger,
    Task,
    TaskNeed,
)
from engagements.selectors.signing import shown_of
from engagements.services.conversation import meeting_item_add
from engagements.services.documents import document_version_add
from engagements.services.files import file_keep
from engagements.services.hypercare import hypercare_begin
from engagements.services.maintenance import maintenance_begin
from engagements.services.people import participant_add
from engagements.services.signing import criterion_sign, intent_text
from engagements.services.tasks import task_create, task_need_add
from portal.accounts.models import User
from portal.accounts.proofs import Place, Proof
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import (
    ANSWER_DEFINITIONS,
    JOIN_ENGAGEMENT,
    OVERRIDE_GATE,
    RECONCILE,
    RUN_ENGAGEMENT,
    VIEW_ENGAGEMENT,
)
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.engagements.files import sent
from tests.tenancy.engagement_rows import an_engagement, engagement_of, the_newest
from tests.tenancy.matrix import Route, day, rightful
from tests.tenancy.routes_build import BUILD_ROUTES


def a_task(client: Client) -> dict[str, Any]:
    engagement = engagement_of(client)
    return {
        "engagement_id": engagement.pk,
        "task_id": task_create(engagement=engagement, name="Map fields", points=["A"]).pk,
    }


def a_task_point(client: Client) -> dict[str, Any]:
    return a_task(client) | {"position": 0}


def a_need(client: Client) -> dict[str, Any]:
    found = a_task(client)
    task = Task.objects.get(pk=found["task_id"])
    first = task_create(engagement=task.engagement, name="First")
    need: TaskNeed = task_need_add(task=task, needs=first)
    return {"engagement_id": found["engagement_id"], "need_id": need.pk}


def another_task(client: Client) -> dict[str, Any]:
    with tenant_context(client):
        task = Task.objects.order_by("pk").last()
        return {"needs": task_create(engagement=task.engagement, name="Other").pk if task else 1}


a_point = the_newest(ChecklistPoint, "point_id", is_clients=True)
a_gate = the_newest(Gate, "gate_id")
a_document = the_newest(Document, "document_id")
a_meeting = the_newest(Meeting, "meeting_id")
to_confirm = the_newest(GateCriterion, "criterion_id", kind="confirmed")


def to_sign(client: Client) -> dict[str, Any]:
    """A criterion that Finance alone signs."""
    engagement = engagement_of(client)
    row = GateCriterion.objects.get(engagement=engagement, key="accepted")
    row.functions = ["finance"]
    row.save()
    return {"engagement_id": engagement.pk, "criterion_id": row.pk}


def as_shown(client: Client) -> dict[str, Any]:
    """What the page of the newest criterion to sign sends back."""
    with tenant_context(client):
        rows = GateCriterion.objects.select_related("gate__engagement__client").filter(key="accepted")
        if (row := rows.order_by("pk").last()) is None:
            return {}
        return {"sha256": shown_of(row).sha256, "intent": intent_text(row, rightful(), "finance")}


def signed(client: Client) -> dict[str, Any]:
    """A criterion that the rightful person has signed."""
    found = to_sign(client)
    row = GateCriterion.objects.get(pk=found["criterion_id"])
    user = rightful()
    member_add(client=client, user=user, role=ClientRole.FINANCE)
    criterion_sign(
        criterion=row, user=user, function="finance", sha256=shown_of(row).sha256,
        intent=intent_text(row, user, "finance"), proof=Proof("password", dt.datetime.now(dt.UTC)), place=Place("", ""),
    )  # fmt: skip
    return found


def with_file(client: Client) -> dict[str, Any]:
    """A criterion that is signed with a file."""
    found = to_sign(client)
    document = Document.objects.filter(engagement_id=found["engagement_id"])[0]
    document_version_add(document=document, file=sent())
    GateCriterion.objects.filter(pk=found["criterion_id"]).update(document=document)
    return found


def to_ask(client: Client) -> dict[str, Any]:
    """A criterion whose signer is on the engagement."""
    found = to_sign(client)
    a_person(client, Engagement.objects.get(pk=found["engagement_id"]))
    return found


def a_file(client: Client) -> dict[str, Any]:
    engagement = engagement_of(client)
    file = file_keep(engagement=engagement, about="test", about_id=1, upload=sent())
    return {"engagement_id": engagement.pk, "file_id": file.pk}


def some_homework(client: Client) -> dict[str, Any]:
    found = a_meeting(client)
    meeting = Meeting.objects.get(pk=found["meeting_id"])
    person = a_person(client, meeting.engagement)
    item: MeetingItem = meeting_item_add(meeting=meeting, kind="homework", text="Export", owner=person)
    return {"engagement_id": found["engagement_id"], "item_id": item.pk}


def a_person(client: Client, engagement: Engagement) -> Participant:
    user, _ = User.objects.get_or_create(email=f"someone@{client.slug}.example")
    return participant_add(
        engagement=engagement, user=user, is_firm_staff=False, project_role="Reviewer", function="finance"
    )


def a_participant(client: Client) -> dict[str, Any]:
    engagement = engagement_of(client)
    return {"engagement_id": engagement.pk, "participant_id": a_person(client, engagement).pk}


def a_step(client: Client) -> dict[str, Any]:
    found = a_task(client)
    return {"engagement_id": found["engagement_id"], "about": "task", "row_id": found["task_id"]}


def to_comment(client: Client) -> dict[str, Any]:
    found = a_document(client)
    return {"engagement_id": found["engagement_id"], "about": "document", "about_id": found["document_id"]}


def to_open(client: Client) -> dict[str, Any]:
    return a_gate(client) | {"step": "open"}


def ana(client: Client) -> dict[str, Any]:
    """Whom Ana puts on the engagement: herself."""
    user = User.objects.get(email="ana@example.com")
    return {"person": str(user.pk), "project_role": "Lead", "function": ""}


NEW = {"from": "shipped:sales-dashboards", "name": "Sales", "kind": "single", "starts_on": day(-20),
       "if_has_budget": "yes", "if_multi_region": "no"}  # fmt: skip
CARD = {"name": "ARR", "kind": "dedicated", "starts_on": day(-20)}
PLAN = {"name": "Map fields", "is_client_visible": "on"}
VIEW, RUN = VIEW_ENGAGEMENT, RUN_ENGAGEMENT


def maintained(client: Client) -> Engagement:
    """An engagement whose schedule runs since 2 Nov 2026."""
    return maintenance_begin(
        engagement=engagement_of(client), begins_on=dt.date(2026, 11, 2), now=dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
    )


def a_check(client: Client) -> dict[str, Any]:
    engagement = maintained(client)
    check = MaintenanceCheck.objects.filter(engagement=engagement, task_key="reconcile").order_by("pk")[0]
    MaintenanceCheck.objects.filter(pk=check.pk).update(opens_on=dt.date(2026, 11, 2))
    return {"engagement_id": engagement.pk, "check_id": check.pk}


def to_compute(client: Client) -> dict[str, Any]:
    return a_check(client) | {"step": "compute"}


def in_maintenance(client: Client) -> dict[str, Any]:
    return {"engagement_id": maintained(client).pk}


def in_hypercare(client: Client) -> dict[str, Any]:
    engagement = engagement_of(client)
    return {"engagement_id": hypercare_begin(engagement=engagement, begins_on=dt.date(2026, 11, 9)).pk}


def a_trigger(client: Client) -> dict[str, Any]:
    engagement = engagement_of(client)
    row = RefinementTrigger.objects.create(
        engagement=engagement, trigger_key="drift", fact="2026-08", name="Drift", text="Apart.",
        raised_at=dt.datetime(2026, 11, 2, tzinfo=dt.UTC),
    )  # fmt: skip
    return {"engagement_id": engagement.pk, "trigger_id": row.pk}


ENGAGEMENT_ROUTES: list[Route] = [
    Route("engagements", VIEW, status=(200,)),
    Route("engagement_new", RUN, status=(200,)),
    Route("engagement_new", RUN, "post", data=NEW, status=(302,)),
    Route("engagement", VIEW, kwargs=an_engagement, status=(200,)),
    Route("engagement_card", VIEW, kwargs=an_engagement, status=(200,)),
    Route("engagement_card_edit", RUN, kwargs=an_engagement, status=(200,)),
    Route("engagement_card_edit", RUN, "post", an_engagement, CARD, status=(302,)),
    Route("engagement_people", VIEW, kwargs=an_engagement, status=(200,)),
    Route("participant_new", RUN, "post", an_engagement, ana, status=(302,)),
    Route("participant_end", RUN, "post", a_participant, status=(302,)),
    Route("plan", VIEW, kwargs=an_engagement, status=(200,)),
    Route("task_new", RUN, kwargs=an_engagement, status=(200,)),
    Route("task_new", RUN, "post", an_engagement, PLAN, status=(302,)),
    Route("task", VIEW, kwargs=a_task, status=(200,)),
    Route("task_edit", RUN, kwargs=a_task, status=(200,)),
    Route("task_edit", RUN, "post", a_task, PLAN | {"name": "Map all fields"}, status=(302,)),
    Route("task_need", RUN, "post", a_task, another_task, status=(302,)),
    Route("task_need_end", RUN, "post", a_need, status=(302,)),
    Route("task_point", RUN, "post", a_task_point, {"done": "1"}, status=(302,)),
    Route("time_new", RUN, "post", a_task, {"minutes": "30"}, status=(302,)),
    Route("row_step", RUN, "post", a_step, {"step": "start"}, status=(302,)),
    Route("checklists", VIEW, kwargs=an_engagement, status=(200,)),
    Route("checklist_point", JOIN_ENGAGEMENT, "post", a_point, {"done": "1"}, status=(302,)),
    Route("gate", VIEW, kwargs=a_gate, status=(200,)),
    Route("gate_step", RUN, "post", to_open, status=(409,)),  # much shuts it: tests/engagements/test_gates.py
    # A partner's alone; Ana is an architect. tests/engagements/test_gates.py
    Route("gate_override", OVERRIDE_GATE, "post", a_gate, {"reason": "x"}, status=(403,)),
    Route("criterion_confirm", RUN, "post", to_confirm, {"holds": "1"}, status=(302,)),
    Route("criterion_signing", ANSWER_DEFINITIONS, kwargs=to_sign, status=(200,), rightful=ClientRole.FINANCE),
    Route("criterion_code", ANSWER_DEFINITIONS, "post", to_sign, status=(302,), rightful=ClientRole.FINANCE),
    Route("criterion_sign", ANSWER_DEFINITIONS, "post", to_sign, as_shown, status=(302,), rightful=ClientRole.FINANCE),
    Route("criterion_unsign", ANSWER_DEFINITIONS, "post", signed, status=(302,), rightful=ClientRole.FINANCE),
    Route("criterion_file", ANSWER_DEFINITIONS, kwargs=with_file, status=(200,), rightful=ClientRole.FINANCE),
    Route("criterion_ask", RUN, "post", to_ask, status=(302,)),
    Route("criterion_evidence", RUN, "post", to_sign, {"note": "All samples agree", "document": ""}, status=(302,)),
    Route("criterion_certificate", VIEW, kwargs=signed, status=(200,)),
    Route("project_documents", VIEW, kwargs=an_engagement, status=(200,)),
    Route("project_document", VIEW, kwargs=a_document, status=(200,)),
    Route("project_document_version", RUN, "post", a_document, {"text": "v1"}, status=(302,)),
    Route("project_document_new", RUN, "post", an_engagement, {"name": "Extract", "kind": "working"}, status=(302,)),
    Route("project_document_seen", RUN, "post", a_document, {"seen": "0"}, status=(302,)),
    Route("project_file", VIEW, kwargs=a_file, status=(200,)),
    Route("meetings", VIEW, kwargs=an_engagement, status=(200,)),
    Route("meeting", VIEW, kwargs=a_meeting, status=(200,)),
    Route("meeting_notes", RUN, "post", a_meeting, {"notes": "n"}, status=(302,)),
    Route("meeting_item", RUN, "post", a_meeting, {"kind": "decision", "text": "Yes"}, status=(302,)),
    Route("homework", JOIN_ENGAGEMENT, "post", some_homework, {"done": "1"}, status=(302,)),
    Route("risks", VIEW, kwargs=an_engagement, status=(200,)),
    Route("risk_new", RUN, "post", an_engagement, {"title": "t", "kind": "risk", "severity": "low"}, status=(302,)),
    *BUILD_ROUTES,
    Route("comment", JOIN_ENGAGEMENT, "post", to_comment, {"text": "Hello"}, status=(302,)),
    Route("gate_day", RUN, "post", a_gate, {"planned_on": day(20)}, status=(302,)),
    Route("maintenance", VIEW, kwargs=in_maintenance, status=(200,)),
    Route("maintenance_start", RUN, "post", an_engagement, {"begins_on": day(-10)}, status=(302,)),
    Route("maintenance_stop", RUN, "post", in_maintenance, {"reason": "Theirs now"}, status=(302,)),
    Route("maintenance_look", RUN, "post", in_maintenance, status=(302,)),
    Route("maintenance_check", VIEW, kwargs=a_check, status=(200,)),
    Route("maintenance_result", RECONCILE, "post", a_check, {"step": "pass", "note": "Agrees"}, status=(302,)),
    Route("maintenance_move", RECONCILE, "post", to_compute, status=(302,)),
    Route("trigger_end", RUN, "post", a_trigger, {"reason": "Scoped"}, status=(302,)),
    Route("office_hours", RUN, "post", in_hypercare, {"weekday": "1", "at": "15:00"}, status=(302,)),
]

PAGES = "firm: tests/engagements/test_playbook_pages.py"
DRAFTS = "firm: tests/engagements/test_playbook_drafts.py"
OTHER_ENGAGEMENT_ROUTES = {
    "firm_engagements": "firm: tests/engagements/test_portfolio.py",
    "calendar": "person: tests/engagements/test_calendar.py",
    "calendar_feed": "public: tests/engagements/test_calendar.py",
    "playbooks": PAGES,
    "playbook_shipped": PAGES,
    "playbook_copy": PAGES,
    "playbook_shipped_export": PAGES,
    "playbook": PAGES,
    "playbook_version": PAGES,
    "playbook_edit": PAGES,
    "playbook_diff": PAGES,
    "playbook_draft": DRAFTS,
    "playbook_draft_part": DRAFTS,
    "playbook_draft_step": DRAFTS,
    "playbook_draft_discard": DRAFTS,
    "playbook_draft_publish": DRAFTS,
    "playbook_export": PAGES,
    "playbook_upload": PAGES,
}
