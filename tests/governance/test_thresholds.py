"""What a threshold may say, and the verdict that it comes to: held against plain arithmetic, and against too little."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.figure_input import limit_read, limit_typed
from governance.metric_content import ContentError, content_clean
from governance.thresholds import Verdict, threshold_read, verdict_of
from metrics.formula.faults import Missing
from tests.governance.registry_own import OWN

FIGURES = st.decimals(-50, 50, places=2)
KINDS = st.sampled_from(["{}", "{}% from previous", "{}% from last_year", "{}% from plan", "{} deviations",
                         "{} deviations from last_year"])  # fmt: skip


def verdict(
    better: str, limit: str, value: str, history: Mapping[int, Decimal], plan: Decimal | None = None
) -> Verdict:
    """The verdict on a value by a history of figures so many months before."""

    def read(name: str, back: int) -> Fraction | Missing:
        found = plan if name else history.get(back)
        return Missing("none") if found is None else Fraction(found)

    return verdict_of({"better": better, "alert_at": limit, "warn_at": ""}, Decimal(value), read)


def plainly(
    better: str, kind: str, number: Decimal, value: Decimal, history: dict[int, Decimal], plan: Decimal | None
) -> bool | None:
    """Whether the value is beyond; None where nobody can say. As one would reckon it by hand, in doubled and scaled figures."""
    if kind == "{}":
        worse = {"up": number - value, "down": value - number, "none": abs(value) - number}[better]
        return worse > 0
    if "%" in kind:
        base = plan if "plan" in kind else history.get(1 if "previous" in kind else 12)
        if base is None or base == 0:
            return None
        room, off = abs(base) * number, (value - base) * 100
    else:
        old = history.get(12) if "last_year" in kind else Decimal(0)
        months = range(1, 13)
        if "last_year" in kind:
            usual = [history[m] - history[m + 12] for m in months if m in history and m + 12 in history]
        else:
            usual = [history[m] for m in months if m in history]
        if old is None or len(usual) < 8:
            return None
        center = median(usual)
        spread = median([abs(each - center) for each in usual])
        if not spread:
            return None
        room, off = spread * number * Decimal("1.4826"), value - old - center
    return {"up": -off > room, "down": off > room, "none": abs(off) > room}[better]


@given(
    st.sampled_from(["up", "down", "none"]), KINDS, st.decimals("0.1", 40, places=1), FIGURES,
    st.dictionaries(st.integers(1, 24), FIGURES, min_size=12), st.none() | FIGURES,
)  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_a_verdict_is_what_plain_arithmetic_says(
    better: str, kind: str, number: Decimal, value: Decimal, history: dict[int, Decimal], plan: Decimal | None
) -> None:
    found = verdict(better, kind.format(number), str(value), history, plan)
    expected = plainly(better, kind, number, value, history, plan)
    assert (found.level, bool(found.reason)) == ("alert" if expected else "", expected is None)


STEADY = {month: Decimal(100 + (-1) ** month) for month in range(1, 25)}  # 99 and 101 in turn: the deviation is 1.4826


@pytest.mark.parametrize(
    ("better", "limit", "value", "history", "told"),
    [
        ("up", "10% from previous", "90", {1: Decimal(100)}, ("", None)),
        ("up", "10% from previous", "89.99", {1: Decimal(100)}, ("alert", Fraction(90))),
        ("up", "10% from previous", "-110.01", {1: Decimal(-100)}, ("alert", Fraction(-110))),
        ("down", "0% from last_year", "100.01", {12: Decimal(100)}, ("alert", Fraction(100))),
        ("up", "10% from previous", "1", {1: Decimal(0)}, ("what it is held against is 0, of which there is no share", None)),
        ("up", "10% from previous", "1", {}, ("none", None)),
        ("up", "3 deviations", "95.5", STEADY, ("alert", Fraction(100) - 3 * Fraction("1.4826"))),
        ("up", "3 deviations", "95.6", STEADY, ("", None)),
        ("none", "2.5 deviations", "104", STEADY, ("alert", Fraction(100) + Fraction("2.5") * Fraction("1.4826"))),
        ("up", "3 deviations", "95", dict.fromkeys(range(1, 13), Decimal(7)), ("most of the twelve months", None)),
        ("up", "3 deviations", "95", {m: Decimal(m) for m in range(1, 8)}, ("7 of the twelve months before", None)),
        ("up", "1 deviation from last_year", "9", STEADY, ("most of the twelve months before are alike", None)),
    ],
)  # fmt: skip
def test_a_threshold_follows_what_it_is_held_against(
    better: str, limit: str, value: str, history: dict[int, Decimal], told: tuple[str, Fraction | None]
) -> None:
    found = verdict(better, limit, value, history)
    assert (found.limit, found.level) == (told[1], "alert" if told[1] is not None else "")
    assert found.reason.startswith(told[0]) or (told[0] == "alert" and not found.reason)


@pytest.mark.parametrize(
    ("typed", "against", "unit", "kept"),
    [
        ("105", "", "percent", "1.05"), ("10 %", "previous", "money", "10% from previous"),
        ("7,5", "last_year", "percent", "7.5% from last_year"), ("10", "arr_plan", "money", "10% from arr_plan"),
        ("2,5", "deviations", "money", "2.5 deviations"), ("1", "seasonal", "percent", "1 deviation from last_year"),
    ],
)  # fmt: skip
def test_what_is_typed_is_kept_as_a_text_that_is_read_back(typed: str, against: str, unit: str, kept: str) -> None:
    assert limit_read(typed, against, unit, "de_DE") == kept
    assert threshold_read(kept).text == kept
    assert limit_read(*limit_typed(kept, unit, "de_DE"), unit, "de_DE") == kept


@pytest.mark.parametrize(
    ("limits", "fault"),
    [
        ({"alert_at": "-1% from previous"}, "is a share from 0 to 1000 per cent"),
        ({"alert_at": "0 deviations"}, "is more than 0 deviations"),
        ({"alert_at": "ten% from previous"}, "is no number such as 0.95, nor"),
        ({"alert_at": "10% from Plan"}, "is no number such as 0.95, nor"),
        ({"alert_at": "1e1000000"}, "is no number such as 0.95, nor"),  # more than arithmetic takes
        ({"alert_at": "-1e1000000% from previous"}, "is no number such as 0.95, nor"),
        ({"weight": "1e1000000"}, "is no number such as 0.95"),
        ({"warn_at": "10% from previous", "alert_at": "5% from previous"}, "an alert rings further away"),
        ({"warn_at": "3 deviations", "alert_at": "2 deviations"}, "an alert rings further away"),
    ],
)
def test_what_is_wrong_with_a_threshold_is_named(limits: dict[str, str], fault: str) -> None:
    with pytest.raises(ContentError, match=fault):
        content_clean(OWN | limits, "USD")
    assert (
        content_clean(OWN | {"warn_at": "5.0% from plan", "alert_at": "2 deviations"}, "USD")["warn_at"]
        == "5% from plan"
    )


@pytest.mark.parametrize("text", ["-0", "0e1000000", "-0.00"])
def test_nothing_has_one_text(text: str) -> None:
    assert threshold_read(text).text == "0"
