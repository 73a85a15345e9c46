"""Files of an engagement: what is kept, who opens it and how, and that nothing is left in the store that nobody owns."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from engagements.models import Document, DocumentVersion, Engagement, ProjectFile
from engagements.selectors.files import file_get, file_list
from engagements.selectors.projects import Reader
from engagements.services import files
from engagements.services.documents import document_add, document_show, document_version_add
from engagements.services.files import file_keep, files_tidy
from engagements.services.mornings import morning_look
from engagements.services.moves import row_move
from engagements.services.problems import EngagementError, IllegalMove
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.engagements.conftest import started
from tests.engagements.files import office, pdf, png, sent

Capture = Callable[..., AbstractContextManager[Any]]
NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(autouse=True)
def store(settings: Any, tmp_path: Path) -> Path:
    """A store of this test's own."""
    options = {"location": tmp_path, "base_url": None}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}
    return tmp_path


def a_document(engagement: Engagement, **more: Any) -> Document:
    return document_add(engagement=engagement, name="Mapping", kind="technical", **more)


def stored(client: Client) -> list[str]:
    try:
        return sorted(default_storage.listdir(f"projects/{client.pk}")[1])
    except FileNotFoundError:
        return []


def test_a_version_keeps_its_file_with_its_digest_and_the_older_one_its_own(
    project: Engagement, scope: Client, ana: User
) -> None:
    document = a_document(project)
    first = document_version_add(document=document, file=sent("../../a.csv", b"a,b\n1,2\n"), user=ana)
    second = document_version_add(document=document, file=sent("a.csv", b"a,b\n1,3\n"), user=ana)
    assert [row.file.name for row in (first, second)] == ["a.csv", "a.csv"]
    assert default_storage.open(first.file.path).read() == b"a,b\n1,2\n"
    assert first.file.sha256 != second.file.sha256 and first.sha256 != second.sha256
    assert len(stored(scope)) == 2 and "a.csv" not in " ".join(stored(scope)), "the store knows no names of people's"
    entry = AuditEntry.objects.filter(action="file.kept").latest("sequence")
    assert entry.details["sha256"] == second.file.sha256


@pytest.mark.parametrize(
    ("upload", "reason"),
    [
        (sent("a.pdf", png()), "not that of a whole PDF"),
        (sent("a.csv", b""), "empty"),
        (sent("a.csv", b"a\0b"), "NUL"),
        (sent("a.svg", b"<svg/>"), "not accepted"),
        (sent("a.xlsx", office(more={"xl/a.xml": bytes(90_000_000)})), "unpacks to far more"),
        (sent("a.csv", b"x" * 3_001), "larger than 0 MB"),
    ],
)
def test_what_is_refused_leaves_nothing(
    upload: SimpleUploadedFile, reason: str, project: Engagement, scope: Client, settings: Any
) -> None:
    if reason.startswith("larger"):
        settings.PROJECT_FILE_MAX_BYTES = 3_000
    with pytest.raises(EngagementError, match=reason):
        document_version_add(document=a_document(project), file=upload)
    assert not stored(scope) and not ProjectFile.objects.exists() and not DocumentVersion.objects.exists()


def test_a_clients_files_have_so_much_room_and_no_more(project: Engagement, settings: Any) -> None:
    settings.PROJECT_FILES_MAX_BYTES = 20
    file_keep(engagement=project, about="test", about_id=1, upload=sent("a.txt", b"fifteen bytes.."))
    with pytest.raises(EngagementError, match="take up all of their"):
        file_keep(engagement=project, about="test", about_id=1, upload=sent("a.txt", b"six..."))


def test_an_approved_document_and_a_closed_engagement_take_no_file(
    project: Engagement, scope: Client, ana: User
) -> None:
    document = a_document(project)
    document_version_add(document=document, text="v1")
    for step in ("submit", "approve"):
        row_move(about="document", row=document, step=step)
    with pytest.raises(IllegalMove):
        document_version_add(document=document, file=sent())
    Engagement.objects.update(state="closed")
    project.refresh_from_db()
    with pytest.raises(IllegalMove):
        file_keep(engagement=project, about="test", about_id=1, upload=sent())
    assert not stored(scope)


def test_what_the_client_may_not_see_it_may_not_open_either(project: Engagement, ana: User, finn: User) -> None:
    document = a_document(project, is_client_visible=False)
    version = document_version_add(document=document, file=sent(), user=ana)
    evidence = file_keep(engagement=project, about="test", about_id=7, upload=sent("e.csv"))
    internal = file_keep(engagement=project, about="test", about_id=7, upload=sent("i.csv"), is_internal=True)
    firm, client = Reader(ana, True), Reader(finn, False)
    assert version.file is not None
    for file in (version.file, evidence, internal):
        assert file_get(project, file.pk, firm) == file
    assert file_get(project, version.file.pk, client) is None and file_get(project, internal.pk, client) is None
    assert file_list(project, "test", client) == {7: [evidence]}
    document_show(document=document, is_client_visible=True)
    assert file_get(project, version.file.pk, client) == version.file


