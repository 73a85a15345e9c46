"""The forms of the metric registry."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms

from governance.engine_formulas import is_fixed
from governance.figure_input import against_fields, against_of, echoed, figure_read, limits_read, limits_typed
from governance.library.metric_reader import key_fault
from governance.metric_content import CHOICES, LABELS, LENGTHS, MAY_BE_EMPTY, ContentError, content_clean
from governance.models import ControlSide
from governance.selectors.registry import Registry, name_fault
from governance.thresholds import LIMITS
from portal.lib.dates import month_text
from portal.lib.money import DEFAULT_LOCALE
from portal.lib.periods import month_format, month_parse
from portal.tenancy.models import Membership

BEGINNING: Final = ""
HELP: Final = {
    "definition": "What counts and what does not, in a sentence that somebody new understands.",
    "formula": "Such as new_arr + expansion_arr + churn_arr. Names of measures and metrics, + − × ÷, brackets, "
    "numbers, 30%, 12 months; abs min max mean median weight. previous(arr) is ARR one month earlier, last_quarter(arr) three, "
    "last_year(arr) twelve; in the first months, where there is nothing so early, there is no value.",
    "unit": "money, percent, ratio, months, days, customers, deals, leads, or one per another: money per customer. "
    "Percent shows a share: 1.05 as 105%, without × 100 in the formula.",
    "better": "Thresholds ring on the other side. Churn and contraction are amounts below 0: of them, and of what adds them up "
    "such as net new ARR, higher is better.",
    "timing": "Leading tells of what is to come, such as pipeline; lagging of what has happened, such as net new ARR.",
    "function": "Who explains the figure; which person does is said once it is there.",
    "refresh": "How often its figures can move: with contracts, daily.",
    "warn_at": "A fixed figure in the metric’s unit, a percentage in per cent: 105 is 105%. Else per cent, or deviations.",
    "alert_at": "A fixed figure in the metric’s unit, a percentage in per cent: 100 is 100%. Else per cent or deviations.",
    "weight": "In composite scores, from 0 to 1; formulas read it as weight(metric).",
}
BEGUN: Final[Mapping[str, str]] = {
    "unit": "money", "better": "up", "timing": "lagging", "function": "revops", "refresh": "daily",
}  # fmt: skip
"""What most metrics of a client's own say: an amount that contracts move, such as net new ARR."""
AREAS: Final = {"definition": 3, "formula": 3, "rationale": 2}


def content_field(name: str) -> forms.Field:
    """The field of one part of a metric's content."""
    required, text = name not in MAY_BE_EMPTY, HELP.get(name, "")
    if name in CHOICES:
        return forms.ChoiceField(label=LABELS[name], choices=list(CHOICES[name].items()), help_text=text)
    widget = forms.Textarea({"rows": AREAS[name]}) if name in AREAS else forms.TextInput()
    return forms.CharField(
        label=LABELS[name], max_length=LENGTHS[name], required=required, help_text=text, widget=widget
    )


def previewed(fields: dict[str, forms.Field], address: str) -> None:
    """Let formula and unit ask for a preview while they are typed."""
    for name in ("formula", "unit"):
        fields[name].widget.attrs |= {
            "hx-get": address, "hx-trigger": "input changed delay:400ms", "hx-target": "#preview", "hx-swap": "innerHTML",
            "hx-include": "#id_formula, #id_unit", "hx-sync": "#preview:queue last", "data-quiet": "",
        }  # fmt: skip
    fields["formula"].widget.attrs |= {"spellcheck": "false", "autocomplete": "off", "class": "mono"}


def formula_kept(fields: dict[str, forms.Field]) -> None:
    """Let the formula be read and not written: the engine computes what pages show of the metric."""
    fields["formula"].widget.attrs |= {"readonly": True}
    fields["formula"].help_text = (
        "It stays as it shipped: the engine computes this figure for the pages that show it. Ask for a change of the policy "
        "where something else shall count, or for a new metric where something else shall be measured."
    )


