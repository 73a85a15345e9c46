"""Whether a file is a whole document of Office (XLSX, DOCX, PPTX) and nothing more: no macros, no programs, no bomb.

Every entry is unpacked once, in pieces and up to a limit, because what an archive says about its sizes is only what it says.
"""

import re
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, Final

from portal.lib.file_faults import FileRefused

MOST_ENTRIES: Final = 5_000
MOST_UNPACKED: Final = 150_000_000
MOST_RATIO: Final = 200  # of what is unpacked to what is there, once it is more than a few megabytes
RATIO_FROM: Final = 5_000_000
MOST_TYPES: Final = 2_000_000
PIECE: Final = 1 << 18
END_MARK: Final = b"PK\x05\x06"
END_LENGTH: Final = 22
TYPES: Final = "[Content_Types].xml"
MAIN: Final[Mapping[str, tuple[str, bytes]]] = {
    "xlsx": ("xl/workbook.xml", b"spreadsheetml.sheet.main+xml"),
    "docx": ("word/document.xml", b"wordprocessingml.document.main+xml"),
    "pptx": ("ppt/presentation.xml", b"presentationml.presentation.main+xml"),
}
# Names of entries that carry code or an object of another program
ACTIVE: Final = re.compile(
    r"vbaproject|vbadata|activex|oleobject|\.(?:exe|dll|com|scr|bat|cmd|ps1|vbs|js|jar|msi|hta|lnk|html?|zip|7z|rar)\Z",
    re.IGNORECASE,
)
DOCTYPE: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
# A template, object or frame that the reader's program would fetch from elsewhere
RELATION: Final = re.compile(rb"<Relationship\b[^>]*>")
FETCHED: Final = re.compile(rb"/(?:attachedTemplate|oleObject|subDocument|frame|package)[\"']", re.IGNORECASE)
EXTERNAL: Final = re.compile(rb"TargetMode\s*=\s*[\"']External", re.IGNORECASE)


def check(file: Any, size: int, ending: str) -> None:
    """FileRefused unless the file is a document of that kind."""
    file.seek(0)
    begins = file.read(4)
    file.seek(max(size - END_LENGTH, 0))
    ends = file.read(END_LENGTH)
    if begins != b"PK\x03\x04" or not ends.startswith(END_MARK) or ends[-2:] != b"\0\0":
        raise FileRefused(f"the content is not that of a {ending.upper()} file, or something is before or behind it")
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            check_entries(entries, size)
            check_content(archive, entries, ending)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        EOFError,
        OSError,
        UnicodeDecodeError,
        RuntimeError,
    ) as error:
        raise FileRefused(f"the {ending.upper()} file is damaged or encrypted") from error


def check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    """What can be said before anything is unpacked."""
    if len(entries) > MOST_ENTRIES:
        raise FileRefused("the document has too many parts")
    names = [entry.filename for entry in entries]
    if len({name.lower() for name in names}) < len(names):
        raise FileRefused("two parts of the document have the same name")
    for entry in entries:
        name = entry.orig_filename
        if name.startswith("/") or "\\" in name or "\0" in name or ":" in name or ".." in name.split("/"):
            raise FileRefused("a part of the document has a path as its name")
        if entry.flag_bits & 1:
            raise FileRefused("the document is encrypted: send it without a password")
        if (entry.external_attr >> 16) & 0o170000 == 0o120000:
            raise FileRefused("the document holds a link to another file")
        if ACTIVE.search(name):
            raise FileRefused("the document holds macros, programs or objects of other programs: save it without them")
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise FileRefused("the document unpacks to far more than it seems to hold")
    if sum(entry.compress_size for entry in entries) > size:
        raise FileRefused("the parts of the document lie over each other")


def check_content(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], ending: str) -> None:
    """Unpack every part once, and look at those that say what the document is."""
    unpacked, packed = 0, sum(entry.compress_size for entry in entries)
    for entry in entries:
        with archive.open(entry) as part:
            beginning = piece = part.read(PIECE)
            while piece:
                unpacked += len(piece)
                if unpacked > MOST_UNPACKED or (unpacked > RATIO_FROM and unpacked > MOST_RATIO * packed):
                    raise FileRefused("the document unpacks to far more than it seems to hold")
                piece = part.read(PIECE)
        check_markup(entry.filename.lower(), beginning)
    main, kind = MAIN[ending]
    names = {entry.filename for entry in entries}
    if TYPES not in names or main not in names or any(other in names for other, _ in MAIN.values() if other != main):
        raise FileRefused(f"the content is not that of a {ending.upper()} file")
    with archive.open(TYPES) as part:
        types = part.read(MOST_TYPES)
    if b"macroEnabled" in types or kind not in types:
        raise FileRefused(f"the content is not that of a {ending.upper()} file without macros")


def check_markup(name: str, beginning: bytes) -> None:
    """No entities of its own, and no part that is fetched from elsewhere."""
    if not name.endswith((".xml", ".rels")):
        return
    if DOCTYPE.search(beginning[:4096]):
        raise FileRefused("a part of the document declares entities of its own")
    if name.endswith(".rels") and any(
        FETCHED.search(each) and EXTERNAL.search(each) for each in RELATION.findall(beginning)
    ):
        raise FileRefused("the document fetches a part of itself from elsewhere: save it with everything inside")
