"""Forms of the reconciliation pages and of the sample contracts."""

from decimal import Decimal
from typing import Any

from django import forms

from metrics.models import Source
from metrics.services.reconciliation import LONGEST_ID, LONGEST_TEXT
from metrics.services.samples import LONGEST_NOTE, MOST_SAMPLES, SampleEntry
from portal.lib.money import money_text, parse_money
from portal.lib.periods import month_format, month_parse

NO_SOURCE = ""


class ExplanationForm(forms.Form):
    """Why an account differs. `difference` is the amount that was shown: an explanation is of that amount and no other."""

    account = forms.CharField(max_length=LONGEST_ID, widget=forms.HiddenInput)
    difference = forms.DecimalField(max_digits=20, decimal_places=2, widget=forms.HiddenInput)
    text = forms.CharField(
        label="Why do they differ?",
        max_length=LONGEST_TEXT,
        help_text="It stands as long as the difference is this amount.",
        widget=forms.Textarea({"rows": 3}),
    )


class AccountMapForm(forms.Form):
    """Which customer of which source is which account."""

    source = forms.ModelChoiceField(Source.objects.none(), label="Source", empty_label=None)
    customer_id = forms.CharField(label="Its customer id", max_length=LONGEST_ID)
    account_id = forms.CharField(
        label="Is the account", max_length=LONGEST_ID, help_text="The id that the other source uses."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = Source.objects.order_by("name")  # type: ignore[attr-defined]


class LevelsForm(forms.Form):
    """How closely which two sources have to agree; per cent as people write them."""

    tolerance = forms.DecimalField(
        label="Tolerance, in per cent", min_value=0, max_value=100, decimal_places=2, help_text="Up to this they agree."
    )
    red_flag = forms.DecimalField(
        label="Red flag, in per cent",
        min_value=0,
        max_value=100,
        decimal_places=2,
        help_text="Above this the cause is looked for before anything else.",
    )
    base = forms.ModelChoiceField(
        Source.objects.none(), label="Measured against", required=False, empty_label="The billing system"
    )
    other = forms.ModelChoiceField(
        Source.objects.none(), label="Compared with it", required=False, empty_label="The CRM"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("base", "other"):
            self.fields[name].queryset = Source.objects.order_by("name")  # type: ignore[attr-defined]

    def ratios(self) -> dict[str, Decimal]:
        """The levels as ratios."""
        return {name: self.cleaned_data[name] / 100 for name in ("tolerance", "red_flag")}


class SampleForm(forms.Form):
    """One sample contract."""

    contract_id = forms.CharField(max_length=LONGEST_ID, widget=forms.HiddenInput)
    month = forms.CharField(label="Month end", max_length=7, widget=forms.TextInput({"size": 8}))
    expected = forms.CharField(
        label="Expected ARR", max_length=40, widget=forms.TextInput({"inputmode": "decimal", "size": 14})
    )
    note = forms.CharField(label="Note", max_length=LONGEST_NOTE, required=False)
    remove = forms.BooleanField(label="Remove", required=False)

    def __init__(self, *args: Any, currency: str, locale: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency, self.locale = currency, locale

    def clean_month(self) -> int:
        """The month's ordinal."""
        try:
            return month_parse(self.cleaned_data["month"].strip())
        except ValueError as error:
            raise forms.ValidationError("Write the month as 2025-12.") from error

    def clean_expected(self) -> Decimal:
        """The amount as people of the reader's language write it, not negative."""
        try:
            amount = parse_money(self.cleaned_data["expected"], self.currency, self.locale)
        except ValueError as error:
            raise forms.ValidationError(f"{error}.") from error
        if amount < 0:
            raise forms.ValidationError("ARR is never negative.")
        return amount

    @property
    def is_kept(self) -> bool:
        """Whether a valid form holds a sample: not one that is to be removed, nor a row that was left empty."""
        return bool(self.cleaned_data) and not self.cleaned_data["remove"]

    def entry(self) -> SampleEntry:
        """The sample of a valid form that holds one."""
        data = self.cleaned_data
        return SampleEntry(data["contract_id"], data["month"], data["expected"], data["note"])


SampleFormSet = forms.formset_factory(
    SampleForm, extra=0, max_num=MOST_SAMPLES, absolute_max=MOST_SAMPLES + 5, validate_max=True
)


def sample_initial(entry: SampleEntry, currency: str, locale: str) -> dict[str, str]:
    """A stored sample as its form shows it."""
    return {
        "contract_id": entry.contract_id,
        "month": month_format(entry.month),
        "expected": money_text(entry.expected, currency, locale, places=2),
        "note": entry.note,
    }
