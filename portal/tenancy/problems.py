"""Errors of the API as `application/problem+json` (RFC 9457).

A refused request says what happened in one shape: `type`, `title`, `status`, and where there is more to say `detail`, `errors`
(one for each field), or `faults` (one for each row of a file).
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler

from portal.tenancy.awaited import RETRY_SECONDS, SAID, is_awaited

MEDIA_TYPE = "application/problem+json"
SHOWN_FAULTS = 1000
logger = logging.getLogger("django.request")


class Conflict(exceptions.APIException):
    """The thing is in a state in which this cannot be done; `detail` says which and what to do."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "The state of this does not allow it."
    default_code = "conflict"


class TooLarge(exceptions.APIException):
    """The request carries more than the installation accepts."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request is too large."
    default_code = "too_large"


class FileRefused(exceptions.APIException):
    """A file with faults: nothing was changed, and each fault names row, column, value and reason."""

    status_code = HTTPStatus.BAD_REQUEST
    default_detail = "The file is refused."
    default_code = "file_refused"

    def __init__(self, detail: str, faults: Iterable[Any], count: int) -> None:
        super().__init__(detail)
        self.faults, self.count = list(faults)[:SHOWN_FAULTS], count


@contextmanager
def conflict_on(*kinds: type[Exception]) -> Iterator[None]:
    """Domain errors of these kinds are answered with 409 and their own message."""
    try:
        yield
    except kinds as error:
        raise Conflict(str(error)) from error


class FieldProblemSerializer(serializers.Serializer[Any]):
    """What is wrong with one field or parameter; nested fields are joined with dots."""

    field = serializers.CharField()
    detail = serializers.CharField()


class FaultSerializer(serializers.Serializer[Any]):
    """Why a row of a file is refused. Row 0 is the file as a whole, row 1 its header."""

    row = serializers.IntegerField()
    column = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()
    code = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """Why a request was refused (RFC 9457)."""

    type = serializers.CharField(help_text="Always about:blank: the status says what kind of problem it is.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(required=False)
    errors = FieldProblemSerializer(  # type: ignore[assignment]
        many=True, required=False, help_text="Each field or parameter that is wrong."
    )
    faults = FaultSerializer(many=True, required=False, help_text="The first 1,000 faults of a refused file.")
    fault_count = serializers.IntegerField(required=False, help_text="How many faults the file has.")


def problem_json(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. An error of our own is logged, and answered with 500 and not a word about it."""
    error = translated(error)
    if is_awaited(error):
        return come_back()
    response = exception_handler(error, context)
    if response is None:
        if settings.DEBUG:
            return None
        return unexpected(error, context)
    response.data = problem(response.status_code, title_of(error), **said(error))
    response.content_type = MEDIA_TYPE
    return response


def come_back() -> Response:
    """The answer of an operation that reads lines which are still being written."""
    body = problem(HTTPStatus.SERVICE_UNAVAILABLE, "Not yet", detail=SAID)
    return Response(body, status=503, content_type=MEDIA_TYPE, headers={"Retry-After": str(RETRY_SECONDS)})


def problem(status: int, title: str, **more: Any) -> dict[str, Any]:
    """The body of a problem."""
    return {"type": "about:blank", "title": title, "status": int(status), **more}


def translated(error: Exception) -> Exception:
    """Django's refusals of a malformed or oversized request as DRF's."""
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    return exceptions.ParseError() if isinstance(error, SuspiciousOperation) else error


def unexpected(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to an error nobody foresaw; the log and whoever listens for such errors hear all of it."""
    request = context["request"]._request
    logger.error("Internal error: %s", request.path, exc_info=error, extra={"status_code": 500, "request": request})
    got_request_exception.send(sender=None, request=request)
    return Response(problem(500, "Internal error"), status=500, content_type=MEDIA_TYPE)


def said(error: Exception) -> dict[str, Any]:
    """What there is to say beyond the title."""
    if isinstance(error, exceptions.ValidationError):
        return {"errors": list(flattened(error.detail))}
    if isinstance(error, FileRefused):
        faults = FaultSerializer(error.faults, many=True).data
        return {"detail": str(error.detail), "faults": faults, "fault_count": error.count}
    return {"detail": str(error.detail)} if isinstance(error, exceptions.APIException) else {}


def flattened(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested errors as one entry for each field and message."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            here = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            yield from flattened(inner, here)
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            is_row = isinstance(inner, (dict, list))
            yield from flattened(inner, f"{path}.{place}".lstrip(".") if is_row and inner else path)
    else:
        yield {"field": path, "detail": str(detail)}


def title_of(error: Exception) -> str:
    """The kind of problem in a few words, the same for every reason."""
    if isinstance(error, Http404):
        return "Not found"
    if isinstance(error, PermissionDenied):
        return "Not allowed"
    if isinstance(error, exceptions.ValidationError):
        return "The request is not valid"
    if isinstance(error, exceptions.APIException):
        return HTTPStatus(error.status_code).phrase
    return "Error"
