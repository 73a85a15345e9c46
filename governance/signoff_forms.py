"""The forms of a sign-off."""

from typing import Any

from django import forms

from governance.models import Function, PublicationMode, Respondent, SignoffMode
from portal.lib.periods import month_parse
from portal.tenancy.models import Membership


def signer_choices() -> list[tuple[str, str]]:
    """Who answers for a function and is more than invited, in the order of the functions."""
    rows = Respondent.objects.filter(user__in=Membership.objects.values("user")).select_related("user")
    order = {name: place for place, name in enumerate(Function.values)}
    ordered = sorted(rows, key=lambda row: (order[row.function], row.user.get_full_name().casefold()))
    return [(str(row.pk), f"{row.user.get_full_name()}, {row.get_function_display()}") for row in ordered]


class SignoffForm(forms.Form):
    """Who signs, and how many of them are needed."""

    signers = forms.MultipleChoiceField(
        label="Who signs", choices=signer_choices, widget=forms.CheckboxSelectMultiple,
        help_text="In this order, where they sign one after the other.",
    )  # fmt: skip
    mode = forms.ChoiceField(
        label="How", choices=SignoffMode.choices, initial=SignoffMode.ALL, widget=forms.RadioSelect
    )
    quorum = forms.IntegerField(label="Signatures for a quorum", min_value=1, max_value=50, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("mode") == SignoffMode.QUORUM and not given.get("quorum"):
            self.add_error("quorum", "Say how many signatures are enough.")
        return given

    def given(self) -> dict[str, Any]:
        """The request as the service takes it."""
        wanted = self.cleaned_data["signers"]
        rows = {str(row.pk): row for row in Respondent.objects.select_related("user").filter(pk__in=wanted)}
        ordered = [rows[pk] for pk, _ in signer_choices() if pk in rows]
        signers = [(row.user, row.function) for row in ordered]
        return {"signers": signers, "mode": self.cleaned_data["mode"], "quorum": self.cleaned_data["quorum"]}


class PublishForm(forms.Form):
    """From when a signed version is the policy."""

    from_month = forms.CharField(
        label="From which month", max_length=7,
        help_text="Such as 2026-11. It is in force at once, so that every month before it has to be closed.",
    )  # fmt: skip
    mode = forms.ChoiceField(
        label="Closed months", choices=PublicationMode.choices, initial=PublicationMode.PROSPECTIVE,
        widget=forms.RadioSelect,
    )  # fmt: skip
    reason = forms.CharField(
        label="Why closed months are restated", max_length=1000, required=False, widget=forms.Textarea({"rows": 2})
    )

    def clean_from_month(self) -> int:
        try:
            return month_parse(self.cleaned_data["from_month"])
        except ValueError as error:
            raise forms.ValidationError("Write the month as 2026-11.") from error
