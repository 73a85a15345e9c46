"""Amounts and rates in text: exact scaled integers, or a reason. No float on the way, no thousands separator by
accident.
"""

from typing import Final

import polars as pl

SCALED_DIGITS: Final = 18
NULL_TEXTS: Final = r"^(?i:null|none|n/?a|#n/a|nil|-+|\\n)$"


def parse_numbers(cells: pl.DataFrame, mark: str, decimals: int) -> tuple[pl.Series, pl.DataFrame]:
    """The column `value` as integers scaled by 10^decimals (null where it does not read), and the rows that do not
    read.

    The second frame is `cells` cut down to the bad rows, with `code` and `reason`. Zeros beyond the last decimal are
    harmless; other digits there are refused, and so are numbers that need more than 18 digits when scaled.
    """
    text = pl.col("value") if mark == "." else pl.col("value").str.replace(",", ".", literal=True)
    whole = SCALED_DIGITS - decimals
    good = rf"^-?0*[0-9]{{1,{whole}}}(?:\.[0-9]{{0,{decimals}}}0*)?$|^-?\.[0-9]{{1,{decimals}}}0*$"
    readable = pl.col("value").str.contains(good if mark == "." else good.replace(r"\.", ","))
    scaled = text.cast(pl.Decimal(38, decimals), strict=False).to_physical().cast(pl.Int64, strict=False)
    parsed = cells.lazy().select(pl.when(readable).then(scaled).alias("parsed")).collect().to_series()
    bad = cells.filter(parsed.is_null() & cells["value"].is_not_null())
    return parsed, bad.with_columns(_code(mark, decimals).alias("code")).with_columns(
        _reason(mark, decimals).alias("reason")
    )


def _code(mark: str, decimals: int) -> pl.Expr:
    value = pl.col("value")
    other = "," if mark == "." else "."
    plain = r"^-?[0-9]+(?:[.,][0-9]*)?$"
    return (
        pl.when(value.str.contains(r"^[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+$"))
        .then(pl.lit("number_scientific"))
        .when(value.str.contains(r"^[+-]?(?i:nan|inf(?:inity)?)$"))
        .then(pl.lit("number_not_finite"))
        .when(value.str.contains(NULL_TEXTS))
        .then(pl.lit("number_null_text"))
        .when(value.str.contains(r"^\(.*\)$"))
        .then(pl.lit("number_brackets"))
        .when(value.str.contains(r"[0-9]") & value.str.contains(r"[\p{Sc}%]|[A-Za-z]{2,3}"))
        .then(pl.lit("number_unit"))
        .when(value.str.contains(r"^-?[0-9]{1,3}(?:[ '\x{a0}\x{202f}’][0-9]{3})+"))
        .then(pl.lit("number_thousands"))
        .when(value.str.contains(rf"^-?[0-9]+[{other}](?:[0-9]{{1,2}}|[0-9]{{4,}})$"))
        .then(pl.lit("number_other_mark"))
        .when(value.str.contains(r"^-?[0-9.,]+$") & value.str.contains(other, literal=True))
        .then(pl.lit("number_thousands"))
        .when(
            value.str.contains(plain)
            & (value.str.replace(r"[.,].*$", "").str.strip_chars_start("-0").str.len_chars() > SCALED_DIGITS - decimals)
        )
        .then(pl.lit("number_too_large"))
        .when(value.str.contains(plain))
        .then(pl.lit("number_too_fine"))
        .otherwise(pl.lit("number_unreadable"))
    )


def _reason(mark: str, decimals: int) -> pl.Expr:
    example = f"1234{mark}50"
    other = "comma" if mark == "." else "point"
    separator = (
        f"'{{}}' has a thousands separator or a wrong decimal {other}, which cannot be told apart: export numbers like"
    )
    texts = {
        "number_scientific": f"'{{}}' is in scientific notation, digits may be lost: export numbers like {example}",
        "number_not_finite": "'{}' is no number: a calculation in the source has failed, correct it there",
        "number_null_text": "'{}' stands for an empty cell: add it to the mapping's empty markers, or clear the cell",
        "number_brackets": "'{}' is in brackets, which means negative in accounts: an amount is never negative",
        "number_unit": f"'{{}}' has a unit in it: write the number alone, like {example}",
        "number_other_mark": f"'{{}}' seems to have a decimal {other}: say so in the mapping, or write {example}",
        "number_thousands": f"{separator} {example}",
        "number_too_large": f"'{{}}' is {10 ** (SCALED_DIGITS - decimals):,} or more: is a decimal mark missing?",
        "number_too_fine": f"'{{}}' has more than {decimals} decimals: round it in the source",
        "number_unreadable": f"'{{}}' is no number: write it like {example}",
    }
    shown = pl.col("value").str.slice(0, 40)
    return pl.coalesce(pl.when(pl.col("code") == code).then(pl.format(text, shown)) for code, text in texts.items())


def scaled_text(name: str, decimals: int) -> pl.Expr:
    """The scaled integers of a column as the text of the number, without trailing zeros."""
    one, size = 10**decimals, pl.col(name).abs()
    sign = pl.when(pl.col(name) < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    text = pl.format("{}{}.{}", sign, size // one, (size % one).cast(pl.String).str.zfill(decimals))
    return text.str.strip_chars_end("0").str.strip_chars_end(".")
