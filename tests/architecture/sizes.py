"""Sizes of the source: `python -m tests.architecture.sizes` prints the report and fails where a limit is passed."""

import ast
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMITS = {"module": 400, "function": 50, "view": 30, "template": 200, "script": 250, "test module": 500}
OUR_DIRECTORIES = ("portal", "metrics", "governance", "engagements", "reporting", "tests", "templates", "static")
SKIPPED = ("migrations", "vendor", "__pycache__")


@dataclass(frozen=True)
class Size:
    """Lines of one thing."""

    kind: str
    lines: int
    name: str


def sources() -> Iterator[Path]:
    """Our own files."""
    for directory in OUR_DIRECTORIES:
        for path in sorted((ROOT / directory).rglob("*")):
            if path.is_file() and not set(SKIPPED) & set(path.parts):
                yield path


def measure(path: Path) -> Iterator[Size]:
    """The file's own size and, in Python, each function's."""
    name, text = str(path.relative_to(ROOT)), path.read_text(errors="replace")
    is_test = name.startswith("tests/")
    lines = text.count("\n") + 1
    if path.suffix == ".html":
        yield Size("template", lines, name)
    elif path.suffix == ".js":
        yield Size("script", lines, name)
    elif path.suffix == ".py":
        yield Size("test module" if is_test else "module", lines, name)
        is_views = path.stem == "views" or "views" in path.parts
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                yield Size("view" if is_views else "function", length, f"{name}:{node.lineno} {node.name}")


def report() -> tuple[str, list[Size]]:
    """A line per kind, and everything that passes its limit."""
    sizes = [size for path in sources() for size in measure(path)]
    lines = []
    for kind, limit in LIMITS.items():
        found = [size.lines for size in sizes if size.kind == kind]
        if found:
            middle = statistics.median(found)
            lines.append(
                f"{kind:12} {len(found):5} of them, median {middle:4.0f}, longest {max(found):4} (limit {limit})"
            )
    return "\n".join(lines), [size for size in sizes if size.lines > LIMITS[size.kind]]


def main() -> int:
    """Print; fail when something is too long."""
    text, too_long = report()
    sys.stdout.write(text + "\n")
    for size in too_long:
        sys.stdout.write(f"too long: {size.kind} of {size.lines} lines: {size.name}\n")
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
