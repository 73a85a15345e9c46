"""People who only ever come by a mailed link."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from portal.accounts.models import User
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.services import TenancyError, member_add


def stakeholder_ensure(*, client: Client, email: str, name: str = "") -> User:
    """The person of that address as a stakeholder of the client in scope; made without a password where nobody has it yet.

    Nothing opens until a link that is mailed to the address is used. TenancyError for something that is no address.
    """
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise TenancyError(f"'{email}' is no e-mail address") from error
    user = User.objects.filter(email__iexact=address).first()
    if user is None:
        user = User.objects.create_user(address, None, name=name.strip()[:150])
    member_add(client=client, user=user, role=ClientRole.STAKEHOLDER)
    return user
