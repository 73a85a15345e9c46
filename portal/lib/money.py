"""Figures for the reader: exact decimals in, text in the reader's own separators out, and back.

A page shows about a thousand cells, so a locale is looked up in Babel once and every cell is integer arithmetic.
Nothing here is a float. Display rounds half away from zero, as people do by hand; the amount itself is never changed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException
from functools import lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_precision

Scale = Literal["full", "thousands", "millions"]
Negative = Literal["minus", "parentheses"]

DEFAULT_LOCALE = "en"
MINUS = "\u2212"
NO_BREAK = "\u00a0"
SCALES: dict[str, Scale] = {"full": "full", "thousands": "thousands", "millions": "millions"}
EXPONENTS: dict[Scale, int] = {"full": 0, "thousands": 3, "millions": 6}
SCALED_PLACES: dict[Scale, int] = {"thousands": 0, "millions": 2}
WIDE = Context(prec=80, rounding=ROUND_HALF_UP)
SPACES = "\u00a0\u202f\u2009 "
SIGNS = "-\u2212\u2010\u2011\u2013"


@dataclass(frozen=True, slots=True)
class FigureStyle:
    """How one locale writes figures: separators, groups (by three, or by lakh), and where the per cent sign stands."""

    locale: str
    group: str
    decimal: str
    by_lakh: bool
    percent_before: str
    percent_after: str

    @property
    def separators(self) -> str:
        """As charts take them: the decimal mark, then the one of thousands."""
        return f"{self.decimal}{self.group}"


@lru_cache(maxsize=256)
def babel_locale(name: str) -> Locale:
    """The locale of that name, or plain English when Babel does not know it."""
    try:
        return Locale.parse(name.partition("-x-")[0].replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(DEFAULT_LOCALE)


@lru_cache(maxsize=256)
def figure_style(name: str) -> FigureStyle:
    """Separators of a locale, always with Latin digits, so that columns line up in every language."""
    locale = babel_locale(name)
    symbols = locale.number_symbols.get("latn") or Locale.parse(DEFAULT_LOCALE).number_symbols["latn"]
    grouping = locale.decimal_formats[None].grouping
    before, _, after = re.sub(r"[#0.,]+", "|", locale.percent_formats[None].pattern.split(";")[0]).partition("|")
    return FigureStyle(
        locale=name,
        group=symbols["group"],
        decimal=symbols["decimal"],
        by_lakh=grouping == (3, 2),
        percent_before=before,
        percent_after=after,
    )


@lru_cache(maxsize=512)
def minor_digits(currency: str) -> int:
    """Decimals of a currency: 2 for EUR, 0 for JPY, 3 for KWD (ISO 4217, from CLDR)."""
    return int(get_currency_precision(currency.upper())) if currency else 2


def to_minor(amount: Decimal, currency: str) -> int:
    """The amount in minor units; ValueError when it is finer than the currency allows, because rounding is a decision."""
    scaled = WIDE.scaleb(amount, minor_digits(currency))
    units = int(scaled)
    if units != scaled:
        raise ValueError(f"{amount} is finer than the smallest unit of {currency}")
    return units


def from_minor(units: int, currency: str) -> Decimal:
    """Minor units as an exact decimal with the currency's own number of places."""
    return WIDE.scaleb(Decimal(units), -minor_digits(currency))


def rounded_units(amount: Decimal | int, places: int) -> int:
    """`amount × 10^places` as an integer, half away from zero."""
    if isinstance(amount, int):
        amount = Decimal(amount)
    return int(WIDE.to_integral_value(WIDE.scaleb(amount, places)))


def grouped(whole: int, style: FigureStyle) -> str:
    """A non-negative integer with the locale's thousands separators."""
    if not style.by_lakh or whole < 100_000:
        return f"{whole:,}".replace(",", style.group)
    head, tail = divmod(whole, 1000)
    groups = [f"{tail:03d}"]
    while head >= 100:
        head, pair = divmod(head, 100)
        groups.append(f"{pair:02d}")
    groups.append(str(head))
    return style.group.join(reversed(groups))


def unsigned_text(units: int, places: int, style: FigureStyle) -> str:
    """Non-negative units of `10^-places` as text."""
    if not places:
        return grouped(units, style)
    whole, rest = divmod(units, 10**places)
    return f"{grouped(whole, style)}{style.decimal}{rest:0{places}d}"


def sign_text(text: str, units: int, *, negative: Negative, plus: bool) -> str:
    """Puts the sign on: a true minus or parentheses; zero never has one."""
    if units < 0:
        return f"({text})" if negative == "parentheses" else MINUS + text
    return f"+{text}" if plus and units else text


