"""The steps of the bridge on paper: where each bar begins and ends, and what is said where the axis is cut."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client as Browser

from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from reporting.paper_chart import BOTTOM, CUT, HEIGHT, TOP, bridge_svg, lines_svg
from tests.reporting.numbers import numbers_load

FOOT = HEIGHT - BOTTOM


def drawn(*steps: tuple[str, int]) -> tuple[str, list[tuple[int, int]]]:
    """The picture, and of each bar where it begins and how high it is."""
    told = [
        {"role": role, "amount": str(Decimal(amount)), "text": f"{amount:+}", "label": role} for role, amount in steps
    ]
    svg = str(bridge_svg({"title": "ARR <b>", "steps": told}))
    bars = re.findall(r'<rect x="\d+" y="(\d+)" width="\d+" height="(\d+)"', svg)
    return svg, [(int(top), int(height)) for top, height in bars]


def test_each_step_begins_where_the_one_before_it_ended() -> None:
    svg, bars = drawn(("beginning", 100), ("new", 100), ("churn", -50), ("ending", 150))
    room = FOOT - TOP
    assert bars == [(FOOT - room // 2, room // 2), (TOP, room // 2), (TOP, room // 4), (TOP + room // 4, room * 3 // 4)]
    assert CUT not in svg and "ARR &lt;b&gt;" in svg and ">-50<" in svg


def test_small_steps_on_a_large_beginning_are_readable_and_the_cut_is_said() -> None:
    svg, bars = drawn(("beginning", 1_000_000), ("new", 1_000), ("ending", 1_001_000))
    assert CUT in svg and bars[1][1] > 100


def test_nothing_and_what_lies_below_zero_are_drawn_too() -> None:
    assert [height for _, height in drawn(("beginning", 0), ("ending", 0))[1]] == [3, 3]
    _, bars = drawn(("beginning", 100), ("churn", -150), ("ending", -50))
    assert bars[1] == (TOP, FOOT - TOP) and bars[2][0] + bars[2][1] == FOOT


def test_a_line_can_be_read_off_its_axis() -> None:
    values = ["51000.00", None, "55000.00"]
    series = [{"name": "ARR", "role": "accent", "values": values}]
    svg = str(lines_svg({"title": "ARR", "labels": ["Jan", "Feb", "Mar"], "series": series, "locale": "de"}))
    amounts = re.findall(r'y="(\d+)" font-size="26" fill="#4b5768" text-anchor="end">([\d.]+)<', svg)
    assert [amount for _, amount in amounts] == ["51.000", "52.000", "53.000", "54.000", "55.000"]
    assert (int(amounts[0][0]) - 9, int(amounts[-1][0]) - 9) == (FOOT, TOP), "the axis ends at what is drawn"
    assert "0.5" in str(
        lines_svg({"title": "ARR", "labels": ["Jan"], "series": [series[0] | {"values": ["0.5"]}], "locale": "en"})
    )


def test_the_paper_of_a_bridge_without_restatement_shows_its_steps(
    northwind: Client, finn: User, signed_in: Callable[[User], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(northwind):
        numbers_load(northwind)
    shown: dict[str, Any] = {}

    def as_html(template: str, context: dict[str, Any], size: str) -> bytes:
        shown.update(context)
        return render_to_string(template, {**context, "paper": {"size": size, "points": 9}}).encode()

    monkeypatch.setattr("reporting.arr_paper.paper", as_html)
    text = signed_in(finn).get("/c/northwind/arr/bridge.pdf").content.decode()
    assert shown["chart"]["title"] == "ARR, Jan 2026 to Mar 2026"
    assert text.count("<rect ") == 8 and ">Beginning</text>" in text and ">Ending</text>" in text
