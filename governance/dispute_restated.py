"""How a disputed figure of a restated month is told: as reported, as restated, and by which decision."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from governance.selectors.figures_restated import RestatedFigure
from metrics.causes import Cause
from portal.lib.periods import month_format

Text = Callable[[Decimal | None], str]  # a figure as the reader reads it; empty where it has no value


@dataclass(frozen=True)
class RestatedWords:
    """What stands beside the published figure: `note` in a list, `standing` and `facts` on the page of the dispute."""

    standing: str
    note: str
    facts: tuple[tuple[str, str], ...]
    why: str
    causes: tuple[Cause, ...]
    month: str
    revision: int


def restated_words(found: RestatedFigure, text: Text) -> RestatedWords:
    """A figure of a restated month in words."""
    reported, restated = (text(value) or "no value" for value in (found.reported, found.restated))
    standing = "as restated" if found.was_restated else "as reported"
    if found.is_same:
        note = f"{standing}; the restatement left it as it was"
    elif found.since:
        before = f"; as reported {reported}" if found.was_restated else ""
        note = f"{standing} then{before}; restated since to {restated}"
    else:
        note = f"as restated; as reported {reported}"
    latest = found.month.latest
    return RestatedWords(
        standing=f"{standing} when it was disputed" if found.since else standing,
        note=note,
        facts=(("As reported", reported), ("As restated", restated)),
        why=found.why,
        causes=found.causes,
        month=month_format(latest.month),
        revision=latest.revision,
    )
