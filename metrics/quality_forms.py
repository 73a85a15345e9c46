"""Forms of the monitors of data quality."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model

from metrics.models import QualityMonitor
from metrics.selectors.limits import defined_limit


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Somebody who reaches the client, by name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.get_full_name())


class MonitorForm(forms.Form):
    """How a monitor is set."""

    threshold = forms.DecimalField(max_digits=14, decimal_places=2, min_value=0)
    days = forms.IntegerField(label="A finding may stay open, in days", min_value=1, max_value=365)
    owner = PersonField(
        get_user_model().objects.none(), label="Owner", required=False, empty_label="Whoever is RevOps",
        help_text="Hears of new findings, and of a deadline that has passed.",
    )  # fmt: skip
    escalate_days = forms.IntegerField(label="Told further up so many days later", min_value=1, max_value=365)
    escalate_to = PersonField(
        get_user_model().objects.none(), label="Told further up to", required=False,
        empty_label="The client’s admins",
    )  # fmt: skip

    def __init__(self, *args: Any, monitor: QualityMonitor, people: list[Any], currency: str, **kwargs: Any) -> None:
        names = ("days", "escalate_days", "owner", "escalate_to")
        super().__init__(*args, **kwargs)
        self.initial = {name: getattr(monitor, name) for name in names}
        spec = monitor.spec
        unit = spec.unit or currency
        self.fields["threshold"].label = spec.threshold_label + (f", in {unit}" if unit not in ("%", "days") else "")
        self.initial["threshold"] = f"{monitor.threshold.normalize():f}"
        if defined := defined_limit(monitor.code):
            self.initial["threshold"], self.fields["threshold"].disabled = f"{defined.amount:f}", True
            self.fields["threshold"].help_text = f"It holds {defined.source}, and changes there."
        here = get_user_model().objects.filter(pk__in=[user.pk for user in people]).order_by("name", "pk")
        for name in ("owner", "escalate_to"):
            self.fields[name].queryset = here  # type: ignore[attr-defined]


class AcknowledgeForm(forms.Form):
    """Why a finding may stay, and until when."""

    reason = forms.CharField(label="Why may it stay?", max_length=400, widget=forms.Textarea({"rows": 2}))
    until = forms.DateField(
        label="Until", widget=forms.DateInput({"type": "date"}), help_text="Then it is open again, unless it is fixed."
    )  # fmt: skip
