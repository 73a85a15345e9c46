"""Contract files through the services: what is refused, what changes, what is remembered."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from django.db import connection

from metrics.intake.compare import content_hashes
from metrics.loading import MANY, stored_lines
from metrics.models import ContractImport, ContractLine, ImportFault, LineChange, Source
from metrics.models.intake import ImportState
from metrics.services.import_run import import_run
from metrics.services.imports import import_accept, import_cancel
from metrics.services.problems import ImportProblem
from metrics.services.sources import SOURCE_LOCK, source_ensure, source_make_authoritative
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.metrics.files import TWENTY_FAULTS, csv_bytes, faulty_file, line
from tests.metrics.steps import check, load

THREE = [line(1), line(2, amount="2400"), line(3, currency="EUR")]


pytestmark = pytest.mark.usefixtures("file_store")


def lines_of(client: Client) -> dict[str, ContractLine]:
    with tenant_context(client):
        return {row.line_id: row for row in ContractLine.objects.all()}


def test_twenty_faults_are_twenty_named_reasons_and_nothing_is_loaded(northwind: Client) -> None:
    refused = load(northwind, faulty_file())
    assert refused.state == ImportState.REFUSED
    with tenant_context(northwind):
        faults = {fault.row: fault for fault in ImportFault.objects.filter(contract_import=refused)}
        assert ContractLine.objects.count() == 0
    assert sorted(faults) == list(range(2, 23))  # row 2 is named too: it has the line_id that row 21 repeats
    assert refused.fault_count == 21
    for row, (cells, column, word) in enumerate(TWENTY_FAULTS, 3):
        assert faults[row].column == column, row
        assert word in faults[row].reason or word in faults[row].value, (row, faults[row].reason)
        assert faults[row].value == cells[column] or not cells[column]


def test_of_very_many_faults_the_first_are_named_and_the_rest_counted(northwind: Client) -> None:
    rows = [line(number, end_date="x", amount_basis="total") for number in range(1, 11_001)]
    refused = check(northwind, csv_bytes(rows))
    assert (refused.state, refused.fault_count, refused.report["faulty_rows"]) == (ImportState.REFUSED, 11_000, 11_000)
    assert refused.report["fault_codes"] == {
        "date_unreadable": 11_000
    }  # the blank end that each leaves is no second one
    with tenant_context(northwind):
        first, *named = ImportFault.objects.filter(contract_import=refused).order_by("id")
    assert first.row == 0 and "the file has 11,000 faults, of which the first 10,000 are named" in first.reason
    assert [fault.row for fault in named] == list(range(2, 10_002))


def test_a_column_name_of_any_length_is_named_as_far_as_it_fits(northwind: Client) -> None:
    name = "é" * 3000
    data = csv_bytes([line(1)]).decode().splitlines()
    long = "\n".join(f"{row},{cell},{cell}" for row, cell in zip(data, (name, "x"), strict=True))
    refused = check(northwind, long.encode())
    assert refused.state == ImportState.REFUSED
    with tenant_context(northwind):
        faults = ImportFault.objects.filter(contract_import=refused, code="header_repeated")
        assert {(fault.column, len(fault.reason)) for fault in faults} == {(name[:120], 400)}


def test_a_first_file_is_loaded_and_every_row_is_accounted_for(northwind: Client) -> None:
    done = load(northwind, csv_bytes(THREE))
    assert (done.state, done.row_count, done.added_count, done.unchanged_count) == (ImportState.DONE, 3, 3, 0)
    rows = lines_of(northwind)
    assert str(rows["K2-1"].amount) == "2400.000000" and rows["K2-1"].source_row == 3
    with tenant_context(northwind):
        assert Source.objects.get().line_count == 3 and Source.objects.get().is_authoritative
        assert AuditEntry.objects.filter(action="import.loaded").get().details["added"] == 3


def test_the_same_file_twice_changes_nothing(northwind: Client) -> None:
    load(northwind, csv_bytes(THREE))
    before = lines_of(northwind)
    again = load(northwind, csv_bytes(list(reversed(THREE))), name="same in another order.csv")
    assert (again.state, again.unchanged_count) == (ImportState.UNCHANGED, 3)
    assert {key: row.last_import_id for key, row in lines_of(northwind).items()} == {
        key: row.last_import_id for key, row in before.items()
    }


def test_the_file_that_was_loaded_last_is_recognised_and_only_then(northwind: Client) -> None:
    first, second = csv_bytes(THREE), csv_bytes(THREE[:2])
    load(northwind, first)
    again = load(northwind, first, name="renamed.csv")
    assert (again.state, again.unchanged_count, again.row_count) == (ImportState.UNCHANGED, 3, 3)
    assert load(northwind, first, is_partial=True).state == ImportState.UNCHANGED
    load(northwind, second)
    back = load(northwind, first)
    assert (back.state, back.changed_count) == (ImportState.DONE, 1)
    assert len([row for row in lines_of(northwind).values() if row.removed_import_id is None]) == 3


def test_a_changed_file_waits_with_a_summary_and_leaves_a_history(northwind: Client) -> None:
    load(northwind, csv_bytes(THREE))
    changed = [line(1, amount="1500.50", segment="SMB"), line(3, currency="EUR"), line(4)]
    waiting = check(northwind, csv_bytes(changed))
    counts = (waiting.added_count, waiting.changed_count, waiting.vanished_count, waiting.unchanged_count)
    assert (waiting.state, counts) == (ImportState.WAITING, (1, 1, 1, 1))
    assert lines_of(northwind)["K1-1"].amount == 1200
    assert waiting.report["effect"] == [
        {"currency": "USD", "before": "3600.00", "after": "2700.50", "change": "-899.50"}
    ]
    with tenant_context(northwind):
        import_accept(client=northwind, contract_import=waiting, in_background=False)
    done = import_run(client=northwind, import_id=waiting.pk)
    assert done is not None and done.state == ImportState.DONE
    rows = lines_of(northwind)
    assert rows["K2-1"].removed_import_id == waiting.pk and str(rows["K1-1"].amount) == "1500.500000"
    with tenant_context(northwind):
        found = set(LineChange.objects.values_list("line_id", "kind", "field", "old", "new"))
        assert Source.objects.get().line_count == 3
    assert found == {
        ("K1-1", "changed", "amount", "1200", "1500.5"),
        ("K1-1", "changed", "segment", None, "SMB"),
        ("K2-1", "vanished", "", None, None),
    }


def test_a_vanished_line_comes_back_with_its_history(northwind: Client) -> None:
    load(northwind, csv_bytes(THREE))
    load(northwind, csv_bytes(THREE[:2]))
    back = load(northwind, csv_bytes([*THREE[:2], line(3, currency="EUR", amount="7")]))
    assert (back.added_count, back.changed_count) == (0, 1)
    row = lines_of(northwind)["K3-1"]
    assert row.removed_import_id is None and row.amount == 7
    with tenant_context(northwind):
        kinds = list(LineChange.objects.filter(line_id="K3-1").order_by("id").values_list("kind", flat=True))
    assert kinds == ["vanished", "changed", "returned"]


def test_a_partial_file_keeps_what_it_lacks(northwind: Client) -> None:
    load(northwind, csv_bytes(THREE))
    done = load(northwind, csv_bytes([line(2, amount="9")]), is_partial=True)
    assert (done.changed_count, done.vanished_count) == (1, 0)
    assert all(row.removed_import_id is None for row in lines_of(northwind).values())


def test_a_part_of_what_is_there_changes_nothing_where_it_is_said_to_be_a_part(northwind: Client) -> None:
    load(northwind, csv_bytes(THREE))
    part = load(northwind, csv_bytes(THREE[1:]), is_partial=True)
    assert (part.state, part.unchanged_count) == (ImportState.UNCHANGED, 2)
    whole = check(northwind, csv_bytes(THREE[1:]))
    assert (whole.state, whole.vanished_count, whole.unchanged_count) == (ImportState.WAITING, 1, 2)


def test_many_lines_are_hashed_while_they_are_written_as_few_are(northwind: Client) -> None:
    rows = [line(number, discount="0.000001", cancelled_date="2025-02-28") for number in range(1, MANY + 2)]
    done = load(northwind, csv_bytes(rows))
    assert (done.state, done.added_count) == (ImportState.DONE, MANY + 1)
    kept = lines_of(northwind)
    some = kept["K7-1"]
    assert (str(some.discount), some.cancelled_on, some.source_row) == ("0.000001", dt.date(2025, 2, 28), 8)
    with tenant_context(northwind):
        stored = stored_lines(Source.objects.get(), pl.Series(["K7-1", f"K{MANY + 1}-1"]))
    assert stored["content_hash"].to_list() == content_hashes(stored).to_list()
    rows[5] = line(6, discount="0.000002", cancelled_date="2025-02-28")
    changed = load(northwind, csv_bytes(list(reversed(rows))))
    assert (changed.state, changed.changed_count, changed.unchanged_count) == (ImportState.DONE, 1, MANY)


def test_two_sources_do_not_touch_each_other_and_one_is_authoritative(northwind: Client) -> None:
    load(northwind, csv_bytes(THREE), source="billing")
    load(northwind, csv_bytes([line(1, amount="5")]), source="crm")
    with tenant_context(northwind):
        assert dict(Source.objects.values_list("name", "is_authoritative")) == {"billing": True, "crm": False}
        assert ContractLine.objects.filter(line_id="K1-1").count() == 2
        source_make_authoritative(client=northwind, source=Source.objects.get(name="crm"))
        assert dict(Source.objects.values_list("name", "is_authoritative")) == {"billing": False, "crm": True}


def test_what_was_accepted_is_what_is_loaded_or_somebody_is_asked_again(northwind: Client) -> None:
    load(northwind, csv_bytes(THREE))
    first, second = check(northwind, csv_bytes(THREE[:2])), check(northwind, csv_bytes([*THREE, line(4)]))
    for waiting in (second, first):
        with tenant_context(northwind):
            import_accept(client=northwind, contract_import=waiting, in_background=False)
        import_run(client=northwind, import_id=waiting.pk)
    with tenant_context(northwind):
        first.refresh_from_db()
    assert first.state == ImportState.WAITING and "decide again" in first.error
    assert (first.vanished_count, first.changed_count) == (2, 0)
    assert len([row for row in lines_of(northwind).values() if row.removed_import_id is None]) == 4


def test_a_delivered_job_that_is_done_does_nothing(northwind: Client) -> None:
    done = load(northwind, csv_bytes(THREE))
    assert import_run(client=northwind, import_id=done.pk) is None
    with tenant_context(northwind):
        assert AuditEntry.objects.filter(action="import.loaded").count() == 1


def test_a_summary_that_nobody_saw_is_not_accepted(northwind: Client) -> None:
    """The page of an earlier summary is still open when another file was loaded and the question was asked anew."""
    load(northwind, csv_bytes(THREE))
    seen = check(northwind, csv_bytes(THREE[:1]))
    shown = seen.report["digest"]
    with tenant_context(northwind):
        import_accept(client=northwind, contract_import=seen, in_background=False, digest=shown)
    load(northwind, csv_bytes([*THREE[:2], line(3, amount="7")]))
    asked = import_run(client=northwind, import_id=seen.pk)
    assert asked is not None and asked.state == ImportState.WAITING and asked.report["digest"] != shown
    with tenant_context(northwind):
        with pytest.raises(ImportProblem, match="no longer what was shown"):
            import_accept(client=northwind, contract_import=asked, digest=shown)
        assert ContractImport.objects.get(pk=asked.pk).state == ImportState.WAITING
        import_accept(client=northwind, contract_import=asked, digest=asked.report["digest"])


def test_no_source_becomes_authoritative_while_a_file_of_it_is_loaded(northwind: Client) -> None:
    with tenant_context(northwind):
        source_ensure(client=northwind, name="billing")
        crm = source_ensure(client=northwind, name="crm")
        loading = connection.get_new_connection(connection.get_connection_params())
        try:
            loading.execute("SELECT pg_advisory_lock(%s, %s)", [SOURCE_LOCK, crm.pk])
            with pytest.raises(ImportProblem, match="is being loaded"):
                source_make_authoritative(client=northwind, source=crm)
            assert not Source.objects.get(pk=crm.pk).is_authoritative
        finally:
            loading.close()
        assert source_make_authoritative(client=northwind, source=crm).is_authoritative


def test_a_cancelled_import_is_never_loaded(northwind: Client) -> None:
    waiting = check(northwind, csv_bytes(THREE))
    with tenant_context(northwind):
        import_cancel(contract_import=waiting)
        with pytest.raises(ImportProblem):
            import_accept(client=northwind, contract_import=waiting)
    assert import_run(client=northwind, import_id=waiting.pk) is None
    assert lines_of(northwind) == {}


def test_a_load_that_breaks_off_leaves_no_line_and_can_be_tried_again(
    northwind: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = check(northwind, csv_bytes(THREE))
    with tenant_context(northwind):
        import_accept(client=northwind, contract_import=waiting, in_background=False)
    with monkeypatch.context() as broken:
        broken.setattr("metrics.services.import_run.grow", lambda source, delta: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            import_run(client=northwind, import_id=waiting.pk)
    assert lines_of(northwind) == {}
    with tenant_context(northwind):
        waiting.refresh_from_db()
        assert waiting.state == ImportState.FAILED and "No line was changed" in waiting.error
        import_accept(client=northwind, contract_import=waiting, in_background=False)
    done = import_run(client=northwind, import_id=waiting.pk)
    assert done is not None and done.state == ImportState.DONE and len(lines_of(northwind)) == 3


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00b\u202e.csv", "C:\\temp\\x.csv", "ä" * 400 + ".csv", ""])
def test_a_hostile_file_name_names_nothing_on_disk(northwind: Client, name: str, file_store: Path) -> None:
    done = load(northwind, csv_bytes(THREE), name=name)
    kept = [path for path in file_store.rglob("*") if path.is_file()]
    assert len(kept) == 1 and kept[0].parent.parent.name == "imports" and len(kept[0].name) == 32
    assert done.file_name and "/" not in done.file_name and "\x00" not in done.file_name and len(done.file_name) <= 200


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7", b"\x00\x01\x02" * 50, b"PK\x03\x04garbage", b"<html></html>", csv_bytes([])]
)
def test_what_is_no_table_is_refused_with_a_reason(northwind: Client, data: bytes) -> None:
    refused = load(northwind, data)
    assert refused.state == ImportState.REFUSED and refused.fault_count >= 1
    with tenant_context(northwind):
        assert all(fault.reason for fault in ImportFault.objects.all())


def test_a_source_needs_a_name_that_can_be_read(northwind: Client) -> None:
    with tenant_context(northwind):
        for name in ("x" * 81, "a\nb"):
            with pytest.raises(ImportProblem):
                source_ensure(client=northwind, name=name)
        assert source_ensure(client=northwind).name == "contracts"
        assert ContractImport.objects.count() == 0
