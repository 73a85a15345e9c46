"""What pages give on paper, a program gets as a file: the same document, and no figure that its token may not read."""

from base64 import b64decode
from hashlib import sha256
from typing import Any

import pytest

from governance.models import BoardMeeting
from portal.accounts.models import User
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client
from portal.tenancy.permissions import VIEW_ARR, VIEW_CHANGES, VIEW_POLICY
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program
from tests.governance.audits import QUARTER
from tests.pdf_text import pdf_text
from tests.tenancy.routes_board import a_meeting
from tests.tenancy.routes_oversight import a_quarter, drawn
from tests.tenancy.routes_registry import a_registry


@pytest.fixture
def api(northwind: Client, ana: User, program: Mint) -> Program:
    return program(northwind, ana)


def text_of(answer: Any) -> str:
    """What stands on the paper of an answer, whose sha256 is of its bytes."""
    found = answer.json()
    content = b64decode(found["base64"])
    assert found["media_type"] == "application/pdf" and found["sha256"] == sha256(content).hexdigest()
    return pdf_text(content)


def test_the_glossary_is_read_as_data_and_on_paper(api: Program, northwind: Client) -> None:
    with tenant_context(northwind):
        a_registry(northwind)
    found = api.get(northwind, "api_glossary").json()
    names = [word["name"] for word in found["words"]]
    assert names == sorted(names, key=str.lower) and len(names) > 40
    (arr,) = [word for word in found["words"] if word["key"] == "arr"]
    assert arr.keys() == {"key", "name", "text", "formula", "kind", "note"} and arr["text"] and arr["formula"]
    paper = api.get(northwind, "api_glossary_file", {"paper": "letter"})
    assert paper.json()["name"] == "northwind-glossary.pdf"
    assert f"{len(names)} words" in text_of(paper) and found["sha256"][:12] in text_of(paper)
    assert api.get(northwind, "api_glossary_file", {"paper": "a3"}).status_code == 400


def test_audit_and_review_of_a_quarter_are_on_paper(api: Program, northwind: Client) -> None:
    with tenant_context(northwind):
        drawn(northwind)
        a_quarter(northwind)
    audit = api.get(northwind, "api_quarter_audit", quarter=QUARTER).json()
    paper = text_of(api.get(northwind, "api_quarter_audit_file", quarter=QUARTER))
    assert "Contract audit Q1 2026" in paper and audit["sha256"][:12] in paper
    assert "Review of Q1 2026" in text_of(api.get(northwind, "api_board_review_file", quarter=QUARTER))
    for name in ("api_quarter_audit_file", "api_board_review_file"):
        assert api.get(northwind, name, quarter="1999-Q1").status_code == 404


def test_the_handbook_is_on_paper(api: Program, northwind: Client) -> None:
    found = api.get(northwind, "api_handbook_file")
    assert found.json()["name"] == "northwind-governance-handbook.pdf" and "Governance handbook" in text_of(found)


def test_minutes_have_their_amounts_for_whoever_sees_numbers_alone(northwind: Client, ana: User, program: Mint) -> None:
    with tenant_context(northwind):
        meeting = a_meeting(northwind)["meeting_id"]
        row = BoardMeeting.objects.get()
        row.agenda = [{**entry, "effect_cents": 123_456_00} for entry in row.agenda]
        row.closed_at = database_time()  # from now on the minutes are what was kept
        row.save()
    narrow = program(northwind, ana, {VIEW_CHANGES, VIEW_POLICY})
    wide = program(northwind, ana, {VIEW_CHANGES, VIEW_ARR})
    papers = [text_of(token.get(northwind, "api_meeting_file", meeting_id=meeting)) for token in (narrow, wide)]
    assert ["123,456.00" in paper for paper in papers] == [False, True]
    assert all("Minutes closed" in paper for paper in papers)
