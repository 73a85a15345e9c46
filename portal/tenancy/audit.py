"""The append-only, hash-chained audit log.

`record` is called by a service inside the transaction of the change it describes. PostgreSQL hands out sequence, time and
previous hash under an advisory lock per chain; the entry's hash covers all of it, and a MAC with a key that is not in the
database shows a chain that was rewritten by someone who owns the database. What neither shows — a tail that was cut — is
shown by an anchor: the head (chain, sequence, hash) written outside the database.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.db import connection

from portal.tenancy.actor import current_actor
from portal.tenancy.models import AuditEntry, Client, Firm, FirmAuditEntry
from portal.tenancy.scope import scoped_client_id

GENESIS = "0" * 64
FIRMS_ALONE: Final = {"internal": True}
"""Among the details of an entry: what it says is for the firm's people, and the client's see only that it was done."""
HEADS = {kind: f"SELECT * FROM tenancy.{kind}_audit_head(%s)" for kind in ("client", "firm")}  # noqa: S608 — two constants


def digest(value: Any) -> str:
    """sha256 of the canonical JSON of a value: the before and after hash of an object."""
    return hashlib.sha256(canonical(value)).hexdigest()


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no white space; dates and decimals as their text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=False).encode()


def entry_hash(chain: str, entry: Mapping[str, Any]) -> str:
    """The hash that chains an entry: over everything it says, its place and its predecessor."""
    said = {key: entry[key] for key in HASHED}
    said["at"] = utc_text(entry["at"])
    return hashlib.sha256(canonical({"chain": chain, **said})).hexdigest()


HASHED = (
    "sequence",
    "actor",
    "actor_id",
    "action",
    "object_type",
    "object_id",
    "details",
    "before_hash",
    "after_hash",
    "request_id",
    "previous_hash",
)


def utc_text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def entry_mac(entry_hash_hex: str) -> str:
    return hmac.new(settings.AUDIT_KEY.encode(), entry_hash_hex.encode(), hashlib.sha256).hexdigest()


def record(
    action: str,
    *,
    object_type: str,
    object_id: object = "",
    before: Any = None,
    after: Any = None,
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Append to the log of the client in scope, in the transaction of the change. `before`/`after` are hashed, not kept.

    `details` is kept and shown: names and figures that explain the change, never a secret.
    """
    client_id = scoped_client_id()
    entry = _linked_entry("client", client_id, action, object_type, object_id, before, after, details)
    row: AuditEntry = AuditEntry.objects.create(client_id=client_id, **entry)
    return row


def is_withheld(entry: AuditEntry, *, is_firm_staff: bool) -> bool:
    """Whether a reader is not told what an entry says, nor the hashes from which a short text or number could be guessed."""
    return not is_firm_staff and entry.details.get("internal") is True


def record_for_firm(
    firm: Firm,
    action: str,
    *,
    object_type: str,
    object_id: object = "",
    before: Any = None,
    after: Any = None,
    details: Mapping[str, Any] | None = None,
) -> FirmAuditEntry:
    """Append to a firm's log; call it inside the transaction of the change."""
    entry = _linked_entry("firm", firm.pk, action, object_type, object_id, before, after, details)
    return FirmAuditEntry.objects.create(firm=firm, **entry)


def _linked_entry(
    kind: str, chain_id: int, action: str, object_type: str, object_id: object, before: Any, after: Any, details: Any
) -> dict[str, Any]:
    if not connection.in_atomic_block:
        raise RuntimeError("an audit entry is written in the transaction of the change it describes")
    with connection.cursor() as cursor:
        cursor.execute(HEADS[kind], [chain_id])
        sequence, at, previous_hash = cursor.fetchone()
    actor = current_actor()
    entry: dict[str, Any] = {
        "sequence": sequence,
        "at": at,
        "actor": actor.name,
        "actor_id": actor.user_id,
        "action": action,
        "object_type": object_type,
        "object_id": str(object_id),
        "details": json.loads(canonical(dict(details or {}))),
        "before_hash": "" if before is None else digest(before),
        "after_hash": "" if after is None else digest(after),
        "request_id": actor.request_id,
        "previous_hash": previous_hash,
    }
    entry["hash"] = entry_hash(f"{kind}:{chain_id}", entry)
    entry["mac"] = entry_mac(entry["hash"])
    return entry


