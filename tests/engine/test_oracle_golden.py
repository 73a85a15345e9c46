"""The oracle against the worked cases: it must reproduce every expected file byte for byte."""

from pathlib import Path

import pytest

from tests.engine.oracle import Oracle, read_lines, read_policy, read_rates

GOLDEN = Path(__file__).parents[3] / "shared" / "golden"
FIRST, LAST = 2022 * 12, 2025 * 12 + 11

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason=f"the worked cases are not at {GOLDEN}")


@pytest.mark.parametrize("case", sorted(path.parent.name for path in GOLDEN.glob("*/policy.json")))
def test_oracle_reproduces_the_worked_case_byte_for_byte(case: str) -> None:
    folder = GOLDEN / case

    def text(name: str) -> str:
        return (folder / name).read_bytes().decode()

    oracle = Oracle(
        read_lines(text("contracts.csv")),
        read_rates(text("fx_rates.csv")),
        read_policy(text("policy.json")),
        FIRST,
        LAST,
    )
    computed = oracle.files()
    assert set(computed) == {path.name for path in (folder / "expected").iterdir()}
    for name, content in computed.items():
        assert content.encode() == (folder / "expected" / name).read_bytes(), name
