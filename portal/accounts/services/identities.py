"""Connecting a person with their company account."""

from portal.accounts.models import SsoIdentity, User
from portal.tenancy import audit
from portal.tenancy.actor import Actor, acting_as, current_actor
from portal.tenancy.models import Client
from portal.tenancy.services import TenancyError


def identity_connect(*, client: Client, user: User, issuer: str, subject: str) -> None:
    """From now on this subject of this issuer is this person at the client in scope; TenancyError if it is another's."""
    row, _ = SsoIdentity.objects.get_or_create(client=client, issuer=issuer, subject=subject, defaults={"user": user})
    if row.user_id != user.pk:
        raise TenancyError("this company account belongs to somebody else here")
    with acting_as(Actor(user.email, user.pk, current_actor().request_id)):
        audit.record("sso.connected", object_type="user", object_id=user.email, details={"issuer": issuer})
