"""What is asked of the numbers: months, basis, split, filters."""

import datetime as dt
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from metrics.api.fields import EARLIEST, LATEST, MonthField
from metrics.engine.bridge import TOTAL
from metrics.engine.lines import DIMENSIONS
from metrics.models import Recognition
from metrics.selectors.close_rows import is_stored
from metrics.selectors.figures import BRIDGE_COLUMNS
from metrics.selectors.moves import MOVING
from metrics.selectors.periods import MONTHS
from portal.lib.periods import month_of
from portal.tenancy.api_input import StrictSerializer

LONGEST = 600
YEAR = 12
COLUMNS = [*BRIDGE_COLUMNS, "net_new"]
MOST_CUSTOMERS = 1000
MOST_MOVERS = 100


class BasisParameters(StrictSerializer):
    """Which book."""

    basis = serializers.ChoiceField(
        Recognition.values,
        required=False,
        default=None,
        allow_null=True,
        help_text="start: ARR, signed: CARR, live: LARR. Default: what the policy says.",
    )


def filter_field() -> serializers.CharField:
    return serializers.CharField(required=False, max_length=200, help_text="Only this value, exactly.")


class FilteredParameters(BasisParameters):
    """Which customers and products."""

    segment = filter_field()
    region = filter_field()
    rep = filter_field()
    product = filter_field()


def filters_of(asked: dict[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """The filters among what was asked."""
    return {name: asked[name] for name in DIMENSIONS if name in asked}


class RangeParameters(StrictSerializer):
    """Which months."""

    longest = LONGEST
    is_required = False
    first_text = "The first month. Default: the oldest there is."

    def get_fields(self) -> dict[str, Any]:
        about: dict[str, Any] = {"required": self.is_required}
        if not self.is_required:
            about |= {"default": None, "allow_null": True}
        first = MonthField(**about, source="first", help_text=self.first_text)
        last = MonthField(**about, source="last", help_text="The last month. Default: the newest there is.")
        return {"from": first, "to": last, **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a range that is turned round or too long."""
        first, last = attrs["first"], attrs["last"]
        if first is not None and last is not None:
            if last < first:
                raise ValidationError({"to": ["The last month is before the first."]})
            if last - first >= self.longest:
                raise ValidationError({"to": [f"At most {self.longest} months at once."]})
        checked: dict[str, Any] = super().validate(attrs)
        return checked


def split_field(names: tuple[str, ...] | list[str]) -> serializers.ChoiceField:
    return serializers.ChoiceField([TOTAL, *names], required=False, default=TOTAL, help_text="One row for each value.")


def grain_field() -> serializers.ChoiceField:
    return serializers.ChoiceField(list(MONTHS), required=False, default="month")


class ViewParameters(StrictSerializer):
    """Closed months as they were reported, or as the contracts stand now."""

    view = serializers.ChoiceField(
        ["reported", "current"],
        required=False,
        default="reported",
        help_text=(
            "reported: closed months as they were closed, open ones as the contracts stand now. "
            "current: every month as the contracts stand now. Of a month that was closed before closes kept customers "
            "only the figures are as reported; its customers, and its figures under several properties at once, are "
            "the current ones."
        ),
    )


class ReportedParameters(ViewParameters):
    """The same, and as it had been reported on a day."""

    as_of = serializers.DateField(
        required=False,
        default=None,
        allow_null=True,
        help_text=(
            "What had been reported at the end of this day, where the client is: only months closed by then, "
            "in the revisions of then. Not with view=current, nor with several properties at once."
        ),
    )

    def validate_as_of(self, day: dt.date | None) -> dt.date | None:
        """No day outside the months that there are."""
        if day is not None and not EARLIEST <= month_of(day) <= LATEST:
            raise ValidationError("Name a day between 1900 and 2199.")
        return day

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A day goes with what was reported, by one property at a time."""
        if attrs["as_of"] is not None:
            if attrs["view"] != "reported":
                raise ValidationError({"as_of": ["A day goes with what was reported: leave out view=current."]})
            if not is_stored(attrs.get("by", TOTAL), filters_of(attrs)):
                raise ValidationError(
                    {"as_of": ["Closes hold one property at a time: give one filter, and no other split."]}
                )
        checked: dict[str, Any] = super().validate(attrs)
        return checked


class BridgeParameters(RangeParameters, ReportedParameters, FilteredParameters):
    """Which bridge."""

    by = split_field(DIMENSIONS)
    grain = grain_field()


class HeadlineParameters(ReportedParameters, FilteredParameters):
    """Which month."""

    month = MonthField(required=False, default=None, allow_null=True, help_text="Default: the newest.")


class RetentionParameters(RangeParameters, ReportedParameters, BasisParameters):
    """Which retention; it has no products, because a customer is retained and not a product."""

    by = split_field([name for name in DIMENSIONS if name != "product"])
    segment = filter_field()
    region = filter_field()
    rep = filter_field()


class CohortParameters(FilteredParameters):
    """Which cohorts."""

    grain = grain_field()
    to = MonthField(required=False, default=None, allow_null=True, help_text="The last month. Default: the newest.")


class MoverParameters(RangeParameters, FilteredParameters):
    """Which movements; without months those of the twelve that the ARR page shows, up to the newest."""

    first_text = "The first month. Default: the eleventh before the last."
    count = serializers.IntegerField(required=False, default=10, min_value=1, max_value=MOST_MOVERS)


class GroupParameters(RangeParameters, FilteredParameters):
    """Which group, over the months of a year at most."""

    longest = YEAR
    is_required = True
    by = split_field(DIMENSIONS)
    group = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A split needs its group, and a group its split."""
        if (attrs["by"] == TOTAL) != (attrs["group"] == ""):
            raise ValidationError({"group": ["Name the group together with `by`, or neither."]})
        checked: dict[str, Any] = super().validate(attrs)
        return checked


class CellParameters(ViewParameters, GroupParameters):
    """Which cell of the bridge: one month, or the months of one quarter or year."""

    column = serializers.ChoiceField(COLUMNS, required=False, default="ending")
    limit = serializers.IntegerField(required=False, default=200, min_value=1, max_value=MOST_CUSTOMERS)


class MovesParameters(ViewParameters, GroupParameters):
    """Which movement of which customer; `change` is every movement with the effect of exchange rates and the customer's share
    of prior-period adjustments, `net_change` the same without exchange rates, as the movers have it.
    """

    customer = serializers.CharField(max_length=200, help_text="A customer id (or a parent's, as the policy says).")
    column = serializers.ChoiceField(MOVING, required=False, default="change")


class ExplainParameters(BasisParameters):
    """Which figure."""

    customer = serializers.CharField(max_length=200, help_text="A customer id (or a parent's, as the policy says).")
    month = MonthField()
