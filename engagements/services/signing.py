"""Signing the criteria of a gate.

`criterion_sign(criterion=, user=, function=, sha256=, intent=, proof=, place=)` · `signature_end(criterion=, user=)` ·
`evidence_set(criterion=, note=, document=)` · `signatures_lapse(criteria=)` · `signatures_ask(criterion=, user=)`

A signature is bound to the sha256 of what was shown: the criterion, its evidence and the newest version of its document. It
lapses when one of them changes. Signatures are about what was signed, not about the gate: looping a gate back leaves them.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from engagements.models import (
    CriterionSignature,
    Document,
    Gate,
    GateCriterion,
    Participant,
    SignatureEnd,
)
from engagements.selectors.signing import SigningNow, functions_on, label_of, shown_of, signable_by, standing_of
from engagements.services.changes import record_change
from engagements.services.criterion_certificates import certificate_issue
from engagements.services.moves import require_open
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.telling import page_of
from portal.accounts.proofs import Place, Proof
from portal.accounts.services.magic_links import LinkWords, magic_link_send
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy.clock import database_time
from portal.tenancy.services import TenancyError


class NotTheirs(EngagementError):
    """The person does not speak for a function that signs this."""


def subject_of(criterion: GateCriterion) -> str:
    """What a one-time code for this criterion is for."""
    return f"criterion {criterion.pk}"


def intent_text(criterion: GateCriterion, user: Any, function: str) -> str:
    """What a signature says, in full."""
    gate, shown = criterion.gate, shown_of(criterion)
    version = f", with version {shown.version.number} of {criterion.document}" if shown.version else ""
    return (
        f"I, {user.get_full_name()}, sign for {label_of(function)} of {gate.engagement.client.name}: "
        f"“{criterion.text.rstrip('.')}” holds for the gate {gate} of {gate.engagement}{version}."
    )


def criterion_sign(
    *, criterion: GateCriterion, user: Any, function: str, sha256: str, intent: str, proof: Proof, place: Place
) -> CriterionSignature:
    """Sign exactly what was shown. IllegalMove where it is no longer that, or is signed already; NotTheirs for whoever does
    not speak for the function.
    """
    criterion = locked(criterion)
    if function not in signable_by(criterion, user):
        raise NotTheirs("this is for others to sign")
    now = standing_of(criterion)
    if criterion.document is not None and now.shown.version is None:
        raise IllegalMove(f"there is no version of {criterion.document} yet: nothing to sign")
    if sha256 != now.shown.sha256 or intent != intent_text(criterion, user, function):
        raise IllegalMove("what you read is not what is to be signed: read it once more")
    if any(each.row.function == function for each in now.counting):
        raise IllegalMove(f"{label_of(function)} has signed this already")
    require_one_voice(criterion, user, now)
    signature: CriterionSignature = CriterionSignature.objects.create(
        engagement=criterion.gate.engagement, criterion=criterion, user=user, function=function,
        content=now.shown.content, sha256=sha256, intent=intent,
        intent_sha256=hashlib.sha256(intent.encode()).hexdigest(), auth_method=proof.method, auth_at=proof.at,
        signed_at=database_time(), address=place.address[:64], user_agent=place.user_agent[:400],
    )  # fmt: skip
    record(
        criterion, "criterion.signed", f"signed for {label_of(function)}: {criterion.text}", after=sha256,
        function=function, sha256=sha256, intent_sha256=signature.intent_sha256, auth_method=proof.method,
        auth_at=proof.at, address=signature.address,
    )  # fmt: skip
    if standing_of(criterion).holds and not now.holds:
        certificate_issue(criterion=criterion)
    return signature


def require_one_voice(criterion: GateCriterion, user: Any, now: SigningNow) -> None:
    """IllegalMove where a signature of the person counts for a function that is theirs no more: nobody is two in turn."""
    speaks_for = functions_on(criterion.gate.engagement, user)
    earlier = [each.row.function for each in now.counting if each.row.user_id == user.pk]
    if lost := [label_of(name) for name in earlier if name not in speaks_for]:
        raise IllegalMove(f"you signed this for {', '.join(lost)}: take that back first, and let others sign for it")


def locked(criterion: GateCriterion) -> GateCriterion:
    """The criterion and its document, so that neither changes before this is committed. IllegalMove where the gate is open."""
    rows = GateCriterion.objects.select_related("gate__engagement__client", "gate__phase", "document")
    found: GateCriterion = rows.select_for_update(of=("self",)).get(pk=criterion.pk)
    if found.document_id is not None:
        Document.objects.select_for_update().get(pk=found.document_id)
    require_open(found.gate.engagement)
    if Gate.objects.values_list("state", flat=True).get(pk=found.gate_id) != "shut":
        raise IllegalMove(f"{found.gate} is open: loop it back first")
    return found


def signature_end(*, criterion: GateCriterion, user: Any) -> int:
    """Take one's own signature back, while the gate is shut; gives how many that were."""
    criterion = locked(criterion)
    own = [each.row for each in standing_of(criterion).counting if each.row.user_id == user.pk]
    for row in own:
        SignatureEnd.objects.create(engagement=row.engagement, signature=row, because="withdrawn", at=database_time())
        record(
            criterion, "criterion.signature_withdrawn", f"took back the signature: {criterion.text}",
            before=row.sha256, function=row.function,
        )  # fmt: skip
    return len(own)


