"""How django-allauth is used here: accounts come from invitations alone."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs themself up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class MfaAdapter(DefaultMFAAdapter):
    """Second factors."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Single sign-on never makes an account by itself."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False
