"""Forms of people and sign-in."""

import zoneinfo
from datetime import timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm, ConfirmLoginCodeForm, ResetPasswordKeyForm, SetPasswordForm
from allauth.core import context
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from portal.accounts.models import User
from portal.accounts.services.guesses import guess_take
from portal.lib.legible import name_fault
from portal.tenancy.models import ClientRole, FirmRole

LOCALES = [
    ("", "Figures as each client has them, dates in English"),
    ("en", "English"),
    ("en-GB", "English (United Kingdom)"),
    ("de", "Deutsch"),
    ("de-CH", "Deutsch (Schweiz)"),
    ("fr", "Français"),
    ("es", "Español"),
    ("nl", "Nederlands"),
]


class BudgetedLoginCodeForm(ConfirmLoginCodeForm):  # type: ignore[misc]
    """The code of a mail: five guesses in all, counted before they are compared, from however many places they come."""

    def clean_code(self) -> str:
        stage = getattr(context.request, "_login_stage", None)
        state = stage.state if stage else {}
        subject = f"{state.get('user_id')}:{state.get('at')}:{state.get('email')}:{self.expected_code}"
        window = timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
        limit = settings.ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS
        if not guess_take(purpose="login_code", subject=subject, limit=limit, window=window):
            raise get_adapter().validation_error("incorrect_code")
        code: str = super().clean_code()
        return code


class PlainPasswords:
    """Labels as the rest of the portal writes them, and not once more inside the fields."""

    LABELS = {
        "oldpassword": "Current password",
        "password1": "New password",
        "password2": "New password, once more",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.label = self.LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class PasswordChangeForm(PlainPasswords, ChangePasswordForm):  # type: ignore[misc]
    """The password of a person who has one."""


class PasswordSetForm(PlainPasswords, SetPasswordForm):  # type: ignore[misc]
    """The first password of a person who signed in without one."""


class PasswordKeyForm(PlainPasswords, ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password by a mailed link."""


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A passkey or security key, with what it may replace in plain words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].label = "Sign in with it alone, without the password"
        self.fields["passwordless"].help_text = "The key then asks for a fingerprint, a face or its PIN."


class InviteForm(forms.Form):
    """Whom to invite to a client, and as what."""

    email = forms.EmailField(label="E-mail address", max_length=254)
    role = forms.ChoiceField(label="Role", choices=ClientRole.choices, initial=ClientRole.FINANCE)


class FirmInviteForm(forms.Form):
    """Whom to invite to the firm, and as what."""

    email = forms.EmailField(label="E-mail address", max_length=254)
    role = forms.ChoiceField(label="Role", choices=FirmRole.choices, initial=FirmRole.ENGINEER)


def require_readable(name: str) -> None:
    """A person's own name stands in what they and others sign: nothing in it turns words around."""
    if fault := name_fault(name):
        raise ValidationError(f"Your name {fault}.")


class JoinForm(forms.Form):
    """What a new person says about themself."""

    name = forms.CharField(
        label="Your name",
        max_length=150,
        validators=[require_readable],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label="Choose a password",
        help_text="At least 12 characters. A few words in a row are easy to remember and hard to guess.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class TokenForm(forms.Form):
    """A new token: which program holds it, what it may do, for how long."""

    name = forms.CharField(
        label="Name", max_length=80, help_text="Which program will hold it, such as “Nightly export”."
    )
    scopes = forms.MultipleChoiceField(label="It may", widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(
        label="It ends after", coerce=int, choices=[(30, "30 days"), (90, "90 days"), (366, "one year")], initial=90
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person's own name and how they read figures and dates."""

    locale = forms.ChoiceField(label="Figures and dates", choices=LOCALES, required=False)
    time_zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        choices=lambda: [
            ("", "Not chosen: times in UTC"),
            *((zone, zone) for zone in sorted(zoneinfo.available_timezones())),
        ],
    )

    class Meta:
        model = User
        fields = ["name", "locale", "time_zone"]
        labels = {"name": "Your name"}

    def clean_name(self) -> str:
        """The name, fit to be signed with."""
        name: str = self.cleaned_data["name"]
        if name:
            require_readable(name)
        return name


class SsoForm(forms.Form):
    """The identity provider of a client."""

    issuer = forms.URLField(
        label="Issuer",
        max_length=500,
        assume_scheme="https",
        help_text="The address before /.well-known/openid-configuration, exactly as the provider states it.",
    )
    oidc_client_id = forms.CharField(label="Client ID", max_length=255)
    secret = forms.CharField(
        label="Client secret",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Leave it empty to keep the one that is set. A new issuer or client ID needs it again.",
    )
    is_enabled = forms.BooleanField(label="People of the confirmed domains may sign in this way", required=False)


class DomainForm(forms.Form):
    """An e-mail domain of a client."""

    domain = forms.CharField(label="E-mail domain", max_length=253, help_text="Such as northwind.example.")
