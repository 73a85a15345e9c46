"""The audit log names what a thing was done to as people call it."""

import pytest

from portal.tenancy.logs import LogLine, details_said
from portal.tenancy.models import AuditEntry


@pytest.mark.parametrize(
    ("kind", "which", "words"),
    [
        ("check_in", "2", "Check-in 2"),
        ("change", "7", "Change request 7"),
        ("finding", "3", "Finding 3"),
        ("sso", "", "Company sign-in"),
        ("monitor", "stale_rates", "Monitor stale rates"),
        ("metric", "new_arr", "Metric new_arr"),  # the key that formulas are written with
    ],
)
def test_a_thing_is_called_by_its_name(kind: str, which: str, words: str) -> None:
    entry = AuditEntry(object_type=kind, object_id=which)
    assert LogLine(entry, [], "Ana", "").about == words


def test_codes_of_the_product_are_words_and_what_somebody_wrote_stays() -> None:
    details = {
        "monitor": "stale_rates",
        "fields": ["due_on", "title"],
        "customer": "acme_corp",
        "reason": "a_b",
        "step": "x",
    }
    said = dict(details_said(AuditEntry(action="quality.looked", details=details)))
    assert said == {
        "monitor": "stale rates", "fields": "due on, title", "customer": "acme_corp", "reason": "a_b", "step": "x",
    }  # fmt: skip
