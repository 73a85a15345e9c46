"""A file on its way through a real browser: refused with twenty reasons, and loaded with a progress bar."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from metrics.jobs_imports import import_run
from metrics.models import ContractImport, ContractLine
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.browser.live import CHROMIUM
from tests.metrics.files import TWENTY_FAULTS, csv_bytes, faulty_file, line

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no chromium on this machine"),
]


def send(page: Page, data: bytes, name: str) -> None:
    page.goto("/c/northwind/data/upload/")
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "text/csv", "buffer": data})
    page.get_by_label("Name of the new source").fill("Billing")
    page.get_by_role("button", name="Upload and check").click()


def test_a_file_with_twenty_faults_is_refused_with_twenty_reasons(page: Page, client: Client) -> None:
    send(page, faulty_file(), "faulty.csv")
    expect(page.get_by_text("The file is refused, and nothing of it was loaded")).to_be_visible()
    rows = page.locator("#faults tbody tr")
    expect(rows).to_have_count(21)
    for number, (_, column, _) in enumerate(TWENTY_FAULTS, 3):
        row = rows.filter(has=page.get_by_role("rowheader", name=str(number), exact=True))
        expect(row).to_contain_text(column)
    with page.expect_download() as download:
        page.get_by_role("link", name="All faults as CSV").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == 22
    with tenant_context(client):
        assert ContractLine.objects.count() == 0


def test_a_good_file_is_checked_accepted_and_loaded_while_the_page_watches(page: Page, client: Client) -> None:
    send(page, csv_bytes([line(n) for n in range(1, 40)]), "contracts.csv")
    page.get_by_role("button", name="Load 39 lines").click()
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    with tenant_context(client):
        waiting = ContractImport.objects.get().pk
    import_run(client.pk, waiting)  # the worker
    expect(page.get_by_text("Every row of the file is accounted for.")).to_be_visible()
    expect(page.get_by_role("link", name="See ARR")).to_be_visible()
    with tenant_context(client):
        assert ContractLine.objects.count() == 39
