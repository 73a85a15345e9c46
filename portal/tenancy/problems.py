"""Errors of the API as `application/problem+json` (RFC 9457)."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler


def problem_json(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refused request says what happened in one shape."""
    response = exception_handler(error, context)
    if response is None:
        return None
    status = response.status_code
    body: dict[str, Any] = {"type": "about:blank", "title": _title(error), "status": status}
    if isinstance(error, exceptions.ValidationError):
        body["errors"] = error.detail
    elif isinstance(error, exceptions.APIException):
        body["detail"] = str(error.detail)
    if connection_is_open():
        transaction.set_rollback(True)
    response.data = body
    response.content_type = "application/problem+json"
    return response


def connection_is_open() -> bool:
    """Whether a transaction is open that a refused request must not commit."""
    return transaction.get_connection().in_atomic_block


def _title(error: Exception) -> str:
    if isinstance(error, Http404):
        return "Not found"
    if isinstance(error, PermissionDenied):
        return "Not allowed"
    if isinstance(error, exceptions.ValidationError):
        return "The request is not valid"
    if isinstance(error, exceptions.APIException):
        return str(error.default_detail).rstrip(".")
    return "Error"
