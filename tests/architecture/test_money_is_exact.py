"""No binary float on the money path: found in the syntax tree, so that a comment or a string cannot hide or fake one."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]

MONEY_PATH = ("metrics", "reporting", "portal/lib/money.py", "portal/lib/periods.py")
"""Whole apps and single modules: what reads, computes, stores or shows an amount. Migrations too."""

FLOAT_NAMES = {"float", "Float32", "Float64", "FloatField", "DoubleField", "float32", "float64", "REAL"}
FLOAT_AGGREGATES = {"mean", "std", "var", "quantile", "mean_horizontal", "rolling_mean"}
"""Polars answers these in Float64, whatever the column was."""

ALLOWED = {
    ("metrics/engine/retention.py", "/"): "a Decimal of whole ten-thousandths over 10,000: exact",
    (
        "metrics/intake/workbook.py",
        "float",
    ): "a spreadsheet stores numbers so; they become decimal text before anything reads them",
}
"""(file, finding) -> why it carries no money. Every entry was reviewed by a person; a stale one fails the test."""


def _findings(source: str, *, arithmetic: bool) -> Iterator[tuple[int, str]]:
    """Line and name of each float; with `arithmetic` also true division, float literals and averaging methods."""
    for node in ast.walk(ast.parse(source)):
        name = _name(node)
        if name in FLOAT_NAMES:
            yield getattr(node, "lineno", 0), name
        elif arithmetic and isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield node.lineno, "/"
        elif arithmetic and isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, repr(node.value)
        elif arithmetic and isinstance(node, ast.Attribute) and node.attr in FLOAT_AGGREGATES | {"truediv"}:
            yield node.lineno, node.attr


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.name if isinstance(node, ast.alias) else ""


def _modules() -> list[Path]:
    roots = [REPO / name for name in MONEY_PATH]
    return sorted(path for root in roots for path in ([root] if root.suffix else root.rglob("*.py")))


def _found() -> Iterator[tuple[str, int, str]]:
    for path in _modules():
        name = path.relative_to(REPO).as_posix()
        pure = name.startswith("metrics/engine/")
        for line, finding in _findings(path.read_text(encoding="utf-8"), arithmetic=pure):
            yield name, line, finding


def test_no_float_is_on_the_money_path() -> None:
    offences = [f"{name}:{line} {what}" for name, line, what in _found() if (name, what) not in ALLOWED]
    assert offences == []


def test_the_allow_list_holds_nothing_stale() -> None:
    assert set(ALLOWED) <= {(name, what) for name, _, what in _found()}


def test_the_modules_read_exist_and_the_engine_is_among_them() -> None:
    assert all(path.is_file() for path in _modules())
    assert any(path.parent == REPO / "metrics" / "engine" for path in _modules())


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("float('1.1')", "float"),
        ("amount: float = 1", "float"),
        ("models.FloatField()", "FloatField"),
        ("frame.cast(pl.Float64)", "Float64"),
        ("from polars import Float32", "Float32"),
        ("cents / 100", "/"),
        ("cents /= 100", "/"),
        ("cents * 1.1", "1.1"),
        ("pl.col('rate').mean()", "mean"),
    ],
)
def test_each_kind_of_float_is_found(source: str, finding: str) -> None:
    assert finding in [what for _, what in _findings(source, arithmetic=True)]


def test_words_in_comments_and_strings_are_not_found() -> None:
    assert list(_findings("'float(1.5)'  # float(", arithmetic=True)) == []
