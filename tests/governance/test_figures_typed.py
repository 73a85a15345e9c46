"""Figures are typed in their own unit, shares in per cent, and what is understood is shown before it is sent."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client as Browser

from governance.figure_input import figure_read, figure_retyped
from governance.models import ChangeRequest, ControlFigure, FigureDispute
from governance.services.registry import registry_start
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import numbers_load

HOME = "/c/northwind/"


@pytest.mark.parametrize(
    ("text", "unit", "locale", "value"),
    [
        ("105", "percent", "en", "1.05"), ("105 %", "percent", "en", "1.05"), ("105%", "percent", "en", "1.05"),
        ("-2.5", "percent", "en", "-0.025"), ("105,5 %", "percent", "de", "1.055"), ("1.2", "ratio", "en", "1.2"),
        ("4,617,462.36", "money", "en", "4617462.36"), ("1.234,5", "money per customer", "de", "1234.5"),
        ("5,887 k", "money", "en", "5887000"), ("5.887 K", "money", "de", "5887000"), ("-1.25m", "money", "en", "-1250000"),
        ("1,5 bn", "money", "de", "1500000000"), ("2 mn", "money", "en", "2000000"),
    ],
)  # fmt: skip
def test_a_figure_is_read_in_its_unit_and_typed_back(text: str, unit: str, locale: str, value: str) -> None:
    found = figure_read(text, unit, locale)
    assert found == Decimal(value)
    assert figure_read(figure_retyped(str(found), unit, locale), unit, locale) == found


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("105 %", "money"), ("much", "percent"), ("1e5", "money"), ("0.00001", "percent"), ("+-5", "money"),
        ("--5", "money"), ("%5%", "percent"), ("5 %%", "percent"), ("NaN", "money"), ("１２", "money"),
        ("5 k", "percent"), ("3 m", "months"), ("5 kk", "money"), ("k", "money"), ("58,87 k", "money"),
    ],
)  # fmt: skip
def test_what_is_no_figure_of_the_unit_is_refused(text: str, unit: str) -> None:
    with pytest.raises(ValueError, match="figure"):
        figure_read(text, unit)


def test_nothing_is_less_than_nothing() -> None:
    assert str(figure_read("−0", "money")) == "0.0" and str(figure_read("-0 %", "percent")) == "0.000"


@pytest.fixture
def ritas(northwind: Client, rita: User, signed_in: Callable[[User], Browser]) -> Browser:
    with tenant_context(northwind):
        numbers_load(northwind)
        registry_start(client=northwind, user=rita)
    return signed_in(rita)


def test_a_disputed_rate_is_typed_in_per_cent(northwind: Client, ritas: Browser) -> None:
    address, about = f"{HOME}oversight/disputes/new/", {"figure": "metric", "metric": "nrr", "month": "2026-03"}
    form = ritas.get(address, about).content.decode()
    assert "In per cent: 105 is 105%." in form and 'id="believed-understood"' in form
    assert ritas.post(address, about | {"believed": "105", "reason": "I know"}).status_code == 302
    with tenant_context(northwind):
        assert FigureDispute.objects.get().believed == Decimal("1.05")
    again = ritas.post(address, about | {"month": "2026-02", "believed": "a lot", "reason": "I know"})
    assert again.status_code == 422


def test_thresholds_and_control_figures_are_typed_in_the_same_way(northwind: Client, ritas: Browser) -> None:
    address = f"{HOME}changes/new/threshold/?about=nrr"
    form = ritas.get(address)
    assert form.context["form"]["warn_at"].value() == "100" and "In per cent" in form.content.decode()
    wish = {"title": "Look earlier", "rationale": "Too late", "warn_at": "105", "alert_at": "100 %", "from_month": ""}
    assert ritas.post(address, wish).status_code == 302
    follows = wish | {"warn_at": "2,5", "warn_at_against": "previous", "alert_at": "3", "alert_at_against": "seasonal"}
    assert ritas.post(address, follows | {"title": "Look at drops"}).status_code == 422, "a comma groups thousands here"
    assert ritas.post(address, follows | {"title": "Look at drops", "warn_at": "2.5"}).status_code == 302
    with tenant_context(northwind):
        asked = ChangeRequest.objects.latest("number")
        assert asked.content["thresholds"] == {
            "warn_at": "2.5% from previous",
            "alert_at": "3 deviations from last_year",
        }
    control = {
        "metric": "nrr",
        "month": "2026-03",
        "expected": "105 %",
        "tolerance": "0.5",
        "side": "either",
        "source": "Pack",
    }
    assert ritas.post(f"{HOME}metrics/validation/add/", control).status_code == 302
    with tenant_context(northwind):
        assert ChangeRequest.objects.earliest("number").content["thresholds"] == {"warn_at": "1.05", "alert_at": "1"}
        kept = ControlFigure.objects.get()
        assert (kept.expected, kept.tolerance) == (Decimal("1.05"), Decimal("0.005"))


def test_what_is_understood_is_shown_before_it_is_sent(ritas: Browser) -> None:
    def told(**asked: str) -> str:
        return ritas.get(f"{HOME}metrics/figure/", {"field": "x", **asked}).content.decode()

    assert told(x="105", unit="percent") == "Understood as 105.0%."
    assert told(x="105", metric="nrr") == "Understood as 105.0%."
    assert told(x="5,887 k", metric="arr") == "Understood as 5,887,000.00 USD."
    assert "such as 1.05, 5887 k, 5.9 m or 2 bn" in told(x="5,88 k", metric="arr")
    assert told(x="4617462.36", metric="arr") == "Understood as 4,617,462.36 USD."
    assert told(x="", unit="percent") == "" and "<b>" not in told(x="<b>", unit="<b>")
