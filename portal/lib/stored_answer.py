"""The bytes of a stored file as an answer that can do nothing in a browser. Whoever calls it has asked who may see the file.

`stored_answer(row, is_shown=) -> HttpResponseBase` · `stored_open(row) -> File`
"""

from typing import Final, Protocol

from django.core.files import File
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase

from portal.lib.file_kinds import FileKind

NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# A picture is shown in a sandbox. A browser's reader of PDF is one of its own and does not start in ours.
SHOWN: Final = {"application/pdf": f"{NOTHING}; style-src 'unsafe-inline'"}
SANDBOXED: Final = f"{NOTHING}; img-src 'self'; style-src 'unsafe-inline'; sandbox"


class StoredRow(Protocol):
    """A row that owns a stored file."""

    path: str
    name: str
    size: int

    @property
    def kind(self) -> FileKind: ...


def stored_open(row: StoredRow) -> "File[bytes]":
    """The stored bytes, to be read. Http404 where the store lacks them."""
    try:
        return default_storage.open(row.path)
    except FileNotFoundError as error:
        raise Http404("The content of this file is missing from the store.") from error


def stored_answer(row: StoredRow, *, is_shown: bool) -> HttpResponseBase:
    """The stored bytes. Their type is ours, their name only a suggestion to the browser, and they may run nothing."""
    content = stored_open(row)
    shown = is_shown and row.kind.is_shown
    answer = FileResponse(content, as_attachment=not shown, filename=row.name, content_type=row.kind.content_type)
    answer["Content-Length"] = str(row.size)
    answer["Content-Security-Policy"] = SHOWN.get(row.kind.content_type, SANDBOXED) if shown else SANDBOXED
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
