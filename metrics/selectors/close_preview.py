"""What closing a month would keep, and what is open while it is closed: what a person is shown before they say yes.

`close_preview(client, month) -> ClosePreview` · `numbers_seen() -> str`
"""

from dataclasses import dataclass

from metrics.models import ArrBook, ContractImport, PolicyVersion, Recognition
from metrics.models.intake import ImportState
from metrics.selectors.books import bridge_get
from metrics.selectors.data_quality import Issue, issue_list
from metrics.selectors.figures import BookHead, BridgeRow
from metrics.selectors.policies import policy_latest
from metrics.selectors.reported import bridge_reported
from portal.tenancy.models import Client


@dataclass(frozen=True)
class BasisPreview:
    """One basis: its book, and its row of the month; None where the book does not have the month."""

    head: BookHead
    row: BridgeRow | None


@dataclass(frozen=True)
class ClosePreview:
    """`bases` are those that will be kept, the policy's own first; `own` is the bridge of that one, as it will be reported.

    `seen` names the state of the numbers that was shown (`numbers_seen`).
    """

    month: int
    bases: tuple[BasisPreview, ...]
    own: BridgeRow | None
    policy: PolicyVersion | None
    questions: tuple[Issue, ...]
    waiting_imports: int
    seen: str

    @property
    def with_gaps(self) -> list[BookHead]:
        """The books in which rates are missing."""
        return [basis.head for basis in self.bases if basis.head.gaps]


def numbers_seen() -> str:
    """The state of the numbers and the policy as a short text; whoever closes a month says which one they were shown."""
    books = ArrBook.objects.order_by("id").values_list("recognition", "version", "state")
    policy = policy_latest()
    return "-".join(
        [*(f"{name}{version}{state}" for name, version, state in books), f"v{policy.number if policy else 0}"]
    )


def close_preview(client: Client, month: int) -> ClosePreview:
    """Everything a person should know before a month is closed; reads only."""
    bases = []
    for recognition in Recognition.values:
        bridge = bridge_get(client, recognition, month, month)
        bases.append(BasisPreview(bridge.head, bridge.totals[0] if bridge.totals else None))
    bases.sort(key=lambda basis: not basis.head.is_policys_own)
    reported = bridge_reported(client, bases[0].head.recognition, month, month).totals
    waiting = ContractImport.objects.filter(state__in=[ImportState.UPLOADED, ImportState.WAITING])
    return ClosePreview(
        month=month,
        bases=tuple(bases),
        own=reported[0] if reported else None,
        policy=policy_latest(),
        questions=tuple(issue_list(client)),
        waiting_imports=waiting.count(),
        seen=numbers_seen(),
    )
