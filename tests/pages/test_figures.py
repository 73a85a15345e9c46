"""Figures and dates as the reader sees them: exact, reversible, in the reader's own separators."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from portal.lib import dates, money

LOCALES = ["en", "en_GB", "de", "de-CH", "fr", "hi", "en_IN", "sv", "es", "ar", "pt_BR", "xx"]
CURRENCIES = ["EUR", "USD", "JPY", "KWD", "CHF", "INR"]
DECEMBER = 2025 * 12 + 11


@given(
    units=st.integers(min_value=-(10**17), max_value=10**17),
    currency=st.sampled_from(CURRENCIES),
    locale=st.sampled_from(LOCALES),
    negative=st.sampled_from(["minus", "parentheses"]),
    plus=st.booleans(),
)
def test_what_is_written_reads_back_to_the_same_cent(
    units: int, currency: str, locale: str, negative: money.Negative, plus: bool
) -> None:
    amount = money.from_minor(units, currency)
    text = money.money_text(amount, currency, locale, negative=negative, plus=plus)
    assert money.parse_money(text, currency, locale) == amount
    assert money.to_minor(amount, currency) == units


@given(
    units=st.integers(min_value=-(10**14), max_value=10**14), scale=st.sampled_from(["full", "thousands", "millions"])
)
def test_scaling_rounds_half_away_from_zero_and_is_odd(units: int, scale: money.Scale) -> None:
    amount = Decimal(units) / 100
    text = money.money_text(amount, "EUR", scale=scale)
    mirrored = money.money_text(-amount, "EUR", scale=scale)
    assert text.lstrip(money.MINUS) == mirrored.lstrip(money.MINUS)
    shown = Decimal(text.replace(",", "").replace(money.MINUS, "-")) * 10 ** money.EXPONENTS[scale]
    assert abs(shown - amount) * 2 <= Decimal(10) ** (money.EXPONENTS[scale] - money.money_places("EUR", scale))


@given(whole=st.integers(min_value=0, max_value=10**15))
def test_groups_hold_every_digit_in_order(whole: int) -> None:
    for locale in LOCALES:
        style = money.figure_style(locale)
        assert money.grouped(whole, style).replace(style.group, "") == str(whole)


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "scale", "expected"),
    [
        ("1234567.891", "EUR", "en", "full", "1,234,567.89"),
        ("1234567.895", "EUR", "de", "full", "1.234.567,90"),
        ("-1234567.5", "JPY", "en", "full", "−1,234,568"),
        ("1.0005", "KWD", "en", "full", "1.001"),
        ("12150382.40", "EUR", "en", "millions", "12.15"),
        ("12150382.40", "EUR", "fr", "thousands", "12\u202f150"),
        ("1234567.89", "INR", "hi", "full", "12,34,567.89"),
        ("1234567.89", "CHF", "de_CH", "full", "1’234’567.89"),
        ("-0.004", "EUR", "en", "full", "0.00"),
        ("99999999999999999999999999.99", "EUR", "en", "full", "99,999,999,999,999,999,999,999,999.99"),
    ],
)
def test_amounts(amount: str, currency: str, locale: str, scale: money.Scale, expected: str) -> None:
    assert money.money_text(Decimal(amount), currency, locale, scale=scale) == expected


def test_signs_are_true_minus_or_parentheses_and_zero_has_none() -> None:
    assert money.money_text(Decimal(-5), "EUR", negative="parentheses", plus=True) == "(5.00)"
    assert money.money_text(Decimal(5), "EUR", plus=True) == "+5.00"
    assert money.money_text(Decimal(0), "EUR", plus=True) == "0.00"


def test_percent_follows_the_locale() -> None:
    assert money.percent_text(Decimal("1.042")) == "104.2%"
    assert money.percent_text(Decimal("-0.005"), "fr", places=0) == "−1\u00a0%"
    assert money.percent_text(Decimal("0.31"), "tr", places=0) == "%31"


@pytest.mark.parametrize(
    "text", ["", "abc", "1,5", "1e4", "12,34", "1.234", "--5", "1,23,456", "1,2345.00", "NaN", "٣"]
)
def test_text_that_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|finer"):
        money.parse_money(text, "EUR", "en")


def test_what_people_type_is_read() -> None:
    assert money.parse_money(" 1234.5 ", "EUR") == Decimal("1234.50")
    assert money.parse_money("-1 234,50", "EUR", "fr") == Decimal("-1234.50")
    assert money.parse_money("1'234.50", "CHF", "de-CH") == Decimal("1234.50")


def test_finer_than_the_currency_is_an_error_not_a_rounding() -> None:
    with pytest.raises(ValueError, match="finer"):
        money.to_minor(Decimal("1.005"), "EUR")


@given(month=st.integers(min_value=1900 * 12, max_value=2200 * 12))
def test_a_month_reads_the_same_from_its_number_and_its_days(month: int) -> None:
    year, zero_based = divmod(month, 12)
    assert dates.month_text(month) == dates.month_text(date(year, zero_based + 1, 17))


def test_dates_in_words() -> None:
    assert dates.date_text(date(2025, 9, 30)) == "30 Sep 2025"
    assert dates.date_text(date(2025, 12, 31), "de") == "31 Dec 2025", "the page is in English"
    assert dates.date_text(date(2025, 12, 31), dates.own_locale("de")) == "31. Dez. 2025", "but its reader chose German"
    assert dates.date_text(date(2025, 9, 30), dates.own_locale("en-GB")) == "30 Sep 2025"
    assert money.money_text(Decimal("1234.5"), "EUR", dates.own_locale("de")) == "1.234,50"
    assert dates.date_text(date(2025, 12, 31), "en_US") == dates.date_text(date(2025, 12, 31), "en-GB") == "31 Dec 2025"
    assert dates.month_text(DECEMBER) == "Dec 2025"
    said = "no rate for 2025-12-31; from 2025-01 to 2025-02, line K-2025-01, 2025-13"
    assert dates.dated_text(said) == "no rate for 31 Dec 2025; from Jan 2025 to Feb 2025, line K-2025-01, 2025-13"
    assert dates.dated_text("of FY2027-Q2 and 2026-Q1, not K-2026-Q1, 2026-Q5") == (
        "of Q2 FY2027 and Q1 2026, not K-2026-Q1, 2026-Q5"
    )
    assert [dates.quarter_text(key) for key in ("FY2027-Q2", "2026-Q1", "FY2027")] == ["Q2 FY2027", "Q1 2026", "FY2027"]
    assert "ARR is 0 in Mar 2026" in Template("{% no_value reason %}").render(
        Context({"reason": "ARR is 0 in 2026-03"})
    )
    assert dates.dated_text("2025-12-31", dates.own_locale("de")) == "31. Dez. 2025"
    noon = datetime(2025, 12, 31, 12, 5, tzinfo=UTC)
    assert dates.instant_text(noon, "en", "Europe/Zurich") == "31 Dec 2025, 13:05 CET"
    assert dates.instant_text(noon, "en", "Nowhere/At all") == "31 Dec 2025, 12:05 UTC"
    last = datetime.max.replace(tzinfo=UTC)
    assert dates.instant_text(last, "en", "Europe/Zurich") == "31 Dec 9999, 23:59 UTC"
    assert dates.relative_text(noon - timedelta(days=3), noon) == "3 days ago"


def shown(source: str, **values: object) -> str:
    return Template(source).render(Context({"reader": {"locale": "en"}, **values}))


def test_tags_take_currency_and_scale_from_the_page() -> None:
    assert (
        shown("{% money a %} {% unit %}", a=Decimal("12150000"), currency="EUR", scale="millions")
        == "12.15 EUR\u00a0millions"
    )
    assert shown("{% money a 'JPY' scale='full' %}", a=Decimal("1500"), scale="millions") == "1,500"
    assert shown("{% signed_money a 'EUR' %}", a=Decimal("-3")) == "−3.00"


def test_a_figure_links_to_its_why_and_escapes() -> None:
    html = shown("{% money a 'EUR' href=url %}", a=Decimal("-3"), url='?why=a&b="', reader={"negative": "parentheses"})
    assert html == '<a class="why" href="?why=a&amp;b=&quot;">(3.00<span class="paren">)</span></a>'


def test_no_value_says_why_to_everybody() -> None:
    html = shown("{% percent none reason=why %}", none=None, why="Needs <12> months")
    assert 'data-tip="Needs &lt;12&gt; months"' in html
    assert 'visually-hidden">Needs &lt;12&gt; months<' in html


def test_a_change_has_amount_rate_period_and_a_tone_that_knows_what_is_good() -> None:
    html = shown("{% change a r 'since Nov' currency='EUR' good='down' %}", a=Decimal("-10"), r=Decimal("-0.5"))
    assert "change-gain" in html
    assert "−10.00 (−50.0%)" in html
    assert "since Nov" in html
    assert "+0.7 points" in shown("{% change a points=True %}", a=Decimal("0.007"))


def test_a_sparkline_keeps_its_gaps_and_needs_two_points() -> None:
    html = shown("{% sparkline v 'ARR' %}", v=[Decimal(1), None, Decimal(3), Decimal(2)])
    assert html.count("M") == 2
    assert 'aria-label="ARR"' in html
    assert shown("{% sparkline v %}", v=[Decimal(1), None]) == ""


def test_a_row_formats_by_kind_and_names_itself() -> None:
    columns = [
        {"label": "Month", "kind": "month"},
        {"label": "ARR", "kind": "money"},
        {"label": "State", "kind": "state"},
    ]
    row = {"id": 7, "cells": [DECEMBER, {"value": Decimal(0), "href": "?why=x"}, ("agreed", "Done")], "children": [1]}
    html = shown("{% table_row columns row %}", columns=columns, row=row, currency="EUR")
    assert '<th scope="row">' in html
    assert "Dec 2025" in html
    assert '<td class="num zero" data-sort="0"><a class="why" href="?why=x">0.00</a></td>' in html
    assert 'aria-expanded="false" data-expand="7"' in html
    assert "state-agreed" in html


def test_heat_levels_stay_within_the_seven_tints() -> None:
    levels = [shown("{% heat_level r %}", r=Decimal(r)) for r in ("0", "0.5", "0.8", "1", "1.1", "3")]
    assert levels == ["0", "0", "3", "5", "6", "6"]


def test_heat_cells_tint_a_rate_and_say_why_one_is_missing() -> None:
    cells = [{"share": Decimal("1.1"), "url": "?a=1&b=2"}, {"share": Decimal("0.5"), "url": ""}, {"share": None}, None]
    html = shown("{% heat_cells cells reason %}", cells=cells, reason="Nothing <yet>")
    first, second, third, fourth = html.removesuffix("</td>").split("</td>")
    assert first == '<td class="heat-6"><a class="why" href="?a=1&amp;b=2">110%</a>'
    assert second == '<td class="heat-0">50%'
    assert "Nothing &lt;yet&gt;" in third and third.startswith('<td class="heat-none">')
    assert fourth == '<td class="heat-none">'


def test_what_a_table_is_given_is_escaped() -> None:
    columns = [{"label": "Customer", "kind": "text"}, {"label": "ARR", "kind": "money"}]
    cells = [{"value": "<b>", "href": '"><i>', "note": "<u>"}, {"value": 1, "href": '?"<s>'}]
    row = {"id": '"<p>', "cells": cells, "children_url": '"<q>'}
    html = shown("{% table_row columns row parent %}", columns=columns, row=row, parent='"<a>')
    for tag in ("<b>", "<i>", "<u>", "<p>", "<q>", "<s>", '"<a>'):
        assert tag not in html
