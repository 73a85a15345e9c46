"""The form of a webhook."""

from typing import Any, Final

from django import forms
from django.conf import settings

from portal.webhooks.events import CHOICES
from portal.webhooks.services.endpoints import WebhookError, url_settled

PUBLIC: Final = "Public, and beginning with https://. Redirects are not followed."
LOCAL: Final = "On this machine, which runs locally, http://127.0.0.1 and http://localhost work too."


class WebhookForm(forms.Form):
    """Which program listens where, and to what."""

    name = forms.CharField(label="Name", max_length=80, help_text="Which program listens, such as “Data warehouse”.")
    url = forms.CharField(
        label="Address",
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://hooks.example.com/tieout"}),
    )
    events = forms.MultipleChoiceField(label="It is told when", choices=CHOICES, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["url"].help_text = PUBLIC if settings.PRODUCTION else f"{PUBLIC} {LOCAL}"

    def clean_url(self) -> str:
        """An address that cannot be used is said together with everything else."""
        try:
            return url_settled(self.cleaned_data["url"])
        except WebhookError as error:
            raise forms.ValidationError(str(error)) from error
