"""Policy documents: numbered, immutable, comparable in words and in ARR, on paper and as a file with its hash."""

import hashlib
import json
import re
import socketserver
import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler

import pytest
from django.db import transaction
from django.db.utils import ProgrammingError
from django.test import Client as Browser
from weasyprint import HTML

from governance.models import DefinitionItem, PolicyDocument
from governance.selectors.documents import document_bytes, document_diff
from governance.services.documents import document_create
from governance.services.items import item_confirm, item_edit
from governance.services.problems import DefinitionError
from portal.accounts.models import User
from portal.lib.paper import ClosedFetcher, PaperError, paper, paper_size, set_on_paper
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.governance.conftest import item
from tests.governance.test_worth import EARLY
from tests.pdf_text import pdf_text
from tests.reporting.numbers import LINES, numbers_load

VERSIONS = "/c/northwind/definitions/versions/"


def unpacked(pdf: bytes) -> bytes:
    """The objects of a PDF in plain bytes."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    return b"\n".join(zlib.decompress(stream) for stream in streams if stream.startswith(b"x")) + pdf


def confirm_critical() -> None:
    for found in DefinitionItem.objects.filter(is_critical=True, state="assumed"):
        item_confirm(item=found, version=found.version, by="Finn", meeting="Review")


def test_versions_are_numbered_and_nothing_changes_them(started: Client, ana: User) -> None:
    with tenant_context(started):
        first = document_create(client=started, meeting="Kickoff, 3 Nov", user=ana)
        assert (first.number, str(first), len(first.content["items"])) == (0, "v0", 42)
        assert hashlib.sha256(document_bytes(PolicyDocument.objects.get())).hexdigest() == first.sha256
        with pytest.raises(DefinitionError, match="nothing has changed since v0"):
            document_create(client=started, user=ana)
        with pytest.raises(DefinitionError, match="critical definitions are still assumed"):
            document_create(client=started, user=ana, is_final=True)
        confirm_critical()
        final = document_create(client=started, user=ana, is_final=True)
        assert str(final) == "v1 (final)" and AuditEntry.objects.filter(action="document.created").count() == 2
        for change in (lambda: PolicyDocument.objects.update(note="x"), lambda: final.delete()):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                change()


def test_between_two_versions_stand_the_words_the_moves_and_the_effect_on_arr(started: Client, ana: User) -> None:
    with tenant_context(started):
        numbers_load(started, [*LINES, EARLY])
        before = document_create(client=started, meeting="Kickoff", user=ana)
        changed = item_edit(item=item("contracted-or-live"), version=1, changes={"value": "signed"}, user=ana)
        item_confirm(item=changed, version=2, by="Finn and Rita", meeting="Refinement 1", user=ana)
        after = document_create(client=started, meeting="Refinement 1", user=ana)
        diff = document_diff(started, before, after)
        assert [each.title for each in diff.changed] == ["From when a contract counts"]
        assert [(each.by, each.meeting) for each in diff.confirmed] == [("Finn and Rita", "Refinement 1")]
        assert len(diff.still_assumed) == 41 and not diff.opened
        assert diff.effect is not None and diff.effect.change == Decimal("8000.00")
        assert [cause.parameter for cause in diff.effect.causes] == ["recognition"]
        back = document_diff(started, after, before)
        assert back.effect is not None and back.effect.change == Decimal("-8000.00") and len(back.opened) == 1


def test_the_pages_show_the_report_of_a_meeting_and_the_effect_to_who_may_see_it(
    started: Client, anas: Browser, stan: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(started):
        numbers_load(started, [*LINES, EARLY])
    assert anas.post(f"{VERSIONS}new/", {"meeting": "Kickoff"}).headers["Location"] == f"{VERSIONS}0/"
    assert anas.post(f"{VERSIONS}new/", {"meeting": "Again"}).status_code == 422
    with tenant_context(started):
        item_edit(item=item("contracted-or-live"), version=1, changes={"value": "signed"})
    page = anas.post(f"{VERSIONS}new/", {"meeting": "Refinement 1"}, follow=True).content.decode()
    assert "Since v0" in page and "From when a contract counts" in page
    page = anas.get("/c/northwind/definitions/compare/0/1/").content.decode()
    assert (
        "50,000.00" in page and "+8,000.00" in page and "<del>A contract line counts from its start date.</del>" in page
    )
    page = signed_in(stan).get("/c/northwind/definitions/compare/0/1/").content.decode()
    assert "8,000" not in page and "<del>A contract line counts from its start date.</del>" in page
    assert anas.get(f"{VERSIONS}7/").status_code == 404


def test_the_file_is_what_the_hash_is_of_and_the_paper_is_one_page(started: Client, anas: Browser) -> None:
    anas.post(f"{VERSIONS}new/", {"meeting": "Kickoff"})
    answer = anas.get(f"{VERSIONS}0/policy.json")
    with tenant_context(started):
        document = PolicyDocument.objects.get()
    assert hashlib.sha256(answer.content).hexdigest() == document.sha256
    assert json.loads(answer.content)["parameters"]["recognition"] == "start"
    for size, box in (("a4", b"595"), ("letter", b"612")):
        pdf = anas.get(f"{VERSIONS}0/policy.pdf?paper={size}")
        assert pdf["Content-Type"] == "application/pdf" and pdf["Content-Disposition"].startswith("attachment")
        plain = unpacked(pdf.content)
        assert len(re.findall(rb"/Type ?/Page\b(?!s)", plain)) == 1, size
        assert re.search(rb"/MediaBox ?\[0 0 " + box, plain) and b"/EmbeddedFile" not in plain
    assert paper_size("en_US") == "letter" and paper_size("de") == "a4"
    with pytest.raises(PaperError, match="no paper"):
        paper("pdf/policy.html", {}, size="a3")
    with pytest.raises(PaperError, match="too long"):
        long = {"client_name": "x" * 3_000_001, "as_of": date(2026, 1, 1), "confirmed": 0, "items": 0}
        set_on_paper("pdf/policy.html", long, "a4", 9)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A web server that notes every request it gets."""
    asked: list[str] = []

    class Note(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            return

    with socketserver.TCPServer(("127.0.0.1", 0), Note) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


def test_text_that_people_wrote_fetches_reads_and_attaches_nothing(
    started: Client, anas: Browser, listener: tuple[str, list[str]]
) -> None:
    address, asked = listener
    evil = (
        f"<img src='{address}/img'><img src='file:///etc/passwd'><link rel=attachment href='{address}/attached'>"
        f"<style>@import '{address}/style'; p {{ width: 1e9px; background: url({address}/css) }}</style>"
    )
    with tenant_context(started):
        item_edit(item=item("mrr"), version=1, changes={"answer": evil, "title": evil[:100]})
    assert anas.post(f"{VERSIONS}new/", {"meeting": evil[:190]}).status_code == 302
    pdf = anas.get(f"{VERSIONS}0/policy.pdf").content
    told = pdf_text(pdf)
    assert "<img src='file:///etc/passwd'>" in told and "0 of 42 definitions are confirmed" in told
    assert "Discounts assumed Discounts are subtracted before an amount is annualised." in told
    assert b"/EmbeddedFile" not in unpacked(pdf)
    raw = HTML(string=evil, url_fetcher=ClosedFetcher()).write_pdf()
    assert raw.startswith(b"%PDF") and b"/EmbeddedFile" not in unpacked(raw) and asked == [], (
        "even where markup gets through"
    )
    HTML(string=f"<img src='{address}/control'>").write_pdf()
    assert asked == ["/control"], "an open fetcher would have asked"
