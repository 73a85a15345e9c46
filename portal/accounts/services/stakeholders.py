"""People who only ever come by a mailed link."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.services import TenancyError, member_invite


def stakeholder_ensure(*, client: Client, email: str, name: str = "") -> User:
    """The person of that address, invited as a stakeholder of the client in scope; made without a password where nobody has
    it yet. Whether somebody had is told to nobody: until the person uses a link that is mailed to them, they are no member
    and are shown as they were typed. TenancyError for something that is no address, and for staff of the client's firm.
    """
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise TenancyError(f"'{email}' is no e-mail address") from error
    user = User.objects.filter(email__iexact=address).first()
    if user is None:
        user = User.objects.create_user(address, None, name=name.strip()[:150])
    member_invite(client=client, user=user, name=name)
    return user
