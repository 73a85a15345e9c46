"""Certificates of signed documents: canonical JSON, signed with a key that is not in the database.

`certificate_issue(client=, signoff=) -> Certificate` · `seal(content) -> str` · `issue_of(client)` · `public_key() -> str` ·
`key_id() -> str`

The Ed25519 key is derived from `AUDIT_KEY`, which no database holds. `docs/verify_certificate.py` checks a certificate and its
artifact without any of this.
"""

import base64
import hashlib
from functools import lru_cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from governance.models import Certificate, Signature, Signoff
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client

SCHEMA: Final = "tieout.certificate/1"


@lru_cache(maxsize=4)
def private_key(secret: str) -> Ed25519PrivateKey:
    """The signing key of an installation."""
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tieout certificates of signed documents")
    return Ed25519PrivateKey.from_private_bytes(derive.derive(secret.encode()))


def public_key() -> str:
    """The public half, base64."""
    raw = private_key(settings.AUDIT_KEY).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def key_id() -> str:
    """The first 16 hex digits of the sha256 of the public key: what people compare."""
    return hashlib.sha256(base64.b64decode(public_key())).hexdigest()[:16]


def seal(content: dict[str, Any]) -> str:
    """The signature of a certificate's content, base64."""
    return base64.b64encode(private_key(settings.AUDIT_KEY).sign(audit.canonical(content))).decode()


def issue_of(client: Client) -> dict[str, Any]:
    """What every certificate says of its issue: when, under which key, and where the audit log was then."""
    head = audit.head_of(client)
    return {
        "issued_at": audit.utc_text(database_time()),
        "audit_chain": {"chain": head.chain, "sequence": head.sequence, "hash": head.hash} if head else None,
        "public_key": public_key(),
        "key_id": key_id(),
    }


def certificate_issue(*, client: Client, signoff: Signoff) -> Certificate:
    """The certificate of a completed sign-off, with the head of the audit chain as an anchor outside the database."""
    content = certificate_content(client, signoff)
    certificate: Certificate = Certificate.objects.create(
        signoff=signoff, content=content, signature=seal(content), key_id=key_id(), issued_at=database_time()
    )
    audit.record(
        "certificate.issued", object_type="policy document", object_id=signoff.document.number, after=content,
        details={"number": signoff.document.number, "key_id": certificate.key_id},
    )  # fmt: skip
    return certificate


def certificate_content(client: Client, signoff: Signoff) -> dict[str, Any]:
    """Everything that a certificate says."""
    document = signoff.document
    signatures = Signature.objects.filter(signer__signoff=signoff).select_related("signer__user")
    return {
        "schema": SCHEMA,
        "client": {"slug": client.slug, "name": client.name},
        "document": {"number": document.number, "final": document.is_final, "sha256": document.sha256},
        "mode": signoff.mode,
        "quorum": signoff.quorum,
        "requested_by": signoff.requested_by.email,
        "requested_at": audit.utc_text(signoff.requested_at),
        "signatures": [signature_content(signature) for signature in signatures.order_by("signed_at")],
        **issue_of(client),
    }


def signature_content(signature: Signature) -> dict[str, Any]:
    """One signature as a certificate tells it."""
    signer = signature.signer
    return {
        "signer_id": signer.user_id,
        "name": signer.user.get_full_name(),
        "email": signer.user.email,
        "function": signer.function,
        "sha256": signature.document_sha256,
        "intent": signature.intent,
        "intent_sha256": signature.intent_sha256,
        "auth_method": signature.auth_method,
        "auth_at": audit.utc_text(signature.auth_at),
        "signed_at": audit.utc_text(signature.signed_at),
        "address": signature.address,
        "user_agent": signature.user_agent,
        "items": [
            {"key": row.item.key, "sha256": row.sha256}
            for row in signature.items.select_related("item").order_by("item__position")
        ],
    }
