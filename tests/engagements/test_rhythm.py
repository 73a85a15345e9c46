"""When maintenance is due: dates worked out by hand, and what holds on any calendar."""

import calendar
import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagements.playbook.rhythm import ClientCalendar, Occurrence, occurrences
from engagements.playbook.terms import Cadence

D = dt.date


def due(
    cadence: Cadence, begins: D, horizon: D, fiscal: int = 1, close_day: int | None = None, launched: D | None = None,
    settled: tuple[D, ...] = (),
) -> list[tuple[str, D, D]]:  # fmt: skip
    found = occurrences(
        cadence, ClientCalendar(fiscal, close_day), launched_on=launched or begins, begins_on=begins, horizon=horizon,
        settled=settled,
    )  # fmt: skip
    return [(each.period, each.opens_on, each.due_on) for each in found]


def test_a_month_opens_when_it_is_over_and_is_due_five_days_after_its_close() -> None:
    # Closed on the 6th of the following month: 2023-12 on 6 Jan, due on 11 Jan; the leap February of 2024 on 6 Mar.
    assert due(Cadence.MONTHLY, D(2023, 12, 31), D(2024, 3, 1), close_day=6) == [
        ("2023-12", D(2024, 1, 1), D(2024, 1, 11)),
        ("2024-01", D(2024, 2, 1), D(2024, 2, 11)),
        ("2024-02", D(2024, 3, 1), D(2024, 3, 11)),
    ]
    # Closed on the 28th: five days later is the 4th of March in a leap year, the 5th in another.
    assert due(Cadence.MONTHLY, D(2024, 1, 5), D(2024, 2, 1), close_day=28) == [
        ("2024-01", D(2024, 2, 1), D(2024, 3, 4)),
    ]
    assert due(Cadence.MONTHLY, D(2025, 1, 5), D(2025, 2, 28), close_day=28)[0][2] == D(2025, 3, 5)
    # Closed by hand: the 15th.
    assert due(Cadence.MONTHLY, D(2026, 10, 1), D(2026, 11, 1)) == [("2026-10", D(2026, 11, 1), D(2026, 11, 15))]


@pytest.mark.parametrize(
    ("fiscal", "begins", "expected"),
    [
        # The calendar year: Q4 ends in December, due on 31 Jan; Q1 ends in March, due on 30 Apr.
        (1, D(2023, 10, 1), [("2023-Q4", D(2024, 1, 1), D(2024, 1, 31)), ("2024-Q1", D(2024, 4, 1), D(2024, 4, 30))]),
        # A year from February: Q3 is Aug to Oct, due 30 Nov; Q4 is Nov to Jan, due at the end of a leap February.
        (2, D(2023, 8, 1), [
            ("FY2024-Q3", D(2023, 11, 1), D(2023, 11, 30)), ("FY2024-Q4", D(2024, 2, 1), D(2024, 2, 29)),
        ]),
        (2, D(2024, 11, 30), [("FY2025-Q4", D(2025, 2, 1), D(2025, 2, 28))]),
        # A year from July: Q2 is Oct to Dec.
        (7, D(2025, 12, 31), [("FY2026-Q2", D(2026, 1, 1), D(2026, 1, 31))]),
        # A year from December: its first quarter is Dec to Feb.
        (12, D(2023, 12, 1), [("FY2024-Q1", D(2024, 3, 1), D(2024, 3, 31))]),
    ],
)  # fmt: skip
def test_a_quarter_is_the_clients_fiscal_one_and_due_a_month_after_it(
    fiscal: int, begins: D, expected: list[tuple[str, D, D]]
) -> None:
    assert due(Cadence.QUARTERLY, begins, expected[-1][1], fiscal) == expected


def test_the_first_cycle_is_sixty_to_ninety_days_after_the_launch() -> None:
    # 60 days after 1 Dec 2023 is 30 Jan 2024; 90 days are one day fewer into March than in a common year.
    found = due(Cadence.FIRST_CYCLE, D(2024, 2, 1), D(2024, 2, 1), launched=D(2023, 12, 1))
    assert found == [("First cycle", D(2024, 1, 30), D(2024, 2, 29))]


def test_half_yearly_checks_count_from_the_launch_then_from_when_the_last_was_settled() -> None:
    found = due(Cadence.HALF_YEARLY, D(2023, 8, 31), D(2023, 8, 31), settled=(D(2024, 3, 10), D(2025, 2, 28)))
    assert found == [
        ("Review 1", D(2024, 2, 29), D(2024, 8, 31)),  # six months after 31 Aug is the last of a leap February
        ("Review 2", D(2024, 9, 10), D(2025, 3, 10)),
        ("Review 3", D(2025, 8, 28), D(2026, 2, 28)),
    ]


DAYS = st.dates(D(2000, 1, 1), D(2080, 12, 31))
CALENDARS = st.builds(ClientCalendar, st.integers(1, 12), st.one_of(st.none(), st.integers(1, 28)))


def of(cadence: Cadence, client: ClientCalendar, begins: D, days: int) -> list[Occurrence]:
    horizon = begins + dt.timedelta(days=days)
    return occurrences(cadence, client, launched_on=begins, begins_on=begins, horizon=horizon)


@given(CALENDARS, DAYS, st.integers(0, 1500))
def test_every_month_and_every_quarter_is_checked_once_and_none_is_left_out(
    client: ClientCalendar, begins: D, days: int
) -> None:
    horizon = begins + dt.timedelta(days=days)
    for cadence, step in ((Cadence.MONTHLY, 1), (Cadence.QUARTERLY, 3)):
        found = of(cadence, client, begins, days)
        months = [each.month or 0 for each in found]
        assert months == list(range(months[0], months[0] + step * len(months), step)) if months else True
        for each in found:
            assert each.month is not None
            year, month = divmod(each.month, 12)
            ends = D(year, month + 1, calendar.monthrange(year, month + 1)[1])
            assert each.opens_on == ends + dt.timedelta(days=1) <= horizon
            assert begins <= ends and each.opens_on <= each.due_on <= each.opens_on + dt.timedelta(days=36)
            if cadence == Cadence.QUARTERLY:
                assert (
                    month + 1 - client.fiscal_year_start
                ) % 3 == 2  # the third month of a quarter of the fiscal year
        # The next one opens after the horizon, and the one before ended before the beginning.
        after = of(cadence, client, begins, days + 100)
        assert after[: len(found)] == found and after[len(found)].opens_on > horizon
    assert len({each.place for each in of(Cadence.MONTHLY, client, begins, days)}) == len(
        of(Cadence.MONTHLY, client, begins, days)
    )


@given(DAYS, st.lists(st.integers(0, 184), max_size=6))
def test_half_yearly_checks_settled_within_their_time_lie_six_to_twelve_months_apart(
    begins: D, waits: list[int]
) -> None:
    settled: list[D] = []
    for wait in waits:
        found = occurrences(
            Cadence.HALF_YEARLY, ClientCalendar(), launched_on=begins, begins_on=begins, horizon=begins, settled=settled
        )
        newest = found[-1]
        settled.append(min(newest.opens_on + dt.timedelta(days=wait), newest.due_on))
    days = [begins, *settled]
    for before, after in pairwise(days):
        assert dt.timedelta(days=181) <= after - before <= dt.timedelta(days=366)
