"""Text files as they come: encodings, delimiters, line breaks, malformed rows, limits."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.intake import delimited
from metrics.intake.limits import Limits
from metrics.intake.reader import read_bytes
from metrics.intake.table import Table


def codes(table: Table) -> list[tuple[int, str]]:
    return [(fault.row, fault.code) for fault in table.faults]


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp1252", "cp1252"), ("utf-16", "utf-16")],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encoding_delimiter_and_line_end_are_found(encoding: str, named: str, delimiter: str, end: str) -> None:
    text = delimiter.join(["id", "name"]) + end + delimiter.join(["1", "Société €"]) + end
    table = read_bytes(text.encode(encoding))
    assert (table.header, table.cells.rows()) == (("id", "name"), [("1", "Société €")])
    assert (table.encoding, table.delimiter) == (named, delimiter)


@pytest.mark.parametrize("name", ["Müller", "Łódź", "Ярославль", "東京", "Zoë’s – 5 €"])
def test_a_file_in_two_encodings_is_refused_and_not_read_as_the_other(name: str) -> None:
    """One byte that is no UTF-8 must not turn every name of a UTF-8 file into another customer."""
    table = read_bytes(f"id,name\n1,{name}\n2,Zo".encode() + b"\xeb\n")
    assert codes(table) == [(3, "encoding_mixed")]
    assert "line 2 of the file is written in UTF-8 and line 3 is not" in table.faults.first(1)[0].reason


@pytest.mark.parametrize("name", ["ANDRÉ’S", "Größe “Ä”", "Señor – Über…", "Façade®"])
def test_a_file_in_windows_1252_is_read_as_that(name: str) -> None:
    table = read_bytes(f"id,name\n1,{name}\n2,Zoë\n".encode("cp1252"))
    assert (table.encoding, table.cells.rows()) == ("cp1252", [("1", name), ("2", "Zoë")])


def test_a_wrong_byte_behind_many_good_ones_is_found_in_its_place() -> None:
    rows = "".join(f"{number},Müller\n" for number in range(40_000)).encode()
    assert codes(read_bytes(b"id,name\n" + rows + b"x,Zo\xeb\n")) == [(40_002, "encoding_mixed")]


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    table = read_bytes(b'id,name\n1,"two\nlines"\n\n3,c\n,\n4,d\n\n,\n')
    assert table.rows.to_list() == [2, 4, 6]
    assert table.blank_rows == 4


@pytest.mark.parametrize("quoted", ["c", '"c"'])
def test_ragged_rows_are_named_and_the_others_are_read(quoted: str) -> None:
    table = read_bytes(f'a,b\n1,"x\ny"\n2\n3,{quoted}\n4,d,e\n5,f\n'.encode())
    assert codes(table) == [(3, "row_ragged"), (5, "row_ragged")]
    assert table.rows.to_list() == [2, 4, 6]
    assert "the row has 3 cells, the header has 2" in table.faults.first(2)[1].reason


def test_a_long_and_a_short_row_do_not_cancel_out() -> None:
    assert codes(read_bytes(b"a,b\n1,2,3\n4\n5,6\n")) == [(2, "row_ragged"), (3, "row_ragged")]


def test_a_mark_inside_a_cell_is_text_and_one_after_a_quoted_cell_is_not() -> None:
    assert read_bytes(b'a,b\n1,5" pipe\n').cells.rows() == [("1", '5" pipe')]
    assert codes(read_bytes(b'a,b\n1,x"y,z"\n')) == [(2, "row_ragged")]
    assert codes(read_bytes(b'a,b\n1,"x" y\n2,z\n')) == [(2, "quote_stray")]
    assert codes(read_bytes(b'a,b\n1,x\n2,"z\n3,w\n')) == [(3, "quote_open")]


def test_header_faults_are_named() -> None:
    assert codes(read_bytes(b"a,a,b\n1,2,3\n")) == [(1, "header_repeated")] * 2
    assert codes(read_bytes(b"a,,b\n1,2,3\n")) == [(1, "header_blank")]
    assert read_bytes(b"a,b,,\n1,2,,\n").header == ("a", "b")
    assert codes(read_bytes(b",,\n1,2,3\n")) == [(1, "header_missing")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"\xef\xbb\xbf \n", "file_empty"),
        (b"only one column\n1\n", "delimiter_missing"),
        (b"a,b\n1,\x00\n", "file_binary"),
        ("a,b\n1,2\n".encode("utf-16-le"), "file_binary"),
        (b"a,b\n\x81,2\n", "encoding_wrong"),
        (b"%PDF-1.7 ...", "file_not_a_table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file_not_a_table"),
        (b"<html><table>", "file_not_a_table"),
        (b"\xff\xfea", "encoding_wrong"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(data: bytes, code: str) -> None:
    table = read_bytes(data)
    assert [fault.code for fault in table.faults] == [code]
    assert len(table.faults.first(1)[0].reason) > 20


def test_limits_hold() -> None:
    small = Limits(max_bytes=1_000, max_rows=5, max_columns=3, max_cell_length=50, max_line_bytes=500)
    assert codes(read_bytes(b"a,b\n" + b"1,2\n" * 300, limits=small)) == [(0, "file_too_large")]
    assert codes(read_bytes(b"a,b\n" + b"1,2\n" * 6, limits=small)) == [(0, "too_many_rows")]
    assert codes(read_bytes(b"a,b\n" + b'1,2"\n' * 6, limits=small)) == [(0, "too_many_rows")]
    assert codes(read_bytes(b"a,b,c,d\n1,2,3,4\n", limits=small)) == [(0, "too_many_columns")]
    assert codes(read_bytes(b"a,b\n1," + b"x" * 201 + b"\n", limits=small)) == [(2, "cell_too_long")]
    assert codes(read_bytes(b"a,b\n1," + b"x" * 600 + b"\n", limits=small)) == [(0, "line_too_long")]


def test_the_separator_hint_of_spreadsheets_is_used() -> None:
    table = read_bytes(b"sep=;\r\na;b\r\n1;2\r\n")
    assert (table.header, table.rows.to_list()) == (("a", "b"), [2])


CELLS = st.text(alphabet='ab "\n\r,é;1\u00a0', max_size=4)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6))
def test_the_fast_and_the_exact_way_agree(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([["a", "b", "c"], *rows])
    fast = delimited._fast(out.getvalue().encode(), ",", Limits())
    cells, numbers, faults, blank = delimited._exact(out.getvalue().encode(), ",", Limits())
    assert not len(faults)
    assert fast is not None
    assert [[cell or "" for cell in row] for row in fast[0].rows()] == [list(row) for row in cells.rows()]
    assert (fast[1].to_list(), fast[3]) == (numbers.to_list(), blank)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='ab",\n\r', max_size=30))
def test_wherever_the_fast_way_answers_it_answers_like_the_exact_one(body: str) -> None:
    text = ("a,b\n" + body).encode()
    fast = delimited._fast(text, ",", Limits())
    if fast is not None:
        cells, numbers, faults, blank = delimited._exact(text, ",", Limits())
        assert not len(faults)
        assert [[cell or "" for cell in row] for row in fast[0].rows()] == [list(row) for row in cells.rows()]
        assert (fast[1].to_list(), fast[3]) == (numbers.to_list(), blank)