def number_text(
    value: Decimal | int,
    locale: str = DEFAULT_LOCALE,
    *,
    places: int = 0,
    negative: Negative = "minus",
    plus: bool = False,
) -> str:
    """A plain number with a fixed number of decimals."""
    units = rounded_units(value, places)
    return sign_text(unsigned_text(abs(units), places, figure_style(locale)), units, negative=negative, plus=plus)


def money_places(currency: str, scale: Scale) -> int:
    """Decimals shown: the currency's own when full, none in thousands, two in millions."""
    return minor_digits(currency) if scale == "full" else SCALED_PLACES[scale]


def exact_places(amount: Decimal | int, currency: str) -> int:
    """Decimals that leave nothing of an amount away: its own, and at least its currency's."""
    exponent = Decimal(amount).normalize(WIDE).as_tuple().exponent
    return max(minor_digits(currency), -int(exponent))


def is_rounded(amount: Decimal | int, scale: Scale) -> bool:
    """Whether thousands or millions leave something of an amount away."""
    if scale == "full":
        return False
    places = SCALED_PLACES[scale] - EXPONENTS[scale]
    return Decimal(rounded_units(amount, places)).scaleb(-places) != amount


def money_text(
    amount: Decimal | int,
    currency: str,
    locale: str = DEFAULT_LOCALE,
    *,
    scale: Scale = "full",
    places: int | None = None,
    negative: Negative = "minus",
    plus: bool = False,
) -> str:
    """An amount (in whole units of its currency) without the currency's name: that stands once in the head of the table."""
    shown = money_places(currency, scale) if places is None else places
    units = rounded_units(amount, shown - EXPONENTS[scale])
    return sign_text(unsigned_text(abs(units), shown, figure_style(locale)), units, negative=negative, plus=plus)


def unit_text(currency: str, scale: Scale = "full") -> str:
    """What stands in the head of a table: "EUR", "EUR thousands", "EUR millions"."""
    return currency if scale == "full" else f"{currency}{NO_BREAK}{scale}"


def percent_text(
    ratio: Decimal | int,
    locale: str = DEFAULT_LOCALE,
    *,
    places: int = 1,
    negative: Negative = "minus",
    plus: bool = False,
) -> str:
    """A ratio as per cent: 1.042 is "104.2%" in English and "104,2 %" in French."""
    style = figure_style(locale)
    units = rounded_units(ratio, places + 2)
    text = f"{style.percent_before}{unsigned_text(abs(units), places, style)}{style.percent_after}"
    return sign_text(text, units, negative=negative, plus=plus)


@lru_cache(maxsize=256)
def figure_pattern(locale: str) -> Callable[[str], re.Match[str] | None]:
    """Matches figures of a locale whose separators stand where they belong ("1,5" is not fifteen in English)."""
    style = figure_style(locale)
    group = f"[{re.escape(SPACES)}]" if style.group in SPACES else f"[{re.escape(style.group)}'’]"
    pairs = rf"[0-9]{{1,2}}(?:{group}[0-9]{{2}})*{group}[0-9]{{3}}"
    grouped_whole = pairs if style.by_lakh else rf"[0-9]{{1,3}}(?:{group}[0-9]{{3}})+"
    return re.compile(rf"(?P<whole>{grouped_whole}|[0-9]+)(?:{re.escape(style.decimal)}(?P<rest>[0-9]+))?").fullmatch


def parse_money(text: str, currency: str, locale: str = DEFAULT_LOCALE) -> Decimal:
    """Reads what `money_text` writes at full scale, and what people type; ValueError says what is wrong."""
    bare = text.strip(SPACES)
    is_negative = bare[:1] in SIGNS if bare else False
    if bare.startswith("(") and bare.endswith(")"):
        is_negative, bare = True, bare[1:-1]
    if bare[:1] and bare[0] in SIGNS + "+":
        bare = bare[1:].strip(SPACES)
    match = figure_pattern(locale)(bare)
    if not match:
        raise ValueError(f"“{text}” is not an amount")
    whole, rest = re.sub(r"\D", "", match["whole"]), match["rest"] or ""
    try:
        amount = Decimal(f"{'-' if is_negative else ''}{whole}.{rest or '0'}")
        units = to_minor(amount, currency)
    except (DecimalException, ValueError) as error:
        raise ValueError(f"“{text}” is finer than the smallest unit of {currency}") from error
    return from_minor(units, currency)
