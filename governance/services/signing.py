"""Signing and declining.

`document_sign(client=, signer=, sha256=, intent=, proof=, place=) -> Signature` ·
`document_decline(client=, signer=, reason=)` · `signatures_lapse(client=, item=)`

A signature is bound to the sha256 of the artifact that was shown, and covers the items that ask the signer's function. It
lapses item by item: when one of them changes, and only then.
"""

import hashlib
from datetime import datetime
from typing import Any

from django.urls import reverse

from governance.models import (
    DefinitionItem,
    Signature,
    SignedItem,
    Signer,
    SignerState,
    Signoff,
    SignoffMode,
)
from governance.services.certificates import certificate_issue
from governance.services.news import news_add
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.signoff import changed_items, may_sign, require_turn, signer_tell, signoff_lock
from governance.services.signoff_states import next_signer_state, next_state
from portal.accounts.proofs import Place, Proof
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client


def subject_of(signer: Signer) -> str:
    """What a one-time code of this signer is for."""
    return f"signer {signer.pk}"


def intent_text(signer: Signer) -> str:
    """What a signature says, in full."""
    document = signer.signoff.document
    return (
        f"I, {signer.user.get_full_name()}, sign for {signer.get_function_display()} of {document.content['client']['name']}: "
        f"the ARR policy {document} says what we mean, and from now on it says how our ARR is computed."
    )


def document_sign(*, client: Client, signer: Signer, sha256: str, intent: str, proof: Proof, place: Place) -> Signature:
    """Sign exactly what was shown. OutdatedError when it is no longer that, when it is not this person's turn, or when the
    sign-off is closed; DefinitionError for whoever may not sign.
    """
    signoff = signoff_lock(signer.signoff)
    state = next_state(signoff.state, "sign")
    signer = Signer.objects.select_for_update(of=("self",)).select_related("user").get(pk=signer.pk)
    signer.signoff = signoff
    signer_state = next_signer_state(signer.state, "sign")
    require_turn(signoff, signer)
    may_sign(client, signer.user, signoff.requested_by)
    require_shown(signoff, signer, sha256, intent)
    now = database_time()
    signature = signature_keep(signer, sha256, intent, proof, place, now)
    signer.state, signer.decided_at, signoff.state = signer_state, now, state
    signer.save(update_fields=["state", "decided_at"])
    if signoff.signers.filter(state=SignerState.SIGNED).count() >= signoff.quorum:
        complete(client, signoff)
    elif signoff.mode == SignoffMode.ORDER:
        following = (
            signoff.signers.filter(state=SignerState.WAITING).select_related("user").order_by("position").first()
        )
        if following is not None:
            following.signoff = signoff
            signer_tell(client=client, signer=following)
    return signature


def require_shown(signoff: Signoff, signer: Signer, sha256: str, intent: str) -> None:
    """OutdatedError unless the artifact and the statement are those that were shown, and no item changed since."""
    items = DefinitionItem.objects.select_for_update().order_by("id")
    list(items)  # locked: nobody changes one between this check and the signature
    if sha256 != signoff.document.sha256 or intent != intent_text(signer):
        raise OutdatedError("what you read is not what is to be signed: read it once more")
    if changed := changed_items(signoff.document):
        raise OutdatedError(f"changed since this version was made: {', '.join(changed)}. A new version is needed")


def signature_keep(signer: Signer, sha256: str, intent: str, proof: Proof, place: Place, now: datetime) -> Signature:
    """Write a signature with its items, and its audit entry."""
    intent_sha256 = hashlib.sha256(intent.encode()).hexdigest()
    signature: Signature = Signature.objects.create(
        signer=signer, document_sha256=sha256, intent=intent, intent_sha256=intent_sha256, auth_method=proof.method,
        auth_at=proof.at, signed_at=now, address=place.address[:64], user_agent=place.user_agent[:400],
    )  # fmt: skip
    items = [item for item in DefinitionItem.objects.order_by("position") if signer.function in item.functions]
    SignedItem.objects.bulk_create(
        [SignedItem(client=signer.client, signature=signature, item=item, sha256=item.sha256) for item in items]
    )
    document = signer.signoff.document
    audit.record(
        "document.signed", object_type="policy document", object_id=document.number, after=sha256,
        details={"number": document.number, "function": signer.function, "sha256": sha256, "items": len(items),
                 "intent_sha256": intent_sha256, "auth_method": proof.method, "auth_at": proof.at,
                 "address": signature.address},
    )  # fmt: skip
    return signature


def complete(client: Client, signoff: Signoff) -> None:
    """Enough people signed: close the sign-off and issue its certificate."""
    signoff.state = next_state(signoff.state, "complete")
    signoff.closed_at = database_time()
    signoff.save(update_fields=["state", "closed_at"])
    document = signoff.document
    audit.record(
        "document.approved", object_type="policy document", object_id=document.number, after=document.sha256,
        details={"number": document.number, "sha256": document.sha256},
    )  # fmt: skip
    certificate_issue(client=client, signoff=signoff)
    path = reverse("signoff", kwargs={"client_slug": client.slug, "number": document.number})
    news_add(client=client, user=signoff.requested_by, text=f"The ARR policy {document} is signed", path=path)


def document_decline(*, client: Client, signer: Signer, reason: str) -> Signer:
    """Say no to the whole document, with a reason: the sign-off ends, and whoever asked is told."""
    signoff = signoff_lock(signer.signoff)
    state = next_state(signoff.state, "decline")
    signer = Signer.objects.select_for_update(of=("self",)).select_related("user").get(pk=signer.pk)
    signer_state = next_signer_state(signer.state, "decline")
    if not reason.strip():
        raise DefinitionError("say why, so that the others can respond")
    now = database_time()
    signer.state, signer.reason, signer.decided_at = signer_state, reason.strip(), now
    signer.save(update_fields=["state", "reason", "decided_at"])
    signoff.state, signoff.closed_at = state, now
    signoff.save(update_fields=["state", "closed_at"])
    document = signoff.document
    audit.record(
        "document.declined", object_type="policy document", object_id=document.number, before="open", after=state,
        details={"number": document.number, "function": signer.function, "reason": signer.reason},
    )  # fmt: skip
    path = reverse("signoff", kwargs={"client_slug": client.slug, "number": document.number})
    text = f"{signer.user.get_full_name()} declines to sign the ARR policy {document}: {signer.reason}"
    news_add(client=client, user=signoff.requested_by, text=text, path=path)
    return signer


def signatures_lapse(*, client: Client, item: DefinitionItem) -> int:
    """Let every signature on an item lapse, because its content changed; gives how many. Those on other items stand."""
    standing = SignedItem.objects.filter(item=item, lapsed_at=None).exclude(sha256=item.sha256)
    rows = list(standing.select_related("signature__signer__user", "signature__signer__signoff__document"))
    if not rows:
        return 0
    standing.update(lapsed_at=database_time())
    path = reverse("definition", kwargs={"client_slug": client.slug, "key": item.key})
    told: dict[int, Any] = {}
    for row in rows:
        signer = row.signature.signer
        told[signer.user_id] = signer.user
        audit.record(
            "signature.lapsed", object_type="definition", object_id=item.key, before=row.sha256, after=item.sha256,
            details={"title": item.title, "signer": signer.user.email, "function": signer.function,
                     "document": signer.signoff.document.number},
        )  # fmt: skip
    for user in told.values():
        text = f"Your signature under “{item.title}” has lapsed, because its wording changed"
        news_add(client=client, user=user, text=text, path=path)
    return len(rows)
