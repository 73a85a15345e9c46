"""The Data pages as people use them: without JavaScript, by role, and never across the wall."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse
from django.utils.html import escape

from metrics.intake.mapping import Mapping
from metrics.jobs_imports import import_run
from metrics.models import ContractImport, ContractLine, Source
from metrics.models.intake import ImportState
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.pulse import pulse_beat
from portal.tenancy.scope import tenant_context
from tests.metrics.files import csv_bytes, faulty_file, line
from tests.metrics.steps import check, load

pytestmark = pytest.mark.usefixtures("file_store")
SignIn = Callable[[User], Browser]
AGAIN = "start it again"
FOREIGN = (
    b"Vertrag;Kunde;Tarif;Preis;Beginn;Ende;Testphase\n"
    b"V1;Acme AG;Gold;1234,50;03/04/2024;05/06/2025;TRUE\nV2;Bolt;Basic;99,90;01/02/2024;;FALSE\n"
)


def url(name: str, client: Client, **keys: Any) -> str:
    return reverse(name, kwargs={"client_slug": client.slug, **keys})


def send(browser: Browser, client: Client, data: bytes, name: str = "contracts.csv", **fields: str) -> Any:
    form = {"file": SimpleUploadedFile(name, data), "source": "new", "name": "Billing", "kind": "billing", **fields}
    return browser.post(url("data_upload", client), form, follow=True)


def text(response: Any) -> str:
    content: bytes = response.content
    return content.decode()


def newest(client: Client) -> ContractImport:
    with tenant_context(client):
        found: ContractImport = ContractImport.objects.order_by("-id")[0]
        return found


def test_an_empty_client_is_told_what_to_do(northwind: Client, rita: User, signed_in: SignIn) -> None:
    browser = signed_in(rita)
    for name in ("data", "data_imports", "data_lines", "data_rates", "data_issues", "data_upload", "data_rates_upload"):
        assert browser.get(url(name, northwind)).status_code == 200, name
    assert "Contract lines belong here" in text(browser.get(url("data", northwind)))


def test_a_good_file_goes_from_upload_to_the_result(northwind: Client, rita: User, signed_in: SignIn) -> None:
    browser = signed_in(rita)
    summary = text(send(browser, northwind, csv_bytes([line(1), line(2, amount="2400.5", currency="EUR")])))
    assert "Load 2 lines" in summary and "2,400.50" in summary and "First rows, as they are read" in summary
    waiting = newest(northwind)
    shown = {"digest": waiting.report["digest"]}
    assert browser.post(url("data_accept", northwind, import_id=waiting.pk), shown).status_code == 302
    page = text(browser.get(url("data_import", northwind, import_id=waiting.pk)))
    assert "Waiting for its turn" in page and url("data_progress", northwind, import_id=waiting.pk) in page
    assert browser.post(url("data_accept", northwind, import_id=waiting.pk)).status_code == 302  # a lost message
    watch = url("data_progress", northwind, import_id=waiting.pk)
    assert "Background work has stopped for the moment" in text(browser.get(watch)), "no job was ever done here"
    pulse_beat()
    assert "Waiting for its turn" in text(browser.get(watch))
    import_run(northwind.pk, waiting.pk)
    over = browser.get(url("data_progress", northwind, import_id=waiting.pk), headers={"HX-Request": "true"})
    assert over["HX-Redirect"] == url("data_import", northwind, import_id=waiting.pk)
    result = text(browser.get(url("data_import", northwind, import_id=waiting.pk)))
    assert "Loaded" in result and "See ARR" in result
    for name in ("data", "data_imports", "data_lines", "data_rates", "data_issues"):
        assert browser.get(url(name, northwind)).status_code == 200, name


def test_only_an_import_on_which_nobody_works_is_offered_to_be_started_again(
    northwind: Client, rita: User, signed_in: SignIn
) -> None:
    browser = signed_in(rita)
    send(browser, northwind, csv_bytes([line(1)]))
    waiting = newest(northwind)
    browser.post(url("data_accept", northwind, import_id=waiting.pk), {"digest": waiting.report["digest"]})
    pages = [url(name, northwind, import_id=waiting.pk) for name in ("data_import", "data_progress")]
    assert all(AGAIN not in text(browser.get(address)) for address in pages)
    with tenant_context(northwind):
        ContractImport.objects.update(held_until=datetime.now(UTC) - timedelta(seconds=1))
    assert all(AGAIN in text(browser.get(address)) for address in pages)


def test_a_load_lists_what_it_added_beside_what_it_changed_but_a_first_load_does_not(
    northwind: Client, rita: User, signed_in: SignIn
) -> None:
    browser = signed_in(rita)
    first = load(northwind, csv_bytes([line(1), line(2)]))
    second = load(northwind, csv_bytes([line(1), line(2), line(3)]))
    assert "Added lines" not in text(browser.get(url("data_import", northwind, import_id=first.pk)))
    page = text(browser.get(url("data_import", northwind, import_id=second.pk)))
    listed = page.split("Added lines")[1].split("First rows")[0]
    assert "K3-1" in listed and "K2-1" not in listed


def test_notes_that_say_the_same_stand_together_with_all_their_rows(
    northwind: Client, rita: User, signed_in: SignIn
) -> None:
    same_day = {"start_date": "2024-05-01", "end_date": "2024-05-01"}
    rows = [line(n, **same_day) for n in range(1, 14)]
    before = load(northwind, csv_bytes([line(99)]))
    mapping = replace(Mapping.from_dict(before.mapping), end_is_exclusive=True)
    waiting = check(northwind, csv_bytes([line(99), *rows]), mapping=mapping)
    page = text(signed_in(rita).get(url("data_import", northwind, import_id=waiting.pk)))
    assert page.count("start and end are the same day") == 1
    words = " ".join(page.split())
    assert "13 rows: 3, 4, 5, 6, 7, …</summary> 8, 9, 10, 11, 12, 13, 14, 15" in words


def test_a_refused_file_shows_every_fault_and_gives_them_as_csv(
    northwind: Client, rita: User, signed_in: SignIn
) -> None:
    browser = signed_in(rita)
    page = text(send(browser, northwind, faulty_file()))
    assert "refused, and nothing of it was loaded" in page
    refused = newest(northwind)
    with tenant_context(northwind):
        reasons = [(fault.row, fault.reason) for fault in refused.faults.all()]
        assert ContractLine.objects.count() == 0
    assert len(reasons) == 21 and all(escape(reason) in page for _, reason in reasons)
    listed = text(browser.get(url("data_faults", northwind, import_id=refused.pk))).splitlines()
    assert listed[0] == "row,column,value,reason" and len(listed) == 22


def test_a_value_that_a_spreadsheet_would_run_is_defused(northwind: Client, rita: User, signed_in: SignIn) -> None:
    refused = check(northwind, csv_bytes([line(1, currency="=HYPERLINK(1)")]))
    listed = text(signed_in(rita).get(url("data_faults", northwind, import_id=refused.pk)))
    assert "'=HYPERLINK(1)" in listed and ",=HYPERLINK" not in listed


def test_more_faults_than_a_page_holds_are_paged(northwind: Client, rita: User, signed_in: SignIn) -> None:
    refused = check(northwind, csv_bytes([line(n, amount="x") for n in range(1, 251)]))
    browser, seen, address = signed_in(rita), 0, url("data_import", northwind, import_id=refused.pk)
    while address:
        response = browser.get(address)
        seen += len(response.context["faults"])
        address = response.context["older_url"]
    assert seen == refused.fault_count == 250


def test_a_wide_file_with_long_names_makes_a_page_of_less_than_a_megabyte(
    northwind: Client, rita: User, signed_in: SignIn
) -> None:
    names = [f"Question {place}: " + "what would you say, all in all, about this? " * 70 for place in range(290)]
    names[7] = names[7].replace("Question", "Start")
    browser = signed_in(rita)
    response = send(browser, northwind, (",".join(f'"{name}"' for name in names) + "\n" + "x," * 289 + "x\n").encode())
    page = text(response)
    assert "What the columns mean" in page and len(response.content) < 1_000_000
    assert 'value="c:289"' in page and page.count("Question 289: what would you sa … ") == 21
    answers = {"column_start_date": "c:7", "column_customer_id": "=", "constant_customer_id": "C1"}
    again = browser.post(url("data_mapping", northwind, import_id=newest(northwind).pk), answers)
    assert again.status_code == 422 and "Start 7: what would you say, all in all, about this? what" in text(again)


def test_a_foreign_file_is_asked_about_and_its_answers_are_remembered(
    northwind: Client, rita: User, signed_in: SignIn
) -> None:
    browser = signed_in(rita)
    page = text(send(browser, northwind, FOREIGN))
    assert "What the columns mean" in page
    assert "is 3 April 2024" not in page or "is 4 March 2024" in page
    answers = {
        "column_contract_id": "c:0",
        "column_line_id": "c:0",
        "column_customer_id": "c:1",
        "column_customer_name": "c:1",
        "column_product": "c:2",
        "column_amount": "c:3",
        "column_start_date": "c:4",
        "column_end_date": "c:5",
        "column_charge_type": "c:6",
        "column_amount_basis": "=",
        "constant_amount_basis": "month",
        "column_currency": "=",
        "constant_currency": "EUR",
        "date_order": "dmy",
        "decimal_mark": ",",
        "end_is_exclusive": "yes",
        "null_markers": "",
    }
    first = newest(northwind)
    address = url("data_mapping", northwind, import_id=first.pk)
    asked = browser.post(address, answers)
    assert asked.status_code == 422 and "Say what" in text(asked)
    values = {"value_charge_type_0": "recurring", "value_charge_type_1": "trial"}
    assert browser.post(address, {**answers, **values}).status_code == 302
    first = newest(northwind)
    with tenant_context(northwind):
        assert first.state == ImportState.WAITING, [(f.row, f.column, f.value, f.reason) for f in first.faults.all()]
    browser.post(url("data_accept", northwind, import_id=first.pk), {"digest": first.report["digest"]})
    import_run(northwind.pk, first.pk)
    with tenant_context(northwind):
        rows = {row.line_id: row for row in ContractLine.objects.all()}
    assert (rows["V1"].charge_type, str(rows["V1"].amount)) == ("trial", "1234.500000")
    assert (str(rows["V1"].starts_on), str(rows["V1"].ends_on), rows["V2"].ends_on) == (
        "2024-04-03",
        "2025-06-04",
        None,
    )
    with tenant_context(northwind):
        source = Source.objects.get()
    send(browser, northwind, FOREIGN + b"V3;Cem;Gold;7,00;09/09/2024;;FALSE\n", source=str(source.pk))
    assert (newest(northwind).state, newest(northwind).added_count) == (ImportState.WAITING, 1)


def test_a_changed_file_shows_old_and_new_and_can_be_cancelled(
    northwind: Client, rita: User, signed_in: SignIn
) -> None:
    load(northwind, csv_bytes([line(1), line(2)]), source="Billing")
    with tenant_context(northwind):
        source = Source.objects.get()
    browser = signed_in(rita)
    page = text(send(browser, northwind, csv_bytes([line(1, amount="1300")]), source=str(source.pk)))
    assert "<del>1200</del> → <ins>1300</ins>" in page and "Lines will vanish from ARR" in page and "K2-1" in page
    cancelled = browser.post(url("data_cancel", northwind, import_id=newest(northwind).pk), follow=True)
    assert "No line was changed" in text(cancelled)
    with tenant_context(northwind):
        assert ContractLine.objects.get(line_id="K1-1").amount == 1200


def test_a_line_shows_what_happened_to_it(northwind: Client, rita: User, signed_in: SignIn) -> None:
    load(northwind, csv_bytes([line(1), line(2)]))
    load(northwind, csv_bytes([line(1, amount="1300")]))
    with tenant_context(northwind):
        first, second = ContractLine.objects.order_by("line_id")
    browser = signed_in(rita)
    page = text(browser.get(url("data_line", northwind, line_id=first.pk)))
    assert "<del>1200</del> → <ins>1300</ins>" in page
    assert "Vanished" in text(browser.get(url("data_line", northwind, line_id=second.pk)))
    found = text(browser.get(url("data_lines", northwind), {"q": "K2"}))
    assert "K2-1" in found and "K1-1" not in found


def test_the_codes_of_a_file_are_words_on_the_pages(northwind: Client, rita: User, signed_in: SignIn) -> None:
    load(northwind, csv_bytes([line(1, charge_type="one_time", amount_basis="total")]))
    browser = signed_in(rita)
    with tenant_context(northwind):
        pk = ContractLine.objects.get().pk
    for page in (
        text(browser.get(url("data_line", northwind, line_id=pk))),
        text(browser.get(url("data_lines", northwind))),
    ):
        assert "one-time" in page and "whole term" in page and "one_time" not in page


def test_another_clients_ids_are_404_and_its_files_unreachable(
    northwind: Client, contoso: Client, otto: User, signed_in: SignIn
) -> None:
    done = load(northwind, csv_bytes([line(1)]))
    with tenant_context(northwind):
        row = ContractLine.objects.get()
    browser = signed_in(otto)
    for name in ("data_import", "data_progress", "data_mapping", "data_faults"):
        assert browser.get(url(name, contoso, import_id=done.pk)).status_code == 404, name
        assert browser.get(url(name, northwind, import_id=done.pk)).status_code == 404, name
    for name in ("data_accept", "data_cancel"):
        assert browser.post(url(name, contoso, import_id=done.pk)).status_code == 404, name
    assert browser.get(url("data_line", contoso, line_id=row.pk)).status_code == 404
    assert browser.post(url("data_authoritative", contoso, source_id=row.source_id)).status_code == 404
    mine = send(browser, contoso, csv_bytes([line(1)]), source=str(row.source_id), name="Mine")
    assert mine.status_code == 422  # another client's source is no choice of the form
    with tenant_context(contoso):
        assert Source.objects.count() == 0


def test_who_may_only_look_cannot_import(northwind: Client, person: Any, signed_in: SignIn) -> None:
    from portal.tenancy.models import ClientRole
    from tests.conftest import member

    analyst = signed_in(member(person, "anna", ClientRole.ANALYST, northwind))
    waiting = check(northwind, csv_bytes([line(1)]))
    assert "Load 1" not in text(analyst.get(url("data_import", northwind, import_id=waiting.pk)))
    assert analyst.get(url("data_upload", northwind)).status_code == 403
    assert analyst.post(url("data_accept", northwind, import_id=waiting.pk)).status_code == 403


@pytest.mark.parametrize(
    ("name", "most"), [("data", 32), ("data_imports", 22), ("data_lines", 23), ("data_issues", 27)]
)
def test_pages_ask_the_database_few_questions_however_many_lines(
    northwind: Client, rita: User, signed_in: SignIn, django_assert_max_num_queries: Any, name: str, most: int
) -> None:
    for n in range(3):
        load(northwind, csv_bytes([line(k, amount=str(n + 1)) for k in range(1, 60)]), source=f"s{n}")
    browser = signed_in(rita)
    with django_assert_max_num_queries(most):
        assert browser.get(url(name, northwind)).status_code == 200


def test_the_questions_of_very_many_lines_follow_the_page_and_stay_at_hand(
    northwind: Client, rita: User, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metrics.selectors.data_quality.QUICK", 1)
    load(northwind, csv_bytes([line(1), line(2)]))
    browser, question = signed_in(rita), "Lines without a segment"
    page = text(browser.get(url("data", northwind)))
    assert question not in page
    assert f'hx-get="{url("data_questions", northwind)}"' in page
    assert question in text(browser.get(url("data_questions", northwind)))
    assert question in text(browser.get(url("data", northwind)))
    load(northwind, csv_bytes([line(1), line(2), line(3)]))
    assert question not in text(browser.get(url("data", northwind)))


def test_rows_that_cannot_be_cut_into_cells_are_rows_of_the_file(
    northwind: Client, rita: User, signed_in: SignIn
) -> None:
    data = csv_bytes([line(1), line(2, currency="EURO")]) + b"K3,too,few\n\nK4,too,few\n"
    refused = " ".join(text(send(signed_in(rita), northwind, data)).split())
    assert "3 faults in 3 of 4 rows" in refused and newest(northwind).row_count == 4


def test_a_file_that_cannot_be_read_has_one_fault_without_a_place(
    northwind: Client, rita: User, signed_in: SignIn
) -> None:
    refused = " ".join(text(send(signed_in(rita), northwind, b"contract_id\0\nK1\n")).split())
    assert "1 fault of the file as a whole" in refused and "sub mono" not in refused


def test_control_totals_are_as_fine_as_the_file_states_them(northwind: Client, rita: User, signed_in: SignIn) -> None:
    """A yen has no smaller unit, and yet a price may be stated by a fraction of it."""
    rows = [line(1, currency="JPY", amount="144925655.79"), line(2, currency="EUR", amount="12.5")]
    summary = text(send(signed_in(rita), northwind, csv_bytes(rows)))
    assert "144,925,655.79" in summary and "12.50" in summary


def test_a_source_is_a_spreadsheet_unless_it_is_said_to_be_something_else(
    northwind: Client, rita: User, signed_in: SignIn
) -> None:
    browser = signed_in(rita)
    page = " ".join(text(browser.get(url("data_upload", northwind))).split())
    assert re.search(r'<option value="spreadsheet"[^>]* selected', page), page[page.find("<select") :][:900]
    send(browser, northwind, csv_bytes([line(1)]), kind="")
    with tenant_context(northwind):
        assert Source.objects.get().kind == "spreadsheet"
