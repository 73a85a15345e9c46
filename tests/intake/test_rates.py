"""Exchange rates from a file, and from the ECB."""

import csv
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import polars as pl
import pytest

from metrics.intake.ecb import ecb_currencies, ecb_rates, quoted_rates
from metrics.intake.mapping import Mapping
from metrics.intake.rates import RateFile, read_rates
from metrics.intake.reader import read_bytes, read_limited
from tests.intake.build import NO_SHARED, SHARED


def read(body: str) -> RateFile:
    return read_rates(read_bytes(f"date,currency,rate\n{body}".encode()), "USD")


def test_good_rates_are_ten_billionths() -> None:
    file = read("2024-01-31,EUR,1.0853\n2024-01-31,JPY,0.0067812345\n2024-01-31,USD,1.0\n")
    assert file.rates.rows() == [
        ("EUR", date(2024, 1, 31), 10_853_000_000),
        ("JPY", date(2024, 1, 31), 67_812_345),
        ("USD", date(2024, 1, 31), 10_000_000_000),
    ]


def test_every_fault_of_a_rate_file_is_named() -> None:
    file = read(
        "2024-01-31,EUR,0\n2024-01-31,GBP,-1\n2024-01-31,USD,1.1\n2024-02-30,EUR,1\n2024-03-31,eur,1\n"
        "2024-04-30,EUR,1\n2024-04-30,EUR,1.1\n2024-05-31,EUR,1.12345678901\n,EUR,1\n2024-06-30,EUR,\n2024-07-31,EUR,1e5\n"
        "2024-08-31,EUR,100000000\n"
    )
    assert file.rates.height == 0
    assert [(fault.row, fault.code) for fault in file.faults] == [
        (2, "rate_not_positive"),
        (3, "rate_not_positive"),
        (4, "rate_of_reporting_currency"),
        (5, "date_impossible"),
        (6, "currency_unknown"),
        (7, "rate_repeated"),
        (8, "rate_repeated"),
        (9, "number_too_fine"),
        (10, "value_missing"),
        (11, "value_missing"),
        (12, "number_scientific"),
        (13, "number_too_large"),
    ]


def test_a_rate_file_may_be_mapped() -> None:
    mapping = Mapping(
        columns={"date": "Day", "rate": "Rate"}, constants={"currency": "EUR"}, date_order="dmy", decimal_mark=","
    )
    file = read_rates(read_bytes(b"Day;Rate\n31.01.2024;1,0853\n"), "USD", mapping)
    assert file.rates.rows() == [("EUR", date(2024, 1, 31), 10_853_000_000)]


def test_an_empty_or_foreign_rate_file_is_refused() -> None:
    assert read("").faults.by_code() == {"file_empty": 1}
    assert read_rates(read_bytes(b"a,b\n1,2\n"), "USD").faults.by_code() == {"column_missing": 3}


def test_cross_rates_are_exact_and_rounded_half_up() -> None:
    quotes = {row[1]: row[2] for row in quoted_rates().filter(pl.col("day") == date(2024, 1, 31)).iter_rows()}
    rates = ecb_rates("USD", ecb_currencies(), date(2024, 1, 31), date(2024, 1, 31))
    assert set(rates["currency"]) == set(quotes) - {"USD"}
    for currency, _, rate in rates.iter_rows():
        exact = Decimal(quotes["USD"]) / Decimal(quotes[currency]) * 10**10
        assert rate == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def test_no_rate_is_invented() -> None:
    rates = ecb_rates("USD", ["EUR", "RUB", "HRK"])
    last = dict(rates.group_by("currency").agg(pl.col("day").max()).iter_rows())
    assert (last["RUB"], last["HRK"]) == (date(2022, 3, 1), date(2022, 12, 30))
    weekend = rates.filter(pl.col("day").dt.weekday() > 5)
    assert weekend.height == 0
    assert ecb_rates("RUB", ["USD"], date(2022, 3, 2)).height == 0
    with pytest.raises(ValueError, match="ARS"):
        ecb_rates("USD", ["ARS"])


@pytest.mark.skipif(not SHARED.is_dir(), reason=NO_SHARED)
def test_the_rates_are_those_that_the_ecb_published() -> None:
    with open(SHARED / "data/expected/ecb_rate_checks.csv", newline="") as file:
        checks = list(csv.DictReader(file))
    quotes = quoted_rates()
    for check in checks:
        day = date.fromisoformat(check["published_date_used"])
        known = quotes.filter(pl.col("day") <= date.fromisoformat(check["asked_date"]))
        assert known["day"].max() == day
        published = {
            row[0]: row[1] for row in quotes.filter(pl.col("day") == day).select("currency", "quote_e8").iter_rows()
        }
        for currency in ("USD", "GBP", "JPY", "CHF", "HRK", "BGN", "RUB"):
            expected = Decimal(check[currency]).scaleb(8) if check[currency] else None
            assert published.get(currency) == expected, (day, currency)


@pytest.mark.skipif(not SHARED.is_dir(), reason=NO_SHARED)
@pytest.mark.parametrize("case", ["contract-start", "live-average-parent", "signed-contract-rate"])
def test_the_golden_rates_read(case: str) -> None:
    file = read_rates(read_limited(SHARED / "golden" / case / "fx_rates.csv"), "USD")
    assert (len(file.faults), file.rates.height) == (0, 3657)
