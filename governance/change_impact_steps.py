"""What a change does where its first month begins, in words: of one that holds from a month that has not ended, and of one that
moves no month end.
"""

from governance.change_impact_tables import LABELS, Shown
from governance.effect_words import book_words
from metrics.engine.bridge import AMOUNTS
from metrics.figures import from_cents
from portal.lib.dates import month_text
from portal.lib.money import money_text

LOSSES, GAINS = ("contraction", "churn"), ("new", "expansion", "reactivation")


def money(shown: Shown, cents: int, *, plus: bool = False) -> str:
    """An amount with its currency."""
    return f"{money_text(from_cents(cents), shown.currency, shown.locale, plus=plus)} {shown.currency}"


def is_ahead(shown: Shown) -> bool:
    """Whether no month that it changes has ended: those that are compared stay as they are. Of another book nothing steps."""
    since = shown.impact.content["from_month"]
    return since is not None and since > shown.impact.months[-1] and shown.impact.bases is None


def ahead_finding(shown: Shown) -> str:
    """Of a change that holds from a month that has not ended: what stays, what that month would begin with, and what the months
    that are compared are good for.
    """
    impact, told = shown.impact, shown.impact.adjustment
    since = month_text(impact.content["from_month"], shown.locale)
    stays = f"{month_text(impact.months[-1], shown.locale)} stays as it is"
    if impact.step is None or told is None:
        begins = f"what {since} would begin with cannot be said"
    elif not impact.step[1]:
        begins = f"{since} would begin without a step"
    else:
        headline = impact.content["headline"]
        count = headline["customers"] if headline["month"] == told["at"] else 0
        who = f" ({count} customer{'' if count == 1 else 's'})" if count else ""
        begins = f"{since} would begin with a step of {money(shown, impact.step[1], plus=True)}{who}"
    if not impact.effect or not impact.effect[1]:
        return f"{stays}; {begins}"
    most = f"most in {month_text(impact.effect[0], shown.locale)}, by {money(shown, abs(impact.effect[1]))}"
    months = len(impact.changed_months)
    count_words = "newest month is" if months == 1 else f"newest {months} months are"
    return (
        f"{stays}; {begins}. The {count_words} compared as an illustration, as if it had held: ARR would differ {most}"
    )


def restated_finding(shown: Shown) -> str:
    """What a restatement moves most against what was reported, as the end of the sentence, with what of it the request makes
    and what had moved already; empty where the sentence says it.
    """
    impact, moved = shown.impact, shown.impact.restated
    if moved is None or not moved.cents or (not moved.book and impact.effect == (moved.month, moved.cents)):
        return ""
    what = f"{book_words(moved.book)}{month_text(moved.month, shown.locale)}"
    said = f"; restating, it moves {what} by {money(shown, moved.cents, plus=True)} against what was reported"
    rows = () if moved.book else impact.content["closed"]["months"]
    row = next((each for each in rows if each["month"] == moved.month and each["now"] is not None), None)
    already = 0 if row is None else row["now"] - row["reported"]
    if not already:
        return said
    if already == moved.cents:
        return f"{said}, all of it for other reasons than this request"
    own = money(shown, moved.cents - already, plus=True)
    return f"{said}: {own} by this request, {money(shown, already, plus=True)} already"


def step_finding(shown: Shown) -> str:
    """Of a change that moves no month end, and lets its first month begin with another ARR all the same; empty where it does
    not.
    """
    step = shown.impact.step
    if step is None or not step[1]:
        return ""
    month, by = step
    name, last = month_text(month, shown.locale), shown.impact.months[-1]
    ends = f"{name} ends the same; it" if month == last else f"Every month from {name} on ends the same; {name}"
    side = "higher" if by > 0 else "lower"
    begins = f"{ends} begins {money(shown, abs(by))} {side}, booked there as a prior-period adjustment"
    return f"{begins}, and {taken_up(shown, month, by)}"


def taken_up(shown: Shown, month: int, step: int) -> str:
    """By which movements a month that begins elsewhere ends the same."""
    flows = [name for name in LABELS if name in AMOUNTS and name not in ("beginning", "ending")]
    moves = {name: cents for name in flows if (cents := shown.impact.change(name, month))}
    (only, *rest) = moves or ("",)
    if not rest and moves.get(only) == -step and only in (LOSSES if step > 0 else GAINS):
        return f"{'loses' if step > 0 else 'gains'} it as {LABELS[only].lower()}"
    told = ", ".join(
        f"{'FX' if name == 'fx' else LABELS[name].lower()} {money(shown, cents, plus=True)}"
        for name, cents in moves.items()
    )
    return f"its movements take that up: {told}" if told else "its movements take that up"
