"""The documentation package: made from what is there now, saying what is missing, and set on paper by a job."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client as Browser

from engagements.models import Engagement, PackageFile, SpecSection
from engagements.selectors.package import PAPERS, Paper, package_sha256, paper_get, paper_list
from engagements.services import package as package_service
from engagements.services.mornings import morning_look
from engagements.services.package import package_ask, package_make, package_pdf
from engagements.services.spec import spec_write
from engagements.services.trainings import question_add, question_answer
from engagements.tasks import package as package_job
from portal.accounts.models import User
from portal.lib.paper import PaperError
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.engagements.conftest import started
from tests.pdf_text import pdf_text

Capture = Callable[..., AbstractContextManager[Any]]


def words(paper: Paper | None) -> str:
    assert paper is not None
    cells = [cell for part in paper.parts for row in part.rows for cell in row]
    return " ".join([*(f"{part.title} {part.text} {' '.join(part.points)}" for part in paper.parts), *cells])


def test_every_paper_is_there_and_says_what_is_missing(project: Engagement) -> None:
    papers = {paper.key: paper for paper in paper_list(project)}
    assert list(papers) == [key for key, *_ in PAPERS] and len(papers) == 11
    assert papers["policy"].missing == ("No final version of the policy is signed yet.",) and not papers["policy"].parts
    assert papers["faq"].missing == ("No answer is published yet.",)
    assert not papers["troubleshooting"].missing and "The bridge does not balance" in words(papers["troubleshooting"])
    assert "ARR reconciliation" in words(papers["maintenance"]) and "When to engage again" in words(
        papers["maintenance"]
    )


def test_a_paper_says_what_the_portal_knows_now_and_not_what_it_knew(
    project: Engagement, ana: User, finn: User
) -> None:
    before = package_sha256(paper_list(project))
    section = SpecSection.objects.select_related("engagement__client").get(key="fields")
    spec_write(section=section, text="", rows=[["Subscription", "ARR__c", "Currency", "Formula", ""]], seen=0, user=ana)
    assert "ARR__c" in words(paper_get(project, "data-model"))
    question = question_add(engagement=project, text="When does ARR begin?", user=finn)
    assert "When does ARR begin?" not in words(paper_get(project, "faq"))
    question_answer(question=question, answer="On the first day of service.", user=ana, is_published=True)
    assert "On the first day of service." in words(paper_get(project, "faq"))
    assert package_sha256(paper_list(project)) != before


def test_a_paper_is_set_and_what_people_wrote_stays_text(project: Engagement, ana: User, finn: User) -> None:
    question = question_add(engagement=project, text="<img src=file:///etc/passwd>", user=finn)
    question_answer(question=question, answer="<script>alert(1)</script>", user=ana, is_published=True)
    paper = paper_get(project, "faq")
    assert paper is not None
    told = pdf_text(package_pdf(project, [paper]))
    assert "<img src=file:///etc/passwd>" in told and "<script>alert(1)</script>" in told


def test_the_whole_is_made_by_a_job_once_and_kept(
    northwind: Client, ana: User, django_capture_on_commit_callbacks: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(northwind):
        project = started(northwind, ana)
    with django_capture_on_commit_callbacks() as sent, tenant_context(northwind):
        asked = package_ask(engagement=project, user=ana)
        assert package_ask(engagement=project, user=ana) == asked, "it is being made"
    assert len(sent) == 1
    package_job(northwind.pk, asked.pk)
    package_job(northwind.pk, asked.pk)
    with tenant_context(northwind):
        made = PackageFile.objects.select_related("file").get()
        assert made.file is not None and made.file.name == "arr-reporting-documentation.pdf"
        told = pdf_text(default_storage.open(made.file.path).read())
        assert "ARR policy the signed policy and its signatures" in told
        assert "Discounts Discounts are subtracted before an amount is annualised." in told
        assert package_ask(engagement=project, user=ana) == made, "it says what the papers say now"
        assert AuditEntry.objects.filter(action="package.made").count() == 1


def test_a_lost_message_is_made_good_in_the_morning_and_a_failure_says_why(
    northwind: Client, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_long(*args: Any, **more: Any) -> bytes:
        raise PaperError("this is too long for paper")

    monkeypatch.setattr(package_service, "paper", too_long)
    with tenant_context(northwind):
        project = started(northwind, ana)
        package_ask(engagement=project, user=ana)
        morning_look(client=northwind, now=dt.datetime.now(dt.UTC))
        failed = PackageFile.objects.get()
        assert failed.problem == "this is too long for paper" and failed.file is None
        monkeypatch.undo()
        again = package_make(package=package_ask(engagement=project, user=ana))
        assert again.pk != failed.pk and again.file is not None


def test_the_client_reads_the_papers_of_a_closed_engagement(
    northwind: Client, ana: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        project = started(northwind, ana)
        Engagement.objects.filter(pk=project.pk).update(state="closed")
    home = f"/c/northwind/engagements/{project.pk}/package/"
    browser = signed_in(finn)
    assert "Troubleshooting guide" in browser.get(home).content.decode()
    assert "The bridge does not balance" in browser.get(f"{home}troubleshooting/").content.decode()
    answer = browser.get(f"{home}troubleshooting/pdf/")
    assert "northwind-troubleshooting.pdf" in answer["Content-Disposition"]
    assert "ARR differs from billing Question Answer How it shows CRM and billing more than 2% apart" in pdf_text(
        answer.content
    )
    assert browser.get(f"{home}nothing/").status_code == 404
    assert browser.post(f"{home}whole/").status_code == 302