def evidence_set(*, criterion: GateCriterion, note: str, document: Document | None) -> GateCriterion:
    """What is shown to whoever signs: a note, and a document. Signatures under what was shown before lapse."""
    criterion = locked(criterion)
    if criterion.kind != "signed" or criterion.check_key:
        raise EngagementError("only what is signed here has evidence to sign")
    if document is not None:
        document = Document.objects.select_for_update().get(pk=document.pk)  # nobody hides it meanwhile
    if document is not None and (document.engagement_id != criterion.engagement_id or not document.is_client_visible):
        raise EngagementError("choose a document of this engagement that the client may see")
    before = [criterion.note, criterion.document_id]
    note = note.strip()[:300]
    if before == [note, document.pk if document else None]:
        return criterion
    criterion.note, criterion.document = note, document
    criterion.save(update_fields=["note", "document"])
    record(
        criterion, "criterion.evidence_set", f"gave evidence for: {criterion.text}", before=before,
        after=[note, criterion.document_id], note=note, document=str(document or ""),
    )  # fmt: skip
    signatures_lapse(criteria=[criterion])
    return criterion


def signatures_lapse(*, criteria: Iterable[GateCriterion]) -> int:
    """Let the signatures lapse that are about something else than what there is to sign now; their people hear of it."""
    count = 0
    for criterion in criteria:
        lapsed = [each.row for each in standing_of(criterion).signatures if each.end == "lapsed"]
        for row in (row for row in lapsed if not row.ends.all()):
            SignatureEnd.objects.create(engagement=row.engagement, signature=row, because="lapsed", at=database_time())
            record(
                criterion, "criterion.signature_lapsed", f"made a signature lapse: {criterion.text}", before=row.sha256,
                after=shown_of(criterion).sha256, function=row.function, signer=row.user.email,
            )  # fmt: skip
            text = f"Your signature under “{criterion.text}” has lapsed, because what you signed has changed"
            tell(criterion, [row.user], text)
            count += 1
    return count


def signatures_ask(*, criterion: GateCriterion, user: Any) -> list[str]:
    """Ask the people on the engagement whose function is missing to sign; gives their addresses.

    By a mailed link where their role allows one, else by a notice. EngagementError where there is nobody to ask.
    """
    criterion = locked(criterion)
    now = standing_of(criterion)
    if criterion.kind != "signed" or criterion.check_key or now.holds:
        raise EngagementError("nothing of this waits for a signature")
    people = Participant.objects.filter(engagement=criterion.gate.engagement, is_firm_staff=False)
    wanted = now.missing if criterion.functions else list(people.values_list("function", flat=True))
    asked = list(people.filter(function__in=wanted).select_related("user").order_by("pk"))
    if not asked:
        names = ", ".join(label_of(name) for name in wanted) or "a signature"
        raise EngagementError(f"nobody on the engagement speaks for {names}: add them under People first")
    for row in asked:
        ask(criterion, row, user)
    mails = [row.user.email for row in asked]
    text = f"asked {', '.join(row.user.get_full_name() for row in asked)} to sign: {criterion.text}"
    record(criterion, "criterion.signature_asked", text, after=now.shown.sha256, asked=mails)
    return mails


def ask(criterion: GateCriterion, person: Participant, asked_by: Any) -> None:
    """One person's mail with the link to what they are to sign."""
    engagement = criterion.gate.engagement
    page = page_of(engagement, f"criteria/{criterion.pk}/signing/")
    words = LinkWords(
        subject=f"{engagement.client.name}: your signature for {engagement}",
        lead=f"Your signature for {engagement}",
        text=f"{asked_by.get_full_name()} asks you to sign for {label_of(person.function)}: “{criterion.text}” "
        "You read it, and sign it.",
        action="Read and sign",
    )
    try:
        magic_link_send(
            client=engagement.client, user=person.user, purpose="approve", target=page, sent_by=asked_by, words=words
        )
        is_sent = True
    except TenancyError:
        is_sent = False
    text = f"Your signature is asked for: “{criterion.text}”"
    tell(criterion, [person.user], text, page=f"criteria/{criterion.pk}/signing/", by_mail=not is_sent)


def tell(criterion: GateCriterion, users: Iterable[Any], text: str, *, page: str = "", by_mail: bool = True) -> None:
    """Tell people about a criterion's signatures."""
    engagement = criterion.gate.engagement
    notice_add(
        client=engagement.client, users=users, kind=Kind.SIGNATURE, text=text, by_mail=by_mail,
        path=page_of(engagement, page or f"gates/{criterion.gate_id}/"), about=f"gate {criterion.gate_id}",
    )  # fmt: skip


def record(
    criterion: GateCriterion, action: str, text: str, *, before: Any = None, after: Any = None, **details: Any
) -> None:
    """Write down what happened to a criterion."""
    said = {"criterion": criterion.key, "text": criterion.text, **details}
    record_change(
        criterion.gate.engagement, action, about="gate", about_id=criterion.gate_id, path=f"gates/{criterion.gate_id}/",
        text=text, before=before, after=after, details=said,
    )  # fmt: skip
