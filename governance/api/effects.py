"""Putting approved changes on their way, what became of them, and the ledger of restatements."""

import datetime as dt
from typing import Any

from django.http import Http404
from rest_framework import serializers

from governance.api.changes import change_or_404
from governance.api.definitions import told
from governance.api.token_proof import token_proof
from governance.models import ChangeEffect, ChangeReceipt, EffectState
from governance.selectors.change_effects import effect_get, receipts_of
from governance.selectors.restatements import entries_of, restatements
from governance.services.change_effect import change_schedule, effect_accept, effect_retry
from governance.services.change_told import receipt_read
from metrics.api.fields import AmountField, MonthField, PersonField, RatioField
from metrics.api.serializers.numbers import BookSerializer, BreakSerializer, BridgeRowSerializer, CauseSerializer
from metrics.api.serializers.questions import BasisParameters
from metrics.figures import from_cents
from metrics.selectors.books import book_head
from metrics.selectors.breaks import breaks_get
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.api_input import StrictSerializer
from portal.tenancy.api_paging import PageParameters, page_of, paged
from portal.tenancy.permissions import TRIAGE_CHANGES, VIEW_ARR, VIEW_CHANGES, VOTE_CHANGES


class ReceiptSerializer(serializers.Serializer[Any]):
    """Somebody who has to know of a change, and when they opened it."""

    person = PersonField(source="user")
    reason = serializers.CharField()
    told_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class ChangeEffectSerializer(serializers.Serializer[Any]):
    """An approved change on its way into force. Amounts are of ARR at `at_month`; null where it moves no money."""

    number = serializers.IntegerField(source="effect.request.number")
    state = serializers.ChoiceField(EffectState.choices, source="effect.state")
    message = serializers.CharField(
        source="effect.message", allow_blank=True, help_text="What it waits for, or where it failed."
    )
    at_month = MonthField(source="effect.at_month", allow_null=True)
    approved = AmountField(allow_null=True, help_text="What the board was shown that it does.")
    took_effect = AmountField(allow_null=True, help_text="What it did.")
    would_do = AmountField(allow_null=True, help_text="What it would do instead, where it waits for a yes to that.")
    lines_changed = serializers.IntegerField(source="effect.lines_changed")
    policy = serializers.IntegerField(source="effect.policy_version.number", allow_null=True, default=None)
    restated_months = serializers.ListField(child=MonthField(), source="effect.restated_months")
    scheduled_at = serializers.DateTimeField(source="effect.scheduled_at")
    in_force_at = serializers.DateTimeField(source="effect.begun_at", allow_null=True)
    done_at = serializers.DateTimeField(source="effect.done_at", allow_null=True)
    receipts = ReceiptSerializer(many=True)


class LedgerEntrySerializer(serializers.Serializer[Any]):
    """One restatement of one month. by_definition + by_corrections = effect, and by_definition is by_this_version +
    by_earlier_versions.
    """

    month = MonthField()
    revision = serializers.IntegerField(source="close.revision")
    before = BridgeRowSerializer()
    after = BridgeRowSerializer()
    effect = AmountField(help_text="Of the ending.")
    by_definition = AmountField(source="definition", allow_null=True)
    by_corrections = AmountField(source="data", allow_null=True)
    by_this_version = AmountField(
        source="own", allow_null=True, help_text="What the version of the policy moves by which it was restated."
    )
    by_earlier_versions = AmountField(
        source="earlier", allow_null=True, help_text="What earlier versions had moved, and left closed months alone."
    )
    nrr = serializers.ListField(child=RatioField(allow_null=True), help_text="Before and after.")
    grr = serializers.ListField(child=RatioField(allow_null=True), help_text="Before and after.")
    reason = serializers.CharField(source="close.reason")
    cause = CauseSerializer(allow_null=True)
    closed_by = PersonField(source="close.closed_by")
    closed_at = serializers.DateTimeField(source="close.closed_at")


class LedgerSerializer(paged(LedgerEntrySerializer)):  # type: ignore[misc]
    """A page of restatements, the newest first, and every definition that changed and left closed months as they were."""

    book = BookSerializer()
    definitions = BreakSerializer(many=True)


class LedgerParameters(BasisParameters, PageParameters):
    """Which page of which book."""


class StepSerializer(serializers.Serializer[Any]):
    """Where an effect stands after a step."""

    number = serializers.IntegerField(source="request.number")
    state = serializers.ChoiceField(EffectState.choices)
    message = serializers.CharField(allow_blank=True)


class AcceptSerializer(StrictSerializer):
    """The effect that was read as `would_do`."""

    amount = serializers.DecimalField(max_digits=18, decimal_places=2)


class ReceiptOfSerializer(ReceiptSerializer):
    """A receipt with the change it is of."""

    number = serializers.IntegerField(source="request.number")
    title = serializers.CharField(source="request.title")


