"""The limits on the size of modules, functions, views, templates and scripts."""

from tests.architecture.sizes import report


def test_nothing_is_too_long() -> None:
    _, too_long = report()
    assert not too_long, "\n".join(f"{size.kind} of {size.lines} lines: {size.name}" for size in too_long)
