"""A patched book equals a rebuilt one in every figure, whatever changed."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from metrics import book_steps
from metrics.book_rows import load_cohorts, load_groups, load_movements
from metrics.computation import compute
from metrics.models import ArrBook, BookState, BookStep
from metrics.repository import authoritative_source, lines_frame, lines_sum
from metrics.selectors.policies import policy_in_force
from metrics.services.books import book_input, books_rebuild_all
from metrics.services.closes import month_close
from metrics.services.patches import books_patch
from metrics.services.policies import policy_publish
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.metrics.golden import NOW, golden_client
from tests.metrics.loading import replace_lines, with_hashes

CASES = ["contract-start", "live-average-parent", "signed-contract-rate"]
OF_TWO_POLICIES = "contract-start"
ROUNDS = 12


def altered(row: dict[str, Any], chance: random.Random, others: list[dict[str, Any]]) -> dict[str, Any]:
    """A contract line after somebody edited it in some way."""
    other = chance.choice(others)
    day = timedelta(days=chance.choice([-200, -30, -1, 1, 15, 45, 400]))
    kind = chance.randrange(10)
    if kind == 0:
        row["amount_e6"] = row["amount_e6"] * chance.choice([0, 1, 2, 3]) // 2 + row["discount_e6"]
    elif kind == 1:
        row["starts_on"] = min(row["starts_on"] + day, row["ends_on"] or row["starts_on"] + day)
    elif kind == 2 and row["ends_on"]:
        row["ends_on"] = max(row["ends_on"] + day, row["starts_on"])
    elif kind == 3:
        row["cancelled_on"] = None if row["cancelled_on"] else row["starts_on"] + abs(day)
    elif kind == 4:
        row["customer_id"], row["parent_customer_id"] = other["customer_id"], other["parent_customer_id"]
    elif kind == 5:
        row["segment"], row["region"] = other["segment"], other["region"]
    elif kind == 6:
        row["replaces_line_id"] = other["line_id"] if other["line_id"] != row["line_id"] else None
    elif kind == 7:
        row["replaces_contract_id"] = other["contract_id"] if other["contract_id"] != row["contract_id"] else None
    elif kind == 8:
        row["product"], row["live_on"] = other["product"], other["live_on"]
    else:
        row["signed_on"], row["rep"] = other["signed_on"], other["rep"]
    return row


def random_change(lines: pl.DataFrame, chance: random.Random) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A few lines before and after: some edited, some gone, some new."""
    before = lines.sample(chance.randint(1, 10), seed=chance.randrange(10**6))
    others = lines.sample(20, seed=chance.randrange(10**6)).to_dicts()
    after = [altered(row, chance, others) for row in before.to_dicts() if chance.random() < 0.85]
    copied = [
        {**row, "line_id": f"{row['line_id']}-{chance.randrange(10**9)}"} for row in others[: chance.randint(0, 3)]
    ]
    after += [altered(row, chance, others) for row in copied]
    return before, pl.DataFrame(after, schema=lines.schema)


def assert_books_equal_a_rebuild(client: Client) -> None:
    given, total = book_input(client=client), lines_sum(authoritative_source())
    for book in ArrBook.objects.all():
        found = compute(given.recognised(book.recognition), book.through_month or 0).series
        assert found is not None
        assert (book.first_month, book.last_month) == (found.first, found.last)
        stored = load_groups(book)
        assert stored.keys() == found.groups.keys()
        assert all((stored[key] == found.groups[key]).all() for key in stored)
        cohorts = load_cohorts(book)
        assert cohorts.keys() == found.cohorts.keys()
        assert all((cohorts[key] == found.cohorts[key]).all() for key in cohorts)
        columns = ["month", "customer", "product", "kind", "amount"]
        expected = found.movements.with_columns(pl.col("kind").cast(pl.String)).select(columns)
        assert (
            load_movements(book, found.first, found.last).select(columns).sort(columns).equals(expected.sort(columns))
        )
        assert book.input_hash[:32] == f"{total:032x}"


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_random_changes_patched_equal_a_rebuild(
    shared: Path, northwind: Client, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the change is beside the series as a step of its own or joined with earlier ones; also where months before the
    first close follow another policy.
    """
    monkeypatch.setattr(book_steps, "MOST_STEPS", 3 * 3)
    golden_client(northwind, shared / "golden" / case)
    if case == OF_TWO_POLICIES:
        with tenant_context(northwind):
            month_close(client=northwind, month=month_parse("2024-03"))
            other = policy_in_force(northwind).with_(renewal_grace_days=45, discounts="list", overage="exclude")
            policy_publish(client=northwind, parameters=other.to_dict())
            books_rebuild_all(client=northwind, now=NOW)
    chance, patched, waiting = random.Random(case), 0, set()
    for _ in range(ROUNDS):
        with tenant_context(northwind):
            source = authoritative_source()
            assert source is not None
            before, after = random_change(lines_frame(source), chance)
            replace_lines(source, before, after)
            changed = {"before": with_hashes(before), "after": with_hashes(after)}
            if books_patch(client=northwind, reason="a test", now=NOW, **changed):
                patched += 1
            else:
                assert set(ArrBook.objects.values_list("state", flat=True)) == {BookState.STALE}
                books_rebuild_all(client=northwind, now=NOW)
            assert_books_equal_a_rebuild(northwind)
            waiting.add(BookStep.objects.filter(book__recognition="start").count())
    assert waiting >= {1, 2, 3}, "steps were joined"
    assert max(waiting) == 3
    assert patched > ROUNDS // 2, "most changes of a few lines must not need a rebuild"
