"""Which files people may send, told by what they are and not only by what they are called.

`file_kind(name, file) -> FileKind` raises FileRefused with the reason. A name's ending must be on the list and the content must
be of that kind, alone: no second file hidden in front of it, behind it or inside it. Nothing here is ever run or rendered;
the list holds no kind that a browser would run (SVG, HTML).
"""

import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from portal.lib import file_images, file_office
from portal.lib.file_faults import FileRefused

__all__ = ["ACCEPT", "KINDS", "FileKind", "FileRefused", "file_kind"]

HEAD, TAIL = 4096, 2048
NOT_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
# What a browser or a system would take for something to run, whatever the file is called
RUNNABLE: Final = (
    "<!doctype", "<html", "<head", "<body", "<script", "<iframe", "<svg", "<?xml", "<?php", "#!", "{\\rtf", "%pdf-", "mz\x90",
)  # fmt: skip
HIDDEN: Final = re.compile(rb"<script|<html|<iframe|<svg\b|<\?php|<!doctype html", re.IGNORECASE)


def pdf_name(name: str) -> str:
    """A pattern for a name of a PDF, in which any letter may be written as its number (`#61`)."""
    return "/" + "".join(f"(?:{each}|#(?i:{ord(each):02x}))" for each in name)


ACTIVE: Final = ("JavaScript", "Launch", "RichMedia")
ACTIVE_PDF: Final = re.compile(rf"(?:{'|'.join(map(pdf_name, ACTIVE))})\b".encode())


@dataclass(frozen=True)
class FileKind:
    """A kind of file: its content type, and whether a browser may show it in its place instead of saving it."""

    name: str
    content_type: str
    is_shown: bool = False


PDF: Final = FileKind("PDF", "application/pdf", is_shown=True)
OFFICE: Final = "application/vnd.openxmlformats-officedocument."
KINDS: Final[Mapping[str, FileKind]] = {
    "pdf": PDF,
    "png": FileKind("PNG image", "image/png", is_shown=True),
    "jpg": FileKind("JPEG image", "image/jpeg", is_shown=True),
    "jpeg": FileKind("JPEG image", "image/jpeg", is_shown=True),
    "webp": FileKind("WebP image", "image/webp", is_shown=True),
    "csv": FileKind("CSV table", "text/csv"),
    "txt": FileKind("Text", "text/plain"),
    "md": FileKind("Markdown text", "text/markdown"),
    "xlsx": FileKind("Excel workbook", f"{OFFICE}spreadsheetml.sheet"),
    "docx": FileKind("Word document", f"{OFFICE}wordprocessingml.document"),
    "pptx": FileKind("PowerPoint presentation", f"{OFFICE}presentationml.presentation"),
}
ACCEPT: Final = ",".join(f".{ending}" for ending in KINDS)
ALLOWED: Final = "PDF, PNG, JPEG, WebP, CSV, XLSX, DOCX, PPTX, TXT or MD"


def file_kind(name: str, file: Any) -> FileKind:
    """What a file is. FileRefused where its ending is not on the list, or its content is something else or something more."""
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if ending not in KINDS:
        raise FileRefused(f"the name ends in '.{ending[:12]}', which is not accepted: send {ALLOWED}")
    file.seek(0, 2)
    size = file.tell()
    if not size:
        raise FileRefused("the file is empty")
    file.seek(0)
    CHECKS[ending](file, size, ending)
    file.seek(0)
    return KINDS[ending]


def check_pdf(file: Any, size: int, ending: str) -> None:
    """A PDF from its first byte to its last, without scripts or programs to start in it."""
    head, tail = ends_of(file, size)
    if not re.match(rb"%PDF-[12]\.\d", head) or b"%%EOF" not in tail:
        raise FileRefused("the content is not that of a whole PDF")
    require_alone(file, head)
    file.seek(0)
    rest = b""
    while piece := file.read(1 << 20):
        if found := ACTIVE_PDF.search(rest + piece):
            raise FileRefused(
                f"the PDF holds active content ({found[0].decode('ascii')}): print it to a new PDF and send that"
            )
        rest = piece[-64:]


def check_image(file: Any, size: int, ending: str) -> None:
    """An image of that format, of a size that a browser can open."""
    head, _ = ends_of(file, size)
    require_alone(file, head)
    file.seek(0)
    file_images.CHECKS[ending](file.read())


def check_text(file: Any, size: int, ending: str) -> None:
    """Text that people read: no NUL or other control characters, and nothing that begins like a page or a program."""
    content = file.read()
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not wide and b"\0" in content:
        raise FileRefused("the content is not text: it has NUL bytes")
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        if wide:
            raise FileRefused("the content is not text") from None
        text = content.decode("latin-1")  # what spreadsheets of the West wrote before they wrote UTF-8
    if NOT_TEXT.search(text):
        raise FileRefused("the content is not text: it has control characters")
    if text.isspace():
        raise FileRefused("the file is empty")
    if text[:HEAD].lstrip("\ufeff \t\r\n\f").lower().startswith(RUNNABLE):
        raise FileRefused("the content is a page or a program, not plain text")
    require_alone(file, content[:HEAD], is_text=True)


def check_office(file: Any, size: int, ending: str) -> None:
    """A document of Office, and nothing else in its archive."""
    file_office.check(file, size, ending)


def ends_of(file: Any, size: int) -> tuple[bytes, bytes]:
    """The first and the last bytes."""
    file.seek(0)
    head = file.read(HEAD)
    file.seek(max(size - TAIL, 0))
    return head, file.read(TAIL)


def require_alone(file: Any, head: bytes, *, is_text: bool = False) -> None:
    """FileRefused where the file would also open as an archive, or is a page to a browser that looks for itself."""
    if zipfile.is_zipfile(file):
        raise FileRefused("the file is an archive as well: two kinds of file in one are not accepted")
    if not is_text and HIDDEN.search(head):
        raise FileRefused("the file is a web page as well: two kinds of file in one are not accepted")


CHECKS: Final[Mapping[str, Callable[[Any, int, str], None]]] = {
    "pdf": check_pdf,
    **dict.fromkeys(("png", "jpg", "jpeg", "webp"), check_image),
    **dict.fromkeys(("csv", "txt", "md"), check_text),
    **dict.fromkeys(("xlsx", "docx", "pptx"), check_office),
}
