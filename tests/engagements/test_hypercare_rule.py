"""When hypercare is over: at least two weeks, one month end closed and reconciled, two weeks more where it was far off."""

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engagements.playbook.support import FirstClose, HypercareNow, HypercareRule, hypercare_now
from portal.lib.periods import month_parse

D = dt.date
RULE = HypercareRule(2, Decimal(5), 2)
BEGINS = D(2026, 11, 9)
NOVEMBER = month_parse("2026-11")


def now(first: FirstClose | None, today: D, held: D | None = None) -> HypercareNow:
    return hypercare_now(RULE, BEGINS, first, today, held)


def test_without_a_closed_month_end_it_goes_on_and_says_what_it_waits_for() -> None:
    found = now(None, D(2027, 3, 1))
    assert not found.is_over and found.until == D(2026, 11, 30)  # the month end lies behind the two weeks
    assert found.sentence == (
        "Hypercare lasts until 2026-11-30, and until a month end since 2026-11-09 is closed and reconciled; "
        "the first is that of 2026-11."
    )


def test_it_ends_with_the_close_of_the_first_month_end_but_not_before_two_weeks() -> None:
    good = FirstClose(NOVEMBER, D(2026, 12, 4), Decimal("0.0150"))
    assert (now(good, D(2026, 12, 4)).is_over, now(good, D(2026, 12, 5)).is_over) == (False, True)
    assert now(good, D(2026, 12, 5)).sentence == (
        "2026-11 is closed and was 1.50% off at its first reconciliation; it ended on 2026-12-04."
    )
    quick = hypercare_now(RULE, D(2026, 11, 27), FirstClose(NOVEMBER, D(2026, 12, 2), Decimal(0)), D(2026, 12, 11))
    assert quick.until == D(2026, 12, 11) and not quick.is_over


def test_a_first_reconciliation_above_five_per_cent_makes_it_two_weeks_longer_and_says_so() -> None:
    bad = FirstClose(NOVEMBER, D(2026, 12, 4), Decimal("-0.0621"))
    found = now(bad, D(2026, 12, 5))
    assert (found.is_over, found.is_extended, found.until) == (False, True, D(2026, 12, 18))
    assert found.sentence == (
        "The first reconciliation, of 2026-11, was 6.21% off, above 5%: hypercare lasts two weeks longer, until 2026-12-18."
    )
    assert now(bad, D(2026, 12, 19)).is_over
    assert not now(
        FirstClose(NOVEMBER, D(2026, 12, 4), Decimal("0.0500")), D(2026, 12, 5)
    ).is_extended  # the limit is good


def test_a_month_end_that_cannot_be_reconciled_ends_nothing() -> None:
    found = now(FirstClose(NOVEMBER, D(2026, 12, 4), None, "Two sources are needed."), D(2027, 1, 1))
    assert not found.is_over and "not reconciled: Two sources are needed" in found.sentence


def test_people_may_say_that_it_lasts_longer_never_shorter() -> None:
    good = FirstClose(NOVEMBER, D(2026, 12, 4), Decimal(0))
    assert now(good, D(2026, 12, 10), held=D(2026, 12, 20)).until == D(2026, 12, 20)
    assert now(good, D(2026, 12, 10), held=D(2026, 11, 12)).until == D(2026, 12, 4)


@given(
    st.dates(D(2020, 1, 1), D(2030, 1, 1)), st.integers(0, 60), st.decimals(-1, 1, places=4), st.integers(0, 200)
)  # fmt: skip
def test_it_is_never_over_before_two_weeks_and_a_month_end(
    begins: D, closed: int, variance: Decimal, days: int
) -> None:
    month = begins.year * 12 + begins.month - 1
    end = (begins.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    first = FirstClose(month, end + dt.timedelta(days=closed), variance)
    today = begins + dt.timedelta(days=days)
    found = hypercare_now(RULE, begins, first, today)
    if found.is_over:
        assert today > begins + dt.timedelta(weeks=2) and today > first.closed_on
        assert abs(variance) <= Decimal("0.05") or today > first.closed_on + dt.timedelta(weeks=2)
    assert found.is_extended == (abs(variance) > Decimal("0.05"))
