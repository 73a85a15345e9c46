"""Asking for signatures of a final document, and taking the request back.

`signoff_request(client=, document=, signers=, mode=, quorum=, user=) -> Signoff` · `signoff_withdraw(client=, signoff=, user=)`

Nobody signs what they asked for or wrote last themselves (`may_sign`); the rule is checked when signers are named and again
when somebody signs.
"""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from governance.models import DefinitionItem, Function, PolicyDocument, Signer, SignerState, Signoff, SignoffMode
from governance.services.news import DUE, FIRST_AFTER
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.signoff_states import next_state
from portal.accounts.models import User
from portal.accounts.same_person import is_one_of, is_staff_person, mailbox_of, mailboxes_of
from portal.accounts.services.magic_links import LinkWords, magic_link_send
from portal.notices.kinds import Kind
from portal.notices.services.days import day_claim
from portal.notices.services.raising import notice_add
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.models import Client, Membership
from portal.tenancy.services import TenancyError


def signoff_request(
    *,
    client: Client,
    document: PolicyDocument,
    signers: Sequence[tuple[User, str]],
    user: User,
    mode: str = SignoffMode.ALL,
    quorum: int | None = None,
) -> Signoff:
    """Ask people to sign a final document, each for a function, in the given order.

    DefinitionError: not final, no longer what the items say, another request is open, or somebody who may not sign.
    """
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    require_requestable(document)
    require_signers(client, signers, user)
    if mode not in SignoffMode.values:
        raise DefinitionError(f"'{mode}' is no way to sign")
    needed = quorum if mode == SignoffMode.QUORUM else len(signers)
    if needed is None or not 0 < needed <= len(signers):
        raise DefinitionError("a quorum is at least one and at most all signers")
    signoff: Signoff = Signoff.objects.create(
        client=client, document=document, mode=mode, quorum=needed, requested_by=user, requested_at=database_time()
    )
    rows = [
        Signer.objects.create(signoff=signoff, user=person, function=function, position=place)
        for place, (person, function) in enumerate(signers, 1)
    ]
    audit.record(
        "signoff.requested", object_type="policy document", object_id=document.number, after=document.sha256,
        details={"number": document.number, "mode": mode, "quorum": needed, "sha256": document.sha256,
                 "signers": [f"{row.user.email} ({row.function})" for row in rows]},
    )  # fmt: skip
    for row in rows if mode != SignoffMode.ORDER else rows[:1]:
        signer_tell(client=client, signer=row)
    return signoff


def require_requestable(document: PolicyDocument) -> None:
    """DefinitionError unless the document is final, still what the items say, and nothing else waits for signatures."""
    if not document.is_final:
        raise DefinitionError("only a final version is signed")
    if Signoff.objects.filter(state="open").exists():
        raise DefinitionError("another sign-off is open: finish or withdraw it first")
    if changed := changed_items(document):
        raise DefinitionError(f"changed since {document}: {', '.join(changed)}. Make a new final version")


def require_signers(client: Client, signers: Sequence[tuple[User, str]], user: User) -> None:
    """DefinitionError unless each signer is one of the client's people, once, and neither asked for it nor wrote it."""
    if not signers:
        raise DefinitionError("name at least one person who signs")
    if len({mailbox_of(person.email) for person, _ in signers}) != len(signers):
        raise DefinitionError("each person signs once")
    for person, function in signers:
        if function not in Function.values:
            raise DefinitionError(f"'{function}' is no function")
        if not Membership.objects.filter(user=person).exists():
            raise DefinitionError(f"{person} is none of the client's people")
        may_sign(client, person, user)


