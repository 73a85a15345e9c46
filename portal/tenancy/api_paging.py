"""Pages by a unique key with an opaque cursor: rows that are added meanwhile are neither lost nor shown twice."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from portal.tenancy.api_input import StrictSerializer

PAGE_SIZE, MAX_PAGE_SIZE = 100, 500
LARGEST_KEY = 2**63 - 1
SHIFT = "k"


@dataclass(frozen=True)
class Page:
    """Rows, and the address of those that follow."""

    results: list[Any]
    next: str | None


class PageParameters(StrictSerializer):
    """Which page."""

    cursor = serializers.CharField(
        required=False, max_length=60, help_text="Where the page begins: taken from `next` of the page before."
    )
    page_size = serializers.IntegerField(
        required=False, default=PAGE_SIZE, min_value=1, max_value=MAX_PAGE_SIZE, help_text="Rows of a page."
    )

    def validate_cursor(self, text: str) -> int:
        """The key that the page begins after."""
        return key_of(text)


def page_of(request: Request, rows: "QuerySet[Any]", key: str, asked: dict[str, Any]) -> Page:
    """One page of a queryset, ordered by `key` (`-id`: the newest first)."""
    name, size = key.lstrip("-"), asked["page_size"]
    if (after := asked.get("cursor")) is not None:
        rows = rows.filter(**{f"{name}__{'lt' if key.startswith('-') else 'gt'}": after})
    found = list(rows.order_by(key)[: size + 1])
    if len(found) <= size:
        return Page(found, None)
    cursor = cursor_of(getattr(found[size - 1], name))
    return Page(found[:size], replace_query_param(request.build_absolute_uri(), "cursor", cursor))


def cursor_of(key: int) -> str:
    """A key as a cursor."""
    return urlsafe_b64encode(f"{SHIFT}{key}".encode()).decode().rstrip("=")


def key_of(cursor: str) -> int:
    """The key of a cursor; ValidationError for a text that is none."""
    try:
        text = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        text = ""
    digits = text.removeprefix(SHIFT)
    if not text.startswith(SHIFT) or not digits.isdecimal() or int(digits) > LARGEST_KEY:
        raise ValidationError("This is no cursor of ours.")
    return int(digits)


def paged(answers: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The serializer of a page of these rows."""
    about = {
        "__doc__": "A page of rows.",
        "next": serializers.URLField(allow_null=True, help_text="The next page; null on the last one."),
        "results": answers(many=True),
    }
    return type(f"{answers.__name__.removesuffix('Serializer')}PageSerializer", (serializers.Serializer,), about)
