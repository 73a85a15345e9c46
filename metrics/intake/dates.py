"""Dates in text: read in one stated order, never guessed; what does not read says why."""

from typing import Final

import polars as pl

EARLIEST: Final = pl.date(1970, 1, 1)
LATEST: Final = pl.date(2199, 12, 31)
MIDNIGHT: Final = r"[T ]00:00(:00(\.0+)?)?Z?$"
YEAR_FIRST: Final = r"^[0-9]{4}(-[0-9]{1,2}-|/[0-9]{1,2}/|\.[0-9]{1,2}\.)[0-9]{1,2}$"
COMPACT: Final = r"^(19|20|21)[0-9]{6}$"
YEAR_LAST: Final = r"^[0-9]{1,2}(-[0-9]{1,2}-|/[0-9]{1,2}/|\.[0-9]{1,2}\.)[0-9]{4}$"
ORDER_WORDS: Final = {"ymd": "year-month-day", "dmy": "day-month-year", "mdy": "month-day-year"}


def parse_dates(values: pl.Series, order: str | None) -> pl.DataFrame:
    """Each different text, in the order of the first of each, with its date, or with a code and a reason: columns `value`,
    `parsed`, `code`, `reason`.

    A column in which every date is written year first needs no order: no country writes year-day-month. In all others
    the order decides, and a date written in another one is a fault, because it shows that the file mixes orders. A
    time of day is accepted only if it is midnight.
    """
    texts = values.drop_nulls().unique(maintain_order=True).to_frame("value")
    if not texts.height:
        return texts.with_columns(
            parsed=pl.lit(None, pl.Date), code=pl.lit(None, pl.String), reason=pl.lit(None, pl.String)
        )
    day = pl.col("value").str.replace(MIDNIGHT, "")
    texts = texts.with_columns(
        is_year_first=day.str.contains(YEAR_FIRST) | day.str.contains(COMPACT),
        is_year_last=day.str.contains(YEAR_LAST),
        ymd=_day_of(_year_first_parts(day), "ymd"),
        dmy=_day_of(_year_last_parts(day), "dmy"),
        mdy=_day_of(_year_last_parts(day), "mdy"),
    )
    used = "ymd" if not texts["is_year_last"].any() else order
    parsed = pl.col(used) if used else pl.lit(None, pl.Date)
    texts = texts.with_columns(parsed=pl.when(parsed.is_between(EARLIEST, LATEST)).then(parsed), unbounded=parsed)
    bad = texts.filter(pl.col("parsed").is_null())
    explained = bad.select("value", _code(used).alias("code")).with_columns(_reason(used, bad).alias("reason"))
    return texts.select("value", "parsed").join(explained, on="value", how="left", maintain_order="left")


def _year_first_parts(day: pl.Expr) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    is_compact = day.str.contains(COMPACT)
    split = day.str.contains(YEAR_FIRST)
    year = pl.when(split | is_compact).then(day.str.slice(0, 4))
    month = pl.when(is_compact).then(day.str.slice(4, 2)).otherwise(day.str.extract(r"^[0-9]{4}\D([0-9]{1,2})\D"))
    return year, month, pl.when(is_compact).then(day.str.slice(6, 2)).otherwise(day.str.extract(r"\D([0-9]{1,2})$"))


def _year_last_parts(day: pl.Expr) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    fits = day.str.contains(YEAR_LAST)
    return (
        pl.when(fits).then(day.str.extract(r"([0-9]{4})$")),
        day.str.extract(r"^([0-9]{1,2})\D"),
        day.str.extract(r"\D([0-9]{1,2})\D"),
    )


def _day_of(parts: tuple[pl.Expr, pl.Expr, pl.Expr], order: str) -> pl.Expr:
    year, first, second = parts
    month, day = (second, first) if order == "dmy" else (first, second)
    iso = pl.concat_str(year, month.str.zfill(2), day.str.zfill(2), separator="-")
    return iso.str.to_date("%Y-%m-%d", strict=False)


def _code(used: str | None) -> pl.Expr:
    value = pl.col("value")
    other_order = pl.col("is_year_first") if used in ("dmy", "mdy") else pl.col("is_year_last")
    swapped = pl.col("mdy") if used == "dmy" else pl.col("dmy") if used == "mdy" else pl.lit(None, pl.Date)
    return (
        pl.when(pl.col("unbounded").is_not_null())
        .then(pl.lit("date_range"))
        .when(value.str.contains(r"^[0-9]{1,2}:[0-9]{2}"))
        .then(pl.lit("date_lost"))
        .when(value.str.contains(r"[0-9]:[0-9]{2}"))
        .then(pl.lit("date_time"))
        .when(value.str.contains(r"^[0-9]{5}(\.[0-9]+)?$"))
        .then(pl.lit("date_serial"))
        .when(value.str.contains(r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}$"))
        .then(pl.lit("date_short_year"))
        .when(pl.col("is_year_last") & pl.lit(used is None))
        .then(pl.lit("date_order_unknown"))
        .when(other_order)
        .then(pl.lit("date_order_mixed"))
        .when(swapped.is_not_null())
        .then(pl.lit("date_order_mixed"))
        .when(pl.col("is_year_first") | pl.col("is_year_last"))
        .then(pl.lit("date_impossible"))
        .when(value.str.contains(r"[A-Za-z]{3}") & value.str.contains(r"[0-9]"))
        .then(pl.lit("date_words"))
        .otherwise(pl.lit("date_unreadable"))
    )


def _reason(used: str | None, bad: pl.DataFrame) -> pl.Expr:
    words = ORDER_WORDS.get(used or "", "")
    example = {"dmy": "31-03-2024", "mdy": "03-31-2024"}.get(used or "", "2024-03-31")
    texts = {
        "date_range": "'{}' lies outside the years 1970 to 2199: correct the year",
        "date_lost": "'{}' is a time without a day: the date is lost, export the column again as dates",
        "date_time": "'{}' has a time of day: export the day alone, for example " + example,
        "date_serial": "'{}' looks like a spreadsheet's day number: format the column as a date and export again",
        "date_short_year": "'{}' has a year of two digits: write four, for example " + example,
        "date_order_mixed": f"'{{}}' is not written {words}, this file's order: orders are mixed, correct the source",
        "date_impossible": "'{}' is no day of the calendar: correct it",
        "date_words": "'{}' writes the month as a word: write it as a number, for example " + example,
        "date_unreadable": "'{}' is no date: write it like " + example,
    }
    value = bad["value"].str.slice(0, 40)
    question = pl.when(pl.col("code") == "date_order_unknown").then(_order_question(bad))
    others = (pl.when(pl.col("code") == code).then(pl.format(text, pl.lit(value))) for code, text in texts.items())
    return pl.coalesce(question, *others)


def _order_question(bad: pl.DataFrame) -> pl.Expr:
    """'03/04/2024' could be 3 April or 4 March: say which order this file uses."""
    spelled = bad.select(
        pl.col("value").str.slice(0, 40).alias("value"),
        pl.col("dmy").dt.to_string("%-d %B").alias("dmy"),
        pl.col("mdy").dt.to_string("%-d %B").alias("mdy"),
    )
    both = pl.format(
        "'{}' could be {} or {}: say which order this file uses", *(pl.lit(spelled[name]) for name in spelled.columns)
    )
    one = pl.format("'{}' is not written year first: say which order this file uses", pl.lit(spelled["value"]))
    is_ambiguous = (spelled["dmy"] != spelled["mdy"]).fill_null(False)
    return pl.when(pl.lit(is_ambiguous)).then(both).otherwise(one)
