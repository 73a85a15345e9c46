"""Forms of the page of teams and territories."""

from collections.abc import Sequence
from typing import Any

from django import forms

from metrics.models import AssignmentKind, RepAssignment
from metrics.services.assignments import LONGEST_GROUP, LONGEST_REASON, LONGEST_REP
from portal.lib.periods import month_format, month_parse


class MonthField(forms.CharField):
    """A month as people write it here, 2026-07; its ordinal, or None where it may be left empty and is."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput({"size": 8, "placeholder": "2026-07", "inputmode": "numeric"})
        super().__init__(max_length=7, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        """The month's ordinal."""
        text = super().clean(value)
        try:
            return month_parse(text) if text else None
        except ValueError as error:
            raise forms.ValidationError("Write the month as 2026-07.") from error

    def prepare_value(self, value: Any) -> Any:
        """An ordinal as text."""
        return month_format(value) if isinstance(value, int) else value


def until_field(**kwargs: Any) -> MonthField:
    return MonthField(label="Until before", help_text="The first month without it.", **kwargs)


class Suggesting(forms.TextInput):
    """A text for which known names are suggested."""

    template_name = "metrics/_suggesting.html"

    def __init__(self, names: Sequence[str] = ()) -> None:
        super().__init__({"autocomplete": "off"})
        self.names = names

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["list"] = f"known-{name}"
        return context | {"names": self.names, "list_id": f"known-{name}"}


class AssignForm(forms.Form):
    """Who belongs to what, from when on."""

    rep = forms.CharField(label="Representative", max_length=LONGEST_REP, help_text="As the contract lines write it.")
    kind = forms.ChoiceField(label="Belongs to a", choices=AssignmentKind.choices)
    group = forms.CharField(label="Its name", max_length=LONGEST_GROUP)
    first = MonthField(label="From")
    until = until_field(required=False)
    moves = forms.BooleanField(
        label="This is a move", required=False, help_text="What goes on until then ends with the month before."
    )

    def __init__(self, *args: Any, reps: Sequence[str], groups: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rep"].widget = Suggesting(reps)
        self.fields["group"].widget = Suggesting(groups)


class EndForm(forms.Form):
    """When an assignment ends."""

    until = until_field()


class WithdrawForm(forms.Form):
    """Why an assignment was wrong."""

    reason = forms.CharField(label="Why was it wrong?", max_length=LONGEST_REASON, widget=forms.Textarea({"rows": 2}))


class CorrectForm(WithdrawForm):
    """What should have been said, and why it was not."""

    group = forms.CharField(label="Name", max_length=LONGEST_GROUP)
    first = MonthField(label="From")
    until = until_field(required=False)
    field_order = ("group", "first", "until", "reason")


def correct_initial(row: RepAssignment) -> dict[str, Any]:
    """An assignment as the form shows it."""
    return {"group": row.group, "first": row.first_month, "until": row.until_month}
