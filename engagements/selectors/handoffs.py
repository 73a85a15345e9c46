"""Reading handoffs: for the firm both, for the client the one to them. In the client's scope."""

from dataclasses import dataclass

from engagements.models import Engagement, Handoff, HandoffPoint, Participant, Side
from engagements.selectors.facts import Fact, facts_of
from engagements.selectors.projects import Reader


@dataclass(frozen=True)
class HandoffNow:
    """A handoff, begun or not, with its points and facts: of this moment, or as they were accepted."""

    side: str
    row: Handoff | None
    points: tuple[HandoffPoint, ...]
    facts: tuple[Fact, ...]

    @property
    def title(self) -> str:
        return (
            "Inside the firm: subject expert to architect"
            if self.side == Side.INTERNAL
            else "From the firm to the client"
        )

    @property
    def open_points(self) -> int:
        return sum(point.done_at is None for point in self.points)


@dataclass(frozen=True)
class Accepted:
    """Whether the handoffs that are needed are accepted, and the sentence that says so."""

    holds: bool
    sentence: str


def handoff_list(engagement: Engagement, reader: Reader) -> list[HandoffNow]:
    """The handoffs that a reader may see."""
    sides = [Side.INTERNAL, Side.EXTERNAL] if reader.is_firm_staff else [Side.EXTERNAL]
    rows = Handoff.objects.filter(engagement=engagement).select_related("giver__user", "receiver__user")
    begun = {row.side: row for row in rows}
    return [_now(engagement, side, begun.get(side)) for side in sides]


def _now(engagement: Engagement, side: str, row: Handoff | None) -> HandoffNow:
    points = tuple(row.points.select_related("done_by").order_by("position")) if row else ()
    if row is not None and row.state == "accepted":
        return HandoffNow(
            side, row, points, tuple(Fact(**{**kept, "lines": tuple(kept["lines"])}) for kept in row.facts)
        )
    return HandoffNow(side, row, points, tuple(facts_of(engagement, is_internal=side == Side.INTERNAL)))


def handoffs_now(engagement: Engagement) -> Accepted:
    """What the last gate asks. A firm with one person on the engagement has nobody to hand over to inside."""
    begun = {row.side: row for row in Handoff.objects.filter(engagement=engagement).select_related("receiver__user")}
    alone = Participant.objects.filter(engagement=engagement, is_firm_staff=True).count() < 2
    needed = [Side.EXTERNAL] if alone and Side.INTERNAL not in begun else [Side.INTERNAL, Side.EXTERNAL]
    missing = []
    for side in needed:
        row = begun.get(side)
        name = "inside the firm" if side == Side.INTERNAL else "to the client"
        if row is None:
            missing.append(f"the handoff {name} has not begun")
        elif row.state == "open":
            missing.append(f"the handoff {name} is not offered yet")
        elif row.state == "offered":
            missing.append(f"the handoff {name} waits for {row.receiver}")
    if missing:
        text = "; ".join(missing)
        return Accepted(False, f"{text[0].upper()}{text[1:]}.")
    names = " and ".join(str(begun[side].receiver) for side in needed)
    return Accepted(True, f"Accepted by {names}.")
