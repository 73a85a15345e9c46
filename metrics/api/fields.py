"""How the API writes amounts, ratios, rates and months. No figure is ever a JSON number with a fraction."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from metrics.intake.mapping import Mapping as ColumnMapping
from metrics.intake.mapping import MappingError
from portal.lib.periods import month_format, month_parse
from portal.tenancy.api_input import json_read
from portal.tenancy.api_schema import MONTH_PATTERN

EARLIEST, LATEST = month_parse("1900-01"), month_parse("2199-12")
MONTH_TEXT = "This is no month between 1900-01 and 2199-12: write YYYY-MM."


class OutField(serializers.Field[Any, Any, Any, Any]):
    """A field of answers alone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)


@extend_schema_field({"type": "string", "pattern": r"^-?\d+\.\d{2}$", "example": "1234567.80"})
class AmountField(OutField):
    """An amount of the reporting currency with two decimals."""

    def to_representation(self, value: Decimal) -> str:
        return f"{value:.2f}"


@extend_schema_field({"type": "string", "pattern": r"^-?\d+\.\d{4}$", "example": "1.0432"})
class RatioField(OutField):
    """A ratio with four decimals: 1 is 100 %."""

    def to_representation(self, value: Decimal) -> str:
        return f"{value:.4f}"


@extend_schema_field({"type": "string", "pattern": r"^-?\d+\.\d{2,10}$", "example": "0.9174"})
class ExactField(OutField):
    """A number as it was given: every decimal it has, at least two."""

    def to_representation(self, value: Decimal | str) -> str:
        whole, _, rest = f"{Decimal(value):f}".partition(".")
        return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"


@extend_schema_field({"type": "string", "pattern": MONTH_PATTERN, "example": "2025-12"})
class MonthField(serializers.Field[int, str, str, Any]):
    """A month, `YYYY-MM`."""

    def to_internal_value(self, data: Any) -> int:
        try:
            month = month_parse(data) if isinstance(data, str) else -1
        except ValueError:
            month = -1
        if not EARLIEST <= month <= LATEST:
            raise ValidationError(MONTH_TEXT)
        return month

    def to_representation(self, value: int) -> str:
        return month_format(value)


class PersonField(serializers.CharField):
    """Who did it, by e-mail address."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        return str(value)


class MappingField(serializers.CharField):
    """A mapping as JSON text in a form. ValidationError with everything that is wrong with it."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return mapping_of(json_read(super().to_internal_value(data).encode()))
        except ValueError as error:
            raise ValidationError("This is no JSON that can be read.") from error


def mapping_of(given: object) -> ColumnMapping:
    """The mapping that a program sent."""
    try:
        return ColumnMapping.from_dict(given)
    except MappingError as error:
        raise ValidationError(error.faults) from error
