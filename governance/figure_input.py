"""Figures as people type them into forms: shares in per cent, everything else in its own unit, in the reader's separators.

`figure_read(text, unit, locale) -> Decimal` · `figure_typed(value, unit, locale) -> str` · `typed_hint(unit, currency)` ·
`limits_read` and `limits_typed` for the thresholds of a metric. What is kept, and what programs send, is the value itself:
105% is 1.05.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, DecimalException
from typing import Any, Final
from urllib.parse import urlencode

from django import forms

from governance.metric_figures import figure_text, threshold_words, unit_words
from governance.thresholds import LIMITS, MOST_PLACES, Threshold, threshold_read
from portal.lib.money import DEFAULT_LOCALE, SIGNS, SPACES, figure_pattern, figure_style

AGAINST: Final = (
    ("", "A fixed figure"),
    ("Per cent worse than it was itself", [
        ("previous", "Per cent worse than the month before"),
        ("last_year", "Per cent worse than the same month of the year before"),
    ]),
    ("Deviations from what is usual for it", [
        ("deviations", "Deviations from its last twelve months"),
        ("seasonal", "Deviations from its last twelve months, seasons and growth left out"),
    ]),
)  # fmt: skip
"""What a threshold may be held against, in the words of the forms, by kind."""
TARGET: Final = "A target is another metric, such as a plan: what this one should be in the same month."
BESIDE: Final = "Held against something else, type by how much it may be worse: 10 for 10%, or 3 for 3 deviations."
DEVIATING: Final = {"deviations": "", "seasonal": "last_year"}
LONGEST: Final = 40
SHORT: Final = {"k": 3, "m": 6, "mn": 6, "bn": 9}
SHORTENED: Final = re.compile(r"(?i)(?P<figure>.*[0-9])\s*(?P<word>k|mn?|bn)").fullmatch
LARGEST: Final = Decimal(10) ** 15
PLACES: Final = 6


def figure_read(text: str, unit: str, locale: str = DEFAULT_LOCALE, places: int = PLACES) -> Decimal:
    """What somebody typed: "105" and "105 %" are 1.05 where the unit is per cent, "5,887 k" is 5,887,000 where it is not.

    ValueError says what is wrong with it.
    """
    bare, zeros = unshortened(text.strip(SPACES), unit)
    is_percent = bare.endswith("%") or bare.startswith("%")
    if is_percent and unit != "percent":
        raise ValueError("This figure is no percentage.")
    bare = (bare[:-1] if bare.endswith("%") else bare.removeprefix("%")).strip(SPACES)
    sign = "-" if bare[:1] and bare[0] in SIGNS else ""
    bare = (bare[1:] if sign else bare.removeprefix("+")).strip(SPACES)
    match = figure_pattern(locale)(bare) if len(bare) <= LONGEST else None
    if match is None:
        raise ValueError(f"“{text[:LONGEST]}” is no figure such as {examples(unit, locale)}.")
    whole, rest = re.sub(r"\D", "", match["whole"]), match["rest"] or "0"
    try:
        value = Decimal(f"{sign}{whole}.{rest}")
    except DecimalException as error:  # pragma: no cover - the pattern lets digits through alone
        raise ValueError("This is no figure.") from error
    value = value.scaleb(-2 if unit == "percent" else zeros)
    if abs(value) >= LARGEST:
        raise ValueError("This figure is too large.")
    if value != round(value, places):
        raise ValueError(f"This figure has more than {places - 2 if unit == 'percent' else places} decimals.")
    return value or abs(value)  # nothing has no sign


def unshortened(bare: str, unit: str) -> tuple[str, int]:
    """A figure without the word that stands for its zeros, and how many these are."""
    match = SHORTENED(bare) if is_shortened(unit) else None
    return (match["figure"], SHORT[match["word"].lower()]) if match else (bare, 0)


def is_shortened(unit: str) -> bool:
    """Whether people write figures of a unit in thousands and millions: of money they do; an m may be months elsewhere."""
    return unit.split(" ")[0] == "money"


def examples(unit: str, locale: str) -> str:
    """How figures of a unit can be typed."""
    plain = figure_typed(Decimal("1.05"), unit, locale)
    return (
        plain if not is_shortened(unit) else f"{plain}, 5887 k, {figure_typed(Decimal('5.9'), unit, locale)} m or 2 bn"
    )


def figure_typed(value: Decimal, unit: str, locale: str = DEFAULT_LOCALE) -> str:
    """A value as it is typed: the counterpart of `figure_read`."""
    shown = value.scaleb(2) if unit == "percent" else value
    return f"{shown.normalize():f}".replace(".", figure_style(locale).decimal)


def figure_retyped(kept: Any, unit: str, locale: str) -> str:
    """What is kept as a number's text, as it is typed; what is no number stays as it is."""
    try:
        return figure_typed(Decimal(str(kept)), unit, locale) if str(kept).strip() else ""
    except DecimalException:
        return str(kept)


