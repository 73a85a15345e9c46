"""Change requests: asked for, written, submitted, triaged, and taken from step to step."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError

from governance.api import change_shapes as shapes
from governance.change_content import ContentFault, change_settle
from governance.models import ChangeRequest
from governance.selectors.board_outlook import lacks_of
from governance.selectors.change_duplicates import metrics_alike, twins_of
from governance.selectors.change_pay import pay_touched
from governance.selectors.changes import OPEN, change_events, change_get, held_now, seen_by
from governance.services.change_states import WRITABLE, steps_from
from governance.services.change_triage import change_join, change_owner_set, change_step, change_triage
from governance.services.changes import Wish, change_draft, change_edit, change_submit, change_withdraw
from governance.services.problems import DefinitionError, OutdatedError
from portal.accounts.models import User
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.permissions import REQUEST_CHANGES, TRIAGE_CHANGES, VIEW_CHANGES
from portal.tenancy.problems import Conflict

DETAIL = shapes.ChangeDetailSerializer
ASK = {"permission": REQUEST_CHANGES, "answers": DETAIL, "may_fail": (409,)}
TRIAGE = {"permission": TRIAGE_CHANGES, "answers": DETAIL, "may_fail": (409,)}


class ChangeView(ClientAPIView):
    """An operation on change requests."""

    tag = "Changes"


@contextmanager
def told(number: int | None = None) -> Iterator[None]:
    """What a wish may be refused for: 409 with the state where it does not allow it or somebody was faster, else 400."""
    try:
        yield
    except OutdatedError as error:
        now = change_get(number) if number is not None else None
        stands = f" It stands at “{now.get_state_display()}”, version {now.version}." if now else ""
        raise Conflict(f"{error.sentence}{stands}") from error
    except ContentFault as error:
        faults: dict[str, list[str]] = {}
        for field, fault in error.faults:
            faults.setdefault(field or "content", []).append(f"{fault[:1].upper()}{fault[1:]}.")
        raise ValidationError(faults) from error
    except DefinitionError as error:
        raise ValidationError(error.sentence) from error


def change_or_404(call: Call, number: int) -> ChangeRequest:
    """The client's request of that number."""
    found = change_get(number, call.user)
    if found is None:
        raise Http404
    return found


def detailed(call: Call, number: int) -> ChangeRequest:
    """A request as it is now, with everything around it."""
    found = change_or_404(call, number)
    is_open = found.state in OPEN or found.state in WRITABLE
    found.alike = twins_of(found.kind, found.content, found.title, found.pk) if is_open else []  # type: ignore[attr-defined]
    found.touches_pay = list(pay_touched(found))  # type: ignore[attr-defined]
    found.board_lacks = list(lacks_of(found)) if is_open else []  # type: ignore[attr-defined]
    found.next_steps = steps_from(found.state)  # type: ignore[attr-defined]
    found.log = change_events(found)  # type: ignore[attr-defined]
    return found


def wish_of(sent: dict[str, Any]) -> Wish:
    """What a program asks for."""
    names = ("title", "content", "rationale", "is_restating", "from_month", "is_emergency")
    return Wish(**{name: sent[name] for name in names})


class ChangeList(ChangeView):
    operations = {
        "GET": Operation(
            "changes_list", VIEW_CHANGES, shapes.ChangeSerializer, parameters=shapes.ChangeParameters, paged_by="-id"
        ),
        "POST": Operation("change_create", takes=shapes.ChangeCreateSerializer, status=201, **ASK),  # type: ignore[arg-type]
    }

    def get(self, call: Call) -> Any:
        """Change requests, the newest first; what was never submitted is its author's alone."""
        wanted = {name: call.query[name] for name in ("state", "kind") if name in call.query}
        return ChangeRequest.objects.select_related("requested_by", "edited_by", "owner").filter(
            seen_by(call.user), **wanted
        )

    def post(self, call: Call) -> Any:
        """Ask for a change: it is kept as a draft, in the name of the token's person. 400 names what cannot be asked for."""
        with told():
            made = change_draft(client=call.client, kind=call.body["kind"], wish=wish_of(call.body), user=call.user)
        return detailed(call, made.number)


