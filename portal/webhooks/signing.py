"""Signatures as Standard Webhooks has them (standardwebhooks.com), so that any of its libraries verifies them."""

import base64
import hmac
import secrets
from collections.abc import Iterable
from hashlib import sha256
from typing import Final
from urllib.parse import quote

PREFIX: Final = "whsec_"
KEY_BYTES: Final = 32


def new_secret() -> str:
    """A key of 256 bits as its owner copies it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def signature_of(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    said = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(key, said, sha256).digest()).decode()}"


def headers_of(keys: Iterable[str], message_id: str, timestamp: int, body: bytes) -> list[tuple[str, str]]:
    """The three headers of a delivery; while a key is being replaced, both sign."""
    signatures = " ".join(signature_of(secret, message_id, timestamp, body) for secret in keys)
    return [
        ("Content-Type", "application/json"),
        ("webhook-id", message_id),
        ("webhook-timestamp", str(timestamp)),
        ("webhook-signature", signatures),
    ]


def without_secrets(text: str, keys: Iterable[str]) -> str:
    """A receiver that says its key back, as it is or escaped as JSON and addresses do, does not get it into the log."""
    for secret in keys:
        for part in (secret, secret.removeprefix(PREFIX)):
            for said in (part, part.replace("/", "\\/"), quote(part, safe=""), quote(part)):
                text = text.replace(said, "•••")
    return text
