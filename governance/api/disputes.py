"""Disputes of published figures, and the documents that the system writes about the governance of numbers."""

from typing import Any

from django.http import Http404

from governance.api import dispute_shapes as shapes
from governance.api.definitions import told
from governance.api.oversight import person_or_refused
from governance.handbook import handbook_chapters
from governance.models import BoardReview, FigureDispute
from governance.selectors.board_review import review_content, review_kept, review_quarter, review_quarters
from governance.selectors.figure_disputes import corrections_for, dispute_get, dispute_view, disputes_read
from governance.selectors.figures_restated import figures_restated
from governance.selectors.published_figures import Subject
from governance.services.figure_disputes import (
    dispute_comment,
    dispute_raise,
    dispute_reopen,
    dispute_settle,
    dispute_take,
    dispute_withdraw,
    evidence_attach,
)
from portal.notices.audience import people_who
from portal.tenancy import audit as log
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.clock import database_time
from portal.tenancy.permissions import RAISE_DISPUTES, RESOLVE_DISPUTES, VIEW_ARR, VIEW_POLICY, VIEW_REVIEW

STEP = {"answers": shapes.DisputeSerializer, "may_fail": (409,)}


class DisputeApiView(ClientAPIView):
    """An operation on disputes."""

    tag = "Oversight"


def dispute_or_404(number: int) -> FigureDispute:
    """The dispute of that number."""
    found = dispute_get(number)
    if found is None:
        raise Http404
    return found


def shown(call: Call, found: FigureDispute) -> FigureDispute:
    """A dispute as its serializer reads it; what is published is for whoever sees numbers."""
    sees_figures = call.may(VIEW_ARR)
    told = figures_restated(call.client, [found]) if sees_figures else {}
    found.told_restated = told.get(found.number)  # type: ignore[attr-defined]
    if not sees_figures:
        found.published = None
    return found


def detailed(call: Call, found: FigureDispute) -> FigureDispute:
    """A dispute with its log, and for whoever sees numbers its evidence."""
    view = dispute_view(found)
    found.log, found.kept = view.events, view.evidence if call.may(VIEW_ARR) else []  # type: ignore[attr-defined]
    return shown(call, found)


class DisputeList(DisputeApiView):
    operations = {
        "GET": Operation(
            "disputes_list", VIEW_ARR, shapes.DisputeSerializer, parameters=shapes.DisputesParameters, paged_by="-number"
        ),
        "POST": Operation(
            "dispute_raise", RAISE_DISPUTES, shapes.DisputeSerializer, takes=shapes.DisputeRaiseSerializer, status=201
        ),
    }  # fmt: skip

    def get(self, call: Call) -> Any:
        """The disputes of published figures, the newest first."""
        return disputes_read(is_open=call.query["open"])

    def post(self, call: Call) -> Any:
        """Dispute a figure. What is published and the engine's account of it are kept as they are now."""
        given = dict(call.body)
        believed, reason = given.pop("believed"), given.pop("reason")
        with told():
            made = dispute_raise(
                client=call.client, subject=Subject(**given), believed=believed, reason=reason, user=call.user
            )
        return shown(call, made)


class DisputeDetail(DisputeApiView):
    operations = {"GET": Operation("dispute_get", VIEW_ARR, shapes.DisputeDetailSerializer)}

    def get(self, call: Call, number: int) -> Any:
        """One dispute, with what happened, what was said, and what the engine said."""
        return detailed(call, dispute_or_404(number))


class DisputeTake(DisputeApiView):
    operations = {
        "POST": Operation("dispute_take", RESOLVE_DISPUTES, shapes.DisputeSerializer, may_fail=(409,))
    }  # fmt: skip

    def post(self, call: Call, number: int) -> Any:
        """Look into it: the token's person does. 409 where it is over."""
        with told():
            taken = dispute_take(client=call.client, dispute=dispute_or_404(number), owner=call.user, user=call.user)
        return shown(call, taken)


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
            over = dispute_settle(client=call.client, dispute=dispute_or_404(number), user=call.user, **call.body)
        return shown(call, over)


