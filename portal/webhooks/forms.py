"""The form of a webhook."""

from django import forms

from portal.webhooks.events import CHOICES
from portal.webhooks.services.endpoints import WebhookError, url_settled


class WebhookForm(forms.Form):
    """Which program listens where, and to what."""

    name = forms.CharField(label="Name", max_length=80, help_text="Which program listens, such as “Data warehouse”.")
    url = forms.CharField(
        label="Address",
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://hooks.example.com/tieout"}),
        help_text="Public, and beginning with https://. Redirects are not followed.",
    )
    events = forms.MultipleChoiceField(label="It is told when", choices=CHOICES, widget=forms.CheckboxSelectMultiple)

    def clean_url(self) -> str:
        """An address that cannot be used is said together with everything else."""
        try:
            return url_settled(self.cleaned_data["url"])
        except WebhookError as error:
            raise forms.ValidationError(str(error)) from error
