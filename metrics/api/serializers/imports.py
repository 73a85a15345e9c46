"""Sources and imports."""

from typing import Any

from rest_framework import serializers

from metrics.api.fields import MappingField, PersonField, mapping_of
from metrics.intake.mapping import DATE_ORDERS, DECIMAL_MARKS
from metrics.models import ContractImport, Source
from metrics.models.intake import ImportState, SourceKind
from metrics.selectors.listings import source_named
from portal.tenancy.api_input import StrictSerializer
from portal.tenancy.api_paging import PageParameters

DELIMITERS = [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "vertical bar")]


class SourceSerializer(serializers.Serializer[Any]):
    """Where contract lines come from. Exactly one source is authoritative: its lines make ARR."""

    id = serializers.IntegerField(source="source.pk")
    name = serializers.CharField(source="source.name")
    kind = serializers.ChoiceField(SourceKind.values, source="source.kind")
    is_authoritative = serializers.BooleanField(source="source.is_authoritative")
    line_count = serializers.IntegerField(source="source.line_count", help_text="Lines that stand.")
    is_stale = serializers.BooleanField(help_text="Nothing was imported for more than 35 days.")
    last_good_import_id = serializers.IntegerField(source="good.pk", default=None, allow_null=True)
    last_good_import_at = serializers.DateTimeField(source="good.finished_at", default=None, allow_null=True)
    latest_import_id = serializers.IntegerField(source="latest.pk", default=None, allow_null=True)
    latest_import_state = serializers.ChoiceField(
        ImportState.values, source="latest.state", default=None, allow_null=True
    )


class SourcesSerializer(serializers.Serializer[Any]):
    """Every source, the authoritative one first."""

    results = SourceSerializer(many=True)


class ImportSerializer(serializers.Serializer[Any]):
    """A file on its way to contract lines.

    `reading` → `uploaded` (needs a mapping) → `checking` → `refused`, `unchanged` or `waiting` (for a decision) → `queued` →
    `running` → `done`; besides `cancelled` and `failed`.
    """

    id = serializers.IntegerField(source="pk")
    source = serializers.CharField(source="source.name")  # type: ignore[assignment]
    state = serializers.ChoiceField(ImportState.values)
    state_label = serializers.CharField(source="get_state_display")
    file_name = serializers.CharField()
    file_sha256 = serializers.CharField()
    file_bytes = serializers.IntegerField()
    is_partial = serializers.BooleanField(help_text="Lines that the file lacks are kept.")
    row_count = serializers.IntegerField(allow_null=True)
    fault_count = serializers.IntegerField()
    added_count = serializers.IntegerField(allow_null=True)
    changed_count = serializers.IntegerField(allow_null=True)
    vanished_count = serializers.IntegerField(allow_null=True)
    unchanged_count = serializers.IntegerField(allow_null=True)
    step = serializers.CharField(allow_blank=True, help_text="What is being done now.")
    progress = serializers.IntegerField(help_text="Per cent of the load.")
    error = serializers.CharField(allow_blank=True)
    created_by = PersonField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class TotalSerializer(serializers.Serializer[Any]):
    """The control total of one currency and basis, as the file states its amounts."""

    currency = serializers.CharField()
    basis = serializers.CharField()
    rows = serializers.IntegerField()
    amount = serializers.CharField()
    discount = serializers.CharField()


class QuestionSerializer(serializers.Serializer[Any]):
    """Something about the file that only a person can answer."""

    setting = serializers.CharField(help_text="The setting of the mapping that answers it.")
    text = serializers.CharField()
    options = serializers.ListField(child=serializers.CharField(allow_blank=True))
    examples = serializers.ListField(child=serializers.CharField(allow_blank=True))


class MappingSerializer(StrictSerializer):
    """How a file's columns become ours; it is remembered for the source."""

    columns = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="Our column to the file's column."
    )
    constants = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="Our column to one text for every row."
    )
    value_maps = serializers.DictField(
        child=serializers.DictField(child=serializers.CharField(allow_blank=True)),
        required=False,
        help_text="For each of our columns the file's text to ours.",
    )
    date_order = serializers.ChoiceField(DATE_ORDERS, required=False, allow_null=True)
    decimal_mark = serializers.ChoiceField(DECIMAL_MARKS, required=False)
    end_is_exclusive = serializers.BooleanField(
        required=False, help_text="The file's end date is the first day without service."
    )
    null_markers = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Texts that mean empty."
    )
    sheet = serializers.CharField(required=False, allow_null=True)
    delimiter = serializers.ChoiceField(DELIMITERS, required=False, allow_null=True)
    encoding = serializers.CharField(required=False, allow_null=True, max_length=40)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The mapping under the key `mapping`."""
        return {"mapping": mapping_of(attrs)}


class ImportDetailSerializer(ImportSerializer):
    """One import with what its file holds and what has to be decided."""

    mapping = MappingSerializer(allow_null=True)
    totals = TotalSerializer(many=True)
    header = serializers.ListField(
        child=serializers.CharField(allow_blank=True),
        source="report.table.header",
        default=list,
        help_text="The file's columns.",
    )
    suggested_mapping = MappingSerializer(
        source="report.table.suggested", default=None, allow_null=True, help_text="A mapping to start from."
    )
    questions = QuestionSerializer(many=True, source="report.table.questions", default=list)
    fault_codes = serializers.DictField(
        child=serializers.IntegerField(),
        source="report.fault_codes",
        default=dict,
        help_text="How many faults of each kind.",
    )


class SourceNamedField(serializers.CharField):
    """The name of one of the client's sources."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=80, **kwargs)


