"""What the operations on change requests take and answer."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from governance.change_content import SHAPES
from governance.models import ChangeKind, ChangeState, PreviewState, Urgency
from governance.services.changes import LONGEST_TEXT, LONGEST_TITLE
from metrics.api.fields import MonthField, PersonField
from metrics.models import Recognition
from portal.tenancy.api_input import StrictSerializer, json_read
from portal.tenancy.api_paging import PageParameters

LONGEST_REASON = 1000
LONGEST_CONTENT = 6000  # an address carries no more
CONTENT_HELP = "By kind: " + "; ".join(f"{kind}: {', '.join(sorted(names))}" for kind, names in SHAPES.items()) + "."


@extend_schema_field({"type": "object", "additionalProperties": True})
class ContentField(serializers.DictField):
    """What is asked for, in the shape of its kind."""


class ContentTextField(serializers.CharField):
    """What is asked for as JSON text, where an address carries it."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            found = json_read(text.encode())
        except ValueError as error:
            raise ValidationError("This is no JSON that can be read.") from error
        if not isinstance(found, dict):
            raise ValidationError("This is no object.")
        return found


class VersionField(serializers.IntegerField):
    """The version that was read: 409 where somebody was faster."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=2**31 - 1, **kwargs)


class ChangePreviewSerializer(serializers.Serializer[Any]):
    """What was computed of a request; votes are bound to `sha256`."""

    state = serializers.ChoiceField(PreviewState.choices)
    sha256 = serializers.CharField(allow_blank=True)
    content_sha256 = serializers.CharField()
    at = serializers.DateTimeField()


class ChangeSerializer(serializers.Serializer[Any]):
    """A change request. Nothing changes before it is approved and takes effect."""

    number = serializers.IntegerField()
    kind = serializers.ChoiceField(ChangeKind.choices)
    state = serializers.ChoiceField(ChangeState.choices)
    title = serializers.CharField()
    rationale = serializers.CharField(allow_blank=True)
    content = ContentField(help_text=CONTENT_HELP)
    present = ContentField(help_text="What held in its place when it was last written.")
    is_restating = serializers.BooleanField()
    from_month = MonthField(allow_null=True)
    is_emergency = serializers.BooleanField()
    urgency = serializers.ChoiceField(Urgency.choices)
    requested_by = PersonField()
    edited_by = PersonField()
    owner = PersonField()
    version = serializers.IntegerField(help_text="Send it with a change: 409 where somebody was faster.")
    content_sha256 = serializers.CharField(help_text="Of what is asked for; votes are bound to it.")
    submitted_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    effective_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class ChangeEventSerializer(serializers.Serializer[Any]):
    """One line of a request's log."""

    step = serializers.CharField()
    from_state = serializers.ChoiceField(ChangeState.choices)
    to_state = serializers.ChoiceField(ChangeState.choices)
    text = serializers.CharField(allow_blank=True)
    content_sha256 = serializers.CharField()
    by = PersonField()
    at = serializers.DateTimeField()


class AlikeSerializer(serializers.Serializer[Any]):
    """Another open request that may ask for the same."""

    number = serializers.IntegerField(source="change.number")
    title = serializers.CharField(source="change.title")
    is_exact = serializers.BooleanField()
    why = serializers.CharField()


class AlikesSerializer(serializers.Serializer[Any]):
    """Open requests that may ask for the same, those that ask for the same value of the same thing first, and metrics that are
    computed as a new one would be.
    """

    alike = AlikeSerializer(many=True)
    metrics = serializers.ListField(child=serializers.CharField(), help_text="Their keys.")


class AlikeParameters(StrictSerializer):
    """What is being written. Its content counts where it could be asked for; without one, the title alone is compared."""

    kind = serializers.ChoiceField(ChangeKind.choices)
    title = serializers.CharField(required=False, default="", allow_blank=True, max_length=LONGEST_TITLE)
    content = ContentTextField(required=False, max_length=LONGEST_CONTENT, help_text=f"As JSON text. {CONTENT_HELP}")
    own = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text="The number of one's own request, which is left out.",
    )


class ChangeDetailSerializer(ChangeSerializer):
    """A request with its log, what is alike, and the steps that may follow."""

    preview = ChangePreviewSerializer(allow_null=True)
    touches_pay = serializers.ListField(
        child=serializers.CharField(), help_text="What quotas or pay are set by, of that."
    )
    board_lacks = serializers.ListField(
        child=serializers.CharField(), help_text="Why the board could not decide it as it is; empty where it could."
    )
    alike = AlikeSerializer(many=True)
    next_steps = serializers.ListField(child=serializers.CharField())
    events = ChangeEventSerializer(many=True, source="log")


