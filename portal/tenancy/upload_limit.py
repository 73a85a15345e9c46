"""How much a request may send at all: said before anything of it is read or written to disk."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class UploadLimit(FileUploadHandler):
    """Refuses a body that is longer than any file the portal takes; the other handlers keep what is within."""

    def handle_raw_input(
        self, input_data: Any, meta: dict[str, Any], content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:
        """Raise RequestDataTooBig (answered with 400) by the length that the request says; what it does not say is not read."""
        if content_length > settings.REQUEST_MAX_BYTES:
            raise RequestDataTooBig("the request is larger than anything the portal takes")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
