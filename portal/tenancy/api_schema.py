"""The OpenAPI schema, made from the declarations of the operations."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from portal.tenancy.problems import MEDIA_TYPE, ProblemSerializer

ALWAYS = {
    400: "A parameter or the body is not valid; `errors` names each field.",
    401: "No token, or one that is not valid any longer.",
    403: "The token does not carry the scope, or its owner's role no longer includes it.",
    404: "No such client or object for this token.",
    406: "Only JSON is answered.",
    429: "Too many requests for this token; `Retry-After` says how many seconds to wait.",
}
SOMETIMES = {
    409: "The state of the client's data does not allow it; `detail` says why.",
    413: "The request is larger than this installation accepts.",
    415: "The body has a media type that this operation does not take.",
}
MONTH_PATTERN = r"^(19|2[01])\d\d-(0[1-9]|1[0-2])$"
PATH = {
    "client_slug": ("The client's short name.", OpenApiTypes.STR, r"^[-a-zA-Z0-9_]+$"),
    "month": ("A month, `YYYY-MM`.", OpenApiTypes.STR, MONTH_PATTERN),
    "number": ("The version's number.", OpenApiTypes.INT, None),
    "source_id": ("The source's `id`.", OpenApiTypes.INT, None),
    "import_id": ("The import's `id`.", OpenApiTypes.INT, None),
    "line_id": ("The line's `id`.", OpenApiTypes.INT, None),
    "key": ("The `key` of a definition or a metric.", OpenApiTypes.STR, r"^[-a-zA-Z0-9_]+$"),
    "engagement_id": ("The engagement's `id`.", OpenApiTypes.INT, None),
    "task_id": ("The task's `id`.", OpenApiTypes.INT, None),
    "gate_id": ("The gate's `id`.", OpenApiTypes.INT, None),
    "control_id": ("The control figure's `id`.", OpenApiTypes.INT, None),
    "explanation_id": ("The explanation's `id`: `explanation_id` of its account.", OpenApiTypes.INT, None),
    "mapping_id": ("The mapping's `id`.", OpenApiTypes.INT, None),
    "test_id": ("The test's `id`.", OpenApiTypes.INT, None),
    "file_id": ("The file's `id`.", OpenApiTypes.INT, None),
    "respondent_id": ("The respondent's `id`.", OpenApiTypes.INT, None),
    "criterion_id": ("The criterion's `id`.", OpenApiTypes.INT, None),
}


class OperationSchema(AutoSchema):
    """Reads everything from `ClientAPIView.operations` and the docstrings of the methods."""

    @property
    def operation(self) -> Any:
        """The declaration of the method that is being described."""
        view: Any = self.view
        return view.operations[self.method]

    def get_operation_id(self) -> str:
        name: str = self.operation.name
        return name

    def get_tags(self) -> list[str]:
        view: Any = self.view
        return [view.tag]

    def get_summary(self) -> str:
        return super().get_description().partition("\n")[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        return f"{super().get_description()}\n\nNeeds the scope `{self.operation.permission}`."

    def get_override_parameters(self) -> list[Any]:
        path = [
            OpenApiParameter(name, kind, OpenApiParameter.PATH, description=text, pattern=pattern)
            for name, (text, kind, pattern) in PATH.items()
            if f"{{{name}}}" in self.path
        ]
        return [*path, *([self.operation.parameters] if self.operation.parameters().fields else [])]

    def get_request_serializer(self) -> Any:
        return self.operation.takes

    def get_response_serializers(self) -> Any:
        operation = self.operation
        answers: dict[Any, Any] = {operation.status: operation.answer}
        texts = ALWAYS | {status: SOMETIMES[status] for status in operation.may_fail if status in SOMETIMES}
        if operation.takes is not None:
            texts |= {status: SOMETIMES[status] for status in (413, 415)}
        if operation.status == 201 and 200 in operation.may_fail:
            answers[200] = operation.answer
        problems = {(s, MEDIA_TYPE): OpenApiResponse(ProblemSerializer, description=t) for s, t in texts.items()}
        return answers | problems

    def get_examples(self) -> list[Any]:
        return list(self.operation.examples)


class BearerToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer tieout_…`."""

    target_class = "portal.accounts.api_tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token of one client, made on its page Tokens."}


def close_requests(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Say of every request body what holds: it has the named fields and no others."""
    for name, schema in result.get("components", {}).get("schemas", {}).items():
        if name.endswith("Request") and schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return result
