"""One-time codes for people who came by a mailed link and sign something.

`code_send(client=, user=, subject=, now=)` · `code_use(user=, subject=, code=, now=) -> bool`

Six digits, ten minutes, five tries, once; a newer code ends the older one, and five an hour is the most. A code is for one
person and one thing (`subject`). A try is counted before it is compared, so that parallel guesses are counted one by one.
"""

import datetime as dt
import hashlib
import hmac
import secrets
from typing import Any, Final

from django.conf import settings
from django.db.models import F

from portal.accounts.mail import mail_on_commit
from portal.accounts.models import SignCode
from portal.accounts.services.guesses import guess_take
from portal.tenancy import audit
from portal.tenancy.models import Client
from portal.tenancy.services import TenancyError

LIFETIME: Final = dt.timedelta(minutes=10)
MOST_TRIES: Final = 5
MOST_IN_AN_HOUR: Final = 5


def code_send(*, client: Client, user: Any, subject: str, now: dt.datetime) -> None:
    """Mail a fresh code to a person's own address. TenancyError after five within the hour."""
    hour = dt.timedelta(hours=1)
    if not guess_take(
        purpose="sign code", subject=f"{client.pk} {user.pk} {subject}", limit=MOST_IN_AN_HOUR, window=hour
    ):
        raise TenancyError("five codes were sent within the hour: wait, or use the last one")
    SignCode.objects.filter(user=user, subject=subject, used_at=None, expires_at__gt=now).update(expires_at=now)
    code, until = f"{secrets.randbelow(1_000_000):06d}", now + LIFETIME
    SignCode.objects.create(user=user, subject=subject, mac=mac_of(user, subject, code), sent_at=now, expires_at=until)
    audit.record(
        "signing.code_sent", object_type="user", object_id=user.email, after=until,
        details={"until": until, "subject": subject},
    )  # fmt: skip
    mail_on_commit(
        to=user.email,
        subject=f"{client.name}: your code to sign",
        template="sign_code",
        context={"client_name": client.name, "code": code, "minutes": LIFETIME.seconds // 60},
    )


def code_use(*, user: Any, subject: str, code: str, now: dt.datetime) -> bool:
    """Whether this is the person's open code; it is used up by being right, and dead after five tries.

    The try counts even where the rest of the request fails: the caller answers a wrong code without rolling back.
    """
    rows = SignCode.objects.filter(user=user, subject=subject)
    newest = rows.order_by("-id").values_list("pk", flat=True).first()
    open_code = SignCode.objects.filter(pk=newest or 0, used_at=None, expires_at__gt=now, tries__lt=MOST_TRIES)
    if not open_code.update(tries=F("tries") + 1):
        return False
    row = SignCode.objects.get(pk=newest or 0)
    if not hmac.compare_digest(row.mac, mac_of(user, subject, code.strip())):
        return False
    return bool(SignCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now))


def mac_of(user: Any, subject: str, code: str) -> str:
    """What is kept of a code: useless without the key, which no database holds."""
    said = f"sign {user.pk} {subject} {code}"
    return hmac.new(settings.AUDIT_KEY.encode(), said.encode(), hashlib.sha256).hexdigest()
