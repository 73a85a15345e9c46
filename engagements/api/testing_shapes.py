"""What the operations on tests of an engagement take and answer."""

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from engagements.services.testing import LONGEST, RESULTS, UNTESTED
from metrics.api.fields import PersonField
from portal.lib.file_kinds import ALLOWED
from portal.tenancy.api_files import StoredFileSerializer
from portal.tenancy.api_input import StrictSerializer
from portal.tenancy.permissions import VIEW_ARR


class ProjectTestSerializer(serializers.Serializer[Any]):
    """A test of what was built, with its newest result."""

    id = serializers.IntegerField()
    position = serializers.IntegerField()
    kind = serializers.ChoiceField(["technical", "customer"], help_text="Whose to run: the firm's, or the client's.")
    text = serializers.CharField()
    expected = serializers.CharField(allow_blank=True)
    check = serializers.CharField(
        source="check_key",
        allow_blank=True,
        help_text="Where it is set, the system runs it by itself, and nobody else.",
    )
    is_critical = serializers.BooleanField()
    state = serializers.ChoiceField([UNTESTED, *RESULTS])
    evidence = serializers.CharField(allow_blank=True)
    tested_by = PersonField()
    tested_at = serializers.DateTimeField(allow_null=True)


class FigureSerializer(serializers.Serializer[Any]):
    """A figure that the system computed, as text; `currency` is blank where it is no amount."""

    name = serializers.CharField()
    value = serializers.CharField()
    currency = serializers.CharField(allow_blank=True)


class TestRunSerializer(serializers.Serializer[Any]):
    """One run of a test. It never changes."""

    __test__ = False

    id = serializers.IntegerField()
    result = serializers.ChoiceField(list(RESULTS))
    evidence = serializers.CharField(allow_blank=True)
    link = serializers.CharField(allow_blank=True)
    file = StoredFileSerializer(allow_null=True, help_text="`project_file` gives its bytes.")
    figures = serializers.SerializerMethodField()
    by = PersonField(help_text="Null: the system.")
    at = serializers.DateTimeField()

    def get_figures(self, run: Any) -> list[dict[str, str]] | None:
        """Null for whoever does not see numbers."""
        if not self.context["call"].may(VIEW_ARR):
            return None
        return [{"name": name, "value": str(value), "currency": unit} for name, value, unit in run.figures]


class RunBody(StrictSerializer):
    """What came out of a test."""

    result = serializers.ChoiceField(list(RESULTS), help_text="What is critical always applies.")
    evidence = serializers.CharField(
        max_length=LONGEST, help_text="How it was tested and what came out, or why it does not apply."
    )
    link = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)


class RunFileBody(RunBody):
    """What came out of a test, with a picture or file that shows it."""

    file = serializers.FileField(max_length=400, help_text=f"{ALLOWED}.")


RUN = OpenApiExample(
    "The bridge ties",
    request_only=True,
    media_type="application/json",
    value={
        "result": "passed",
        "evidence": "Held the bridge of March against the export of billing: the same to the cent.",
        "link": "https://wiki.example.com/tests/bridge",
    },
)
