"""How somebody who signs proves who they are, and from where: the same for everything that is signed.

A member has signed in within the last five minutes; whoever came by a mailed link enters a one-time code.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse

from portal.accounts.lockout import address_of
from portal.accounts.services.sign_codes import code_use
from portal.accounts.session import scope_of
from portal.tenancy.access import TenantRequest
from portal.tenancy.step_up import identity_confirmed, last_proof

BY_CODE: Final = "mailed link and one-time code"
WRONG_CODE: Final = "This code is wrong, used or too old. After five tries a new one is needed."


@dataclass(frozen=True)
class Proof:
    """How a person had proved who they are, and when."""

    method: str
    at: dt.datetime


@dataclass(frozen=True)
class Place:
    """Where a signature came from: the address as the trusted proxies say, and the program."""

    address: str
    user_agent: str


def is_by_link(request: TenantRequest) -> bool:
    """Whether the reader's session began with a mailed link."""
    scope = scope_of(request.session)
    return scope is not None and scope.kind == "link"


def place_of(request: HttpRequest) -> Place:
    """Where the request came from."""
    return Place(address_of(request) or "", request.headers.get("User-Agent", ""))


def proof_given(request: TenantRequest, subject: str) -> Proof | HttpResponse | None:
    """The proof with which the reader signs `subject`; an answer that asks for it first; None for a wrong code.

    A wrong code is told by a page without an error status: that would roll the counted try back.
    """
    if is_by_link(request):
        now = dt.datetime.now(dt.UTC)
        is_right = code_use(user=request.user, subject=subject, code=request.POST.get("code", ""), now=now)
        return Proof(BY_CODE, now) if is_right else None
    if (first := identity_confirmed(request)) is not None:
        return first
    method, at = last_proof(request)
    return Proof(method, dt.datetime.fromtimestamp(at, dt.UTC))


def proof_or_answer(request: TenantRequest, subject: str, wrong: Callable[[str], HttpResponse]) -> Proof | HttpResponse:
    """The proof with which the reader signs `subject`, or the answer to give instead: one that asks for it first, or, for a
    wrong code, the page that `wrong` makes of what to say.

    That page has no error status: it would roll the counted try back.
    """
    proof = proof_given(request, subject)
    return wrong(WRONG_CODE) if proof is None else proof