def may_sign(client: Client, person: User, requested_by: User) -> None:
    """DefinitionError for whoever asked for the signatures, works for the client's firm, or edited a definition last, under
    whichever account.
    """
    if is_one_of(person, [requested_by.pk]):
        raise DefinitionError("whoever asks for signatures does not sign")
    if is_staff_person(client, person):
        raise DefinitionError("the client's own people sign, not those of its consultants")
    edited = DefinitionItem.objects.filter(edited_by__isnull=False).order_by("position")
    titles = {user_id: title for title, user_id in edited.values_list("title", "edited_by")}
    own = [user_id for user_id, mailbox in mailboxes_of(titles).items() if mailbox == mailbox_of(person.email)]
    if own:
        raise DefinitionError(f"{person.get_full_name()} wrote “{titles[own[0]]}” and does not sign what they wrote")


def changed_items(document: PolicyDocument) -> list[str]:
    """Titles of the items that no longer are what the document says."""
    signed = {entry["content"]["key"]: entry["sha256"] for entry in document.content["items"]}
    rows = DefinitionItem.objects.order_by("position").values_list("key", "title", "sha256")
    found = {key: sha256 for key, _, sha256 in rows}
    gone = [key for key in signed if key not in found]
    return [title for key, title, sha256 in rows if signed.get(key) != sha256] + gone


def signer_tell(*, client: Client, signer: Signer) -> None:
    """Ask a signer by mail. It takes the mail of their day, goes out even where that was taken, and reminders follow."""
    now = database_time()
    if signer_mail(client, signer):
        day_claim(client=client, user=signer.user, now=now)
    signer.next_reminder_at = now + FIRST_AFTER
    signer.save(update_fields=["next_reminder_at"])
    earlier_run(client=client, column=DUE, at=signer.next_reminder_at)


def signer_mail(client: Client, signer: Signer, opening: str = "") -> bool:
    """The mail with the link to what a signer signs; False where they are told without one, in a notice.

    A role that needs a second factor does not come by link.
    """
    document = signer.signoff.document
    words = LinkWords(
        subject=f"{client.name}: the ARR policy waits for your signature",
        lead="The ARR policy waits for your signature",
        text=f"{opening}{signer.signoff.requested_by.get_full_name()} asks you to sign {document} for "
        f"{signer.get_function_display()}. You read it, and sign it or say why not.",
        action="Read and sign",
    )
    target = reverse("signing", kwargs={"client_slug": client.slug, "signer_id": signer.pk})
    sent_by = signer.signoff.requested_by
    try:
        magic_link_send(client=client, user=signer.user, purpose="approve", target=target, sent_by=sent_by, words=words)
        is_sent = True
    except TenancyError:
        is_sent = False
    text = f"{opening}{words.lead}: {'' if is_sent else 'sign in to '}read and sign {document}"
    notice_add(client=client, users=[signer.user], kind=Kind.SIGNATURE, text=text, path=target, by_mail=not is_sent)
    return is_sent


def signoff_withdraw(*, client: Client, signoff: Signoff, user: Any) -> Signoff:
    """Take an open request back. Signatures that were given stay on record and count for nothing."""
    locked = signoff_lock(signoff)
    locked.state = next_state(locked.state, "withdraw")
    locked.closed_at = database_time()
    locked.save(update_fields=["state", "closed_at"])
    audit.record(
        "signoff.withdrawn", object_type="policy document", object_id=locked.document.number, before="open",
        after=locked.state, details={"number": locked.document.number},
    )  # fmt: skip
    return locked


def signoff_lock(signoff: Signoff) -> Signoff:
    """The sign-off as it is now, locked with its document."""
    found: Signoff = (
        Signoff.objects.select_for_update(of=("self",)).select_related("document", "requested_by").get(pk=signoff.pk)
    )
    return found


def require_turn(signoff: Signoff, signer: Signer) -> None:
    """OutdatedError where people sign one after the other and somebody earlier has not."""
    earlier = signoff.signers.filter(position__lt=signer.position).exclude(state=SignerState.SIGNED)
    if signoff.mode == SignoffMode.ORDER and earlier.exists():
        raise OutdatedError("it is not your turn: somebody signs before you")
