"""Sample contracts: what Finance expects beside what the engine says, under the policy in force and under a draft."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from metrics.models import SampleContract
from metrics.selectors.samples import contract_search, samples_agree, samples_get
from metrics.services.samples import SampleEntry, SampleProblem, samples_save
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import frame, line, plain_policy, rates
from tests.engine.oracle_input import oracle_arr
from tests.engine.test_drill import random_case
from tests.metrics.loading import load_lines, load_rates, replace_lines

DECEMBER = month_parse("2024-12")


@pytest.fixture
def scope(northwind: Client) -> Iterator[Client]:
    with tenant_context(northwind):
        yield northwind


def entry(contract: str, expected: str, month: int = DECEMBER, note: str = "") -> SampleEntry:
    return SampleEntry(contract, month, Decimal(expected), note)


def contracts(count: int, **cells: Any) -> Any:
    """Contracts K1, K2 … of 100, 200 … a year."""
    return frame(
        *(
            line(f"K{number}-1", f"{number}00", contract_id=f"K{number}", customer_id=f"C{number}", **cells)
            for number in range(1, count + 1)
        )
    )


def last_entry() -> AuditEntry:
    found: AuditEntry = AuditEntry.objects.order_by("-sequence")[0]
    return found


def test_the_answer_stands_beside_what_is_expected_those_that_differ_first(scope: Client) -> None:
    load_lines(contracts(3, discount="20"))
    samples_save(client=scope, entries=[entry("K1", "80"), entry("K2", "200"), entry("K3", "280", note="Net")])
    bench = samples_get(scope)
    assert [(row.sample.contract_id, row.answer, row.difference, row.agrees) for row in bench.rows] == [
        ("K2", Decimal("180.00"), Decimal("-20.00"), False),
        ("K1", Decimal("80.00"), Decimal("0.00"), True),
        ("K3", Decimal("280.00"), Decimal("0.00"), True),
    ]
    assert (bench.agreeing, bench.missing, bench.is_in_force) == (2, 7, True)
    assert [clause.parameter for clause in bench.rows[0].clauses] == ["recognition", "discounts", "renewal_grace_days"]
    assert bench.rows[0].name == "C2" and bench.rows[0].lines[0].words == "counts from its start date"


def test_a_draft_is_tried_without_being_published(scope: Client) -> None:
    load_lines(contracts(2, discount="20"))
    samples_save(client=scope, entries=[entry("K1", "100"), entry("K2", "200")])
    assert samples_get(scope).agreeing == 0
    draft = samples_get(scope, plain_policy(discounts="list"))
    assert (draft.agreeing, draft.is_in_force) == (2, False)


@pytest.mark.parametrize("seed", range(4))
def test_all_contracts_of_a_customer_add_up_to_what_the_oracle_says(scope: Client, seed: int) -> None:
    lines, given, policy, _ = random_case(seed)
    load_lines(lines)
    load_rates(given)
    month = month_parse("2023-02")
    names = lines["contract_id"].unique().sort().to_list()
    total = Decimal(0)
    for start in range(0, len(names), 20):
        samples_save(client=scope, entries=[entry(name, "1", month) for name in names[start : start + 20]])
        answers = [row.answer for row in samples_get(scope, policy).rows]
        total += sum((answer for answer in answers if answer is not None), Decimal(0))
    assert total * 100 == Decimal(sum(oracle_arr(lines, given, policy, month).values()))


def test_what_has_no_answer_says_why_and_never_agrees(scope: Client) -> None:
    source = load_lines(before := contracts(1, currency="EUR"))
    load_rates(rates(("EUR", "2020-12-31", "1.1")))
    samples_save(client=scope, entries=[entry("K1", "0")])
    (row,) = samples_get(scope).rows
    assert (row.answer, row.difference, row.agrees) == (None, None, False)
    assert row.reason is not None and row.reason.code == "missing_rates" and "EUR" in row.reason.sentence
    replace_lines(source, before, frame(line("L9")))
    (row,) = samples_get(scope).rows
    assert row.answer is None and row.reason is not None and row.reason.code == "no_contract"


def test_ten_samples_that_all_agree_are_agreement(scope: Client) -> None:
    load_lines(contracts(11))
    right = [entry(f"K{number}", f"{number}00") for number in range(1, 11)]
    samples_save(client=scope, entries=right[:9])
    check = samples_agree(scope)
    assert not check.holds and check.sentence == "There are 9 sample contracts: at least 10 are needed."
    samples_save(client=scope, entries=right)
    assert samples_agree(scope).holds and samples_agree(scope).sentence == "All 10 sample contracts agree to the cent."
    samples_save(client=scope, entries=[*right, entry("K11", "1100.01")])
    check = samples_agree(scope)
    assert not check.holds and check.sentence == "10 of 11 samples agree; not K11."


def test_saving_replaces_the_set_and_says_in_the_log_what_changed(finn: User, scope: Client) -> None:
    load_lines(contracts(3))
    samples_save(client=scope, entries=[entry("K1", "100"), entry("K2", "200")], user=finn)
    samples_save(client=scope, entries=[entry("K2", "250"), entry("K3", "300")], user=finn)
    assert {row.contract_id: row.expected for row in SampleContract.objects.all()} == {
        "K2": Decimal("250.00"),
        "K3": Decimal("300.00"),
    }
    logged = last_entry()
    assert logged.action == "samples.saved" and logged.details["changes"] == [
        {"contract": "K1", "month": "2024-12", "expected": ["100.00", None]},
        {"contract": "K2", "month": "2024-12", "expected": ["200.00", "250.00"]},
        {"contract": "K3", "month": "2024-12", "expected": [None, "300.00"]},
    ]
    samples_save(client=scope, entries=[entry("K2", "250"), entry("K3", "300")], user=finn)
    assert last_entry() == logged


@pytest.mark.parametrize(
    ("entries", "word"),
    [
        ([entry("K1", "-1")], "0 or more"),
        ([entry("K1", "1.001")], "cent"),
        ([entry("K1", "1"), entry("K1", "2")], "twice"),
        ([entry("K9", "1")], "no contract K9"),
        ([entry("K1", "1", note="x" * 401)], "400"),
        ([entry("K1", "1", DECEMBER + number) for number in range(21)], "at most 20"),
    ],
)
def test_what_cannot_be_a_sample_is_refused_and_nothing_changes(
    scope: Client, entries: list[SampleEntry], word: str
) -> None:
    load_lines(contracts(1))
    with pytest.raises(SampleProblem, match=word):
        samples_save(client=scope, entries=entries)
    assert not SampleContract.objects.exists()


def test_one_contract_may_be_asked_at_several_month_ends(scope: Client) -> None:
    load_lines(contracts(1))
    samples_save(client=scope, entries=[entry("K1", "100"), entry("K1", "0", month_parse("2025-01"))])
    assert [row.agrees for row in samples_get(scope).rows] == [True, True]


def test_contracts_are_found_by_id_and_by_customer(scope: Client) -> None:
    load_lines(
        frame(
            line("1", contract_id="K-77", customer_id="C1", customer_name="Acme Steel"),
            line("2", contract_id="K-77", customer_id="C1", customer_name="Acme Steel", product="Q"),
            line("3", contract_id="Z-1", customer_id="C2", customer_name="Bolt"),
        )
    )
    load_lines(frame(line("4", contract_id="K-crm")), "CRM")
    assert [(found.contract_id, found.customer_name, found.lines) for found in contract_search("K-")] == [
        ("K-77", "Acme Steel", 2)
    ]
    assert [found.contract_id for found in contract_search("steel")] == ["K-77"]
    assert [found.contract_id for found in contract_search("C2")] == ["Z-1"]
    assert contract_search(" ") == [] and contract_search("nobody") == []
