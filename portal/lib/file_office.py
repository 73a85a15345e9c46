"""Whether a file is a whole document of Office (XLSX, DOCX, PPTX) and nothing more: no macros, no programs, no bomb.

Every entry is unpacked once, in pieces and up to a limit, because what an archive says about its sizes is only what it says.
"""

import html
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from portal.lib.file_faults import FileRefused

MOST_ENTRIES: Final = 5_000
MOST_UNPACKED: Final = 150_000_000
MOST_RATIO: Final = 200  # of what is unpacked to what is there, once it is more than a few megabytes
RATIO_FROM: Final = 5_000_000
MOST_TYPES: Final = 2_000_000
MOST_RELATIONS: Final = 2_000_000
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
RELATION: Final = re.compile(rb"<(?:[^\s<>/]*:)?Relationship\b[^<]*")  # up to the next tag: no attribute holds a bare <
FETCHED: Final = re.compile(r"/(?:attachedTemplate|oleObject|subDocument|frame|package)[\"']", re.IGNORECASE)
EXTERNAL: Final = re.compile(r"TargetMode\s*=\s*[\"']\s*External", re.IGNORECASE)


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
        markup = Markup(entry.filename.lower())
        for piece in pieces_of(archive, entry):
            unpacked += len(piece)
            if unpacked > MOST_UNPACKED or (unpacked > RATIO_FROM and unpacked > MOST_RATIO * packed):
                raise FileRefused("the document unpacks to far more than it seems to hold")
            markup.take(piece)
        markup.check()
    main, kind = MAIN[ending]
    names = {entry.filename for entry in entries}
    if TYPES not in names or main not in names or any(other in names for other, _ in MAIN.values() if other != main):
        raise FileRefused(f"the content is not that of a {ending.upper()} file")
    with archive.open(TYPES) as part:
        types = part.read(MOST_TYPES)
    if b"macroEnabled" in types or kind not in types:
        raise FileRefused(f"the content is not that of a {ending.upper()} file without macros")


def pieces_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """An entry, unpacked piece by piece."""
    with archive.open(entry) as part:
        while piece := part.read(PIECE):
            yield piece


class Markup:
    """A part that is XML, looked at from its first byte to its last: no entities of its own, nothing fetched from elsewhere.

    Without its NUL bytes, markup in UTF-16 reads like any other.
    """

    def __init__(self, name: str) -> None:
        self.is_relations = name.endswith(".rels")
        self.is_markup = self.is_relations or name.endswith(".xml")
        self.rest, self.relations = b"", bytearray()

    def take(self, piece: bytes) -> None:
        """The next piece of it."""
        if not self.is_markup:
            return
        piece = piece.replace(b"\0", b"")
        if DOCTYPE.search(self.rest + piece):
            raise FileRefused("a part of the document declares entities of its own")
        self.rest = piece[-16:]
        if self.is_relations:
            self.relations += piece
            if len(self.relations) > MOST_RELATIONS:
                raise FileRefused("the document refers to too many other parts")

    def check(self) -> None:
        """All of it was taken: what it refers to lies inside the document."""
        for each in RELATION.findall(bytes(self.relations)):
            text = html.unescape(each.decode("latin-1"))
            if FETCHED.search(text) and EXTERNAL.search(text):
                raise FileRefused(
                    "the document fetches a part of itself from elsewhere: save it with everything inside"
                )
