"""Bridges, headline figures, retention, cohorts and movers."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from metrics.api.fields import AmountField, MonthField, RatioField
from metrics.engine.bridge import AMOUNTS, COUNTS
from metrics.engine.csv_format import ADJUSTMENT
from metrics.models import BookState, Recognition
from metrics.selectors.periods import MONTHS


class BookSerializer(serializers.Serializer[Any]):
    """Which book the figures come from and in what state it is. Without any month `message` says why."""

    basis = serializers.ChoiceField(Recognition.values, source="recognition")
    label = serializers.ChoiceField(  # type: ignore[assignment]
        Recognition.labels, help_text="ARR, CARR or LARR."
    )
    state = serializers.ChoiceField(
        BookState.values,
        help_text="stale: being recomputed, the figures are those before. blocked: no month can be valued.",
    )
    message = serializers.CharField(allow_blank=True)
    currency = serializers.CharField()
    first_month = MonthField(allow_null=True)
    last_month = MonthField(allow_null=True)
    retention_from = MonthField(allow_null=True)
    policy_number = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField(help_text="Grows with every change of the figures.")
    built_at = serializers.DateTimeField(allow_null=True)


class PeriodSerializer(serializers.Serializer[Any]):
    """A month, quarter or year of the client's fiscal year."""

    key = serializers.CharField(
        help_text="2024-03, 2024-Q1, 2024; FY2024-Q1 and FY2024 where the fiscal year is its own."
    )
    first = MonthField()
    last = MonthField()
    is_partial = serializers.BooleanField(help_text="The range cuts the quarter or year short.")


