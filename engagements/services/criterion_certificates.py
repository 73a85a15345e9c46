"""Certificates of signed criteria: like those of signed policies, and checked by the same script.

`certificate_issue(criterion=) -> CriterionCertificate`
"""

from typing import Any, Final

from engagements.models import CriterionCertificate, GateCriterion
from engagements.selectors.signing import Signed, standing_of
from governance.services.certificates import issue_of, key_id, seal
from portal.tenancy import audit
from portal.tenancy.clock import database_time

SCHEMA: Final = "tieout.criterion-certificate/1"


def certificate_issue(*, criterion: GateCriterion) -> CriterionCertificate:
    """The certificate of a criterion that enough people have signed, with the head of the audit chain in it."""
    now = standing_of(criterion)
    engagement = criterion.gate.engagement
    content = {
        "schema": SCHEMA,
        "client": {"slug": engagement.client.slug, "name": engagement.client.name},
        "document": {"criterion": criterion.key, "gate": criterion.gate.name, "sha256": now.shown.sha256},
        "quorum": now.needed,
        "signatures": [signature_content(each) for each in now.counting],
        **issue_of(engagement.client),
    }
    certificate: CriterionCertificate = CriterionCertificate.objects.create(
        engagement=engagement, criterion=criterion, sha256=now.shown.sha256, content=content, signature=seal(content),
        key_id=key_id(), issued_at=database_time(),
    )  # fmt: skip
    audit.record(
        "certificate.issued", object_type="gate", object_id=criterion.gate_id, after=content,
        details={"criterion": criterion.key, "key_id": certificate.key_id},
    )  # fmt: skip
    return certificate


def signature_content(signed: Signed) -> dict[str, Any]:
    """One signature as a certificate tells it."""
    row = signed.row
    return {
        "signer_id": row.user_id,
        "name": row.user.get_full_name(),
        "email": row.user.email,
        "function": row.function,
        "sha256": row.sha256,
        "intent": row.intent,
        "intent_sha256": row.intent_sha256,
        "auth_method": row.auth_method,
        "auth_at": audit.utc_text(row.auth_at),
        "signed_at": audit.utc_text(row.signed_at),
        "address": row.address,
        "user_agent": row.user_agent,
        "items": [],
    }
