"""The headline figures as tiles, on the ARR page, on Home and on paper.

`tiles_of(headline, query, reader, marks, notes) -> list[dict]`; what was first reported stands beside what was restated.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from metrics.break_text import source_words
from metrics.engine.policy import Policy
from metrics.figures import LOGO_CHURN, LOGO_CHURN_OF, RATE_LABELS
from metrics.memory import Memory
from metrics.selectors.beside import headline_beside
from metrics.selectors.books import page_heads
from metrics.selectors.breaks import DefinitionBreak, Marks
from metrics.selectors.clauses import retention_method
from metrics.selectors.figures import BookHead, Figure, Headline
from metrics.selectors.policies import policy_version_get
from metrics.selectors.reported import headline_reported
from metrics.selectors.stamp import numbers_stamp
from portal.lib.dates import month_text
from portal.lib.money import EXPONENTS, money_places, rounded_units
from portal.lib.periods import last_day, month_format
from portal.tenancy.models import Client
from reporting.arr_query import ArrQuery, Reader
from reporting.break_notes import Notes, marks_of, notes_between
from reporting.bridge_view import span_text

TILES = (
    ("arr", "money", "up"),
    ("mrr", "money", "up"),
    ("net_new", "signed", "up"),
    ("nrr", "percent", "up"),
    ("grr", "percent", "up"),
    ("logo_churn", "percent", "down"),
)
RETENTION = ("nrr", "grr")
MONEY = {name for name, kind, _ in TILES if kind != "percent"}
SHORT_SCALE = {"full": "", "thousands": "k", "millions": "m"}


NUMBERS: Final[Memory[dict[str, Any]]] = Memory(1_000)  # clients, scales and readers of this process


def newest_numbers(client: Client, query: ArrQuery, reader: Reader) -> dict[str, Any]:
    """`numbers_of`, remembered until a number changes."""
    key = (*numbers_stamp(client), reader, query.scale)
    return NUMBERS.get(key, lambda: numbers_of(client, query, reader), lambda _: 1)


def numbers_of(client: Client, query: ArrQuery, reader: Reader) -> dict[str, Any]:
    """The newest headline as tiles, with the footnotes of the months that they draw; without numbers the book's head alone."""
    head = next(head for head in page_heads(client).values() if head.is_policys_own)
    headline = headline_reported(client, head)
    if headline.month is None:
        return {"head": head}
    marks = marks_of(client, query, head)
    notes = notes_between(marks, query, headline.months[0], headline.months[-1])
    told = headline_noted(client, query, headline, marks)
    return {
        "head": head,
        "as_of": last_day(headline.month),
        "tiles": tiles_of(told, query, reader, marks, notes),
        "footnotes": notes.footnotes(client.currency, reader.locale),
    }


def headline_noted(client: Client, query: ArrQuery, headline: Headline, marks: Marks) -> Headline:
    """A headline with what was first reported of the months that it draws."""
    if not headline.months:
        return headline
    drawn = notes_between(marks, query, headline.months[0], headline.months[-1])
    return headline_beside(client, headline, drawn, query.filters)


