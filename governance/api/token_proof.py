"""What proves who decides by a program: the sign-in of the last minutes with which its token was made.

`token_proof(token) -> Proof`
"""

import datetime as dt
from typing import Any, Final

from django.utils import timezone
from rest_framework.exceptions import PermissionDenied

from portal.accounts.proofs import Proof

BY_TOKEN: Final = "API token"  # noqa: S105 — how it is named in the record of a vote
DECIDES: Final = dt.timedelta(hours=1)  # how long a token stands for that sign-in
TOO_OLD: Final = (
    "This token was made more than an hour ago. What decides for a client takes a fresh proof of who decides: make a new "
    "token, or do it on the page."
)


def token_proof(token: Any) -> Proof:
    """The proof of a token's owner, of when the token was made; 403 where that is too long ago."""
    if token.created_at < timezone.now() - DECIDES:
        raise PermissionDenied(TOO_OLD)
    return Proof(BY_TOKEN, token.created_at)
