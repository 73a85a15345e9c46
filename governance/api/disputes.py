"""Disputes of published figures, and the documents that the system writes about the governance of numbers."""

from typing import Any

from django.http import Http404

from governance.api import dispute_shapes as shapes
from governance.api.definitions import told
from governance.handbook import handbook_chapters
from governance.models import FigureDispute
from governance.selectors.board_review import review_content, review_kept, review_quarter
from governance.selectors.figure_disputes import dispute_get, dispute_list, dispute_view
from governance.selectors.published_figures import Subject
from governance.services.figure_disputes import dispute_raise, dispute_settle, dispute_take
from portal.tenancy import audit as log
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.clock import database_time
from portal.tenancy.permissions import RAISE_DISPUTES, RESOLVE_DISPUTES, VIEW_ARR, VIEW_POLICY, VIEW_REVIEW


class DisputeApiView(ClientAPIView):
    """An operation on disputes."""

    tag = "Oversight"


def dispute_or_404(number: int) -> FigureDispute:
    """The dispute of that number."""
    found = dispute_get(number)
    if found is None:
        raise Http404
    return found


def detailed(found: FigureDispute) -> FigureDispute:
    """A dispute with its log and its evidence, as its serializer reads it."""
    view = dispute_view(found)
    found.log, found.kept = view.events, view.evidence  # type: ignore[attr-defined]
    return found


class DisputeList(DisputeApiView):
    operations = {
        "GET": Operation(
            "disputes_list", VIEW_ARR, shapes.DisputesSerializer, parameters=shapes.DisputesParameters
        ),
        "POST": Operation(
            "dispute_raise", RAISE_DISPUTES, shapes.DisputeSerializer, takes=shapes.DisputeRaiseSerializer, status=201
        ),
    }  # fmt: skip

    def get(self, call: Call) -> Any:
        """The disputes of published figures."""
        return {"disputes": dispute_list(is_open=call.query["open"])}

    def post(self, call: Call) -> Any:
        """Dispute a figure. What is published and the engine's account of it are kept as they are now."""
        given = dict(call.body)
        believed, reason = given.pop("believed"), given.pop("reason")
        with told():
            return dispute_raise(
                client=call.client, subject=Subject(**given), believed=believed, reason=reason, user=call.user
            )


class DisputeDetail(DisputeApiView):
    operations = {"GET": Operation("dispute_get", VIEW_ARR, shapes.DisputeDetailSerializer)}

    def get(self, call: Call, number: int) -> Any:
        """One dispute, with what happened, what was said, and what the engine said."""
        return detailed(dispute_or_404(number))


class DisputeTake(DisputeApiView):
    operations = {
        "POST": Operation("dispute_take", RESOLVE_DISPUTES, shapes.DisputeSerializer, may_fail=(409,))
    }  # fmt: skip

    def post(self, call: Call, number: int) -> Any:
        """Look into it: the token's person does. 409 where it is over."""
        with told():
            return dispute_take(client=call.client, dispute=dispute_or_404(number), owner=call.user, user=call.user)


class DisputeSettle(DisputeApiView):
    operations = {
        "POST": Operation(
            "dispute_settle", RESOLVE_DISPUTES, shapes.DisputeSerializer, takes=shapes.DisputeSettleSerializer,
            may_fail=(409,),
        )
    }  # fmt: skip

    def post(self, call: Call, number: int) -> Any:
        """Say that the figure stands, or what corrected it. 409 where nobody looks into it, or it is over."""
        with told():
            return dispute_settle(client=call.client, dispute=dispute_or_404(number), user=call.user, **call.body)


class ReviewDetail(DisputeApiView):
    operations = {"GET": Operation("board_review_get", VIEW_REVIEW, shapes.WrittenSerializer)}

    def get(self, call: Call, quarter: str) -> Any:
        """The review of a quarter for the board: as it was held, or as it would be now."""
        kept = review_kept(quarter)
        if kept is not None:
            return {"is_kept": True, "sha256": kept.sha256, "content": kept.content}
        period = review_quarter(call.client, database_time(), quarter)
        if period is None:
            raise Http404
        content = review_content(call.client, period)
        return {"is_kept": False, "sha256": log.digest(content), "content": content}


class Handbook(DisputeApiView):
    operations = {"GET": Operation("handbook_get", VIEW_POLICY, shapes.WrittenSerializer)}

    def get(self, call: Call) -> Any:
        """The governance handbook as it is now."""
        may_see = VIEW_ARR in call.scopes and call.standing.may(VIEW_ARR)
        content = {"chapters": [each.told() for each in handbook_chapters(call.client, sees_figures=may_see)]}
        return {"is_kept": False, "sha256": log.digest(content), "content": content}