class ImportParameters(PageParameters):
    """Which imports."""

    source = SourceNamedField(help_text="The name of a source.")  # type: ignore[assignment]


class UploadSerializer(StrictSerializer):
    """A file of contract lines."""

    file = serializers.FileField(help_text="CSV or XLSX.", max_length=400)
    source = serializers.CharField(  # type: ignore[assignment]
        required=False, default="", allow_blank=True, max_length=80,
        help_text="The source's name; it is made where there is none. Default: the authoritative source.",
    )  # fmt: skip
    kind = serializers.ChoiceField(
        SourceKind.values, required=False, default=SourceKind.SPREADSHEET.value, help_text="Of a source that is made."
    )
    mapping = MappingField(
        required=False,
        help_text="How the columns become ours, as JSON text. Default: the source's own, or none needed.",
    )
    is_partial = serializers.BooleanField(required=False, default=False, help_text="Keep lines that the file lacks.")


class EffectSerializer(serializers.Serializer[Any]):
    """The annual value of the lines that change, per currency, before and after."""

    currency = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    change = serializers.CharField()


class FieldCountSerializer(serializers.Serializer[Any]):
    """In how many lines a field changes."""

    field = serializers.CharField()
    lines = serializers.IntegerField()


class LineNamedSerializer(serializers.Serializer[Any]):
    """Which line it is."""

    line_id = serializers.CharField()
    contract_id = serializers.CharField()
    customer = serializers.CharField(allow_blank=True)
    product = serializers.CharField(allow_blank=True)
    row = serializers.IntegerField()


class FieldChangeSerializer(serializers.Serializer[Any]):
    """One field that changes."""

    field = serializers.CharField()
    old = serializers.CharField(allow_null=True, allow_blank=True)
    new = serializers.CharField(allow_null=True, allow_blank=True)
    is_arr_relevant = serializers.BooleanField()


class LineChangedSerializer(LineNamedSerializer):
    """A line that changes, field by field."""

    fields_changed = FieldChangeSerializer(many=True, source="fields")


class ChangesSerializer(serializers.Serializer[Any]):
    """What an import would do, or did, to its source. Examples are the first 100 lines of each kind."""

    state = serializers.ChoiceField(ImportState.values)
    added_count = serializers.IntegerField(allow_null=True)
    changed_count = serializers.IntegerField(allow_null=True)
    vanished_count = serializers.IntegerField(allow_null=True)
    unchanged_count = serializers.IntegerField(allow_null=True)
    digest = serializers.CharField(
        help_text="sha256 of all that would change; empty before the check.", allow_blank=True
    )
    fields_changed = FieldCountSerializer(many=True)
    added = LineNamedSerializer(many=True)
    changed = LineChangedSerializer(many=True)
    vanished = LineNamedSerializer(many=True)
    effect = EffectSerializer(many=True)


class AcceptParameters(StrictSerializer):
    """Which summary is accepted."""

    digest = serializers.RegexField(
        r"^[0-9a-f]{64}\Z",
        required=False,
        help_text="That of the changes that were looked at; 409 where it is another.",
    )


def changes_of(row: ContractImport) -> dict[str, Any]:
    """An import's report in the shape of `ChangesSerializer`."""
    report, examples = row.report, row.report.get("examples", {})
    counts = {
        name: getattr(row, name) for name in ("added_count", "changed_count", "vanished_count", "unchanged_count")
    }
    return {
        "state": row.state,
        **counts,
        "digest": report.get("digest", ""),
        "fields_changed": report.get("fields", []),
        "effect": report.get("effect", []),
        **{kind: examples.get(kind, []) for kind in ("added", "changed", "vanished")},
    }


def source_of(name: str | None) -> Source | None:
    """The source that a parameter names, None where it names none. ValidationError for a name that no source has."""
    if not name:
        return None
    if (found := source_named(name)) is None:
        raise serializers.ValidationError({"source": ["There is no source of this name."]})
    return found