class AuditBroken(Exception):
    """A log does not hold what was kept of it outside the database; the message names the entry."""


@dataclass(frozen=True)
class Anchor:
    """A chain's head as it was written outside the database."""

    chain: str
    sequence: int
    hash: str

    def to_text(self) -> str:
        return f"{self.chain} {self.sequence} {self.hash}"

    @classmethod
    def from_text(cls, text: str) -> "Anchor":
        chain, sequence, hash_hex = text.split()
        return cls(chain, int(sequence), hash_hex)


@dataclass(frozen=True)
class Verdict:
    """The answer of a verification: how many entries, the head, the first entry that is wrong, if any, and how many anchors
    from outside the log was compared with.
    """

    entries: int
    head: Anchor | None
    bad_sequence: int | None = None
    reason: str = ""
    anchors: int = 0

    @property
    def is_sound(self) -> bool:
        return self.bad_sequence is None


def head_of(client: Client) -> Anchor | None:
    """The newest entry of the client in scope, as an anchor."""
    entry = AuditEntry.objects.order_by("-sequence").values("sequence", "hash").first()
    return Anchor(f"client:{client.pk}", entry["sequence"], entry["hash"]) if entry else None


def verify_client(client: Client, anchors: Iterable[Anchor] = ()) -> Verdict:
    """Check the whole chain of the client in scope, and every anchor of it."""
    rows = AuditEntry.objects.order_by("sequence").values().iterator(chunk_size=2000)
    return verify_entries(f"client:{client.pk}", rows, anchors)


def verify_firm(firm: Firm, anchors: Iterable[Anchor] = ()) -> Verdict:
    """Check a firm's chain."""
    rows = FirmAuditEntry.objects.filter(firm=firm).order_by("sequence").values().iterator(chunk_size=2000)
    return verify_entries(f"firm:{firm.pk}", rows, anchors)


def verify_entries(chain: str, rows: Iterable[Mapping[str, Any]], anchors: Iterable[Anchor]) -> Verdict:
    """Walk a chain in its order and stop at the first entry that does not hold."""
    anchored = {anchor.sequence: anchor.hash for anchor in anchors if anchor.chain == chain}
    expected, previous = 1, GENESIS
    for row in rows:
        if reason := _fault(chain, row, expected, previous, anchored):
            return Verdict(expected - 1, None, expected, reason)
        previous = row["hash"]
        expected += 1
    missing = [sequence for sequence in anchored if sequence >= expected]
    if missing:
        return Verdict(expected - 1, None, expected, f"the log ends before entry {max(missing)}, which was anchored")
    if expected == 1:
        return Verdict(0, None, 1, "the log is empty, and every log begins with the creation of what it is about")
    return Verdict(expected - 1, Anchor(chain, expected - 1, previous))


def _fault(chain: str, row: Mapping[str, Any], expected: int, previous: str, anchored: Mapping[int, str]) -> str | None:
    if row["sequence"] != expected:
        return f"entry {expected} is missing: entry {row['sequence']} stands in its place"
    if row["previous_hash"] != previous:
        return "it does not follow from the entry before it"
    if row["hash"] != entry_hash(chain, row):
        return "its content does not match its hash"
    if not hmac.compare_digest(row["mac"], entry_mac(row["hash"])):
        return "it was not written by Tieout: its authentication code is wrong"
    if anchored.get(expected, row["hash"]) != row["hash"]:
        return "it is not the entry that was anchored outside the database"
    return None
