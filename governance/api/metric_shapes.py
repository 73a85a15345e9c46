"""What the operations that change the registry take, and what those about all of its metrics give."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from governance.api.serializers import ExactFigureField, FigureField, PointSerializer
from governance.metric_content import CHOICES, LENGTHS, MAY_BE_EMPTY
from governance.models import ControlSide, MetricRole, Priority
from governance.services.metric_states import STEP_WORDS
from governance.services.registry import MOST_METRICS
from metrics.api.fields import ExactField, MonthField, PersonField
from portal.tenancy.api_input import StrictSerializer

LONGEST_REASON = 1000
SHA256 = 64


class RevisionField(serializers.IntegerField):
    """The revision of a metric that was read: 409 where somebody was faster."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=2**31 - 1, **kwargs)


class ReasonField(serializers.CharField):
    """Why; kept for whoever audits it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST_REASON, **kwargs)


def part(name: str) -> serializers.Field[Any, Any, Any, Any]:
    """The field of one part of a metric's content."""
    if name in CHOICES:
        return serializers.ChoiceField(list(CHOICES[name]))
    if name in MAY_BE_EMPTY:
        return serializers.CharField(max_length=LENGTHS[name], required=False, default="", allow_blank=True)
    return serializers.CharField(max_length=LENGTHS[name])


class ContentGiveSerializer(StrictSerializer):
    """What a metric means and how it is computed; every part of it."""

    def get_fields(self) -> Any:
        return {name: part(name) for name in LENGTHS}


class MetricProposeSerializer(StrictSerializer):
    """A metric of the client's own."""

    key = serializers.SlugField(max_length=60, help_text="Its name in formulas; it never changes.")
    content = ContentGiveSerializer()
    reason = ReasonField()


class VersionGiveSerializer(StrictSerializer):
    """What a metric means from a month on; null: from the beginning, for one that is only proposed."""

    revision = RevisionField()
    content = ContentGiveSerializer()
    effective_month = MonthField(required=False, default=None, allow_null=True)
    reason = ReasonField()


class StepGiveSerializer(StrictSerializer):
    """One step in a metric's life. What is deprecated or retired may name what replaces it."""

    revision = RevisionField()
    step = serializers.ChoiceField(list(STEP_WORDS))
    successor = serializers.SlugField(max_length=60, required=False, default="", allow_blank=True)
    reason = ReasonField()


class OwnerGiveSerializer(StrictSerializer):
    """Who of the client's people answers for it, by e-mail address; null: nobody yet."""

    revision = RevisionField()
    person = serializers.EmailField(max_length=254, allow_null=True)


class PayGiveSerializer(StrictSerializer):
    """Whether quotas or pay are set by it."""

    revision = RevisionField()
    feeds_pay = serializers.BooleanField()


class RegistryImportBody(StrictSerializer):
    """A file whose drift was looked at: `seen` is what `drift` gave with it."""

    yaml = serializers.CharField(max_length=1_000_000, trim_whitespace=False)
    seen = serializers.CharField(max_length=SHA256)
    reason = ReasonField()


class StartedSerializer(serializers.Serializer[Any]):
    """The metrics that are in the registry now."""

    keys = serializers.ListField(child=serializers.CharField())


class MatrixSerializer(serializers.Serializer[Any]):
    """How much each standing metric matters to each role."""

    seen = serializers.CharField(help_text="Send it with a change: 409 where somebody was faster.")
    cells = serializers.DictField(
        child=serializers.DictField(child=serializers.ChoiceField(Priority.values)),
        help_text=f"By metric and role ({', '.join(MetricRole.values)}); a cell that is not there is empty.",
    )


class MatrixWriteSerializer(StrictSerializer):
    """Cells as they shall be, one or many: those that are not named stay. An empty text empties a cell."""

    seen = serializers.CharField(max_length=SHA256)
    cells = serializers.DictField(
        child=serializers.DictField(child=serializers.ChoiceField(["", *Priority.values], allow_blank=True)),
        allow_empty=False,
    )

    def validate_cells(self, cells: dict[str, Any]) -> dict[str, Any]:
        """No more rows than a registry has metrics."""
        if len(cells) > MOST_METRICS:
            raise ValidationError(f"A registry has at most {MOST_METRICS} metrics.")
        return cells


class AvailableSerializer(serializers.Serializer[Any]):
    """A metric that somebody must have: whether it can be built now, and what has to be done first."""

    key = serializers.CharField(source="entry.key")
    is_buildable = serializers.BooleanField()
    tasks = serializers.ListField(child=serializers.CharField(), help_text="None: it can be built.")
    fields_needed = serializers.ListField(child=serializers.CharField(), source="fields")
    missing = serializers.ListField(child=serializers.CharField(), help_text="Fields that no source brings.")
    filled = ExactField(allow_null=True, help_text="Of how many lines the least filled field is there: 1 is all.")
    least_filled = serializers.CharField(allow_blank=True)
    months = serializers.IntegerField(help_text="Months that have a value.")
    lacking = serializers.ListField(child=MonthField(), help_text="Months since the first of them that have none.")
    reason = serializers.CharField(allow_blank=True, help_text="Why the newest of those has none.")
    fresh_at = serializers.DateTimeField(allow_null=True)


class AvailabilitySerializer(serializers.Serializer[Any]):
    """Every metric that is P0 for a role."""

    metrics = AvailableSerializer(many=True)


