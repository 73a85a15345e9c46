"""Values that are longer than most keep to their places, on a desk and on a phone."""

import datetime as dt
from pathlib import Path

import pytest
from playwright.sync_api import Page

from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.browser.live import CHROMIUM
from tests.metrics.files import csv_bytes, line
from tests.metrics.steps import check, load
from tests.reporting.numbers import LINES, numbers_load

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no chromium on this machine"),
]
# Each element that crosses the box it stands in: its own text, or what it holds.
CROSSING = """([boxes, parts]) => [...document.querySelectorAll(boxes)].flatMap(box => {
    const edge = box.getBoundingClientRect();
    return [...box.querySelectorAll(parts)].filter(part => {
        const text = document.createRange();
        text.selectNodeContents(part);
        return Math.max(text.getBoundingClientRect().right, part.getBoundingClientRect().right) > edge.right + 0.5;
    }).map(part => part.className + ': ' + part.textContent);
})"""


def crossing(page: Page, path: str, boxes: str, parts: str, widths: tuple[int, ...] = (1440, 1280, 390)) -> list[str]:
    """What crosses the edge of its box at any of the widths."""
    page.goto(path)
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{width} {each}" for each in page.evaluate(CROSSING, [boxes, parts])]
    return found


def test_tiles_hold_figures_of_billions_in_full(page: Page, client: Client) -> None:
    begins = dt.date(2025, 3, 1)
    grown = [each | {"amount_e6": 4_643_837_401_050_000 + 386_986_450_090_000 * n} for n, each in enumerate(LINES)]
    with tenant_context(client):
        numbers_load(client, [each | {"starts_on": begins} for each in grown])
    assert not crossing(
        page, "/c/northwind/arr/?scale=full", ".stats > .stat", ".stat-value, .change, .change *, .spark"
    )


def test_long_values_of_a_file_keep_to_their_cells(page: Page, client: Client) -> None:
    refused = check(client, csv_bytes([line(1, currency="Z" * 64), line(2, start_date="x" * 64)]))
    assert not crossing(page, f"/c/northwind/data/imports/{refused.pk}/", "#faults tr > *", ".mono")
    ids = ("S-b17d04", "S-" + "4f" * 31)
    load(client, csv_bytes([line(n, line_id=own) for n, own in enumerate(ids, 1)]))
    changed = load(client, csv_bytes([line(n, line_id=own, amount="7") for n, own in enumerate(ids, 1)]))
    assert not crossing(page, f"/c/northwind/data/imports/{changed.pk}/", "tbody th", ".id")
    page.set_viewport_size({"width": 390, "height": 900})
    short = page.locator(".id", has_text=ids[0]).first
    height = short.evaluate(
        "each => each.getBoundingClientRect().height / parseFloat(getComputedStyle(each).lineHeight)"
    )
    assert height < 1.5, "an id that has room stands in one line"


def test_the_state_of_an_import_stands_in_one_place(page: Page, client: Client) -> None:
    load(client, csv_bytes([line(1)]), name="a.csv")
    check(client, csv_bytes([line(2, amount="x")]), name="a-file-of-the-third-quarter-with-a-name-that-is-long.csv")
    check(client, csv_bytes([line(3)]), name="contracts-2026-03.csv")
    page.goto("/c/northwind/data/")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        places = page.evaluate(
            """() => [...document.querySelectorAll('li:has(> .list-end)')].map(row => {
                const [own, state] = [row, row.querySelector('.state')].map(each => each.getBoundingClientRect());
                return Math.round(own.right - state.right);
            })"""
        )
        assert len(places) == 3 and len(set(places)) == 1, (width, places)
