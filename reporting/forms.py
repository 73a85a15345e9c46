"""The forms of the policy and of closed months."""

from typing import Any

from django import forms

from metrics.engine.lines import CHARGE_TYPES
from metrics.engine.policy import CHOICES, OVERAGE_CHARGE_TYPE
from metrics.selectors.clauses import CHARGE_TYPE_NAMES, TITLES, WHY, sentence_of
from portal.tenancy.forms import require_currency

COUNTABLE = [name for name in CHARGE_TYPES if name != OVERAGE_CHARGE_TYPE]
MOST_DAYS, MOST_MONTHS = 366, 120


class PolicyForm(forms.Form):
    """The parameters of an ARR policy, each choice in the words of its clause."""

    reporting_currency = forms.CharField(max_length=3, validators=[require_currency])
    included_charge_types = forms.MultipleChoiceField(
        choices=[(name, CHARGE_TYPE_NAMES[name].capitalize()) for name in COUNTABLE],
        widget=forms.CheckboxSelectMultiple,
    )
    minimum_term_months = forms.IntegerField(min_value=0, max_value=MOST_MONTHS)
    renewal_grace_days = forms.IntegerField(min_value=0, max_value=MOST_DAYS)
    reactivation_window_months = forms.IntegerField(min_value=0, max_value=MOST_MONTHS, required=False)
    based_on = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput())
    note = forms.CharField(max_length=400, required=False, label="Why this version", widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, values in CHOICES.items():
            options = [(value, sentence_of(name, value)) for value in values]
            self.fields[name] = forms.ChoiceField(choices=options, widget=forms.RadioSelect)
        for name, title in TITLES.items():
            self.fields[name].label, self.fields[name].help_text = title, WHY[name]
        self.fields["minimum_term_months"].label = "Shortest term, in months"
        self.fields["renewal_grace_days"].label = "Grace for late renewals, in days"
        window = self.fields["reactivation_window_months"]
        window.label = "Returning customers: reactivation window, in months"
        window.help_text = "Empty: any return is a reactivation. 0: every return is a new customer."
        self.order_fields([*TITLES, "note"])

    def parameters(self) -> dict[str, Any]:
        """The policy's parameters as the engine takes them."""
        return {name: self.cleaned_data[name] for name in TITLES}


class EmergencyPolicyForm(PolicyForm):
    """A change of a policy past its signatures or the review board: only with its reason."""

    emergency = forms.CharField(
        max_length=400, label="Why can this not wait for the signatures or the board?", widget=forms.Textarea({"rows": 3}),
        help_text="Mailed to the client's Finance and RevOps with the change, and kept in the audit log.",
    )  # fmt: skip


class ReopenForm(forms.Form):
    """Why a closed month is restated."""

    reason = forms.CharField(
        max_length=1000,
        label="Why is this month restated?",
        help_text="It stands beside the restated figures for ever.",
        widget=forms.Textarea({"rows": 3}),
    )
