"""Metrics, their versions and values, and the registry as a file."""

from typing import Any, get_args

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from governance.metric_content import CHOICES
from governance.models import MetricRole, MetricStatus, Priority
from governance.selectors.metric_values import Standing
from metrics.api.fields import MonthField, OutField
from metrics.api.serializers.numbers import BreakSerializer, MarkedSerializer, RestatedSerializer
from metrics.api.serializers.questions import RangeParameters, grain_field
from metrics.models import Recognition
from metrics.selectors.periods import MONTHS
from portal.tenancy.api_input import StrictSerializer

LONGEST = 120


@extend_schema_field({"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "example": "1.0432"})
class FigureField(OutField):
    """A figure of any unit, in as many decimals as its unit is rounded to."""

    def to_representation(self, value: Any) -> str:
        return f"{value:f}"


@extend_schema_field({"type": "string", "example": "3/7"})
class ExactFigureField(OutField):
    """The figure before it was rounded, as a fraction."""

    def to_representation(self, value: Any) -> str:
        return str(value)


THRESHOLD_HELP = (
    "0.95, or what it follows: “10% from previous”, “10% from last_year”, “10% from” the key of a metric, its target; "
    "“3 deviations” from its last twelve months, “3 deviations from last_year” with seasons and growth left out."
)


class ContentSerializer(serializers.Serializer[Any]):
    """What a metric means and how it is computed. Numbers are decimal text, empty where there is none."""

    name = serializers.CharField()
    definition = serializers.CharField()
    formula = serializers.CharField(help_text="Over measures and other metrics, in the formula language.")
    unit = serializers.CharField(help_text="money, percent, ratio, months, days, a count, or one per another.")
    better = serializers.ChoiceField(list(CHOICES["better"]))
    timing = serializers.ChoiceField(list(CHOICES["timing"]))
    function = serializers.ChoiceField(list(CHOICES["function"]), help_text="Who is accountable.")
    refresh = serializers.ChoiceField(list(CHOICES["refresh"]))
    warn_at = serializers.CharField(allow_blank=True, help_text=THRESHOLD_HELP)
    alert_at = serializers.CharField(allow_blank=True, help_text=THRESHOLD_HELP)
    weight = serializers.CharField(allow_blank=True)
    rationale = serializers.CharField(allow_blank=True)


class MetricSerializer(serializers.Serializer[Any]):
    """A metric of the registry with the version in force now."""

    key = serializers.CharField(help_text="Its name in formulas.")
    status = serializers.ChoiceField(MetricStatus.values, source="metric.status")
    version = serializers.IntegerField(source="current.number")
    revision = serializers.IntegerField(
        source="metric.version", help_text="Send it with a change: 409 where somebody was faster."
    )
    content = ContentSerializer()
    feeds_pay = serializers.BooleanField(source="metric.feeds_pay", help_text="Quotas or pay are set by it.")
    sunset_on = serializers.DateField(
        source="metric.sunset_on",
        allow_null=True,
        help_text="The last day on which it is shown, where the client is; the day after, it is retired.",
    )
    owner = serializers.SerializerMethodField(help_text="By e-mail address; null: nobody yet.")
    successor = serializers.SerializerMethodField(help_text="The key of what replaces it.")
    priorities = serializers.DictField(
        child=serializers.ChoiceField(Priority.values), help_text=f"By role: {', '.join(MetricRole.values)}."
    )

    def get_owner(self, entry: Any) -> str | None:
        return entry.metric.owner.email if entry.metric.owner else None

    def get_successor(self, entry: Any) -> str | None:
        return str(entry.metric.successor.key) if entry.metric.successor else None


class MetricsSerializer(serializers.Serializer[Any]):
    """Every metric, in the order of the registry."""

    metrics = MetricSerializer(many=True)


class MetricDetailSerializer(MetricSerializer):
    """A metric with what it is built on, and what is built on it."""

    needs = serializers.ListField(
        child=serializers.CharField(), help_text="Measures and metrics that its formula names."
    )
    used_by = serializers.ListField(child=serializers.CharField())
    dependants = serializers.ListField(
        child=serializers.CharField(),
        help_text="Metrics built on it, directly or through others: those end or change first.",
    )
    measures = serializers.ListField(child=serializers.CharField(), help_text="Measures below it, through all metrics.")
    fields_of_source = serializers.ListField(child=serializers.CharField())
    pages = serializers.ListField(child=serializers.CharField(), help_text="Pages of the portal that show it.")
    is_governed = serializers.BooleanField(help_text="It changes by change requests alone: a board decides about it.")
    next_steps = serializers.ListField(child=serializers.CharField())


class VersionSerializer(serializers.Serializer[Any]):
    """A version of a metric; nothing changes it."""

    number = serializers.IntegerField()
    effective_month = MonthField(source="month", allow_null=True, help_text="From when it holds; null: the beginning.")
    content = ContentSerializer()
    sha256 = serializers.CharField(help_text="Of the content's canonical JSON.")
    reason = serializers.CharField(allow_blank=True)
    by = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()


class VersionsSerializer(serializers.Serializer[Any]):
    """Every version of a metric, the newest first."""

    key = serializers.CharField()
    versions = VersionSerializer(many=True)


class ValueSerializer(serializers.Serializer[Any]):
    """What a metric is in a period. Without a value `reason` says why; it is never 0."""

    value = FigureField(
        allow_null=True, help_text="Rounded half away from zero: money to its currency, else four decimals."
    )
    exact = ExactFigureField(allow_null=True, help_text="Not rounded, as a fraction such as 3/7.")
    reason = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField(allow_null=True, help_text="The version of the metric that computed it.")


class PointSerializer(ValueSerializer):
    """A metric in a month, or in the quarter or fiscal year that it ends; `as_reported` is what it was before a restatement."""

    month = MonthField()
    period = serializers.CharField(
        help_text="2024-03, 2024-Q1 or 2024; FY2024-Q1 and FY2024 where the fiscal year is its own."
    )
    standing = serializers.ChoiceField(
        get_args(Standing),
        help_text="Whether the month is open; else whether the value was kept when the month was closed, or is computed now "
        "because it was not.",
    )
    as_reported = ValueSerializer(source="reported", allow_null=True)


def of_book_field() -> serializers.ChoiceField:
    """The book that a mark is of."""
    return serializers.ChoiceField(
        Recognition.values, help_text="The book that these figures are of: ARR, CARR or LARR."
    )


class BookBreakSerializer(BreakSerializer):
    """A definition that begins in a book."""

    book = of_book_field()


class BookRestatedSerializer(RestatedSerializer):
    """A month of a book that was restated."""

    book = of_book_field()


class BookTurnSerializer(serializers.Serializer[Any]):
    """From `month` on the metric is computed from another book: what lies between two books is not a movement."""

    month = MonthField(help_text="Of a quarter or year its last month.")
    before = serializers.ChoiceField(Recognition.values, help_text="start is ARR, signed CARR, live LARR.")
    after = serializers.ChoiceField(Recognition.values)


class ValuesSerializer(MarkedSerializer):
    """A metric by month, quarter or year. Closed months are as they were reported.

    `breaks` and `restated` are of the books that it is computed from in these months: which definitions begin, and which months
    were restated. `book_turns` are the months from which it is computed from another book than before.
    """

    breaks = BookBreakSerializer(many=True)
    restated = BookRestatedSerializer(many=True)
    book_turns = BookTurnSerializer(many=True)

    key = serializers.CharField()
    grain = serializers.ChoiceField(list(MONTHS))
    unit = serializers.CharField()
    currency = serializers.CharField()
    values = PointSerializer(many=True)


class ValuesParameters(RangeParameters):
    """Which months: the newest twelve, unless asked otherwise; one by one, or as quarters or years of the fiscal year."""

    longest = LONGEST
    grain = grain_field()


class MetricsParameters(StrictSerializer):
    """Which metrics."""

    status = serializers.ChoiceField(MetricStatus.values, required=False)
    role = serializers.ChoiceField(MetricRole.values, required=False)
    priority = serializers.ChoiceField(Priority.values, required=False, help_text="For the role, or for any.")


class RegistryFileSerializer(serializers.Serializer[Any]):
    """The registry as a file that `registry_import` and the page read back."""

    yaml = serializers.CharField()
    sha256 = serializers.CharField()


class RegistryDriftBody(StrictSerializer):
    """A file of metrics, as the client's own repository has it."""

    yaml = serializers.CharField(max_length=1_000_000, trim_whitespace=False)
    revision = serializers.CharField(
        max_length=100, required=False, default="", allow_blank=True, help_text="Which revision it is: a commit, say."
    )


class RegistryEditSerializer(serializers.Serializer[Any]):
    """One field that differs."""

    field = serializers.CharField()
    registry = serializers.CharField()
    file = serializers.CharField()


class MetricDriftSerializer(serializers.Serializer[Any]):
    """A metric that the file says otherwise."""

    key = serializers.CharField()
    edits = RegistryEditSerializer(many=True)


class RegistryDriftSerializer(serializers.Serializer[Any]):
    """What lies between a file and the registry; after `metrics_import`, what it changed."""

    agrees = serializers.BooleanField()
    added = serializers.ListField(child=serializers.CharField(), help_text="Keys that the registry lacks.")
    changed = MetricDriftSerializer(many=True)
    lacking = serializers.ListField(child=serializers.CharField(), help_text="Names that the file lacks.")
    seen = serializers.CharField(help_text="Of both sides: send it with `metrics_import`.")