class LineageParameters(StrictSerializer):
    """What it hangs on: each of those that are given."""

    measure = serializers.SlugField(max_length=60, required=False, default="")
    metric = serializers.SlugField(max_length=60, required=False, default="")
    page = serializers.SlugField(
        max_length=60, required=False, default="", help_text="arr, client_home, months, reconciliation"
    )
    field = serializers.SlugField(max_length=60, required=False, default="")
    source = serializers.SlugField(max_length=60, required=False, default="")  # type: ignore[assignment]


class LineageRowSerializer(serializers.Serializer[Any]):
    """A measure: the fields it is made of, the metrics that need it, and the pages that show those."""

    measure = serializers.CharField(source="found.measure.name")
    label = serializers.CharField(source="found.measure.label")  # type: ignore[assignment]
    unit = serializers.CharField(source="found.measure.unit")
    table = serializers.CharField(source="found.measure.table")
    fields_of_source = serializers.ListField(child=serializers.CharField(), source="found.measure.fields")
    needs = serializers.CharField(
        source="found.measure.needs", allow_blank=True, help_text="Data that is not loaded yet."
    )
    direct = serializers.ListField(
        child=serializers.CharField(), source="found.direct", help_text="Metrics whose formulas name it."
    )
    through = serializers.ListField(
        child=serializers.CharField(), source="found.through", help_text="Metrics built on those."
    )
    pages = serializers.ListField(child=serializers.CharField(), help_text="Pages of the portal that show them.")


class LineageSerializer(serializers.Serializer[Any]):
    """From source field to measure to metric to page."""

    measures = LineageRowSerializer(many=True)


class FormulaParameters(StrictSerializer):
    """A formula that is being written, for a metric that is there or for a new one."""

    formula = serializers.CharField(max_length=LENGTHS["formula"])
    unit = serializers.CharField(max_length=LENGTHS["unit"])
    key = serializers.SlugField(max_length=60, required=False, default="")


class TriedPointSerializer(PointSerializer):
    """A month by the new formula, and by the present one of the metric."""

    before = FigureField(allow_null=True)


class FormulaSerializer(serializers.Serializer[Any]):
    """What came of a formula. Nothing was stored."""

    fault = serializers.CharField(allow_blank=True, help_text="What is wrong with it; empty where nothing is.")
    place = serializers.ListField(child=serializers.CharField(allow_blank=True), help_text="Before, at, behind it.")
    words = serializers.CharField(allow_blank=True)
    gives = serializers.CharField(allow_blank=True, help_text="The unit that it gives.")
    points = TriedPointSerializer(
        many=True, help_text="The newest twelve months, the newest first; none for whoever sees no numbers."
    )
    reason = serializers.CharField(allow_blank=True, help_text="Why there are no points.")


class ControlSerializer(serializers.Serializer[Any]):
    """What somebody knows a metric must be in a month, beside what the registry says."""

    id = serializers.IntegerField(source="control.pk")
    metric = serializers.CharField(source="control.metric.key")
    month = MonthField(source="control.month")
    expected = ExactField(source="control.expected")
    tolerance = ExactField(source="control.tolerance")
    side = serializers.ChoiceField(ControlSide.choices, source="control.side")
    source = serializers.CharField(source="control.source")  # type: ignore[assignment]
    by = PersonField(source="control.by")
    at = serializers.DateTimeField(source="control.at")
    value = FigureField(source="point.value", allow_null=True)
    reason = serializers.CharField(source="point.reason", allow_blank=True, help_text="Why there is no value.")
    agrees = serializers.BooleanField(allow_null=True, help_text="Null without a value.")
    difference = ExactFigureField(allow_null=True, help_text="Registry less expected, as a fraction.")


class ControlGiveSerializer(StrictSerializer):
    """A control figure; it takes the place of an earlier one of the same metric and month."""

    metric = serializers.SlugField(max_length=60)
    month = MonthField()
    expected = serializers.DecimalField(max_digits=23, decimal_places=6)
    tolerance = serializers.DecimalField(max_digits=23, decimal_places=6, min_value=0, required=False, default=Decimal)
    side = serializers.ChoiceField(ControlSide.choices, required=False, default=ControlSide.EITHER)
    source = serializers.CharField(max_length=200, help_text="Where it comes from: board pack of October, say.")  # type: ignore[assignment]


class ControlRemovedSerializer(serializers.Serializer[Any]):
    """That it is gone; the audit log keeps it."""

    id = serializers.IntegerField()


class LibraryEditSerializer(serializers.Serializer[Any]):
    """A field that the library says otherwise by now."""

    field = serializers.CharField(source="label")
    registry = serializers.CharField(source="stored")
    library = serializers.CharField(source="shipped")
    is_own = serializers.BooleanField(help_text="Whether the client has changed it too.")


class LibraryImprovedSerializer(serializers.Serializer[Any]):
    """A metric of which the library says something else by now."""

    key = serializers.CharField()
    edits = LibraryEditSerializer(many=True)


class LibrarySerializer(serializers.Serializer[Any]):
    """The registry beside the library that ships with the product."""

    agrees = serializers.BooleanField()
    improved = LibraryImprovedSerializer(many=True)
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Keys of metrics that only the library has."
    )


class LibraryTakeSerializer(StrictSerializer):
    """Which metrics of the library to propose."""

    keys = serializers.ListField(
        child=serializers.SlugField(max_length=60), min_length=1, max_length=MOST_METRICS, help_text="Of `missing`."
    )


class LibraryTakenSerializer(serializers.Serializer[Any]):
    """The metrics that are proposed now."""

    proposed = serializers.ListField(child=serializers.CharField())
