"""Formulas and choices of metrics as pages say them: the names of the field, not the keys that formulas are written with."""

import pytest

from governance.change_words import Row, as_written
from governance.metric_content import LABELS
from governance.metric_figures import field_text

NAMES = {"book_ending": "ARR at the end of the month", "book_new": "New", "new_arr": "New"}


def said(name: str, value: str) -> str:
    return field_text({name: value}, name, "USD", "en-US", NAMES)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("formula", "book_ending / 12", "ARR at the end of the month ÷ 12"),
        ("formula", "book_ending /", "book_ending /"),  # what cannot be read stands as it is written
        ("better", "up", "Higher is better"),
        ("definition", "book_ending", "book_ending"),
        ("formula", "", ""),
    ],
)
def test_a_field_of_a_metric_is_said_in_words(name: str, value: str, words: str) -> None:
    assert said(name, value) == words


def test_two_formulas_that_read_alike_are_told_as_they_are_written() -> None:
    row = Row(LABELS["formula"], said("formula", "book_new"), said("formula", "new_arr"))
    assert row.now == row.asked == "New"
    told = as_written(row, {"formula": "book_new"}, {"formula": "new_arr"})
    assert (told.now, told.asked, told.is_code) == ("book_new", "new_arr", True)
    other = Row("Name", "Same", "Same")
    assert as_written(other, {}, {}) == other
