"""A book in many blocks and several threads is the book in one, and few lines need no thread."""

from collections.abc import Callable
from threading import current_thread

import numpy as np
import polars as pl
import pytest

from metrics.engine import balances, threads
from metrics.engine.arrays import run_starts, run_sums, running_sums, sorted_places
from metrics.engine.book import Book, build_book
from metrics.engine.fx import INT64_MAX, RATE_ONE, convert_at_once, converter
from metrics.engine.lines import NO_VALUE
from metrics.engine.policy import Policy
from tests.bench.generate import FIRST, LAST, POLICY, lines, rates

ORDER = ["month", "customer", "product", "kind", "amount"]


@pytest.fixture
def in_small_blocks(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From here on, blocks of sixteen customers, pieces of 64 lines, and threads for however few lines."""

    def begin() -> None:
        monkeypatch.setattr(balances, "UNITS_PER_BLOCK", 16)
        monkeypatch.setattr(threads, "WORTH_A_THREAD", 1)
        monkeypatch.setattr(threads, "PIECE", 64)
        monkeypatch.setenv(threads.VARIABLE, "3")

    return begin


def book(frame: pl.DataFrame, **changes: object) -> Book:
    return build_book(frame, rates(), Policy.from_dict(POLICY | changes), FIRST + 7, LAST)


@pytest.mark.parametrize(
    "changes",
    [{}, {"fx": "contract_date"}, {"fx": "monthly_average", "retention_fx": "reported", "recognition": "signed"}],
)
def test_blocks_and_threads_change_no_figure(in_small_blocks: Callable[[], None], changes: dict[str, object]) -> None:
    frame = lines(1_500, seed=5)
    # Several currencies and products for one customer, and lines that replace those of others.
    mixed = frame.with_columns(currency=pl.col("currency").shuffle(seed=1), product=pl.col("product").shuffle(seed=2))
    mixed = mixed.with_columns(replaces_contract_id=pl.col("replaces_contract_id").shuffle(seed=3))
    whole = book(mixed, **changes)
    in_small_blocks()
    parts = book(mixed.sample(fraction=1, shuffle=True, seed=4), **changes)
    assert whole.bridge.filter(dimension="total")["fx"].abs().sum() > 0 or changes.get("fx") == "contract_date"
    assert parts.bridge.equals(whole.bridge)
    assert parts.retention.equals(whole.retention)
    assert parts.cohorts.equals(whole.cohorts)
    assert parts.movements.sort(ORDER).equals(whole.movements.sort(ORDER))


def test_columns_of_few_values_may_be_categories(in_small_blocks: Callable[[], None]) -> None:
    frame = lines(600, seed=6).with_columns(product=pl.col("product").replace("Insights", None))
    few = ("product", "currency", "segment", "region", "rep", "charge_type", "amount_basis")
    coded = frame.with_columns(pl.col(name).cast(pl.Categorical(pl.Categories.random())) for name in few)
    whole = book(frame)
    in_small_blocks()
    parts = book(coded)
    products = whole.bridge.filter(dimension="product")["group"].unique().sort().to_list()
    assert products == [NO_VALUE, "Connect", "Platform", "Support"]
    assert parts.bridge.equals(whole.bridge)
    assert parts.movements.sort(ORDER).equals(whole.movements.sort(ORDER))


def test_parts_keep_their_order_and_an_error_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(threads.VARIABLE, "2")
    assert threads.in_threads(threads.WORTH_A_THREAD, lambda part: part * 2, range(50)) == list(range(0, 100, 2))
    with pytest.raises(ZeroDivisionError):
        threads.together(threads.WORTH_A_THREAD, lambda: 1 // 1, lambda: 1 // 0)


def test_few_rows_and_parts_of_a_part_cost_no_thread_and_the_environment_bounds_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def names(rows: int) -> set[str]:
        return set(threads.in_threads(rows, lambda _: current_thread().name, range(4)))

    monkeypatch.setenv(threads.VARIABLE, "2")
    assert names(threads.WORTH_A_THREAD - 1) == {current_thread().name}
    assert current_thread().name not in names(threads.WORTH_A_THREAD)
    within = threads.in_threads(threads.WORTH_A_THREAD, lambda _: (current_thread().name, names(1 << 20)), range(4))
    assert all(parts == {own} for own, parts in within)
    monkeypatch.setenv(threads.VARIABLE, "1")
    assert names(threads.WORTH_A_THREAD) == {current_thread().name}
    monkeypatch.delenv(threads.VARIABLE)
    assert 1 <= threads.thread_count() <= threads.MOST_THREADS


@pytest.mark.parametrize("nearly_sorted", [False, True])
@pytest.mark.parametrize("bits", [8, 16, 17, 33, 48, 49, 62])
def test_keys_are_sorted_the_same_however_wide_they_are(bits: int, nearly_sorted: bool) -> None:
    dice = np.random.default_rng(1)
    keys = dice.choice(dice.integers(0, 1 << bits, 200), 1_000)
    ordered, place = sorted_places(keys, bits, nearly_sorted=nearly_sorted)
    assert place.tolist() == sorted(range(len(keys)), key=keys.tolist().__getitem__)
    assert ordered.tolist() == sorted(keys.tolist())


@pytest.mark.parametrize("runs", [3, 400])
def test_runs_are_summed_alike_however_short_and_even_beyond_64_bits(runs: int) -> None:
    dice = np.random.default_rng(3)
    starts = np.append(0, np.sort(dice.choice(np.arange(1, 500), runs - 1, replace=False)))
    # All together leave 64 bits, no run does.
    values = np.full(500, INT64_MAX // int(np.diff(starts, append=500).max()))
    values[::5] //= -3
    sums = run_sums(values, starts)
    assert sums.tolist() == [sum(part.tolist()) for part in np.split(values, starts[1:])]
    assert run_sums(values > 0, starts).tolist() == [int(part.sum()) for part in np.split(values > 0, starts[1:])]


def test_a_running_sum_begins_anew_with_each_run() -> None:
    keys, values = np.array([4, 4, 4, 7, 9, 9]), np.array([1, 2, 3, -4, 5, -5])
    assert running_sums(values, run_starts(keys)).tolist() == [1, 3, 6, -4, 5, 0]


def test_a_product_that_just_fits_is_converted_at_once_and_one_cent_more_is_not() -> None:
    rate = 13 * RATE_ONE // 10
    largest = (INT64_MAX - RATE_ONE // 2) // rate
    assert converter(largest, rate) is convert_at_once
    assert converter(largest + 1, rate) is not convert_at_once
    for cents in (largest, largest + 1):
        exact = (2 * cents * rate + RATE_ONE) // (2 * RATE_ONE)
        assert converter(cents, rate)(np.array([cents]), rate).tolist() == [exact]
