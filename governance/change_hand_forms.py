"""The forms of whoever takes requests in hand: who takes care of one, and how soon."""

from collections.abc import Sequence
from typing import Any

from django import forms

from governance.models import Urgency


class OwnerForm(forms.Form):
    """Who takes care of a request from now on."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(person.pk, person.get_full_name()) for person in people]
        self.fields["owner"] = forms.TypedChoiceField(label="Who takes care of it", coerce=int, choices=choices)


class TriageForm(forms.Form):
    """Who takes care of a request, and how soon."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    urgency = forms.ChoiceField(label="How soon", choices=Urgency.choices)

    def __init__(self, *args: Any, people: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(person.pk, person.get_full_name()) for person in people]
        self.fields["owner"] = forms.TypedChoiceField(label="Who takes care of it", coerce=int, choices=choices)
        self.order_fields(["version", "owner", "urgency"])
