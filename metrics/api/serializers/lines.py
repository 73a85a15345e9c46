"""Contract lines, what they went through, exchange rates, and questions about the data."""

import csv
import io
from typing import Any

from rest_framework import serializers

from metrics.api.fields import ExactField
from metrics.api.serializers.imports import SourceNamedField
from metrics.intake.layout import AMOUNT_BASES, CHARGE_TYPES
from portal.tenancy.api_input import StrictSerializer
from portal.tenancy.api_paging import PageParameters

MOST_RATES = 10_000
CURRENCY = r"^[A-Z]{3}$"


class LineSerializer(serializers.Serializer[Any]):
    """A contract line as it stands. Amounts are in the line's own currency and exact."""

    id = serializers.IntegerField(source="pk")
    source = serializers.CharField(source="source.name")  # type: ignore[assignment]
    line_id = serializers.CharField()
    contract_id = serializers.CharField()
    customer_id = serializers.CharField()
    customer_name = serializers.CharField(allow_blank=True)
    parent_customer_id = serializers.CharField(allow_null=True)
    product = serializers.CharField(allow_blank=True)
    charge_type = serializers.ChoiceField(CHARGE_TYPES)
    amount = ExactField()
    amount_basis = serializers.ChoiceField(AMOUNT_BASES)
    discount = ExactField()
    currency = serializers.CharField()
    signed_on = serializers.DateField(allow_null=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True, help_text="The last day of service; null: evergreen.")
    live_on = serializers.DateField(allow_null=True)
    cancelled_on = serializers.DateField(allow_null=True, help_text="The first day without service.")
    replaces_contract_id = serializers.CharField(allow_null=True)
    replaces_line_id = serializers.CharField(allow_null=True)
    segment = serializers.CharField(allow_null=True)
    region = serializers.CharField(allow_null=True)
    rep = serializers.CharField(allow_null=True)
    first_import_id = serializers.IntegerField()
    last_import_id = serializers.IntegerField()
    removed_import_id = serializers.IntegerField(allow_null=True, help_text="The import that no longer had the line.")
    source_row = serializers.IntegerField(help_text="The row of the last import's file.")


class LineParameters(PageParameters):
    """Which lines."""

    customer = serializers.CharField(required=False, max_length=200, help_text="A customer id.")
    product = serializers.CharField(required=False, max_length=200)
    source = SourceNamedField(help_text="The name of a source.")  # type: ignore[assignment]
    live = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="true: lines that stand, false: lines that vanished."
    )


class LineChangeSerializer(serializers.Serializer[Any]):
    """One field that an import changed; `field` is empty where the line itself vanished or came back."""

    id = serializers.IntegerField(source="pk")
    kind = serializers.ChoiceField(["changed", "vanished", "returned"])
    field = serializers.CharField(allow_blank=True)
    old = serializers.CharField(allow_null=True, allow_blank=True)
    new = serializers.CharField(allow_null=True, allow_blank=True)
    at = serializers.DateTimeField()
    import_id = serializers.IntegerField(source="contract_import_id")
    file_name = serializers.CharField(source="contract_import.file_name")


class RateSerializer(serializers.Serializer[Any]):
    """Units of the reporting currency for one unit of `currency` on a day."""

    id = serializers.IntegerField(source="pk")
    currency = serializers.CharField()
    date = serializers.DateField(source="day")
    rate = ExactField()
    file_name = serializers.CharField(source="rate_import.file_name")


class RateParameters(PageParameters):
    """Which rates."""

    currency = serializers.RegexField(CURRENCY, required=False)


class RateRowSerializer(StrictSerializer):
    """One rate."""

    currency = serializers.RegexField(CURRENCY)
    date = serializers.DateField()
    rate = serializers.RegexField(r"^\d{1,12}(\.\d{1,10})?$", help_text="A decimal text, at most ten decimals.")


class RateRowsSerializer(StrictSerializer):
    """Rates as rows."""

    rates = serializers.ListField(child=RateRowSerializer(), min_length=1, max_length=MOST_RATES)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The rows as the file they stand for."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["date", "currency", "rate"])
        writer.writerows([row["date"].isoformat(), row["currency"], row["rate"]] for row in attrs["rates"])
        return {"file": io.BytesIO(text.getvalue().encode()), "file_name": "rows sent to the API"}


class RateFileSerializer(StrictSerializer):
    """A file with the columns `date`, `currency` and `rate`."""

    file = serializers.FileField(help_text="CSV or XLSX.", max_length=400)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"file": attrs["file"], "file_name": attrs["file"].name}


class LackingSerializer(serializers.Serializer[Any]):
    """A currency with rates of the client's own, and the months of the book that need one which is not among them."""

    currency = serializers.CharField()
    months = serializers.ListField(child=serializers.CharField(help_text="YYYY-MM"))
    of = serializers.IntegerField(help_text="How many months the book has.")


class RateImportSerializer(serializers.Serializer[Any]):
    """What a load of rates did; rates that it does not name stay."""

    id = serializers.IntegerField(source="pk")
    file_name = serializers.CharField()
    file_sha256 = serializers.CharField()
    added_count = serializers.IntegerField()
    changed_count = serializers.IntegerField()
    unchanged_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    lacking = LackingSerializer(many=True, help_text="What the client's own rates now leave without one.")


class RateRemovalParameters(StrictSerializer):
    """Which rates to take away."""

    currency = serializers.RegexField(CURRENCY, help_text="All of the client's own rates of it.")


class RateRemovalSerializer(serializers.Serializer[Any]):
    """All own rates of a currency that were taken away."""

    id = serializers.IntegerField(source="pk")
    currency = serializers.CharField(source="removed_currency")
    removed_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class GapSerializer(serializers.Serializer[Any]):
    """A rate that some month needs and nobody has."""

    currency = serializers.CharField()
    month = serializers.CharField(help_text="YYYY-MM")
    day = serializers.DateField(allow_null=True, help_text="null where the month's average is needed.")
    lines = serializers.IntegerField(help_text="How many lines wait for it.")
    line_ids = serializers.ListField(child=serializers.CharField(), help_text="Some of them.")


class GapsSerializer(serializers.Serializer[Any]):
    """Every missing rate that the last computation found, at most 200."""

    results = GapSerializer(many=True)


class IssueSerializer(serializers.Serializer[Any]):
    """A question that the contract lines raise. None is an error: every line counts as the policy says."""

    code = serializers.CharField(source="kind.code")
    title = serializers.CharField(source="kind.title")
    meaning = serializers.CharField(source="kind.meaning")
    advice = serializers.CharField(source="kind.advice")
    count = serializers.IntegerField()


class IssuesSerializer(serializers.Serializer[Any]):
    """Every question with at least one line, by what it may be worth."""

    results = IssueSerializer(many=True)
