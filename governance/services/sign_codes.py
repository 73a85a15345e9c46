"""One-time codes for signers who came by a mailed link.

`code_send(client=, signer=, now=)` · `code_use(signer=, code=, now=) -> bool`

Six digits, ten minutes, five tries, once; a newer code ends the older one, and five an hour is the most. A try is counted
before it is compared, so that parallel guesses are counted one by one.
"""

import datetime as dt
import hashlib
import hmac
import secrets
from typing import Final

from django.conf import settings
from django.db.models import F

from governance.models import SignCode, Signer
from governance.services.problems import DefinitionError
from portal.accounts.mail import mail_on_commit
from portal.accounts.services.guesses import guess_take
from portal.tenancy import audit
from portal.tenancy.models import Client

LIFETIME: Final = dt.timedelta(minutes=10)
MOST_TRIES: Final = 5
MOST_IN_AN_HOUR: Final = 5


def code_send(*, client: Client, signer: Signer, now: dt.datetime) -> None:
    """Mail a fresh code to the signer's own address. DefinitionError after five within the hour."""
    hour = dt.timedelta(hours=1)
    if not guess_take(purpose="sign code", subject=f"{client.pk} {signer.pk}", limit=MOST_IN_AN_HOUR, window=hour):
        raise DefinitionError("five codes were sent within the hour: wait, or use the last one")
    SignCode.objects.filter(signer=signer, used_at=None, expires_at__gt=now).update(expires_at=now)
    code = f"{secrets.randbelow(1_000_000):06d}"
    SignCode.objects.create(signer=signer, mac=mac_of(signer, code), sent_at=now, expires_at=now + LIFETIME)
    until = now + LIFETIME
    audit.record(
        "signing.code_sent", object_type="user", object_id=signer.user.email, after=until, details={"until": until}
    )
    mail_on_commit(
        to=signer.user.email,
        subject=f"{client.name}: your code to sign",
        template="sign_code",
        context={"client_name": client.name, "code": code, "minutes": LIFETIME.seconds // 60},
    )


def code_use(*, signer: Signer, code: str, now: dt.datetime) -> bool:
    """Whether this is the signer's open code; it is used up by being right, and dead after five tries.

    The try counts even where the rest of the request fails: the caller answers a wrong code without rolling back.
    """
    newest = SignCode.objects.filter(signer=signer).order_by("-id").values_list("pk", flat=True).first()
    open_code = SignCode.objects.filter(pk=newest or 0, used_at=None, expires_at__gt=now, tries__lt=MOST_TRIES)
    if not open_code.update(tries=F("tries") + 1):
        return False
    row = SignCode.objects.get(pk=newest or 0)
    if not hmac.compare_digest(row.mac, mac_of(signer, code.strip())):
        return False
    return bool(SignCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now))


def mac_of(signer: Signer, code: str) -> str:
    """What is kept of a code: useless without the key, which no database holds."""
    return hmac.new(settings.AUDIT_KEY.encode(), f"sign {signer.pk} {code}".encode(), hashlib.sha256).hexdigest()
