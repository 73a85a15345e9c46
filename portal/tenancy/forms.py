"""Forms of firms and clients."""

import zoneinfo
from typing import Any

from django import forms

from portal.lib.currencies import reporting_fault
from portal.tenancy.models import Client

MONTHS = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]  # fmt: skip
LOCALES = [
    ("en", "English"),
    ("en-GB", "English (United Kingdom)"),
    ("de", "Deutsch"),
    ("de-CH", "Deutsch (Schweiz)"),
    ("fr", "Français"),
    ("es", "Español"),
    ("nl", "Nederlands"),
]


def time_zones() -> list[tuple[str, str]]:
    """Every zone of the time zone database."""
    return [(zone, zone) for zone in sorted(zoneinfo.available_timezones())]


def close_days() -> list[tuple[Any, str]]:
    """Days on which a month may be closed by itself."""
    return [("", "By hand"), *((day, f"On day {day} of the next month") for day in range(1, 29))]


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]
    """A client's own settings."""

    fiscal_year_start = forms.TypedChoiceField(
        label="Fiscal year starts in", coerce=int, choices=list(enumerate(MONTHS, start=1))
    )
    time_zone = forms.ChoiceField(label="Time zone", choices=time_zones, help_text="A month ends at midnight there.")
    locale = forms.ChoiceField(label="Figures", choices=LOCALES)
    close_day = forms.TypedChoiceField(
        label="Months are closed", coerce=int, empty_value=None, required=False, choices=close_days
    )

    class Meta:
        model = Client
        fields = ["name", "fiscal_year_start", "time_zone", "locale", "close_day", "requires_mfa_for_admins"]
        labels = {"requires_mfa_for_admins": "Admins of this client need a second factor to sign in"}


def require_currency(code: str) -> None:
    """ValidationError for a code that nobody pays in."""
    if fault := reporting_fault(code):
        raise forms.ValidationError(f"{fault}.")


class NewClientForm(forms.Form):
    """What a new client needs before its first import."""

    name = forms.CharField(label="Name", max_length=200)
    currency = forms.CharField(
        label="Reporting currency",
        max_length=3,
        validators=[require_currency],
        help_text="Three letters, such as USD. It cannot be changed once there are numbers.",
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "size": "4"}),
    )
    fiscal_year_start = forms.TypedChoiceField(
        label="Fiscal year starts in", coerce=int, choices=list(enumerate(MONTHS, start=1)), initial=1
    )
    time_zone = forms.ChoiceField(label="Time zone", choices=time_zones, initial="UTC")


class LogForm(forms.Form):
    """The filters of the audit log."""

    family = forms.CharField(required=False, max_length=40)
    actor = forms.CharField(label="Who", required=False, max_length=100)
    about = forms.CharField(label="What", required=False, max_length=100)
    first_day = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last_day = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    before = forms.IntegerField(required=False, min_value=1)
