"""Signed criteria: by the functions that are named, under exactly what was shown, with a fresh proof; they lapse with it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.test import Client as Browser

from engagements.models import CriterionSignature, Document, Engagement, Gate, GateCriterion
from engagements.playbook.checks import playbook_from
from engagements.selectors.signing import certificate_of, functions_on, standing_of
from engagements.services.documents import document_show, document_version_add
from engagements.services.people import participant_add
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.signing import NotTheirs, evidence_set, signature_end, signatures_ask
from engagements.services.start import Chosen, engagement_start
from engagements.shipped import shipped_playbooks
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.tenancy import audit
from portal.tenancy.models import AuditEntry, Client, ClientRole
from portal.tenancy.scope import tenant_context
from tests.accounts.conftest import Commits, Mailbox, commits, mail_server, mailbox, stranger
from tests.conftest import member
from tests.engagements.conftest import START, sign

__all__ = ["commits", "mail_server", "mailbox", "stranger"]
VERIFIER = Path(__file__).resolve().parent.parent.parent / "docs" / "verify_certificate.py"


@pytest.fixture
def suite(northwind: Client, ana: User, finn: User, rita: User, eve: User) -> Engagement:
    """The executive suite, whose first gate Finance and RevOps sign, with the metric definitions in version 1."""
    with tenant_context(northwind):
        playbook = shipped_playbooks()["executive-reporting-suite"]
        engagement = engagement_start(
            client=northwind, chosen=Chosen(playbook), name="Suite", kind="single", starts_on=START, user=ana,
            answers={"uses_slack": False, "has_warehouse": False},
        )  # fmt: skip
        people = ((finn, "finance"), (rita, "revops"), (eve, "sponsor"))
        for user, function in people:
            participant_add(
                engagement=engagement, user=user, is_firm_staff=False, project_role="Signs", function=function
            )
        document_version_add(document=definitions(), text="ARR is recurring.", user=ana)
    return engagement


def definitions() -> Document:
    found: Document = Document.objects.select_related("engagement").get(name="Metric definitions")
    return found


def criterion(key: str = "signed") -> GateCriterion:
    rows = GateCriterion.objects.select_related("gate__engagement__client", "gate__phase", "document__engagement")
    found: GateCriterion = rows.get(key=key)
    return found


def test_it_holds_when_the_named_functions_have_signed_and_says_who_is_missing(
    suite: Engagement, northwind: Client, finn: User, rita: User, eve: User, ana: User
) -> None:
    with tenant_context(northwind):
        assert standing_of(criterion()).sentence == "Nobody has signed it yet. Finance, RevOps to sign."
        sign(criterion(), finn)
        assert standing_of(criterion()).sentence.endswith("RevOps to sign.") and not standing_of(criterion()).holds
        for user in (eve, ana):
            with pytest.raises(NotTheirs):
                sign(criterion(), user, "revops")
        with pytest.raises(NotTheirs):
            sign(criterion(), finn, "revops")
        with pytest.raises(IllegalMove, match="Finance has signed this already"):
            sign(criterion(), finn)
        sign(criterion(), rita)
        assert standing_of(criterion()).holds
        entry = AuditEntry.objects.filter(action="criterion.signed").latest("sequence")
        assert entry.details["function"] == "revops" and entry.details["auth_method"] == "password"


def test_a_quorum_is_enough(suite: Engagement, northwind: Client, rita: User, eve: User, ana: User) -> None:
    with tenant_context(northwind):
        report = Document.objects.get(name="Validation report")
        with pytest.raises(IllegalMove, match="there is no version of Validation report yet"):
            sign(criterion("accepted"), rita)
        document_version_add(document=report, text="Within 1 %", user=ana)
        sign(criterion("accepted"), rita)
        assert "Finance, Executive sponsor to sign" in standing_of(criterion("accepted")).sentence
        sign(criterion("accepted"), eve)
        assert standing_of(criterion("accepted")).holds


def test_a_signature_is_of_what_was_shown_and_lapses_with_it(
    suite: Engagement, northwind: Client, finn: User, rita: User, ana: User
) -> None:
    with tenant_context(northwind):
        for changed in ({"sha256": "0" * 64}, {"intent": "I sign something else"}):
            with pytest.raises(IllegalMove, match="read it once more"):
                sign(criterion(), finn, **changed)
        sign(criterion(), finn)
        sign(criterion(), rita)
        document_version_add(document=definitions(), text="ARR is recurring, and usage is not.", user=ana)
        now = standing_of(criterion())
        assert not now.holds and "The signature of Finn (Finance), Rita (RevOps) has lapsed" in now.sentence
        assert AuditEntry.objects.filter(action="criterion.signature_lapsed").count() == 2
        assert Notice.objects.filter(user=finn, text__contains="has lapsed").exists()
        sign(criterion(), finn)
        evidence_set(criterion=criterion(), note="See page 2", document=definitions())
        assert not standing_of(criterion()).counting, "other evidence is something else to sign"
        with pytest.raises(IllegalMove, match="give that other evidence first"):
            document_show(document=definitions(), is_client_visible=False)  # they read it where they sign
        evidence_set(criterion=criterion(), note="As discussed", document=None)
        assert not document_show(document=definitions(), is_client_visible=False).is_client_visible


def test_a_signature_is_kept_for_ever_and_taken_back_only_beside_it(
    suite: Engagement, northwind: Client, finn: User, rita: User
) -> None:
    with tenant_context(northwind):
        row = sign(criterion(), finn)
        for change in (lambda: CriterionSignature.objects.update(function="revops"), row.delete):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()
        assert signature_end(criterion=criterion(), user=rita) == 0
        assert signature_end(criterion=criterion(), user=finn) == 1 and not standing_of(criterion()).counting
        sign(criterion(), finn)
        Gate.objects.filter(pk=row.criterion.gate_id).update(state="open")
        with pytest.raises(IllegalMove, match="loop it back first"):
            signature_end(criterion=criterion(), user=finn)


def test_the_certificate_is_checked_without_the_database(
    suite: Engagement, northwind: Client, finn: User, rita: User, tmp_path: Path
) -> None:
    with tenant_context(northwind):
        sign(criterion(), finn)
        assert certificate_of(criterion()) is None
        sign(criterion(), rita)
        certificate = certificate_of(criterion())
        assert certificate is not None
        artifact = standing_of(criterion()).shown.artifact
    (tmp_path / "what.json").write_bytes(artifact)
    (tmp_path / "certificate.json").write_bytes(
        audit.canonical({"content": certificate.content, "signature": certificate.signature})
    )

    def verified(name: str) -> tuple[int, str]:
        given = [sys.executable, str(VERIFIER), str(tmp_path / name), str(tmp_path / "what.json")]
        done = subprocess.run(given, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    code, said = verified("certificate.json")
    assert code == 0 and "gate Metrics agreed" in said and "finn@example.com (finance)" in said
    forged = json.loads((tmp_path / "certificate.json").read_bytes())
    forged["content"]["signatures"][0]["email"] = "eve@example.com"
    (tmp_path / "forged.json").write_text(json.dumps(forged))
    assert verified("forged.json")[0] == 1
    (tmp_path / "what.json").write_bytes(artifact.replace(b"Finance", b"Nobody!"))
    assert verified("certificate.json")[0] == 1


def test_people_of_other_functions_get_403_and_a_member_signs_on_the_page(
    suite: Engagement, northwind: Client, finn: User, eve: User, ana: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        page = f"/c/northwind/engagements/{suite.pk}/criteria/{criterion().pk}/signing/"
    for user in (eve, ana):
        for path in (page, f"{page}sign/"):
            assert signed_in(user).post(path).status_code in (403, 405)
        assert signed_in(user).get(page).status_code == 403
    browser = signed_in(finn)
    content = browser.get(page).content.decode().replace("&#x27;", "'")
    assert "ARR is recurring." in content and "Read and sign for Finance" in content
    given = {name: re.findall(f'name="{name}" value="([^"]*)"', content)[0] for name in ("sha256", "intent")}
    assert browser.post(f"{page}sign/", given | {"sha256": "f" * 64}).status_code == 409
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": 0}]
    session.save()
    asked = browser.post(f"{page}sign/", given)
    assert asked.status_code == 302 and "reauthenticate" in asked["Location"], "an old sign-in proves nothing"
    assert b"You signed for Finance" in signed_in(finn).post(f"{page}sign/", given, follow=True).content
    gate = (
        signed_in(eve).get(f"/c/northwind/engagements/{suite.pk}/gates/{criterion_gate(northwind)}/").content.decode()
    )
    assert "Signed by Finn (Finance)" in gate and "Read and sign" not in gate


def criterion_gate(client: Client) -> int:
    with tenant_context(client):
        return int(criterion().gate_id)


def test_a_link_holder_is_asked_and_signs_with_a_code(
    suite: Engagement, northwind: Client, finn: User, ana: User, mailbox: Mailbox, commits: Commits, stranger: Browser
) -> None:
    with commits(), tenant_context(northwind):
        asked = signatures_ask(criterion=criterion(), user=ana)
        page = f"/c/northwind/engagements/{suite.pk}/criteria/{criterion().pk}/signing/"
    assert asked == ["finn@example.com", "rita@example.com"]
    at = next(at for at, mail in enumerate(mailbox.mails) if mail["To"] == "finn@example.com")
    stranger.get(mailbox.path(at), follow=True)
    assert stranger.post("/link/")["Location"] == page
    content = stranger.get(page).content.decode().replace("&#x27;", "'")
    given = {name: re.findall(f'name="{name}" value="([^"]*)"', content)[0] for name in ("sha256", "intent")}
    assert b"wrong, used or too old" in stranger.post(f"{page}sign/", given).content
    with commits():
        stranger.post(f"{page}code/")
    found = re.search(r"\b\d{6}\b", mailbox.text())
    assert found is not None
    assert b"You signed for Finance" in stranger.post(f"{page}sign/", given | {"code": found[0]}, follow=True).content
    with tenant_context(northwind):
        assert CriterionSignature.objects.get().auth_method == "mailed link and one-time code"


def test_functions_come_from_the_engagement_then_from_the_role(
    suite: Engagement, northwind: Client, eve: User, ana: User, person: Callable[..., User]
) -> None:
    sam = member(person, "sam", ClientRole.SALES, northwind)
    adam = member(person, "adam", ClientRole.ADMIN, northwind)
    with tenant_context(northwind):
        assert [functions_on(suite, user) for user in (eve, sam, adam, ana)] == [["sponsor"], ["sales"], ["other"], []]


def test_nobody_signs_for_two_functions_by_being_one_after_the_other(
    suite: Engagement, northwind: Client, finn: User
) -> None:
    with tenant_context(northwind):
        sign(criterion(), finn)
        participant_add(engagement=suite, user=finn, is_firm_staff=False, project_role="Signs", function="revops")
        with pytest.raises(IllegalMove, match="you signed this for Finance: take that back first"):
            sign(criterion(), finn)
        assert not standing_of(criterion()).holds
        signature_end(criterion=criterion(), user=finn)
        sign(criterion(), finn)


def test_a_playbook_names_known_functions_documents_and_a_quorum_that_can_be_reached() -> None:
    gate = {"name": "G", "phase": "1", "criteria": [
        {"key": "a", "kind": "signed", "text": "A", "functions": ["finance", "boss"], "quorum": 3, "document": "None"},
        {"key": "b", "kind": "confirmed", "text": "B", "functions": ["finance"]},
    ]}  # fmt: skip
    phase = {"name": "P", "key": "1", "weight": "light", "goal": "G", "output": "O", "subphases": []}
    with pytest.raises(ValueError) as caught:
        playbook_from({"key": "p", "name": "P", "phases": [phase], "gates": [gate]})
    said = str(caught.value)
    for words in ("'boss' is no function", "a quorum is at most", "no document 'None'", "only a signed criterion"):
        assert words in said
    assert EngagementError.__mro__, "a fault of a playbook is no fault of an engagement"
