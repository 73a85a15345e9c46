"""What happens to sessions when the library that signs people in reports something."""

from typing import Any

from allauth.account.signals import authentication_step_completed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.contrib.auth import update_session_auth_hash
from django.core.signals import request_finished
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from portal.accounts.services.people import sessions_end
from portal.accounts.services.usage import uses_write_when_due


@receiver(authentication_step_completed, dispatch_uid="rotate_session")
def rotate_session(request: HttpRequest, *, reauthenticated: bool = False, **_: Any) -> None:
    """A session gets a new id when the person proves again who they are; signing in rotates it already."""
    if reauthenticated:
        request.session.cycle_key()


@receiver(post_save, sender=Authenticator, dispatch_uid="end_sessions_without_it")
def end_sessions_without_it(instance: Authenticator, created: bool, **_: Any) -> None:
    """A new second factor ends every session that began without it, in the transaction that adds it.

    Otherwise a thief with the password, held up where a role requires a second factor, would pass once its owner sets one up.
    """
    if created and instance.type != Authenticator.Type.RECOVERY_CODES:
        sessions_end(user=instance.user)


@receiver(authenticator_added, dispatch_uid="keep_this_session")
def keep_this_session(request: HttpRequest, user: Any, **_: Any) -> None:
    """The session that has just proved the new factor goes on, under a new id."""
    user.refresh_from_db(fields=["session_epoch"])
    update_session_auth_hash(request, user)


request_finished.connect(uses_write_when_due, dispatch_uid="uses_write_when_due")
