"""The API's side of the wall: every operation declares itself, and runs in the scope of one client.

A view maps methods to an `Operation`: the permission it needs, what it takes and what it answers. From that one declaration
come the checks, the validation and the OpenAPI schema (`portal.tenancy.api_schema`). The view's method gets a `Call` and
returns the object to answer with; it never sees a request that was not let through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.http import Http404, HttpRequest
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.tenancy.access import Standing, standing_from
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.api_guard import HasScope
from portal.tenancy.api_input import BoundedJSONParser, StrictSerializer, plain
from portal.tenancy.api_paging import page_of, paged
from portal.tenancy.api_schema import OperationSchema
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

Body = type[serializers.Serializer[Any]]
LONGEST_ACTOR = 200


@dataclass(frozen=True)
class Operation:
    """One method of a view.

    `name` is its operationId. `takes` is the body (by media type where there are several), `parameters` the query; both refuse
    what they do not name. `paged_by` is the unique key that a list is cut by (`-id`: the newest first). `may_fail` are the
    refusals beyond those that every operation has.
    """

    name: str
    permission: str
    answers: Body
    takes: Body | Mapping[str, Body] | None = None
    parameters: Body = StrictSerializer
    status: int = 200
    paged_by: str = ""
    may_fail: tuple[int, ...] = ()
    examples: tuple[Any, ...] = ()

    @property
    def answer(self) -> Body:
        """What the body of the answer is."""
        return paged(self.answers) if self.paged_by else self.answers

    def body_for(self, media_type: str) -> Body | None:
        """What a body of this media type has to be."""
        return self.takes.get(media_type) if isinstance(self.takes, Mapping) else self.takes


@dataclass(frozen=True)
class Call:
    """A request that was let through: whose, about which client, with what."""

    client: Client
    user: Any
    standing: Standing
    scopes: frozenset[str]
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)

    def may(self, permission: str) -> bool:
        """Whether both the token and its person may do something beside the operation itself."""
        return permission in self.scopes and self.standing.may(permission)


@dataclass(frozen=True)
class Answer:
    """An answer whose status is not the operation's usual one."""

    content: Any
    status: int


class ClientAPIView(APIView):
    """A view on one client, `…/clients/<client_slug>/…`.

    It answers 401 without a living token, 404 for a client the token is not for, 403 for a scope or role that does not suffice.
    """

    operations: ClassVar[dict[str, Operation]] = {}
    tag: ClassVar[str] = ""
    permission_classes = [HasScope]
    parser_classes = [BoundedJSONParser]
    schema = OperationSchema()
    standing: Standing

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        methods = [method.lower() for method in cls.operations]
        cls.http_method_names = [*methods, *(["head"] if "get" in methods else [])]

    @property
    def token(self) -> Any:
        """The token that the request came with."""
        return self.request.auth

    @property
    def operation(self) -> Operation:
        """The operation of the running request; MethodNotAllowed where there is none."""
        method = self.request.method or ""
        found = self.operations.get("GET" if method == "HEAD" else method)
        if found is None:
            raise MethodNotAllowed(method)
        return found

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """DRF's order of things, but with the client's scope around the work and the rendering of its answer."""
        self.args, self.kwargs = args, kwargs
        self.request = asked = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(asked, *args, **kwargs)
            return self.answered(asked, **kwargs)
        except Exception as error:
            return self.finalize_response(asked, self.handle_exception(error), *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who asks, how often, about which client, and whether they may: in this order."""
        self.format_kwarg = self.get_format_suffix(**kwargs)
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.perform_authentication(request)
        if request.auth is None:
            self.permission_denied(request)
        self.check_method()
        self.check_throttles(request)
        self.standing = self.reach(request, kwargs["client_slug"])
        self.check_permissions(request)

    def check_method(self) -> None:
        """MethodNotAllowed where the address does not know the method."""
        _ = self.operation

    def reach(self, request: Request, slug: str) -> Standing:
        """The token owner's standing, found in this request: 404 unless the token is for the very client of the URL."""
        reached = self.token.reached
        if reached.client.slug != slug:
            raise Http404
        return standing_from(request.user, reached)

    def answered(self, request: Request, client_slug: str, **path: Any) -> Response:
        """Do the work and render its answer inside the client's scope; an error rolls all of it back."""
        operation = self.operation
        call = self.call_of(request, operation)
        handler = getattr(self, (request.method or "").lower())
        with acting_as(self.actor(request)), tenant_context(self.standing.client):
            content, status = handler(call, **path), operation.status
            if isinstance(content, Answer):
                content, status = content.content, content.status
            if operation.paged_by:
                content = page_of(request, content, operation.paged_by, call.query)
            response = Response(operation.answer(content, context={"call": call}).data, status=status)
            self.finalize_response(request, response).render()
            return response

    def call_of(self, request: Request, operation: Operation) -> Call:
        """The validated request. ValidationError with every field that is wrong."""
        return Call(
            client=self.standing.client,
            user=request.user,
            standing=self.standing,
            scopes=frozenset(self.token.scopes),
            query=validated(operation.parameters, request.query_params),
            body=self.body_of(request, operation),
        )

    def body_of(self, request: Request, operation: Operation) -> dict[str, Any]:
        """The validated body; an operation without one does not read what is sent."""
        if operation.takes is None:
            return {}
        data = request.data
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        body = operation.body_for(media_type) or next(iter(operation.takes.values()))  # type: ignore[union-attr]
        return validated(body, data)

    def actor(self, request: Request) -> Actor:
        """The token and its owner, as the audit log names them."""
        name = f"{request.user} (token {self.token.name})"[:LONGEST_ACTOR]
        return Actor(name=name, user_id=request.user.pk, request_id=getattr(request, "request_id", ""))


def validated(body: Body, data: Any) -> dict[str, Any]:
    """What a serializer makes of what was sent."""
    serializer = body(data=plain(data))
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found
