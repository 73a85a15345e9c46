"""People, their invitations and links, the tokens of programs, and single sign-on."""

from portal.accounts.models.codes import SignCode
from portal.accounts.models.guesses import GuessBudget
from portal.accounts.models.links import FirmInvitation, Invitation, MagicLink
from portal.accounts.models.people import User, UserManager
from portal.accounts.models.sso import SsoConnection, SsoDomain, SsoIdentity
from portal.accounts.models.tokens import ApiToken
from portal.accounts.models.usage import PageUse

__all__ = [
    "ApiToken",
    "FirmInvitation",
    "GuessBudget",
    "Invitation",
    "MagicLink",
    "PageUse",
    "SignCode",
    "SsoConnection",
    "SsoDomain",
    "SsoIdentity",
    "User",
    "UserManager",
]
