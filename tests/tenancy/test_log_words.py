"""The audit log names what a thing was done to as people call it."""

import pytest

from portal.tenancy.logs import LogLine
from portal.tenancy.models import AuditEntry


@pytest.mark.parametrize(
    ("kind", "which", "words"),
    [
        ("check_in", "2", "Check-in 2"),
        ("change", "7", "Change request 7"),
        ("finding", "3", "Finding 3"),
        ("sso", "", "Company sign-in"),
    ],
)
def test_a_thing_is_called_by_its_name(kind: str, which: str, words: str) -> None:
    entry = AuditEntry(object_type=kind, object_id=which)
    assert LogLine(entry, [], "Ana", "").about == words