def typed_hint(unit: str, currency: str) -> str:
    """In what a figure is typed."""
    if unit == "percent":
        return "In per cent: 105 is 105%."
    if unit == "ratio":
        return "As a plain number: 1.5 is 1.5 times."
    more = "; k, m and bn are understood: 250 k is 250000" if is_shortened(unit) else ""
    return f"In {unit_words(unit, currency)}{more}."


def figure_understood(text: str, unit: str, currency: str, locale: str) -> str:
    """How what is being typed is understood: the figure with its unit, or what is wrong with it; nothing for nothing."""
    if not text.strip():
        return ""
    try:
        value = figure_read(text, unit, locale)
    except ValueError as error:
        return str(error)
    words = unit_words(unit, currency)
    return f"Understood as {figure_text(value, unit, currency, locale)}{f' {words}' if words else ''}."


def against_of(name: str) -> str:
    """The field beside a threshold that says what it is held against."""
    return f"{name}_against"


def against_choices(targets: Sequence[tuple[str, str]]) -> list[Any]:
    """What a threshold may be held against; other metrics are targets."""
    groups = [("Per cent worse than a target, another metric", list(targets))] if targets else []
    return [*AGAINST, *groups]


def limit_typed(text: str, unit: str, locale: str) -> tuple[str, str]:
    """A threshold that is kept, as its number and what it is held against begin with."""
    try:
        threshold = threshold_read(text)
    except ValueError:
        return text, ""
    if threshold.kind == "figure":
        return figure_retyped(text, unit, locale), ""
    against = threshold.base if threshold.kind == "share" else "seasonal" if threshold.base else "deviations"
    return figure_typed(threshold.number, "", locale), against


def limits_typed(content: Mapping[str, Any], unit: str, locale: str) -> dict[str, str]:
    """The thresholds of a metric as a form begins with them."""
    made = {}
    for name in LIMITS.values():
        made[name], made[against_of(name)] = limit_typed(str(content.get(name) or ""), unit, locale)
    return made


def limit_read(text: str, against: str, unit: str, locale: str) -> str:
    """A threshold that was typed, as a metric keeps it. ValueError says what is wrong with it."""
    if not text.strip():
        return ""
    if not against:
        return Threshold("figure", figure_read(text, unit, locale, MOST_PLACES)).text
    if against in DEVIATING:
        threshold = Threshold("deviations", figure_read(text, "", locale), DEVIATING[against])
    else:
        threshold = Threshold("share", figure_read(text, "percent", locale).scaleb(2), against)
    try:
        return threshold_read(threshold.text).text
    except ValueError as fault:
        raise ValueError(f"This {fault}.") from fault


def limits_read(form: forms.Form, unit: str, locale: str) -> None:
    """Thresholds that were typed, as a metric keeps them; what is wrong with one is said beside it."""
    for name in LIMITS.values():
        given = form.cleaned_data
        try:
            given[name] = limit_read(given.get(name, ""), given.get(against_of(name), ""), unit, locale)
        except ValueError as fault:
            form.add_error(name, str(fault))


def limit_understood(text: str, against: str, unit: str, currency: str, locale: str, labels: Mapping[str, str]) -> str:
    """How a threshold that is being typed is understood, or what is wrong with it; nothing for nothing."""
    if not against or not text.strip():
        return figure_understood(text, unit, currency, locale)
    try:
        kept = limit_read(text, against, unit, locale)
    except ValueError as error:
        return str(error)
    return f"Understood as {threshold_words(kept, 'none', unit, currency, locale, labels)}, on the side that is worse."


def against_fields(fields: dict[str, forms.Field], name: str, targets: Sequence[tuple[str, str]]) -> None:
    """Beside a threshold, what it is held against."""
    fields[against_of(name)] = forms.ChoiceField(
        label=f"{fields[name].label}: held against", required=False, choices=against_choices(targets),
        help_text=TARGET if targets else "",
    )  # fmt: skip


def echoed(field: forms.Field, name: str, address: str, include: str = "", **about: str) -> None:
    """Let a field show below itself how it is understood while it is typed into; `about` says of which unit or metric."""
    triggers = "input changed delay:300ms" + (
        f", change from:#id_{against_of(name)}" if name in LIMITS.values() else ""
    )
    field.widget.attrs |= {
        "hx-get": f"{address}?{urlencode({'field': name, **about})}", "hx-trigger": triggers,
        "hx-target": f"#{name}-understood", "hx-swap": "innerHTML", "data-quiet": "", "autocomplete": "off",
        "inputmode": "decimal", **({"hx-include": include} if include else {}),
    }  # fmt: skip
    field.help_text = f'{field.help_text} <output id="{name}-understood"></output>'
