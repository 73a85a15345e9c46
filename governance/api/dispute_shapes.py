"""What the API says of disputes of published figures, the board's reviews, and the handbook."""

from typing import Any

from rest_framework import serializers

from governance.models import DisputedFigure, DisputeState
from governance.selectors.figures_restated import figures_restated
from governance.selectors.published_figures import DIMENSIONS
from metrics.api.fields import ExactField, MonthField, PersonField
from metrics.api.serializers.numbers import CauseSerializer
from portal.tenancy.api_input import StrictSerializer
from portal.tenancy.api_paging import PageParameters

LONGEST = 4000


class RestatedFigureSerializer(serializers.Serializer[Any]):
    """A figure of a restated month, both ways, and by which decisions, or why."""

    as_reported = ExactField(source="reported", allow_null=True, help_text="What was reported first.")
    as_restated = ExactField(source="restated", allow_null=True, help_text="What is published since.")
    was_restated = serializers.BooleanField(help_text="The month had been restated when the dispute was raised.")
    is_restated_since = serializers.BooleanField(source="since", help_text="It was restated after that.")
    why = serializers.CharField()
    decisions = CauseSerializer(source="causes", many=True)


class DisputeRows(serializers.ListSerializer[Any]):
    """Several disputes: their restated months are read together."""

    def to_representation(self, data: Any) -> list[Any]:
        rows = list(data)
        told = figures_restated(rows[0].client, rows) if rows else {}
        for row in rows:
            row.told_restated = told.get(row.number)
        return super().to_representation(rows)


class DisputeSerializer(serializers.Serializer[Any]):
    """A disputed figure: what was published when it was raised, and what somebody believes instead."""

    class Meta:
        list_serializer_class = DisputeRows

    number = serializers.IntegerField()
    figure = serializers.ChoiceField(DisputedFigure.choices)
    metric = serializers.SerializerMethodField(help_text="The key of a metric; empty for a figure of the ARR page.")
    recognition = serializers.CharField(allow_blank=True)
    month = MonthField()
    dimension = serializers.CharField(allow_blank=True)
    group = serializers.CharField(allow_blank=True)
    customer = serializers.CharField(allow_blank=True)
    published = ExactField(allow_null=True, help_text="Null for whoever sees no numbers.")
    restated = RestatedFigureSerializer(
        source="told_restated",
        allow_null=True,
        help_text="Null where the month was not restated, or no numbers are seen.",
    )
    believed = ExactField(allow_null=True)
    reason = serializers.CharField()
    state = serializers.ChoiceField(DisputeState.choices)
    owner = PersonField()
    outcome = serializers.CharField(allow_blank=True)
    correction = serializers.SerializerMethodField(
        help_text="What corrected it: close:5, import:7, change:2; or empty."
    )
    raised_by = PersonField()
    raised_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)

    def get_metric(self, row: Any) -> str:
        return str(row.metric.key) if row.metric else ""

    def get_correction(self, row: Any) -> str:
        kinds = {
            "close": row.correction_close_id, "import": row.correction_import_id, "change": row.correction_request_id
        }  # fmt: skip
        return next((f"{kind}:{pk}" for kind, pk in kinds.items() if pk is not None), "")


class DisputesParameters(PageParameters):
    """Which disputes."""

    open = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Those that are open, or over."
    )


class EventSerializer(serializers.Serializer[Any]):
    """One thing that happened, or was said."""

    step = serializers.CharField()
    from_state = serializers.ChoiceField(DisputeState.choices)
    to_state = serializers.ChoiceField(DisputeState.choices)
    text = serializers.CharField(allow_blank=True)
    by = PersonField()
    at = serializers.DateTimeField()


class EvidenceSerializer(serializers.Serializer[Any]):
    """What the engine said; `sha256` is that of `content` as canonical JSON."""

    title = serializers.CharField()
    content = serializers.DictField()
    sha256 = serializers.CharField()
    at = serializers.DateTimeField()


class DisputeDetailSerializer(DisputeSerializer):
    """A dispute with its log and what the engine said."""

    events = EventSerializer(many=True, source="log")
    evidence = EvidenceSerializer(many=True, source="kept", help_text="None for whoever sees no numbers.")


class DisputeRaiseSerializer(StrictSerializer):
    """Which figure, what it should be, and why."""

    figure = serializers.ChoiceField(DisputedFigure.choices)
    month = MonthField()
    recognition = serializers.ChoiceField(["", "start", "signed", "live"], required=False, default="")
    dimension = serializers.ChoiceField(["", *DIMENSIONS], required=False, default="")
    group = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    customer = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    metric = serializers.CharField(required=False, default="", allow_blank=True, max_length=60)
    believed = serializers.DecimalField(max_digits=23, decimal_places=6, required=False, default=None, allow_null=True)
    reason = serializers.CharField(max_length=LONGEST)


class DisputeSettleSerializer(StrictSerializer):
    """What came of it; `correction` names a restated month (`close:5`), an import (`import:7`) or a request (`change:2`)."""

    step = serializers.ChoiceField(["stand", "correct"])
    reason = serializers.CharField(max_length=LONGEST)
    correction = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)


class CorrectionSerializer(serializers.Serializer[Any]):
    """Something that can have corrected a figure since it was disputed."""

    key = serializers.CharField(help_text="Send it as `correction`.")
    label = serializers.CharField()  # type: ignore[assignment]


class CorrectionsSerializer(serializers.Serializer[Any]):
    """Everything that can have corrected it."""

    corrections = CorrectionSerializer(many=True)


class WordsSerializer(StrictSerializer):
    """What somebody says."""

    text = serializers.CharField(max_length=LONGEST)


class DisputeOwnerSerializer(StrictSerializer):
    """Who looks into it, by e-mail address: somebody who may see the figure."""

    person = serializers.EmailField(max_length=254)


class AttachSerializer(StrictSerializer):
    """Of which customer the engine explains the figure."""

    customer = serializers.CharField(max_length=200)


class ReviewQuarterSerializer(serializers.Serializer[Any]):
    """A quarter, and when its review was held."""

    quarter = serializers.CharField()
    first_month = MonthField()
    last_month = MonthField()
    held_on = serializers.DateField(allow_null=True)
    sha256 = serializers.CharField(allow_blank=True, help_text="Of the review as it was held.")


class ReviewQuartersSerializer(serializers.Serializer[Any]):
    """The quarters that can be reviewed, the newest first."""

    quarters = ReviewQuarterSerializer(many=True)


class WrittenSerializer(serializers.Serializer[Any]):
    """Chapters that the system wrote; `sha256` is that of `content` as canonical JSON."""

    is_kept = serializers.BooleanField(help_text="Whether this is the review as it was held.")
    sha256 = serializers.CharField()
    content = serializers.DictField()