class ReceiptsSerializer(serializers.Serializer[Any]):
    """Who has to know of a change."""

    number = serializers.IntegerField()
    receipts = ReceiptSerializer(many=True)


class ReceiptParameters(PageParameters):
    """Which receipts."""

    mine = serializers.BooleanField(required=False, default=False, help_text="Those of the token's person.")
    unread = serializers.BooleanField(required=False, default=False)


class EffectView(ClientAPIView):
    """An operation on changes that take effect."""

    tag = "Changes"


def shown(call: Call, effect: ChangeEffect) -> dict[str, Any]:
    """An effect in the shape of `ChangeEffectSerializer`, amounts for whoever sees numbers."""
    amounts = {
        "approved": effect.approved_cents, "took_effect": effect.effect_cents, "would_do": effect.found_cents
    }  # fmt: skip
    sees = call.may(VIEW_ARR)
    money = {name: from_cents(cents) if sees and cents is not None else None for name, cents in amounts.items()}
    return {"effect": effect, "receipts": receipts_of(effect.request), **money}


class ChangeScheduled(EffectView):
    operations = {
        "POST": Operation("change_schedule", TRIAGE_CHANGES, ChangeEffectSerializer, status=201, may_fail=(409,)),
    }

    def post(self, call: Call, number: int) -> Any:
        """Schedule what was approved: it takes effect by itself as soon as nothing stands in its way. 409 for anything else."""
        request = change_or_404(call, number)
        with told():
            effect = change_schedule(client=call.client, request=request, user=call.user, now=dt.datetime.now(dt.UTC))
        return shown(call, effect)


class ChangeEffectDetail(EffectView):
    operations = {"GET": Operation("change_effect_get", VIEW_ARR, ChangeEffectSerializer)}

    def get(self, call: Call, number: int) -> Any:
        """What became of an approved change: what it waits for or did, and who has read it. 404 before it was scheduled."""
        effect = effect_get(change_or_404(call, number))
        if effect is None:
            raise Http404
        return shown(call, effect)


class ChangeEffectAccept(EffectView):
    operations = {
        "POST": Operation(
            "change_effect_accept", VOTE_CHANGES, StepSerializer, takes=AcceptSerializer, may_fail=(409,)
        )
    }  # fmt: skip

    def post(self, call: Call, number: int) -> Any:
        """Let it take effect with another effect than the approved one: a member of the board who neither asked nor wrote does.

        409 unless it waits for exactly that amount; 403 for a token that was made more than an hour ago, as for a vote.
        """
        token_proof(self.token)
        cents = int(call.body["amount"] * 100)
        request = change_or_404(call, number)
        with told():
            effect = effect_accept(
                client=call.client, request=request, cents=cents, user=call.user, now=dt.datetime.now(dt.UTC)
            )
        if not call.may(VIEW_ARR):
            effect.message = ""  # it names what was approved
        return effect


class ChangeEffectRetry(EffectView):
    operations = {
        "POST": Operation("change_effect_retry", TRIAGE_CHANGES, StepSerializer, may_fail=(409,)),
    }

    def post(self, call: Call, number: int) -> Any:
        """Try the restatements once more that could not be carried out. 409 where none failed."""
        request = change_or_404(call, number)
        with told():
            return effect_retry(client=call.client, request=request, user=call.user, now=dt.datetime.now(dt.UTC))


class ReceiptList(EffectView):
    operations = {
        "GET": Operation(
            "receipts_list", VIEW_CHANGES, ReceiptOfSerializer, parameters=ReceiptParameters, paged_by="-id"
        )
    }

    def get(self, call: Call) -> Any:
        """Who has to know of which change that took effect, and who has opened it, the newest first."""
        rows = ChangeReceipt.objects.select_related("request", "user")
        rows = rows.filter(user=call.user) if call.query["mine"] else rows
        return rows.filter(read_at=None) if call.query["unread"] else rows


class ChangeRead(EffectView):
    operations = {"POST": Operation("change_read", VIEW_CHANGES, ReceiptsSerializer)}

    def post(self, call: Call, number: int) -> Any:
        """Acknowledge a change as the token's person, who has to know of it. The last of them closes it."""
        request = change_or_404(call, number)
        receipt_read(request=request, user=call.user)
        return {"number": number, "receipts": receipts_of(request)}


class RestatementList(EffectView):
    operations = {"GET": Operation("restatements_list", VIEW_ARR, LedgerSerializer, parameters=LedgerParameters)}

    def get(self, call: Call) -> Any:
        """The ledger of restatements: what changed in which closed month, why, by which decision, by whom, by how much."""
        head = book_head(call.client, call.query["basis"])
        page = page_of(self.request, restatements(head.recognition), "-id", call.query)
        return {
            "next": page.next,
            "results": entries_of(call.client, page.results),
            "book": head,
            "definitions": breaks_get(call.client, head),
        }
