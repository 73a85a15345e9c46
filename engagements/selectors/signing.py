"""What there is to sign of a criterion, who signed it, and for which functions a person may. Runs in the client's scope.

`shown_of(criterion) -> Shown` · `standing_of(criterion) -> SigningNow` · `functions_on(engagement, user) -> list[str]` ·
`signable_by(criterion, user) -> list[str]` · `certificate_of(criterion) -> CriterionCertificate | None`
"""

from dataclasses import dataclass
from typing import Any, Final

from engagements.models import (
    CriterionCertificate,
    CriterionSignature,
    DocumentVersion,
    Engagement,
    Function,
    GateCriterion,
    Participant,
)
from governance.selectors.answers import functions_of
from portal.tenancy import audit
from portal.tenancy.models import ClientRole, Membership
from portal.tenancy.selectors import is_staff_of

SCHEMA: Final = "tieout.criterion/1"
ANSWERS_FOR: Final = {"executive": Function.SPONSOR, "marketing": Function.OTHER}  # as engagements call them
BY_ROLE: Final[dict[str, str]] = {
    ClientRole.FINANCE: Function.FINANCE,
    ClientRole.REVOPS: Function.REVOPS,
    ClientRole.EXECUTIVE: Function.SPONSOR,
    ClientRole.SALES: Function.SALES,
    ClientRole.SALES_MANAGER: Function.SALES,
    ClientRole.SUCCESS: Function.SUCCESS,
}


@dataclass(frozen=True)
class Shown:
    """Exactly what a signature is about: the criterion, its evidence and the document's version."""

    content: dict[str, Any]
    version: DocumentVersion | None

    @property
    def sha256(self) -> str:
        return audit.digest(self.content)

    @property
    def artifact(self) -> bytes:
        """The bytes that the sha256 is of."""
        return audit.canonical(self.content)


@dataclass(frozen=True)
class Signed:
    """A signature, and whether it counts: `end` says why it does not."""

    row: CriterionSignature
    end: str

    @property
    def label(self) -> str:
        return f"{self.row.user.get_full_name()} ({label_of(self.row.function)})"


@dataclass(frozen=True)
class SigningNow:
    """A criterion that is signed, as it stands."""

    criterion: GateCriterion
    shown: Shown
    signatures: tuple[Signed, ...]

    @property
    def counting(self) -> list[Signed]:
        return [each for each in self.signatures if not each.end]

    @property
    def done(self) -> set[str]:
        """The functions that have signed what there is to sign now."""
        return {each.row.function for each in self.counting}

    @property
    def needed(self) -> int:
        """How many functions must sign; one person of any where none is named."""
        return self.criterion.quorum or len(self.criterion.functions) or 1

    @property
    def missing(self) -> list[str]:
        return [name for name in self.criterion.functions if name not in self.done]

    @property
    def holds(self) -> bool:
        return len(self.done) >= self.needed

    @property
    def sentence(self) -> str:
        """Who signed, and who is missing, in a sentence."""
        signed = ", ".join(f"{each.label} on {each.row.signed_at:%Y-%m-%d}" for each in self.counting)
        if self.holds:
            return f"Signed by {signed}."
        lapsed = ", ".join(each.label for each in self.signatures if each.end == "lapsed")
        asked = ", ".join(label_of(name) for name in self.missing) or "One of the client's people"
        of = f" ({self.needed} of them)" if self.criterion.quorum and self.needed < len(self.missing) else ""
        parts = [f"Signed by {signed}." if signed else "Nobody has signed it yet." if not lapsed else ""]
        parts.append(f"The signature of {lapsed} has lapsed, because what was signed has changed." if lapsed else "")
        parts.append(f"{asked}{of} to sign.")
        return " ".join(part for part in parts if part)


def label_of(function: str) -> str:
    """A function in words."""
    return str(Function(function).label)


def shown_of(criterion: GateCriterion) -> Shown:
    """What there is to sign now: the newest version of the document with it."""
    gate, document = criterion.gate, criterion.document
    version = document.versions.order_by("-number").first() if document is not None else None
    content = {
        "schema": SCHEMA,
        "engagement": {"id": gate.engagement_id, "name": gate.engagement.name},
        "gate": gate.name,
        "criterion": {
            "key": criterion.key, "text": criterion.text, "functions": criterion.functions, "quorum": criterion.quorum,
        },
        "evidence": criterion.note,
        "document": {
            "name": document.name,
            "version": version.number if version else None,
            "sha256": version.sha256 if version else None,
        } if document is not None else None,
    }  # fmt: skip
    return Shown(content, version)


def standing_of(criterion: GateCriterion) -> SigningNow:
    """A criterion with every signature under it, and which of them count."""
    shown = shown_of(criterion)
    sha256 = shown.sha256
    rows = criterion.signatures.select_related("user").prefetch_related("ends").order_by("pk")
    signed = []
    for row in rows:
        ends = [end.because for end in row.ends.all()]
        signed.append(Signed(row, ends[0] if ends else "" if row.sha256 == sha256 else "lapsed"))
    return SigningNow(criterion, shown, tuple(signed))


def functions_on(engagement: Engagement, user: Any) -> list[str]:
    """For which functions of the client a person speaks: as the engagement has them, else as the definitions or their role do.

    The firm's people speak for none.
    """
    if is_staff_of(engagement.client, user):
        return []
    row = Participant.objects.filter(engagement=engagement, user=user, is_firm_staff=False).first()
    if row is not None:
        return [row.function]
    if answering := functions_of(user):
        return [str(ANSWERS_FOR.get(name, name)) for name in answering]
    role = Membership.objects.filter(user=user).values_list("role", flat=True).first()
    return [str(BY_ROLE[role])] if role in BY_ROLE else [Function.OTHER] if role else []


def signable_by(criterion: GateCriterion, user: Any) -> list[str]:
    """The functions for which a person may sign a criterion; any of theirs where it names none."""
    if criterion.kind != "signed" or criterion.check_key:
        return []
    mine = functions_on(criterion.gate.engagement, user)
    return [name for name in mine if not criterion.functions or name in criterion.functions]


def certificate_of(criterion: GateCriterion) -> CriterionCertificate | None:
    """The certificate of what is signed now, if enough have signed it."""
    found: CriterionCertificate | None = criterion.certificates.order_by("-pk").first()
    return found if found is not None and standing_of(criterion).holds else None
