"""What the API takes in: bounded, strict, and text that PostgreSQL can hold."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser, MultiPartParser

from portal.tenancy.problems import TooLarge

REPEATED = "This is given more than once."
LONGEST_NAME = 100  # of what was sent, in an answer
FORM_OVERHEAD = 1_000_000  # what a form says beside its file


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses what it does not know, so that a misspelt filter is never silently no filter."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            if unknown := sorted(str(name) for name in data if name not in known):
                raise ValidationError({name: [unknown_text(name, known)] for name in unknown})
        return super().to_internal_value(data)


def unknown_text(name: str, known: set[str]) -> str:
    """Which name is not known, and which are."""
    names = f"known are {', '.join(sorted(known))}" if known else "nothing can be given"
    return f"There is no '{name[:LONGEST_NAME]}' here; {names}."


def plain(given: Any) -> Any:
    """A query or form as a plain object; ValidationError where a name is given twice."""
    if not isinstance(given, QueryDict):
        return given
    if repeated := sorted(name for name, values in given.lists() if len(values) > 1):
        raise ValidationError({name: [REPEATED] for name in repeated})
    return given.dict()


class BoundedJSONParser(BaseParser):
    """JSON in UTF-8 of at most `DATA_UPLOAD_MAX_MEMORY_SIZE` bytes; ParseError for what the database could not keep."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        check_length(parser_context, limit)
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge
        try:
            return json_read(body)
        except ValueError as error:
            raise ParseError("The body is no JSON that can be read.") from error


class BoundedFormParser(MultiPartParser):
    """A form with a file; refused by its announced length before anything is read."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        check_length(parser_context, settings.UPLOAD_MAX_BYTES + FORM_OVERHEAD)
        return super().parse(stream, media_type, {**(parser_context or {}), "encoding": "utf-8"})


def check_length(parser_context: Mapping[str, Any] | None, limit: int) -> None:
    """TooLarge where the request says that it is."""
    text = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
    if text.isdecimal() and int(text) > limit:
        raise TooLarge(f"The body is larger than {limit} bytes.")


def json_read(body: bytes) -> Any:
    """The values of a JSON text. ValueError for anything else, and for text that the database could not keep."""
    try:
        found = json.loads(body.decode("utf-8-sig"), parse_constant=refuse_constant)
        check_text(found)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return found


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def check_text(found: Any) -> None:
    """ValueError where a text holds NUL or half of a surrogate pair."""
    if isinstance(found, str):
        if "\x00" in found:
            raise ValueError("NUL")
        found.encode()
    elif isinstance(found, dict):
        for name, inner in found.items():
            check_text(name)
            check_text(inner)
    elif isinstance(found, list):
        for inner in found:
            check_text(inner)
