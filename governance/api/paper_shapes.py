"""What the API says of the glossary, and what it is asked about papers."""

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from portal.lib.paper import SIZES
from portal.tenancy.api_input import StrictSerializer


class WordSerializer(serializers.Serializer[Any]):
    """A metric that is in use or proposed, or a term of the definitions."""

    key = serializers.CharField(help_text="Of the metric, or of the definition.")
    name = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    formula = serializers.CharField(allow_blank=True, help_text="In words; of a term, what holds.")
    kind = serializers.CharField(help_text="How far it is: in use, proposed, confirmed, assumed.")
    note = serializers.CharField(help_text="Whose metric in which version, or that it is a definition.")


class GlossarySerializer(serializers.Serializer[Any]):
    """Every word by name; `sha256` stands on the paper too."""

    sha256 = serializers.CharField()
    words = WordSerializer(many=True)


class GlossaryFileParameters(StrictSerializer):
    """On which paper."""

    paper = serializers.ChoiceField(list(SIZES), required=False, help_text="Default: what the client's country uses.")


GLOSSARY = OpenApiExample(
    "One metric and one term",
    response_only=True,
    status_codes=["200"],
    value={
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "words": [
            {
                "key": "arr",
                "name": "ARR",
                "text": "The yearly value of all contracts that run at a month end.",
                "formula": "Ending ARR",
                "kind": "In use",
                "note": "Finance, v1",
            },
            {
                "key": "churn",
                "name": "Churn",
                "text": "A customer without any ARR left.",
                "formula": "",
                "kind": "Confirmed",
                "note": "Definition",
            },
        ],
    },
)
