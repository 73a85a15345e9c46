"""Handing over: points from the playbook, offered by the giver, accepted by the receiver; what was accepted is kept."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from engagements import states
from engagements.models import Engagement, Handoff, HandoffPoint, Kind, Participant, Side
from engagements.selectors.facts import facts_of
from engagements.services.changes import record_change
from engagements.services.moves import next_state, require_open
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.telling import handoff_tell
from portal.tenancy import audit

PATH = "handoff/"
ALWAYS_INTERNAL = ("Who handles which issue from now on is agreed", "Where the firm has access to, and as what")
ALWAYS_EXTERNAL = (
    "What was delivered was walked through",
    "The documentation package is with the client",
    "Access and credentials are handed over or removed",
    "Nothing is outstanding, or it is written down who does it until when",
    "It was said in so many words: the project is complete",
)
FINAL = "final"


def handoff_begin(*, engagement: Engagement, side: str, giver: Participant, receiver: Participant) -> Handoff:
    """Begin a handoff between two people; its points come from the playbook.

    EngagementError where the two are not on the right sides: the firm gives; inside the firm a consultant receives, to the
    client one of its people.
    """
    require_open(engagement)
    if {giver.engagement_id, receiver.engagement_id} != {engagement.pk}:
        raise EngagementError("both have to be on this engagement")
    if not giver.is_firm_staff:
        raise EngagementError("one of the firm's people hands over")
    if receiver.is_firm_staff != (side == Side.INTERNAL):
        raise EngagementError(
            "inside the firm a consultant receives" if side == Side.INTERNAL else "one of the client's people receives"
        )
    if giver.pk == receiver.pk:
        raise EngagementError("nobody hands over to themself: put the other person on the engagement first")
    Engagement.objects.select_for_update().get(pk=engagement.pk)
    begun: Handoff | None = Handoff.objects.select_for_update().filter(engagement=engagement, side=side).first()
    if begun is not None:
        return _hand_on(begun, giver, receiver)
    handoff: Handoff = Handoff.objects.create(engagement=engagement, side=Side(side), giver=giver, receiver=receiver)
    HandoffPoint.objects.bulk_create(
        HandoffPoint(engagement=engagement, handoff=handoff, position=n, text=text[:600])
        for n, text in enumerate(points_for(engagement, side))
    )
    _record(handoff, "begun", f"began the handoff {_whom(handoff)}: {giver} to {receiver}", after=side)
    return handoff


def _hand_on(handoff: Handoff, giver: Participant, receiver: Participant) -> Handoff:
    """Other people in a handoff that has begun; what was ticked stays, an offer is for the one it was made to."""
    if handoff.state == "accepted":
        raise IllegalMove("it is accepted: open it again first")
    before = [str(handoff.giver), str(handoff.receiver)]
    handoff.giver, handoff.receiver, handoff.state, handoff.offered_at = giver, receiver, "open", None
    handoff.save()
    text = f"put the handoff {_whom(handoff)} into other hands: {giver} to {receiver}"
    _record(handoff, "reassigned", text, before=before, after=[str(giver), str(receiver)])
    return handoff


def points_for(engagement: Engagement, side: str) -> list[str]:
    """The points of a handoff: the playbook's, then what always belongs to it; none twice."""
    content = engagement.content
    if side == Side.INTERNAL:
        points = [*content.get("handoff_context", []), *ALWAYS_INTERNAL]
    else:
        meetings = content.get("meetings", [])
        final: dict[str, Any] = next((row for row in meetings if row["key"] == FINAL), {})
        named = [text for text in final.get("during", []) if _fits(text, engagement.kind)]
        points = [*named, *(ALWAYS_EXTERNAL[2:3] if named else ALWAYS_EXTERNAL)]
    return list(dict.fromkeys(points))


def _fits(text: str, kind: str) -> bool:
    return kind == Kind.SINGLE or "for a single project" not in text


def handoff_point_set(*, point: HandoffPoint, is_done: bool, user: Any, now: datetime | None = None) -> HandoffPoint:
    """Tick a point, or take the tick back; only while the handoff is open."""
    handoff = Handoff.objects.select_for_update().select_related("engagement__client").get(pk=point.handoff_id)
    require_open(handoff.engagement)
    if handoff.state != "open":
        raise IllegalMove("it was offered already: take it back first")
    if (point.done_at is not None) == is_done:
        return point
    point.done_at, point.done_by = ((now or timezone.now()), user) if is_done else (None, None)
    point.save(update_fields=["done_at", "done_by"])
    verb = "ticked" if is_done else "opened"
    _record(handoff, "point_set", f"{verb} “{point.text[:100]}” of the handoff {_whom(handoff)}", before=not is_done,
            after=is_done)  # fmt: skip
    return point


def handoff_step(*, handoff: Handoff, step: str, user: Any, note: str = "", now: datetime | None = None) -> Handoff:
    """Offer it (the firm), accept or return it (the receiver alone), or open an accepted one again (the firm).

    IllegalMove where points are open, EngagementError for anyone else than the receiver.
    """
    row: Handoff = Handoff.objects.select_for_update().select_related("engagement__client").get(pk=handoff.pk)
    require_open(row.engagement)
    after, moment = next_state(states.HANDOFF, row, step), now or timezone.now()
    if step in {"accept", "return"} and row.receiver.user_id != user.pk:
        raise EngagementError(f"only {row.receiver} accepts or returns it")
    if step == "offer" and (open_ones := row.points.filter(done_at=None).count()):
        raise IllegalMove(f"{open_ones} point{'s' * (open_ones != 1)} of it not ticked yet")
    if step in {"return", "take_back"} and not note.strip():
        raise EngagementError("say what is missing")
    before, row.state = row.state, after
    if step == "offer":
        row.offered_at = moment
    if step == "accept":
        row.accepted_at = moment
        row.facts = [fact.kept() for fact in facts_of(row.engagement, is_internal=row.side == Side.INTERNAL)]
        row.sha256 = audit.digest({"points": list(row.points.values_list("text", flat=True)), "facts": row.facts})
    if after == "open":
        row.accepted_at, row.facts, row.sha256 = None, [], ""
    row.note = note[:1000]
    row.save()
    verbs = {"offer": "offered", "accept": "accepted", "return": "returned", "take_back": "opened again"}
    more = f" ({note[:200]})" if after == "open" and row.side == Side.EXTERNAL else ""
    if step == "offer":
        handoff_tell(engagement=row.engagement, receiver=row.receiver, text=f"{row.giver} offers you the handoff")
    _record(row, "moved", f"{verbs[step]} the handoff {_whom(row)}{more}", before=before, after=after)
    return row


def _whom(handoff: Handoff) -> str:
    return "inside the firm" if handoff.side == Side.INTERNAL else "to the client"


def _record(handoff: Handoff, action: str, text: str, *, before: Any = None, after: Any = None) -> None:
    record_change(
        handoff.engagement, f"handoff.{action}", about="handoff", about_id=handoff.pk, path=PATH, text=text,
        is_internal=handoff.side == Side.INTERNAL, before=before, after=after,
        details={"side": handoff.side, "sha256": handoff.sha256},
    )  # fmt: skip