class MetricForm(forms.Form):
    """A metric's content, from when it holds, and why. The formula and the unit ask for a preview while they are typed."""

    def __init__(
        self,
        *args: Any,
        currency: str,
        months: list[int] | None = None,
        preview: str = "",
        key: str = "",
        locale: str = DEFAULT_LOCALE,
        echo: str = "",
        targets: Sequence[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        if begun := kwargs.get("initial"):
            kwargs["initial"] = {**begun, **limits_typed(begun, begun["unit"], locale)}
        super().__init__(*args, **kwargs)
        self.currency, self.locale = currency, locale
        for name in LENGTHS:
            self.fields[name] = content_field(name)
            if name in LIMITS.values():
                against_fields(self.fields, name, targets)
                if echo:
                    echoed(self.fields[name], name, echo, f"#id_unit, #id_{against_of(name)}")
        previewed(self.fields, preview)
        if is_fixed(key):
            formula_kept(self.fields)
        if months is not None:
            self.fields["effective"] = forms.ChoiceField(
                label="Holds from", required=bool(months),
                choices=[(month_format(month), month_text(month)) for month in months] or [(BEGINNING, "The beginning")],
            )  # fmt: skip
        self.fields["reason"] = forms.CharField(
            label="Why this change", max_length=1000, widget=forms.Textarea({"rows": 2}),
            help_text="Kept with the version, for whoever audits it.",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """What is wrong with the content is said beside the field that it is wrong in."""
        given = super().clean() or {}
        limits_read(self, given.get("unit", ""), self.locale)
        try:
            content_clean({name: given.get(name, "") for name in LENGTHS}, self.currency)
        except ContentError as error:
            for field, fault in error.faults:
                if field not in self.errors:
                    self.add_error(field, f"{fault[:1].upper()}{fault[1:]}.")
        return given

    def content(self) -> dict[str, str]:
        """The content as the service takes it."""
        return {name: self.cleaned_data[name] for name in LENGTHS}

    @property
    def effective_month(self) -> int | None:
        """From when it holds."""
        text = self.cleaned_data.get("effective") or BEGINNING
        return month_parse(text) if text != BEGINNING else None


class NewMetricForm(MetricForm):
    """A metric of the client's own."""

    def __init__(self, *args: Any, registry: Registry, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": BEGUN, **kwargs})
        self.registry = registry
        self.fields["key"] = forms.CharField(
            label="Key", max_length=60, help_text="Its name in formulas: small letters, digits and _; it never changes."
        )
        self.order_fields(["key"])

    def clean(self) -> dict[str, Any]:
        """A bad key and a name that is taken are said together with everything else."""
        given = super().clean()
        key, name = given.get("key", ""), given.get("name", "")
        fault = key_fault(key) or ("is that of another metric already" if key in self.registry.entries else "")
        if key and fault:
            self.add_error("key", f"It {fault}.")
        if name and (fault := name_fault(self.registry, key, name)):
            self.add_error("name", f"It {fault}.")
        return given


class StatusForm(forms.Form):
    """One step in a metric's life, with the reason."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label="Why", max_length=1000, widget=forms.Textarea({"rows": 2}))

    def __init__(
        self, *args: Any, steps: list[tuple[str, str]], others: list[tuple[str, str]], version: int = 0, **kwargs: Any
    ) -> None:
        kwargs |= {"prefix": "status", "initial": {"version": version}}
        super().__init__(*args, **kwargs)
        self.fields["step"] = forms.ChoiceField(label="What happens to it", choices=steps)
        self.fields["successor"] = forms.ChoiceField(
            label="Replaced by", required=False, choices=[("", "Nothing"), *others],
            help_text="Only of one that is deprecated or retired.",
        )  # fmt: skip
        self.order_fields(["version", "step", "successor", "reason"])


class PayForm(forms.Form):
    """Whether quotas or pay are set by a metric."""

    prefix = "pay"
    version = forms.IntegerField(widget=forms.HiddenInput)
    feeds_pay = forms.BooleanField(
        label="Quotas or pay are set by it", required=False,
        help_text="A change of it then holds from the next period on, unless both Sales and Finance say yes.",
    )  # fmt: skip


class OwnerForm(forms.Form):
    """Who of the client's people answers for a metric."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, version: int = 0, owner: int | None = None, **kwargs: Any) -> None:
        kwargs |= {"prefix": "owner", "initial": {"version": version, "owner": owner}}
        super().__init__(*args, **kwargs)
        people = Membership.objects.select_related("user").order_by("user__name", "user__email")
        choices = [
            ("", "Nobody yet"),
            *((row.user_id, f"{row.shown_name}, {row.get_role_display()}") for row in people),
        ]
        self.fields["owner"] = forms.TypedChoiceField(
            label="Owner", required=False, coerce=int, empty_value=None, choices=choices
        )


class ControlForm(forms.Form):
    """What somebody knows a metric must be in a month."""

    expected = forms.CharField(
        label="Expected", max_length=40, help_text="In the metric’s unit; a percentage in per cent: 105 is 105%."
    )
    tolerance = forms.CharField(
        label="Tolerance", max_length=40, initial="0", help_text="In the same unit; of a percentage in points: 0.5."
    )
    side = forms.ChoiceField(label="The registry’s figure", choices=ControlSide.choices)
    source = forms.CharField(label="Where it comes from", max_length=200, help_text="Such as: board pack of October.")

    def __init__(
        self,
        *args: Any,
        metrics: list[tuple[str, str]],
        months: list[int],
        units: Mapping[str, str],
        locale: str,
        echo: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.units, self.locale = units, locale
        for name in ("expected", "tolerance"):
            echoed(self.fields[name], name, echo, "#id_metric")
        self.fields["metric"] = forms.ChoiceField(label="Metric", choices=metrics)
        self.fields["month"] = forms.ChoiceField(
            label="Month", choices=[(month_format(month), month_text(month)) for month in months]
        )
        self.order_fields(["metric", "month"])

    def clean(self) -> dict[str, Any]:
        """The figure and its tolerance as values of the metric that was chosen."""
        given = super().clean() or {}
        unit = self.units.get(given.get("metric", ""), "")
        for name in ("expected", "tolerance"):
            try:
                if name in given:
                    given[name] = figure_read(given[name], unit, self.locale)
            except ValueError as fault:
                self.add_error(name, str(fault))
        return given
