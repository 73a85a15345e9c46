"""The questionnaire by program: started once, its respondents listed, named, asked and let go, as on the page."""

from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.permissions import EDIT_POLICY
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program


@pytest.fixture
def api(northwind: Client, ana: User, program: Mint) -> Program:
    return program(northwind, ana)


def people(api: Program, client: Client) -> dict[str, Any]:
    """The respondents by their address."""
    rows = api.get(client, "api_respondents").json()["respondents"]
    return {row["person"]: row for row in rows}


def test_a_questionnaire_is_started_once_and_whoever_has_a_role_answers(
    api: Program, northwind: Client, finn: User, rita: User
) -> None:
    made = api.post(northwind, "api_questionnaire_start")
    assert made.status_code == 201 and made.json()["definitions"] > 10
    again = api.post(northwind, "api_questionnaire_start")
    assert again.status_code == 400 and "started before" in again.json()["errors"][0]["detail"]
    found = people(api, northwind)
    assert found[finn.email]["functions"] == ["finance"] and found[rita.email]["functions"] == ["revops"]
    assert found[finn.email]["questions"] > 0 and found[finn.email]["answered"] == 0
    assert found[finn.email]["asked_at"] is None


def test_a_person_is_named_for_a_function_asked_and_let_go(
    api: Program, northwind: Client, finn: User, django_capture_on_commit_callbacks: Any
) -> None:
    api.post(northwind, "api_questionnaire_start")
    given = {"email": finn.email.upper(), "function": "executive", "sees_figures": False}
    made = api.post(northwind, "api_respondents", given)
    assert (made.status_code, made.json()["functions"]) == (201, ["finance", "executive"])
    stranger = api.post(northwind, "api_respondents", given | {"email": "nobody@example.com"})
    assert stranger.status_code == 400 and "none of the client's people" in stranger.json()["errors"][0]["detail"]
    key = {"respondent_id": made.json()["id"]}
    with django_capture_on_commit_callbacks(execute=True):
        asked = api.post(northwind, "api_respondent_ask", **key)
    assert asked.status_code == 200 and asked.json()["asked_at"] and asked.json()["reminders"] == 0
    assert [message.to for message in mail.outbox] == [[finn.email]]
    twice = api.post(northwind, "api_respondent_ask", **key)
    assert twice.status_code == 400 and "mailed today" in twice.json()["errors"][0]["detail"]
    url = reverse("api_respondent", kwargs={"client_slug": "northwind", **key})
    assert api.call(url, "delete").status_code == 200 and api.call(url, "delete").status_code == 404
    assert finn.email not in people(api, northwind)
    with tenant_context(northwind):
        said = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"definitions.started", "respondent.added", "definitions.asked", "respondent.removed"} <= said


def test_a_token_that_reads_no_arr_shows_it_to_nobody(
    api: Program, northwind: Client, ana: User, finn: User, program: Mint
) -> None:
    api.post(northwind, "api_questionnaire_start")
    blind, given = program(northwind, ana, {EDIT_POLICY}), {"email": finn.email, "function": "sales"}
    for wish in ({}, {"sees_figures": True}, {"sees_figures": None}):
        assert blind.post(northwind, "api_respondents", given | wish).status_code == 403
    assert blind.post(northwind, "api_respondents", given | {"sees_figures": False}).status_code == 201
