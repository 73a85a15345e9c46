"""Definition items, and the answers to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError

from governance.api import shapes
from governance.models import Answer, DefinitionItem
from governance.selectors.answers import standings
from governance.selectors.items import item_get
from governance.selectors.worth import worths
from governance.services.answers import answer_give
from governance.services.items import item_confirm, item_edit, item_reopen
from governance.services.problems import DefinitionError, OutdatedError
from metrics.api.serializers.reconciliation import ExposureSerializer
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.api_paging import PageParameters
from portal.tenancy.permissions import ANSWER_DEFINITIONS, EDIT_POLICY, VIEW_ARR, VIEW_POLICY
from portal.tenancy.problems import Conflict

CHANGE = {"permission": EDIT_POLICY, "answers": shapes.DefinitionDetailSerializer, "may_fail": (409,)}


class DefinitionView(ClientAPIView):
    """An operation on definitions."""

    tag = "Definitions"


@contextmanager
def told() -> Iterator[None]:
    """What a wish about definitions may be refused for: 409 where somebody was faster, else 400 with the reason."""
    try:
        yield
    except OutdatedError as error:
        raise Conflict(error.sentence) from error
    except DefinitionError as error:
        raise ValidationError(error.sentence) from error


def item_or_404(key: str) -> DefinitionItem:
    """The client's item of that key."""
    found = item_get(key)
    if found is None:
        raise Http404
    return found


def detailed(item: DefinitionItem) -> DefinitionItem:
    """An item with what each function says about it."""
    item.standing = standings([item])[item.pk].functions  # type: ignore[attr-defined]
    return item


class DefinitionList(DefinitionView):
    operations = {
        "GET": Operation(
            "definitions_list", VIEW_POLICY, shapes.DefinitionSerializer, parameters=PageParameters, paged_by="id"
        )
    }

    def get(self, call: Call) -> Any:
        """Every question and term, in the order in which they are asked."""
        return DefinitionItem.objects.all()


class AnswerList(DefinitionView):
    operations = {
        "GET": Operation(
            "answers_list", VIEW_POLICY, shapes.AnswerSerializer, parameters=shapes.AnswerParameters, paged_by="-id"
        )
    }

    def get(self, call: Call) -> Any:
        """What people said about the definitions, the newest first; with `key` about one of them."""
        rows = Answer.objects.select_related("item", "user")
        return rows.filter(item__key=call.query["key"]) if "key" in call.query else rows


class DefinitionDetail(DefinitionView):
    operations = {
        "GET": Operation("definition_get", VIEW_POLICY, shapes.DefinitionDetailSerializer),
        "PATCH": Operation("definition_change", takes=shapes.DefinitionChangeSerializer, **CHANGE),  # type: ignore[arg-type]
    }

    def get(self, call: Call, key: str) -> Any:
        """One item, with what each function says about it."""
        return detailed(item_or_404(key))

    def patch(self, call: Call, key: str) -> Any:
        """Change an item's content: it is assumed again, and the signatures under it lapse.

        409 where somebody changed it since `version`.
        """
        sent = dict(call.body)
        about = {name: sent.pop(name) for name in ("version", "note", "meeting")}
        with told():
            return detailed(item_edit(item=item_or_404(key), changes=sent, user=call.user, **about))


class DefinitionConfirm(DefinitionView):
    operations = {"POST": Operation("definition_confirm", takes=shapes.DefinitionConfirmSerializer, **CHANGE)}  # type: ignore[arg-type]

    def post(self, call: Call, key: str) -> Any:
        """Record that the client confirmed an item as it stands, and who did. 409 where it was changed since `version`."""
        with told():
            return detailed(item_confirm(item=item_or_404(key), user=call.user, **call.body))


class DefinitionReopen(DefinitionView):
    operations = {"POST": Operation("definition_reopen", takes=shapes.DefinitionReopenSerializer, **CHANGE)}  # type: ignore[arg-type]

    def post(self, call: Call, key: str) -> Any:
        """Take a confirmation back, with the reason; the content stays. 409 where it was changed since `version`."""
        with told():
            return detailed(item_reopen(item=item_or_404(key), user=call.user, **call.body))


class DefinitionAnswer(DefinitionView):
    operations = {
        "POST": Operation(
            "definition_answer", ANSWER_DEFINITIONS, shapes.AnswersSerializer, takes=shapes.AnswerGiveSerializer,
            status=201, may_fail=(409,),
        )
    }  # fmt: skip

    def post(self, call: Call, key: str) -> Any:
        """Say yes, no or a proposal to exactly the content that `sha256` is of, for every function the person speaks for.

        The client's own people answer, never its consultants. 409 where the content is no longer that one.
        """
        with told():
            return {"results": answer_give(client=call.client, item=item_or_404(key), user=call.user, **call.body)}


class DefinitionExposure(DefinitionView):
    operations = {"GET": Operation("definition_exposure", VIEW_ARR, ExposureSerializer, may_fail=(409,))}

    def get(self, call: Call, key: str) -> Any:
        """What an item is worth on the client's own contracts, under everything else that the items say now.

        409 for an item that sets no parameter of the engine.
        """
        item = item_or_404(key)
        if not item.parameter:
            raise Conflict("This item sets no parameter of the engine: it moves no figure.")
        return worths(call.client, [item])[item.pk].exposure