class DisputeOwner(DisputeApiView):
    operations = {"PUT": Operation("dispute_owner_put", RESOLVE_DISPUTES, takes=shapes.DisputeOwnerSerializer, **STEP)}  # type: ignore[arg-type]

    def put(self, call: Call, number: int) -> Any:
        """Say who looks into it, of those who may see the figure. 409 where it is over."""
        found = dispute_or_404(number)
        owner = person_or_refused(people_who(call.client, VIEW_ARR), call.body["person"])
        with told():
            taken = dispute_take(client=call.client, dispute=found, owner=owner, user=call.user)
        return shown(call, taken)


class DisputeWithdraw(DisputeApiView):
    operations = {"POST": Operation("dispute_withdraw", RAISE_DISPUTES, takes=shapes.WordsSerializer, **STEP)}  # type: ignore[arg-type]

    def post(self, call: Call, number: int) -> Any:
        """Take one's own dispute back. 409 where it is over."""
        with told():
            over = dispute_withdraw(
                client=call.client, dispute=dispute_or_404(number), reason=call.body["text"], user=call.user
            )
        return shown(call, over)


class DisputeReopen(DisputeApiView):
    operations = {"POST": Operation("dispute_reopen", RAISE_DISPUTES, takes=shapes.WordsSerializer, **STEP)}  # type: ignore[arg-type]

    def post(self, call: Call, number: int) -> Any:
        """Open it again, with what is new; what came of it the first time stays in its log. 409 where it is not over."""
        with told():
            again = dispute_reopen(
                client=call.client, dispute=dispute_or_404(number), reason=call.body["text"], user=call.user
            )
        return shown(call, again)


class DisputeComment(DisputeApiView):
    operations = {
        "POST": Operation(
            "dispute_comment", RAISE_DISPUTES, shapes.DisputeDetailSerializer, takes=shapes.WordsSerializer, status=201
        )
    }

    def post(self, call: Call, number: int) -> Any:
        """Say something about a dispute; whoever is in it is told."""
        with told():
            dispute_comment(client=call.client, dispute=dispute_or_404(number), text=call.body["text"], user=call.user)
        return detailed(call, dispute_or_404(number))


class DisputeEvidenceList(DisputeApiView):
    operations = {
        "POST": Operation(
            "dispute_attach", RESOLVE_DISPUTES, shapes.DisputeDetailSerializer, takes=shapes.AttachSerializer,
            status=201, may_fail=(409,),
        )
    }  # fmt: skip

    def post(self, call: Call, number: int) -> Any:
        """Keep with it why a customer's figure is what it is, as the engine explains it now. 409 where it is over."""
        found, customer = dispute_or_404(number), call.body["customer"]
        with told():
            evidence_attach(client=call.client, dispute=found, customer=customer, user=call.user)
        return detailed(call, dispute_or_404(number))


class DisputeCorrections(DisputeApiView):
    operations = {"GET": Operation("dispute_corrections", RESOLVE_DISPUTES, shapes.CorrectionsSerializer)}

    def get(self, call: Call, number: int) -> Any:
        """What can have corrected the figure since it was disputed: restated months, imports, change requests."""
        return {"corrections": corrections_for(dispute_or_404(number))}


class ReviewList(DisputeApiView):
    operations = {"GET": Operation("board_reviews_list", VIEW_REVIEW, shapes.ReviewQuartersSerializer)}

    def get(self, call: Call) -> Any:
        """The quarters that the board can review, and when it did. That it did is recorded on the page."""
        kept = {row.quarter: row for row in BoardReview.objects.defer("content")}
        quarters = [
            {
                "quarter": each.key, "first_month": each.first, "last_month": each.last,
                "held_on": kept[each.key].held_on if each.key in kept else None,
                "sha256": kept[each.key].sha256 if each.key in kept else "",
            }
            for each in review_quarters(call.client, database_time())
        ]  # fmt: skip
        return {"quarters": quarters}


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
        may_see = call.may(VIEW_ARR)
        content = {"chapters": [each.told() for each in handbook_chapters(call.client, sees_figures=may_see)]}
        return {"is_kept": False, "sha256": log.digest(content), "content": content}
