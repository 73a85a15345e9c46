"""Metrics as YAML: what ships and what people write is read back equal, and what cannot be used is named."""

import time
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.library.metric_reader import (
    FiledMetric,
    MetricFileError,
    library_metrics,
    metrics_read,
    metrics_write,
    rows_of,
)
from governance.metric_content import CHOICES, ContentError, content_clean
from metrics.measures import MEASURES
from portal.lib.legible import name_fault, text_fault
from tests.governance.registry_own import OWN


def test_every_shipped_metric_can_be_computed_once_its_facts_are_there() -> None:
    metrics = library_metrics()
    assert len(metrics) > 45
    named = {metric.key for metric in metrics}
    assert named >= {"arr", "carr", "larr", "mrr", "nrr", "grr", "quick_ratio", "cac_payback", "ltv", "sales_velocity"}
    assert {"forecast_accuracy", "budget_attainment", "reconciliation_variance", "composite_score"} <= named
    for metric in metrics:
        assert not MEASURES.keys() & {metric.key}


def test_what_is_written_is_read_back_equal_and_in_order() -> None:
    text = metrics_write(library_metrics())
    assert metrics_read(text, "USD") == library_metrics()
    assert metrics_write(metrics_read(text, "USD")) == text


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).map(str.strip).filter(bool)
NAMES = WORDS.filter(lambda text: not name_fault(text))


@given(
    NAMES,
    WORDS.filter(lambda text: not text_fault(text)),
    *(st.sampled_from(list(choices)) for choices in CHOICES.values()),
    st.decimals(-1000, 1000, places=3),
)
@settings(max_examples=60, deadline=None)
def test_whatever_people_write_survives_the_file(
    name: str, definition: str, better: str, timing: str, function: str, refresh: str, warn_at: Any
) -> None:
    given = OWN | {
        "name": name, "definition": definition, "better": better, "timing": timing, "function": function,
        "refresh": refresh, "warn_at": warn_at, "formula": "book_new",  "unit": "money",
    }  # fmt: skip
    metrics = (FiledMetric("own", content_clean(given, "USD"), {"ceo": "P1"}, "active", "rita@example.com"),)
    assert metrics_read(metrics_write(metrics), "USD") == metrics


@pytest.mark.parametrize(
    ("formula", "unit", "is_refused"),
    [
        ("nrr * 100", "percent", True), ("100 × nrr / grr", "percent", True), ("−(nrr × 100 × 1)", "percent", True),
        ("nrr × 100%", "percent", False), ("nrr × 100", "ratio", False), ("min(100 × 1, nrr)", "percent", False),
    ],
)  # fmt: skip
def test_a_share_in_per_cent_is_not_multiplied_by_a_hundred_twice(formula: str, unit: str, is_refused: bool) -> None:
    """Else NRR of 104% would be shown as 10,400%."""
    with pytest.raises(ContentError, match="which the unit percent does by itself") if is_refused else nullcontext():
        content_clean(OWN | {"formula": formula, "unit": unit}, "USD")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "is no YAML"),
        (
            "[" * 30_000,
            "More than 8 lists and sets of fields lie within each other in line 1. Write each metric as plain",
        ),
        ("- key: " + "1:" * 5_000 + "1", "more than 8,000 characters"),
        ("- key: " + "1:" * 1_000 + "1.5", "the key is not made of small letters"),
        (
            "- {key: x, weight: 0x" + "F" * 4_000 + "}",
            "In “x”, the field “weight” has more than 20 characters. Correct it",
        ),
        ("key: x", "not a list of metrics"),
        (
            "- {key: ARR}",
            "In “ARR”, the key is not made of small letters, digits and _, beginning with a letter. Write one",
        ),
        ("- {name: ARR}", "In metric 1, the key is missing. Write one such as net_new_arr"),
        ("- {key: book_ending}", "In “book_ending”, the key is the name of a measure"),
        ("- {key: x, colour: red}", "In “x”, there is no field “colour”. Take it away"),
        (
            "- {key: x, formula: a +}",
            "In “x”, the formula cannot be used: a value is missing at the end. Write a name or a number there",
        ),
        ("- {key: x, unit: apples}", "In “x”, the unit cannot be used: “apples” is no unit. Write money, percent"),
        ("- {key: x, priorities: {boss: P0}}", "In “x”, the priorities cannot be read. Write them as {ceo: P0}"),
        (
            "- key: x\n  status: proposed\n  status: active",
            "The field “status” stands twice in line 3. Take one of them away",
        ),
        ("- {key: x, priorities: {ceo: P2, ceo: P0}}", "The field “ceo” stands twice in line 1. Take one of them away"),
        ("- &a {key: x}\n- *a", "The file uses an anchor (& or *) in line 1. Write the value itself in its place"),
        ("- {key: x, warn_at: &a 1}", "The file uses an anchor (& or *) in line 1"),
        ("- {key: !!python/object/apply:os.system [ls]}", "The file uses a tag (!) in line 1. Write the value alone"),
        ("- {key: x, warn_at: !!int ''}", "The file uses a tag (!) in line 1"),
        ("- {key: !!timestamp yesterday}", "The file uses a tag (!) in line 1"),
    ],
)
def test_a_fault_of_a_file_is_named(text: str, fault: str) -> None:
    with pytest.raises(MetricFileError) as refused:
        metrics_read(text, "USD")
    assert fault in str(refused.value)


def test_a_value_is_kept_as_it_is_written_and_no_value_is_none() -> None:
    """As YAML's own numbers 010 would be eight, 1:30 ninety, and eighteen digits would be rounded."""
    (row,) = rows_of("- {key: x, warn_at: 010, alert_at: 0.100000000000000001, weight: ~, name: 'null', owner: }")
    assert (row["warn_at"], row["alert_at"]) == ("010", "0.100000000000000001")
    assert (row["weight"], row["owner"], row["name"]) == (None, None, "null")


def test_a_large_file_is_read_soon_and_a_bomb_is_refused_before_it_opens() -> None:
    """A file close to the limit takes libyaml a fifth of a second of the processor, and the plain parser seven."""
    words = "word " * 350
    rows = "".join(f'- key: m{number}\n  definition: "{words}"\n' for number in range(500))
    begun = time.thread_time()
    assert len(rows_of(rows)) == 500 and time.thread_time() - begun < 3
    laughs = "- a: &a [x, x]\n" + "".join(f"  b{level}: &b{level} [*a, *a, *a]\n" for level in range(50))
    for bomb in (
        laughs,
        "[" * 900_000,
        "- " * 400_000,
        "- k: " + "9" * 900_000,
        "- [" + "a," * 300_000 + "]",
        "x" * 1_000_001,
    ):
        begun = time.thread_time()
        with pytest.raises(MetricFileError):
            rows_of(bomb)
        assert time.thread_time() - begun < 3


def test_metrics_of_a_file_are_checked_together() -> None:
    rows = [
        FiledMetric(key, content_clean(OWN | {"formula": formula}, "USD")) for key, formula in [("a", "b"), ("b", "a")]
    ]
    with pytest.raises(MetricFileError, match="these metrics need each other: a → b → a"):
        metrics_read(metrics_write(rows), "USD")


def test_each_fault_of_a_content_is_named_by_its_field() -> None:
    with pytest.raises(ContentError) as refused:
        content_clean(
            OWN | {"name": " ", "better": "left", "warn_at": "1e999999", "alert_at": "1e-999999", "weight": "2"}, "USD"
        )
    assert [field for field, _ in refused.value.faults] == ["name", "better", "warn_at", "alert_at", "weight"]