def tiles_of(
    headline: Headline, query: ArrQuery, reader: Reader, marks: Marks | None = None, notes: Notes | None = None
) -> list[dict[str, Any]]:
    """The headline figures with their change on the month before and twelve months to draw, broken where definitions change.

    Beside what was restated stands what was reported first; the signs are those of the footnotes in `notes`.
    """
    breaks = marks.breaks if marks else ()
    month = headline.month or 0
    labels = {"arr": headline.head.label, "mrr": "MRR", "net_new": f"Net new {headline.head.label}"}
    labels |= {**RATE_LABELS, "logo_churn": LOGO_CHURN}
    leads = {
        "arr": f"cell:{span_text(month, month)}:ending",
        "mrr": f"cell:{span_text(month, month)}:ending",
        "net_new": f"cell:{span_text(month, month)}:net_new",
        "nrr": f"retention:{month_format(month)}",
        "grr": f"retention:{month_format(month)}",
        "logo_churn": f"cell:{span_text(month, month)}:customers_churned",
    }
    shared = {
        "since": f"since {month_text(month - 1, reader.locale)}",
        "unit": f"{headline.head.currency} {SHORT_SCALE[query.scale]}".strip(),
        "breaks": [place for place, each in enumerate(headline.months) if each in [found.month for found in breaks]],
        "mark": notes.signs_between(month - 1, month) if notes else "",
    }
    method, tiles = method_of(headline.head), []
    for name, kind, good in TILES:
        figure: Figure = getattr(headline, name)
        tile = {"name": name, "label": labels[name], "kind": kind, "good": good, "figure": figure, **shared}
        tile["reason"] = no_ratio_text(headline.head, month, reader.locale) if kind == "percent" else ""
        tile["beside"] = beside_of(headline, query, breaks) if name == "net_new" else []
        said = {**dict.fromkeys(RETENTION, method), "logo_churn": LOGO_CHURN_OF}
        tile |= reported_of(headline, name) | {"method": said.get(name, "")}
        tiles.append(tile | {"url": query.address(reader.base, why=leads[name]), "ratio": ratio_of(figure)})
    return tiles


def method_of(head: BookHead) -> str:
    """How NRR and GRR are measured under the policy of a book."""
    version = policy_version_get(head.policy_number) if head.policy_number is not None else None
    return retention_method(Policy.from_dict(version.parameters)) if version else ""


def reported_of(headline: Headline, name: str) -> dict[str, Any]:
    """What was first reported in place of a figure, its change and the months it is drawn with; None where that is the same."""
    now = getattr(headline, name)
    first = getattr(headline.as_reported or headline, name)
    return {
        "reported": first.value if first.value != now.value else None,
        "changed": first.change if first.change != now.change else None,
        "drawn": first.series if first.series != now.series else None,
    }


def no_ratio_text(head: BookHead, month: int, locale: str) -> str:
    """Why a rate over a month has no value, where it has none."""
    if head.gaps and (head.retention_from is None or head.retention_from > month):
        return f"It cannot be valued: exchange rates are missing back to {month_text(month - 12, locale)}"
    return f"Nobody of these had {head.label} at the month end that it compares with"


def beside_of(headline: Headline, query: ArrQuery, breaks: Sequence[DefinitionBreak] = ()) -> list[tuple[Decimal, str]]:
    """What moved the month's ending beside net new, each amount with its reason; nothing where nothing did.

    Of the figures as they are shown, so that the parts add up to the change beside them, whatever is rounded away. What a
    changed definition makes is known of all customers alone.
    """
    arr, net_new = headline.arr, headline.net_new
    if arr.change is None or net_new.value is None:
        return []
    places = money_places(headline.head.currency, query.scale) - EXPONENTS[query.scale]
    rest = rounded_units(arr.change, places) - rounded_units(net_new.value, places)
    found = next((each for each in breaks if each.month == headline.month), None)
    if found is None:
        parts = [(rest, "by exchange rates and corrections")]
    elif found.definition is None or query.filters:
        parts = [(rest, f"by another definition ({source_words(found)}), exchange rates and corrections")]
    else:
        own = rounded_units(found.definition, places)
        parts = [
            (own, f"by another definition ({source_words(found)})"),
            (rest - own, "by exchange rates and corrections"),
        ]
    return [(Decimal(units).scaleb(-places), words) for units, words in parts if units]


def ratio_of(figure: Figure) -> Decimal | None:
    """The change as a share of the figure before; None where one of the two is below 0, or the figure itself a rate."""
    if figure.change is None or figure.previous is None or figure.previous <= 0 or figure.name not in MONEY:
        return None
    if figure.previous + figure.change < 0:  # from a gain to a loss: a share of the gain says nothing
        return None
    return figure.change / figure.previous
