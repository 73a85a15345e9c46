"""Teams and territories over the API: a program says who belongs where, and reads the bridge by team."""

from django.urls import reverse

from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint
from tests.metrics.test_teams import load_with_reps

MIA = {"rep": "Mia", "kind": "team", "group": "Mid-market", "from": "2026-01"}


def test_a_program_moves_mia_and_reads_what_she_took_along(northwind: Client, ana: User, program: Mint) -> None:
    with tenant_context(northwind):
        load_with_reps(northwind)
    token, url = program(northwind, ana), reverse("api_assignments", kwargs={"client_slug": "northwind"})
    assert token.call(url, "post", MIA).status_code == 201
    move = MIA | {"group": "Enterprise", "from": "2026-03"}
    clash = token.call(url, "post", move)
    assert clash.status_code == 409 and "Mia belongs to Mid-market from 2026-01 on" in clash.json()["detail"]
    assert token.call(url, "post", MIA | {"until": "2025-12"}).status_code == 400
    made = token.call(url, "post", move | {"moves": True}).json()
    assert (made["from"], made["until"], made["created_by"]) == ("2026-03", None, ana.email)
    ends = reverse("api_assignment_end", kwargs={"client_slug": "northwind", "assignment_id": made["id"]})
    assert token.call(ends, "post", {"until": "2026-06"}).json()["until"] == "2026-06"
    assert token.call(ends, "post", {"until": "2026-07"}).status_code == 409
    rows = token.get(northwind, "api_assignments").json()["results"]
    assert [(row["group"], row["from"], row["until"]) for row in rows] == [
        ("Mid-market", "2026-01", "2026-03"),
        ("Enterprise", "2026-03", "2026-06"),
    ]
    bridge = token.get(northwind, "api_team_bridge", {"kind": "team", "from": "2026-03"}).json()
    found = {row["group"]: (row["transfer_in"], row["transfer_out"], row["ending"]) for row in bridge["rows"]}
    assert found == {
        "Enterprise": ("24000.00", "0.00", "30000.00"),
        "Mid-market": ("0.00", "-24000.00", "0.00"),
        "Not assigned": ("0.00", "0.00", "12000.00"),
    }
    assert bridge["totals"][0]["ending"] == "42000.00"


def test_what_was_wrong_is_corrected_or_set_aside_with_its_reason(northwind: Client, ana: User, program: Mint) -> None:
    token, url = program(northwind, ana), reverse("api_assignments", kwargs={"client_slug": "northwind"})
    first = token.call(url, "post", MIA).json()["id"]
    right = {"group": "Enterprise", "from": "2026-02", "reason": "A wrong list"}
    made = token.post(northwind, "api_assignment_correct", right, assignment_id=first)
    assert (made.status_code, made.json()["group"], made.json()["from"]) == (201, "Enterprise", "2026-02")
    again = token.post(northwind, "api_assignment_correct", right, assignment_id=first)
    assert again.status_code == 409 and "set aside as wrong already" in again.json()["detail"]
    same = token.post(northwind, "api_assignment_correct", right, assignment_id=made.json()["id"])
    assert same.status_code == 400 and "Nothing differs" in same.json()["errors"][0]["detail"]
    gone = token.post(northwind, "api_assignment_withdraw", {"reason": "She left"}, assignment_id=made.json()["id"])
    assert gone.json()["withdrawn_because"] == "She left"
    aside = token.get(northwind, "api_assignments", {"withdrawn": "true"}).json()["results"]
    assert [row["withdrawn_because"] for row in aside] == ["A wrong list", "She left"]
    assert token.get(northwind, "api_assignments").json()["results"] == []
    with tenant_context(northwind):
        actions = list(AuditEntry.objects.filter(action__startswith="assignment.").values_list("action", flat=True))
    assert actions.count("assignment.withdrawn") == 2 and actions.count("assignment.added") == 2
