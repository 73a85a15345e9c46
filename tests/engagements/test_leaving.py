"""The open work of somebody who left is nobody's, said before, in the log, and told to whoever can hand it on."""

from collections.abc import Callable

from django.test import Client as Browser

from engagements.models import Activity, Engagement, Meeting, MeetingItem, Participant, Risk, Task
from engagements.services.leaving import gone_leave
from engagements.services.people import participant_add
from engagements.services.tasks import task_create
from portal.accounts.duties import duties_get
from portal.accounts.models import User
from portal.accounts.services.people import consultant_leave, person_remove, person_role_change
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client, ClientRole, FirmMembership, FirmRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.conftest import consultant
from tests.engagements.conftest import started


def work_of(engagement: Engagement, owner: Participant) -> None:
    """Two open tasks, one of them the firm's alone, one that is done, homework and two risks, one of them closed."""
    task_create(engagement=engagement, name="Load the contracts", owner=owner)
    task_create(engagement=engagement, name="Ask the partner", owner=owner, is_client_visible=False)
    task_create(engagement=engagement, name="Kick off", owner=owner, state="done")
    meeting = Meeting.objects.filter(engagement=engagement)[0]
    MeetingItem.objects.create(
        engagement=engagement, meeting=meeting, kind="homework", text="Bring the list", owner=owner
    )
    MeetingItem.objects.create(engagement=engagement, meeting=meeting, kind="decision", text="We go on", owner=owner)
    Risk.objects.create(engagement=engagement, kind="risk", title="Late rates", owner=owner)
    Risk.objects.create(engagement=engagement, kind="risk", title="Over", owner=owner, state="closed")


def told(person: User) -> list[str]:
    return [text for text in Notice.objects.filter(user=person).values_list("text", flat=True) if "left" in text]


def test_open_work_of_somebody_who_left_is_nobodys(
    project: Engagement, analyst: Participant, scope: Client, ana: User, finn: User
) -> None:
    work_of(project, analyst)
    held = "2 tasks, 1 piece of homework, 1 risk"
    assert duties_get()[finn.pk] == held
    person_role_change(client=scope, member=Membership.objects.get(user=finn), role=ClientRole.EXECUTIVE, user=None)
    assert duties_get()[finn.pk] == held, "whoever still reaches the engagement goes on with it"
    person_remove(client=scope, member=Membership.objects.get(user=finn), user=None)
    assert finn.pk not in duties_get()
    assert [each.name for each in Task.objects.filter(owner=analyst)] == ["Kick off"], "what is done stays theirs"
    assert (
        not Risk.objects.filter(owner=analyst, state="open").exists()
        and Risk.objects.get(owner=analyst).title == "Over"
    )
    assert MeetingItem.objects.get(owner=analyst).kind == "decision"
    assert Participant.objects.filter(pk=analyst.pk).exists()
    entries = AuditEntry.objects.filter(action__endswith=".owner_left").order_by("sequence")
    assert [each.action for each in entries] == [
        "task.owner_left",
        "task.owner_left",
        "meeting.owner_left",
        "risk.owner_left",
    ]
    assert {(each.before_hash == each.after_hash) for each in entries} == {False}
    internal = [each.text for each in Activity.objects.filter(is_internal=True, text__contains="gone")]
    assert len(internal) == 1 and "Ask the partner" in internal[0]
    assert told(ana) == [f"Finn left, and nobody takes care any more of {held}: hand it on ({project})"]


def test_work_in_what_is_closed_stays_as_it_was(project: Engagement, analyst: Participant, scope: Client) -> None:
    work_of(project, analyst)
    Engagement.objects.filter(pk=project.pk).update(state="closed")
    person_remove(client=scope, member=Membership.objects.get(user=analyst.user), user=None)
    assert Task.objects.filter(owner=analyst).count() == 3 and not AuditEntry.objects.filter(action="task.owner_left")