def test_a_file_that_no_row_owns_is_removed_by_the_job_and_no_other(
    northwind: Client,
    contoso: Client,
    ana: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Capture,
) -> None:
    with tenant_context(northwind):
        project = started(northwind, ana)
        kept = file_keep(engagement=project, about="test", about_id=1, upload=sent())
    with pytest.raises(RuntimeError), tenant_context(northwind):  # the machine dies before the commit
        file_keep(engagement=project, about="test", about_id=1, upload=sent("lost.csv"))
        raise RuntimeError
    default_storage.save(f"projects/{contoso.pk}/20200101T000000Z-x", SimpleUploadedFile("x", b"x"))
    default_storage.save(f"projects/{northwind.pk}/not-ours", SimpleUploadedFile("x", b"half of an upl"))
    assert len(stored(northwind)) == 3

    def at(now: dt.datetime) -> Any:
        with django_capture_on_commit_callbacks(execute=True), tenant_context(northwind):
            return morning_look(client=northwind, now=now).files

    assert at(NOW).removed == (f"projects/{northwind.pk}/not-ours",) and len(stored(northwind)) == 2
    assert at(NOW + dt.timedelta(days=1)).left == 1, "a transaction may still be open: it is too young to be sure"
    assert len(at(NOW + dt.timedelta(days=3)).removed) == 1
    assert stored(northwind) == [kept.path.rsplit("/")[-1]] and len(stored(contoso)) == 1
    assert at(NOW + dt.timedelta(days=4)) == files.Tidied((), 0)


def test_the_look_comes_again_while_something_is_too_young(northwind: Client) -> None:
    default_storage.save(f"projects/{northwind.pk}/{NOW:{files.STAMP}}-x", SimpleUploadedFile("x", b"x"))
    with tenant_context(northwind):
        morning_look(client=northwind, now=NOW)
        assert Client.objects.get(pk=northwind.pk).next_engagement_at is not None
        files_tidy(client=northwind, now=NOW + dt.timedelta(days=3))


@pytest.fixture
def over_http(northwind: Client, ana: User, finn: User) -> tuple[str, dict[str, int]]:
    """The engagement's address and a file of each kind on a document that the client sees."""
    with tenant_context(northwind):
        project = started(northwind, ana)
        document = a_document(project)
        ids = {}
        for name, content in (("a.pdf", pdf()), ("ä\u202e;x.png", png()), ("a.csv", b"=1+1\n")):
            version = document_version_add(document=document, file=sent(name, content))
            assert version.file is not None
            ids[name[-3:]] = version.file.pk
    return f"/c/northwind/engagements/{project.pk}/", ids


def test_a_file_is_served_so_that_it_can_do_nothing(
    over_http: tuple[str, dict[str, int]], finn: User, signed_in: Callable[[User], Browser]
) -> None:
    home, ids = over_http
    browser = signed_in(finn)
    answer = browser.get(f"{home}files/{ids['csv']}/")
    assert b"".join(answer) == b"=1+1\n" and answer["Content-Type"] == "text/csv"
    assert answer["Content-Disposition"] == 'attachment; filename="a.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["Cache-Control"] == "no-store, private"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "sandbox" in answer["Content-Security-Policy"] and "default-src 'none'" in answer["Content-Security-Policy"]
    assert browser.get(f"{home}files/{ids['csv']}/?show=1")["Content-Disposition"].startswith("attachment")
    picture = browser.get(f"{home}files/{ids['png']}/?show=1")
    assert picture["Content-Disposition"] == "inline; filename*=utf-8''%C3%A4%3Bx.png"
    assert picture["Content-Type"] == "image/png" and "sandbox" in picture["Content-Security-Policy"]
    paper = browser.get(f"{home}files/{ids['pdf']}/?show=1")
    assert paper["Content-Disposition"].startswith("inline") and "script-src" not in paper["Content-Security-Policy"]


def test_a_version_is_sent_from_the_page_and_a_refusal_says_why(
    over_http: tuple[str, dict[str, int]], ana: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    home, _ = over_http
    data = {"name": "Extract", "kind": "working", "is_client_visible": ""}
    assert signed_in(finn).post(f"{home}documents/add/", data).status_code == 403
    assert signed_in(ana).post(f"{home}documents/add/", data).status_code == 302
    with tenant_context(Client.objects.get(slug="northwind")):
        page = f"{home}documents/{Document.objects.get(name='Extract').pk}/"
    refused = signed_in(ana).post(f"{page}versions/", {"file": sent("a.pdf", b"<script>")})
    assert refused.status_code == 422 and "not that of a whole PDF" in refused.content.decode()
    assert signed_in(ana).post(f"{page}versions/", {"file": sent("März.csv", b"a\n")}).status_code == 302
    shown = signed_in(ana).get(page).content.decode()
    assert "März.csv" in shown and "CSV table" in shown and "The client sees neither" in shown
    assert signed_in(finn).get(page).status_code == 404
    assert signed_in(ana).post(f"{page}seen/", {"seen": "1"}).status_code == 302
    assert "März.csv" in signed_in(finn).get(page).content.decode()


def test_a_request_that_is_larger_than_anything_is_refused_unread(
    over_http: tuple[str, dict[str, int]], ana: User, signed_in: Callable[[User], Browser], settings: Any
) -> None:
    settings.REQUEST_MAX_BYTES = 1_000
    with tenant_context(Client.objects.get(slug="northwind")):
        page = f"{over_http[0]}documents/{Document.objects.latest('pk').pk}/versions/"
    assert signed_in(ana).post(page, {"file": sent("a.txt", b"x" * 2_000)}).status_code == 400