class ChangesAlike(ChangeView):
    operations = {
        "GET": Operation(
            "changes_alike", REQUEST_CHANGES, shapes.AlikesSerializer, parameters=shapes.AlikeParameters
        )
    }  # fmt: skip

    def get(self, call: Call) -> Any:
        """Open requests that may ask for the same as one that is being written: to be looked at before it is submitted.

        400 names what is wrong with the content, as when it is asked for.
        """
        asked = call.query
        own = change_or_404(call, asked["own"]) if "own" in asked else None
        content, held = None, held_now(call.client)
        if "content" in asked:
            with told():
                content = change_settle(asked["kind"], asked["content"], held).content
        return {
            "alike": twins_of(asked["kind"], content, asked["title"], own.pk if own else None),
            "metrics": [entry.key for entry in metrics_alike(held.registry, asked["kind"], content)],
        }


class ChangeDetail(ChangeView):
    operations = {
        "GET": Operation("change_get", VIEW_CHANGES, DETAIL),
        "PATCH": Operation("change_write", takes=shapes.ChangeWriteSerializer, **ASK),  # type: ignore[arg-type]
    }

    def get(self, call: Call, number: int) -> Any:
        """One request with its log, what is alike, and the steps that may follow."""
        return detailed(call, number)

    def patch(self, call: Call, number: int) -> Any:
        """Write a request anew, while it is a draft or was sent back. 409 in any other state, and for an older `version`."""
        with told(number):
            change_edit(
                request=change_or_404(call, number),
                version=call.body["version"],
                wish=wish_of(call.body),
                user=call.user,
            )
        return detailed(call, number)


class ChangeSubmit(ChangeView):
    operations = {"POST": Operation("change_submit", takes=shapes.ChangeSubmitSerializer, **ASK)}  # type: ignore[arg-type]

    def post(self, call: Call, number: int) -> Any:
        """Submit a draft, or what was sent back. 400 says what is missing, 409 which state does not allow it."""
        with told(number):
            change_submit(request=change_or_404(call, number), user=call.user, **call.body)
        return detailed(call, number)


class ChangeWithdraw(ChangeView):
    operations = {"POST": Operation("change_withdraw", takes=shapes.ChangeReasonSerializer, **ASK)}  # type: ignore[arg-type]

    def post(self, call: Call, number: int) -> Any:
        """Withdraw a request before it is decided: one's own, or any for whoever triages."""
        may_any = TRIAGE_CHANGES in call.scopes and call.standing.may(TRIAGE_CHANGES)
        with told(number):
            change_withdraw(request=change_or_404(call, number), user=call.user, may_any=may_any, **call.body)
        return detailed(call, number)


class ChangeJoin(ChangeView):
    operations = {"POST": Operation("change_join", takes=shapes.ChangeJoinSerializer, **ASK)}  # type: ignore[arg-type]

    def post(self, call: Call, number: int) -> Any:
        """Stand behind an open request, and withdraw one's own that asks for the same."""
        own = call.body["own"]
        with told(number):
            change_join(
                request=change_or_404(call, number),
                user=call.user,
                own=change_or_404(call, own) if own is not None else None,
            )
        return detailed(call, number)


class ChangeTriage(ChangeView):
    operations = {"POST": Operation("change_triage", takes=shapes.ChangeTriageSerializer, **TRIAGE)}  # type: ignore[arg-type]

    def post(self, call: Call, number: int) -> Any:
        """Take a submitted request in hand: who takes care of it, and how soon."""
        sent = dict(call.body)
        owner = User.objects.filter(email__iexact=sent.pop("taken_by")).first()
        with told(number):
            change_triage(request=change_or_404(call, number), owner=owner, user=call.user, **sent)
        return detailed(call, number)


class ChangeOwner(ChangeView):
    operations = {"PUT": Operation("change_owner_put", takes=shapes.ChangeOwnerSerializer, **TRIAGE)}  # type: ignore[arg-type]

    def put(self, call: Call, number: int) -> Any:
        """Say who takes care of a request that was taken in hand: hand it on, or take over one that is nobody's. 409 before
        that, and once it is over.
        """
        owner = User.objects.filter(email__iexact=call.body["taken_by"]).first()
        with told(number):
            change_owner_set(
                request=change_or_404(call, number), version=call.body["version"], owner=owner, user=call.user
            )
        return detailed(call, number)


class ChangeMove(ChangeView):
    operations = {"POST": Operation("change_move", takes=shapes.ChangeMoveSerializer, **TRIAGE)}  # type: ignore[arg-type]

    def post(self, call: Call, number: int) -> Any:
        """Take a request one step on that is taken by hand. 409 names the state where the step does not follow."""
        with told(number):
            change_step(request=change_or_404(call, number), user=call.user, **call.body)
        return detailed(call, number)
