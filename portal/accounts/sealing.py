"""Secrets at rest: AES-256-GCM under a key derived from the installation's secret key, bound to where they belong."""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

VERSION = "1"


class SealBrokenError(ValueError):
    """A sealed secret was changed, moved to another place, or belongs to another installation."""


def seal(text: str, place: str) -> str:
    """`text`, readable only by this installation and only for `place` (client and field, say)."""
    nonce = os.urandom(12)
    sealed = AESGCM(_key()).encrypt(nonce, text.encode(), place.encode())
    return f"{VERSION}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, place: str) -> str:
    """The text again; SealBrokenError where it was not sealed here for this very place."""
    version, _, body = sealed.partition(":")
    try:
        if version != VERSION:
            raise ValueError(version)
        raw = base64.urlsafe_b64decode(body)
        return AESGCM(_key()).decrypt(raw[:12], raw[12:], place.encode()).decode()
    except (ValueError, InvalidTag) as error:
        raise SealBrokenError("a stored secret cannot be opened") from error


def _key() -> bytes:
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tieout sealed secrets 1")
    return hkdf.derive(settings.SECRET_KEY.encode())