class ChangeParameters(PageParameters):
    """Which requests."""

    state = serializers.ChoiceField(ChangeState.choices, required=False)
    kind = serializers.ChoiceField(ChangeKind.choices, required=False)


class WishSerializer(StrictSerializer):
    """What is asked for. `from_month` and `rationale` may be missing until it is submitted."""

    title = serializers.CharField(max_length=LONGEST_TITLE)
    content = ContentField(help_text=CONTENT_HELP)
    rationale = serializers.CharField(required=False, default="", allow_blank=True, max_length=LONGEST_TEXT)
    is_restating = serializers.BooleanField(
        required=False, default=False, help_text="Closed months are restated; for a policy alone."
    )
    from_month = MonthField(required=False, default=None, allow_null=True)
    is_emergency = serializers.BooleanField(required=False, default=False)


class ChangeCreateSerializer(WishSerializer):
    """A new request, kept as a draft."""

    kind = serializers.ChoiceField(ChangeKind.choices)


class ChangeWriteSerializer(WishSerializer):
    """The whole request, written anew."""

    version = VersionField()


class ChangeSubmitSerializer(StrictSerializer):
    """Hand it in. Where another open request asks for the same: 400, unless this is not the same."""

    version = VersionField()
    is_not_same = serializers.BooleanField(required=False, default=False)


class ChangeReasonSerializer(StrictSerializer):
    """Why, if there is a reason to be told."""

    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=LONGEST_REASON)


class ChangeJoinSerializer(StrictSerializer):
    """With a request of one's own that is withdrawn for it."""

    own = serializers.IntegerField(required=False, default=None, allow_null=True, min_value=1, max_value=2**31 - 1)


class ChangeTriageSerializer(StrictSerializer):
    """Who takes care of it, by e-mail address, and how soon."""

    version = VersionField()
    taken_by = serializers.EmailField(max_length=254)
    urgency = serializers.ChoiceField(Urgency.choices, required=False, default=Urgency.NORMAL)


class ChangeOwnerSerializer(StrictSerializer):
    """Who takes care of it from now on, by e-mail address."""

    version = VersionField()
    taken_by = serializers.EmailField(max_length=254)


class ChangeMoveSerializer(StrictSerializer):
    """A step that is taken by hand. `send_back` needs the reason, and so does `close` before everybody who has to know has
    read of it: the last of them closes it by itself. A request is approved by votes alone.
    """

    step = serializers.ChoiceField(["ask_impact", "to_review", "send_back", "close"])
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=LONGEST_REASON)


class ChangeImpactStateSerializer(serializers.Serializer[Any]):
    """How far the computation of a request's impact is. What is done is never changed."""

    state = serializers.ChoiceField(PreviewState.choices)
    progress = serializers.IntegerField(min_value=0, max_value=100)
    step = serializers.CharField(allow_blank=True, help_text="What is being done.")
    message = serializers.CharField(allow_blank=True, help_text="Why it failed, and what to do.")
    is_current = serializers.BooleanField(help_text="Done, of the present wording and of the figures as they are.")
    content_sha256 = serializers.CharField(help_text="Of what was asked for when it was computed.")
    sha256 = serializers.CharField(allow_blank=True, help_text="Of the result, as votes are bound to it.")
    effect_cents = serializers.IntegerField(
        allow_null=True,
        help_text="By what decision rights go: the largest change of ARR at the end of a month that the request changes, in "
        "cents with its sign (where none of these has ended, of the newest twelve), or the step with which the first of them "
        "begins, or what a closed month that it restates moves by against what "
        "was reported, where that is larger. Null where no money moves or can be valued.",
    )
    effect_is_step = serializers.BooleanField(help_text="Whether that is the step, a prior-period adjustment.")
    effect_is_restated = serializers.BooleanField(
        help_text="Whether that is what a closed month that it restates moves by against what was reported."
    )
    effect_book = serializers.ChoiceField(
        Recognition.values, allow_blank=True, help_text="Of which book that is; empty: the own, before and after."
    )
    effect_month = MonthField(allow_null=True, help_text="The month of `effect_cents`.")
    at = serializers.DateTimeField()


@extend_schema_field({"type": "object", "additionalProperties": True, "nullable": True})
class ResultField(serializers.DictField):
    """The result, in the shape that `kind` has."""


class ChangeImpactSerializer(ChangeImpactStateSerializer):
    """The newest computation, and the result that stands: of an earlier one, where the newest is under way or failed."""

    shown_sha256 = serializers.CharField(allow_blank=True, help_text="Of `result`; empty without one.")
    result = ResultField(source="shown", allow_null=True)