def test_the_look_of_the_morning_finds_who_left_however_they_went(
    project: Engagement, analyst: Participant, scope: Client, ana: User, finn: User
) -> None:
    work_of(project, analyst)
    Membership.objects.filter(user=finn).delete()  # past every service
    for _ in range(2):
        gone_leave(scope)
    assert Task.objects.filter(owner=analyst).count() == 1 and len(told(ana)) == 1
    member_add(client=scope, user=finn, role=ClientRole.FINANCE)
    assert Task.objects.filter(owner=analyst).count() == 1, "it is not theirs again by coming back"


def test_a_consultant_is_taken_off_a_client_only_once_it_was_said_what_they_leave(
    person: Callable[..., User], northwind: Client, ana: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    fay, cora = (consultant(person, name, FirmRole.ADMIN, northwind) for name in ("fay", "cora"))
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        participant_add(
            engagement=engagement, user=finn, is_firm_staff=False, project_role="Signer", function="finance"
        )
        mine = Participant.objects.get(engagement=engagement, user=ana)
        Task.objects.filter(engagement=engagement).update(owner=None)
        task_create(engagement=engagement, name="Load the contracts", owner=mine)
        held = duties_get()[ana.pk]
    assert "1 task" in held
    admin = signed_in(fay)
    url = f"/f/ridge/clients/{northwind.pk}/people/{member_of(ana)}/"
    asked = admin.post(url, {"on": "0"})
    text = " ".join(asked.content.decode().split())
    assert asked.status_code == 200 and held in text and "Take Ana off Northwind?" in text
    assert signed_in(ana).get("/c/northwind/").status_code == 200, "nothing was changed yet"
    assert admin.post(url, {"on": "0", "confirmed": "yes"}).status_code == 302
    assert signed_in(ana).get("/c/northwind/").status_code == 404
    with tenant_context(northwind):
        assert Task.objects.get(name="Load the contracts").owner is None
        assert any("Ana left, and nobody takes care any more of" in each for each in told(cora))


def test_removing_a_consultant_names_every_client_where_they_leave_something(
    person: Callable[..., User], northwind: Client, contoso: Client, signed_in: Callable[[User], Browser]
) -> None:
    fay, cora = (consultant(person, name, FirmRole.ADMIN, northwind) for name in ("fay", "cora"))
    with tenant_context(northwind):
        engagement = started(northwind, cora)
        mine = Participant.objects.get(engagement=engagement, user=cora)
        task_create(engagement=engagement, name="Load the contracts", owner=mine)
    url = f"/f/ridge/people/{member_of(cora)}/end/"
    text = signed_in(fay).post(url).content.decode()
    assert "Northwind" in text and "1 task" in text and "Remove Cora from Ridge" in " ".join(text.split())
    assert signed_in(fay).post(url, {"confirmed": "yes"}).status_code == 302
    with tenant_context(northwind):
        assert Task.objects.get(name="Load the contracts").owner is None


def test_a_consultant_who_holds_nothing_goes_at_once(
    person: Callable[..., User], northwind: Client, ana: User, signed_in: Callable[[User], Browser]
) -> None:
    fay = consultant(person, "fay", FirmRole.ADMIN, northwind)
    url = f"/f/ridge/clients/{northwind.pk}/people/{member_of(ana)}/"
    assert signed_in(fay).post(url, {"on": "0"}).status_code == 302
    with tenant_context(northwind):
        consultant_leave(client=northwind, user=fay)


def test_a_role_change_says_what_is_theirs(
    northwind: Client, adam: User, finn: User, ana: User, signed_in: Callable[[User], Browser]
) -> None:
    page = " ".join(signed_in(adam).get("/c/northwind/people/").content.decode().split())
    assert "Change the role of Finn?" not in page
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        participant_add(
            engagement=engagement, user=finn, is_firm_staff=False, project_role="Signer", function="finance"
        )
        work_of(engagement, Participant.objects.get(engagement=engagement, user=finn))
    page = " ".join(signed_in(adam).get("/c/northwind/people/").content.decode().split())
    assert "Change the role of Finn?" in page
    assert "nobody&#x27;s. Theirs now: 2 tasks, 1 piece of homework, 1 risk." in page or (
        "nobody's. Theirs now: 2 tasks, 1 piece of homework, 1 risk." in page
    )


def member_of(user: User) -> int:
    return FirmMembership.objects.get(user=user).pk
