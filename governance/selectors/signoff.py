"""Reading sign-offs. Runs in the client's scope.

`signoff_of(document) -> SignoffView | None` · `signer_get(pk, user) -> Signer | None` · `to_sign(user) -> list[Signer]` ·
`signed_final() -> SignoffView | None` · `signed_policy(number) -> SignedPolicy | None` · `board_has_policy() -> bool` ·
`moves_policy(client, document) -> bool`
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.models import (
    Certificate,
    ChangeEffect,
    PolicyDocument,
    Publication,
    Signature,
    SignedItem,
    Signer,
    SignerState,
    Signoff,
    SignoffMode,
    SignoffState,
)
from governance.selectors.board import has_board
from governance.selectors.documents import document_policy
from metrics.selectors.policies import policy_in_force
from portal.tenancy.models import Client


@dataclass(frozen=True)
class SignerView:
    """A signer with their signature, if any, and the titles of the items under which it has lapsed."""

    signer: Signer
    signature: Signature | None
    lapsed: tuple[str, ...]


@dataclass(frozen=True)
class SignoffView:
    """A sign-off with everybody in it."""

    signoff: Signoff
    signers: tuple[SignerView, ...]
    certificate: Certificate | None
    publication: Publication | None

    @property
    def is_signed(self) -> bool:
        return bool(self.signoff.state == SignoffState.SIGNED)

    @property
    def lapsed(self) -> list[str]:
        """Titles of items under which some signature has lapsed."""
        return sorted({title for each in self.signers for title in each.lapsed})

    @property
    def stands(self) -> bool:
        """Whether it is signed and no signature has lapsed."""
        return self.is_signed and not self.lapsed


@dataclass(frozen=True)
class SignedPolicy:
    """Who signed a version of the engine's policy, and when; `lapsed` names the items whose signatures have lapsed since."""

    document: int
    signed_on: datetime
    functions: tuple[str, ...]
    lapsed: tuple[str, ...]

    @property
    def functions_text(self) -> str:
        return ", ".join(self.functions)


def signoff_of(document: PolicyDocument) -> SignoffView | None:
    """The latest sign-off of a document."""
    found = Signoff.objects.filter(document=document).select_related("document", "requested_by").order_by("-id").first()
    return view_of(found) if found else None


def view_of(signoff: Signoff) -> SignoffView:
    """A sign-off with its signers, signatures and lapses."""
    signatures = {row.signer_id: row for row in Signature.objects.filter(signer__signoff=signoff)}
    lapsed = lapsed_titles(list(signatures.values()))
    signers = tuple(
        SignerView(signer, signatures.get(signer.pk), tuple(lapsed.get(signer.pk, ())))
        for signer in signoff.signers.select_related("user").order_by("position")
    )
    certificate = Certificate.objects.filter(signoff=signoff).first()
    publication = Publication.objects.filter(signoff=signoff).select_related("policy_version", "published_by").first()
    return SignoffView(signoff, signers, certificate, publication)


def lapsed_titles(signatures: list[Signature]) -> dict[int, list[str]]:
    """Titles of the items under which signatures have lapsed, by signer."""
    rows = SignedItem.objects.filter(signature__in=[row.pk for row in signatures]).exclude(lapsed_at=None)
    found: dict[int, list[str]] = {}
    for signer_id, title in rows.order_by("item__position").values_list("signature__signer_id", "item__title"):
        found.setdefault(signer_id, []).append(title)
    return found


def signer_get(pk: int, user: Any) -> Signer | None:
    """A person's own place in a sign-off."""
    rows = Signer.objects.select_related("signoff__document", "signoff__requested_by", "user")
    found: Signer | None = rows.filter(pk=pk, user=user).first()
    return found


def to_sign(user: Any) -> list[Signer]:
    """Where a person is asked to sign now."""
    rows = Signer.objects.filter(user=user, state=SignerState.WAITING, signoff__state=SignoffState.OPEN)
    found = list(rows.select_related("signoff__document"))
    return [signer for signer in found if is_turn(signer)]


def is_turn(signer: Signer) -> bool:
    """Whether a signer may sign now: always, or once everybody before them has, where people sign in order."""
    if signer.signoff.mode != SignoffMode.ORDER:
        return True
    earlier = Signer.objects.filter(signoff=signer.signoff, position__lt=signer.position)
    return not earlier.exclude(state=SignerState.SIGNED).exists()


def signed_final() -> SignoffView | None:
    """The latest signed sign-off of a final version, for a gate: look at `stands`. None while nothing is signed."""
    rows = Signoff.objects.filter(state=SignoffState.SIGNED, document__is_final=True)
    found = rows.select_related("document", "requested_by").order_by("-id").first()
    return view_of(found) if found else None


def signed_policy(number: int | None) -> SignedPolicy | None:
    """Who signed that version of the engine's policy; None for one that nobody signed. One query, four where somebody did."""
    rows = Publication.objects.filter(policy_version__number=number if number is not None else -1)
    publication = rows.select_related("signoff__document").first()
    return in_words(publication.signoff) if publication else None


def signatures_in_words() -> str:
    """Who signed the client's newest signed document, in words, whether it is in force or not; empty where nobody did."""
    found = Signoff.objects.filter(state=SignoffState.SIGNED).select_related("document").order_by("-id").first()
    if found is None:
        return ""
    signed = in_words(found)
    return f"{found.document} by {signed.functions_text}, {signed.signed_on:%Y-%m-%d}"


def board_has_policy() -> bool:
    """Whether a review board decides on the policy from here: a signed one was published, or a request put one into force."""
    if not has_board():
        return False
    return Publication.objects.exists() or ChangeEffect.objects.filter(policy_version__isnull=False).exists()


def moves_policy(client: Client, document: PolicyDocument) -> bool:
    """Whether a document says something else than the policy that is in force."""
    return document_policy(document) != policy_in_force(client)


def in_words(signoff: Signoff) -> SignedPolicy:
    """The signatures of a sign-off in the words of a page's head."""
    rows = list(Signature.objects.filter(signer__signoff=signoff).select_related("signer").order_by("signer__position"))
    lapsed = sorted({title for titles in lapsed_titles(rows).values() for title in titles})
    functions = tuple(dict.fromkeys(str(row.signer.get_function_display()) for row in rows))
    signed_on = signoff.closed_at or signoff.requested_at
    return SignedPolicy(signoff.document.number, signed_on, functions, tuple(lapsed))


@dataclass(frozen=True)
class SignedEdge:
    """A definition of a signed version with the edge cases that its answer covers."""

    title: str
    answer: str
    edges: tuple[str, ...]


def signed_edges(found: SignoffView) -> tuple[SignedEdge, ...]:
    """The edge cases that were signed, as they stand in the document that the signatures are under."""
    contents = [entry["content"] for entry in found.signoff.document.content["items"]]
    return tuple(
        SignedEdge(content["title"], content["answer"], tuple(content["edges"]))
        for content in contents
        if content.get("edges")
    )