class BridgeRowSerializer(serializers.Serializer[Any]):
    """beginning + new + expansion + contraction + churn + reactivation + fx + prior_period_adjustment = ending, to the cent."""

    period = serializers.CharField(source="period.key")
    group = serializers.CharField(allow_blank=True)
    beginning = AmountField()
    new = AmountField()
    expansion = AmountField()
    contraction = AmountField()
    churn = AmountField()
    reactivation = AmountField()
    fx = AmountField()
    prior_period_adjustment = AmountField(
        source="adjustment",
        help_text="What corrections or another definition changed, so that a period begins where the one before ended.",
    )
    ending = AmountField()
    net_new = AmountField()
    customers_beginning = serializers.IntegerField()
    customers_new = serializers.IntegerField()
    customers_churned = serializers.IntegerField()
    customers_reactivated = serializers.IntegerField()
    customers_ending = serializers.IntegerField()
    state = serializers.ChoiceField(["live", "closed", "mixed"])

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The fields above, written out: a bridge may have thousands of rows."""
        amounts = {name: f"{getattr(instance, name):.2f}" for name in (*AMOUNTS, "net_new")}
        amounts[ADJUSTMENT] = f"{instance.adjustment:.2f}"
        counts = {name: getattr(instance, name) for name in COUNTS}
        about = {"period": instance.period.key, "group": instance.group, "state": instance.state}
        return about | amounts | counts


class BridgeRowRolledSerializer(BridgeRowSerializer):
    """A row that goes on from the one before it, in ARR and in customers."""

    customers_adjusted = serializers.IntegerField(
        help_text="By how many customers corrections or another definition changed what the period before ended with: "
        "customers_ending of the row before + customers_adjusted + customers_new + customers_reactivated − "
        "customers_churned = customers_ending. customers_beginning counts those who are there after it. Of products it does "
        "not add up: who stays and takes another one is in its number, and is new to nobody."
    )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return super().to_representation(instance) | {"customers_adjusted": instance.customers_adjusted}


class BridgeRowBesideSerializer(BridgeRowRolledSerializer):
    """A row of the bridge, and beside it what was first reported in its place where a month of its period was restated.

    Also where the month beside its period was, and it was reported otherwise: so the rows as reported go on from each other.
    """

    as_reported = BridgeRowRolledSerializer(allow_null=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        first = instance.as_reported
        return super().to_representation(instance) | {
            "as_reported": super().to_representation(first) if first is not None else None
        }


class CauseSerializer(serializers.Serializer[Any]):
    """A decision: a change request or a signed policy document, and the page that shows it."""

    kind = serializers.CharField()
    name = serializers.CharField(source="label", help_text="CR-7, Policy document v3.")
    path = serializers.CharField()


class BreakSerializer(serializers.Serializer[Any]):
    """From `month` on another definition holds.

    by_definition + by_corrections = month_before_under_new − month_before_as_restated (as reported, where that is null).
    """

    month = MonthField()
    policy_before = serializers.IntegerField(source="before")
    policy_after = serializers.IntegerField(source="after")
    parameters = serializers.SerializerMethodField(help_text="The parameters that changed.")
    month_before_as_reported = AmountField(source="reported", help_text="As it was reported first.")
    month_before_as_restated = AmountField(source="restated", allow_null=True, help_text="null: it was not restated.")
    month_before_under_new = AmountField(source="under_new")
    by_definition = AmountField(source="definition", allow_null=True, help_text="null: cannot be valued any more.")
    by_corrections = AmountField(source="data", allow_null=True)
    cause = CauseSerializer(allow_null=True)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_parameters(self, found: Any) -> list[str]:
        return [change.parameter for change in found.changed]


class RestatedSerializer(serializers.Serializer[Any]):
    """A closed month of all customers as it was first reported, and as it is reported now, in the figures of the bridge's rows:
    each begins where the month before ended, and the step is its prior-period adjustment.
    """

    month = MonthField()
    revision = serializers.IntegerField(source="latest.revision")
    reason = serializers.CharField(source="latest.reason")
    as_reported = BridgeRowRolledSerializer(source="reported")
    as_restated = BridgeRowRolledSerializer(source="restated")
    effect = AmountField(help_text="Of the ending: as restated less as reported.")
    cause = CauseSerializer(allow_null=True, help_text="Of the newest revision; null: it was restated by hand.")


class DisputedSerializer(serializers.Serializer[Any]):
    """A figure of these months that somebody holds to be wrong, and that nobody has settled yet."""

    name = serializers.CharField(help_text="D-3.")
    figure = serializers.CharField(
        help_text="As the bridge names it, nrr, grr or logo_churn; metric where it is none of these."
    )
    month = MonthField()
    dimension = serializers.CharField(allow_blank=True, help_text="Empty: of all customers.")
    group = serializers.CharField(allow_blank=True)
    customer = serializers.CharField(allow_blank=True, help_text="Of one customer alone.")
    path = serializers.CharField(help_text="The page of the dispute.")


class MarkedSerializer(serializers.Serializer[Any]):
    """Where the months do not go on as they began: of all customers, and empty where they are shown as contracts stand now.

    `disputes` are the open disputes of figures of these months, whichever of them an answer shows.
    """

    breaks = BreakSerializer(many=True)
    restated = RestatedSerializer(many=True)
    disputes = DisputedSerializer(many=True)


class BridgeSerializer(MarkedSerializer):
    """The bridge by period and group. `totals` has one row for each period; a group in which everything is 0 is left out.

    `breaks` and `restated` are of all customers; both are empty where every month is shown as the contracts stand now.
    """

    book = BookSerializer(source="head")
    by = serializers.CharField(source="dimension")
    grain = serializers.ChoiceField(list(MONTHS))
    periods = PeriodSerializer(many=True)
    groups = serializers.ListField(child=serializers.CharField())
    rows = BridgeRowBesideSerializer(many=True)
    totals = BridgeRowBesideSerializer(many=True)


class MoneyFigureSerializer(serializers.Serializer[Any]):
    """An amount, that of the month before, the change, and up to twelve months."""

    value = AmountField(allow_null=True)
    previous = AmountField(allow_null=True)
    change = AmountField(allow_null=True)
    series = serializers.ListField(child=AmountField(allow_null=True))


class RatioFigureSerializer(serializers.Serializer[Any]):
    """A ratio, that of the month before, the change, and up to twelve months."""

    value = RatioField(allow_null=True)
    previous = RatioField(allow_null=True)
    change = RatioField(allow_null=True)
    series = serializers.ListField(child=RatioField(allow_null=True))


class HeadlineFiguresSerializer(serializers.Serializer[Any]):
    """The headline figures at the end of a month."""

    arr = MoneyFigureSerializer()
    mrr = MoneyFigureSerializer()
    net_new = MoneyFigureSerializer()
    nrr = RatioFigureSerializer(help_text="Net revenue retention over twelve months.")
    grr = RatioFigureSerializer(help_text="Gross revenue retention over twelve months.")
    logo_churn = RatioFigureSerializer(help_text="Customers lost in the month, of those at its beginning.")


class HeadlineSerializer(HeadlineFiguresSerializer, MarkedSerializer):
    """The headline figures at the end of a month; `as_reported` are those reported first, where a month was restated."""

    book = BookSerializer(source="head")
    month = MonthField(allow_null=True)
    months = serializers.ListField(child=MonthField(), help_text="The months of every `series`.")
    as_reported = HeadlineFiguresSerializer(allow_null=True)
    retention_method = serializers.CharField(help_text="How `nrr` and `grr` are measured under the policy in force.")


class RetentionRowSerializer(serializers.Serializer[Any]):
    """Retention of a month against twelve months before; null where nobody had ARR then, or it cannot be valued."""

    month = MonthField()
    group = serializers.CharField(allow_blank=True)
    nrr = RatioField(allow_null=True)
    grr = RatioField(allow_null=True)
    logo_churn = RatioField(allow_null=True)
    base = AmountField(help_text="ARR twelve months before.")
    now = AmountField(help_text="What the same customers have now.")
    kept = AmountField(help_text="What they kept, growth left out.")
    customers_base = serializers.IntegerField()
    customers_kept = serializers.IntegerField()


class RetentionRowBesideSerializer(RetentionRowSerializer):
    """Retention of a month, and beside it what was first reported where the month was restated."""

    as_reported = RetentionRowSerializer(allow_null=True)


class RetentionSerializer(MarkedSerializer):
    """Retention by month and group."""

    book = BookSerializer()
    method = serializers.CharField(help_text="How it is measured under the policy in force.")
    by = serializers.CharField()
    rows = RetentionRowBesideSerializer(many=True)


class CohortFiguresSerializer(serializers.Serializer[Any]):
    """What a cohort has, and its share of its first period."""

    arr = AmountField()
    customers = serializers.IntegerField()
    arr_share = RatioField(allow_null=True)
    customer_share = RatioField(allow_null=True)


class CohortCellSerializer(CohortFiguresSerializer):
    """What a cohort has `age` periods after its first; `as_reported` is what was first reported of a restated month."""

    age = serializers.IntegerField()
    period = serializers.CharField(source="period.key")
    as_reported = CohortFiguresSerializer(allow_null=True)


class CohortSerializer(serializers.Serializer[Any]):
    """The customers whose first ARR fell in a period; `is_cut` where the book begins later."""

    period = PeriodSerializer()
    is_cut = serializers.BooleanField()
    cells = CohortCellSerializer(many=True)


def unkept_field() -> serializers.ListField:
    return serializers.ListField(
        child=MonthField(),
        help_text="Closed months that were closed before closes kept customers: of these it is as the contracts stand now.",
    )


class CohortsSerializer(serializers.Serializer[Any]):
    """Every cohort."""

    book = BookSerializer(source="head")
    grain = serializers.ChoiceField(list(MONTHS))
    ages = serializers.IntegerField(help_text="How many periods the oldest cohort has.")
    cohorts = CohortSerializer(many=True)
    unkept = unkept_field()


class MoverPartSerializer(serializers.Serializer[Any]):
    """A part of a net change by its kind."""

    kind = serializers.CharField(help_text="A movement of the bridge, or prior_period_adjustment.")
    amount = AmountField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        kind, amount = instance
        return {"kind": kind, "amount": f"{amount:.2f}"}


class MoverSerializer(serializers.Serializer[Any]):
    """A customer's net change, currencies left out: its movements and its share of the prior-period adjustment."""

    customer = serializers.CharField()
    name = serializers.CharField()
    amount = AmountField()
    parts = MoverPartSerializer(many=True)
    as_reported = AmountField(
        allow_null=True, help_text="Reported first; null where no month of the range was restated."
    )


class MoversSerializer(serializers.Serializer[Any]):
    """The largest gains and losses of a range of months."""

    book = BookSerializer(source="head")
    first = MonthField(allow_null=True)
    last = MonthField(allow_null=True)
    gains = MoverSerializer(many=True)
    losses = MoverSerializer(many=True)
    restated = serializers.ListField(child=MonthField(), help_text="The restated months of the range.")
    unkept = unkept_field()
