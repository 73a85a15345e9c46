"""A mapping is kept as JSON, and the first one is proposed with questions instead of guesses."""

import json

import pytest

from metrics.intake.mapping import Mapping, MappingError
from metrics.intake.reader import read_bytes
from metrics.intake.suggest import Suggestion, suggest_mapping
from tests.intake.build import csv_bytes, line


def suggest(text: str) -> Suggestion:
    return suggest_mapping(read_bytes(text.encode()))


def asked(suggestion: Suggestion) -> set[str]:
    return {question.setting for question in suggestion.questions}


def test_a_mapping_survives_json() -> None:
    mapping = Mapping(
        columns={"line_id": "Id"},
        constants={"currency": "USD"},
        value_maps={"charge_type": {"TRUE": "trial"}},
        date_order="dmy",
        decimal_mark=",",
        end_is_exclusive=True,
        null_markers=("NULL",),
        sheet="Data",
    )
    assert Mapping.from_dict(json.loads(json.dumps(mapping.to_dict()))) == mapping


def test_all_faults_of_a_mapping_are_listed() -> None:
    data = {
        "columns": {"line_id": "", "nonsense": "x", "currency": "c"},
        "value_maps": {"charge_type": {"TRUE": "trial", "true": "recurring"}},
        "date_order": "ydm",
        "decimal_mark": "'",
        "end_is_exclusive": "no",
        "null_markers": "NULL",
        "delimiter": "#",
        "colour": "red",
    }
    with pytest.raises(MappingError) as caught:
        Mapping.from_dict(data)
    assert len(caught.value.faults) == 9
    with pytest.raises(MappingError):
        Mapping.from_dict({"columns": {"currency": "c"}, "constants": {"currency": "USD"}})
    with pytest.raises(MappingError):
        Mapping.from_dict([1])


def test_our_own_format_needs_no_questions() -> None:
    suggestion = suggest_mapping(read_bytes(csv_bytes([line()])))
    assert suggestion.mapping == Mapping.identity()
    assert not suggestion.questions


@pytest.mark.parametrize(
    ("days", "order", "is_asked"),
    [
        (("03/04/2024", "05/06/2024"), None, True),
        (("03/04/2024", "25/06/2024"), "dmy", False),
        (("03/04/2024", "06/25/2024"), "mdy", False),
        (("2024-03-04", "2024-06-25"), "ymd", False),
        (("04/04/2024", "05/05/2024"), None, True),
    ],
)
def test_the_date_order_is_found_only_where_the_values_leave_no_choice(
    days: tuple[str, str], order: str | None, is_asked: bool
) -> None:
    suggestion = suggest("line_id,start_date\n" + "".join(f"{n},{day}\n" for n, day in enumerate(days)))
    assert suggestion.mapping.date_order == order
    assert ("date_order" in asked(suggestion)) is is_asked
    assert not len(suggestion.faults)


def test_mixed_orders_are_a_fault_and_no_question() -> None:
    suggestion = suggest("line_id,start_date\n1,25/01/2024\n2,01/25/2024\n")
    assert [fault.code for fault in suggestion.faults] == ["date_order_mixed"]
    assert suggestion.mapping.date_order is None


@pytest.mark.parametrize(
    ("amounts", "mark", "is_asked"),
    [(("1,5", "2"), ",", False), (("1,234", "2"), ".", True), (("1.5",), ".", False), (("1,234", "5,25"), ",", False)],
)
def test_the_decimal_mark_is_found_or_asked(amounts: tuple[str, ...], mark: str, is_asked: bool) -> None:
    suggestion = suggest("line_id;amount\n" + "".join(f"{n};{amount}\n" for n, amount in enumerate(amounts)))
    assert (suggestion.mapping.decimal_mark, "decimal_mark" in asked(suggestion)) == (mark, is_asked)


def test_names_values_and_bases_are_recognised() -> None:
    suggestion = suggest("Subscription ID,Account Name,MRR,is_trial,ccy,TermStart\nS1,Acme,10,TRUE,usd,2024-01-01\n")
    mapping = suggestion.mapping
    assert mapping.columns["line_id"] == mapping.columns["contract_id"] == "Subscription ID"
    assert (mapping.columns["amount"], mapping.constants["amount_basis"]) == ("MRR", "month")
    assert mapping.value_maps == {"charge_type": {"true": "trial"}, "currency": {"usd": "USD"}}
    assert mapping.columns["start_date"] == "TermStart"
    assert asked(suggestion) == {"product"}


def test_what_an_amount_pays_for_is_asked() -> None:
    assert "amount_basis" in asked(suggest("line_id,amount\n1,2\n"))
