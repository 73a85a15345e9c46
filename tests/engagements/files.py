"""Files for the tests, each made here: whole ones of every kind, and hostile ones."""

import io
import struct
import zipfile
import zlib

from django.core.files.uploadedfile import SimpleUploadedFile

TYPES = "application/vnd.openxmlformats-officedocument."
MAIN = {
    "xlsx": ("xl/workbook.xml", f"{TYPES}spreadsheetml.sheet.main+xml"),
    "docx": ("word/document.xml", f"{TYPES}wordprocessingml.document.main+xml"),
    "pptx": ("ppt/presentation.xml", f"{TYPES}presentationml.presentation.main+xml"),
}


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int = 1, height: int = 1, behind: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"") + behind


def jpeg(width: int = 8, height: int = 8) -> bytes:
    frame = struct.pack(">BBHBHHB", 0xFF, 0xC0, 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xe0\x00\x04\x00\x00" + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00data\xff\xd9"


def webp() -> bytes:
    body = b"WEBPVP8L" + struct.pack("<I", 10) + b"\x2f" + struct.pack("<I", 7 | 7 << 14) + b"\0" * 5
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pdf(inside: bytes = b"") -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog " + inside + b">>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def office(ending: str = "xlsx", more: dict[str, bytes] | None = None, types: str = "") -> bytes:
    """A document of Office in as few parts as there can be, with `more` in its archive."""
    part, kind = MAIN[ending]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types><Override ContentType="{types or kind}"/></Types>')
        archive.writestr(part, "<root/>")
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return made.getvalue()


def sent(name: str = "bridge.csv", content: bytes = b"month,arr\n2026-10,12150000\n") -> SimpleUploadedFile:
    """A file as a browser sends it; the type it claims is never believed."""
    return SimpleUploadedFile(name, content, content_type="text/html")
