"""Two states of a source's contract lines: what came, what changed field by field, what is gone.

Lines are compared by `line_id`; their order does not matter. The engine's frame (`docs/architecture.md`) on both
sides, other columns such as `row` are left aside.
"""

from dataclasses import dataclass
from hashlib import md5, sha256
from typing import Final

import polars as pl

from metrics.intake.layout import CONTRACT_COLUMNS

FIELDS: Final = tuple(column.target for column in CONTRACT_COLUMNS)
LABELS: Final = frozenset({"customer_name", "segment", "region", "rep"})
SEPARATOR: Final = "\x1f"
SLICE: Final = 50_000
CHANGE_SCHEMA: Final = pl.Schema(
    {"line_id": pl.String, "field": pl.String, "old": pl.String, "new": pl.String, "is_arr_relevant": pl.Boolean}
)


@dataclass(frozen=True)
class Comparison:
    """`added` and `vanished` are lines; `changed` are the new states of changed lines.

    `changes` has one row per changed field: `line_id`, `field` (the engine's name), `old`, `new` (text; amounts in
    millionths), `is_arr_relevant` (false for names and dimensions, which sort ARR but do not make it).
    """

    added: pl.DataFrame
    changed: pl.DataFrame
    vanished: pl.DataFrame
    unchanged: int
    changes: pl.DataFrame

    @property
    def is_empty(self) -> bool:
        """Nothing to do: the same lines with the same content."""
        return not (self.added.height or self.changed.height or self.vanished.height)


def compare_lines(current: pl.DataFrame, new: pl.DataFrame) -> Comparison:
    """Compare two frames of lines; `line_id` is unique and not null in each, which is not checked here."""
    old_lines, new_lines = current.select(FIELDS), new.select(FIELDS)
    ids = pl.col("line_id")
    both = new_lines.join(old_lines, on="line_id", how="inner", suffix="_old")
    others = [name for name in FIELDS if name != "line_id"]
    differs = [pl.col(name).ne_missing(pl.col(f"{name}_old")).alias(name) for name in others]
    changed = both.filter(pl.any_horizontal(differs))
    changed_ids = changed.select("line_id")
    return Comparison(
        added=new.join(old_lines.select("line_id"), on="line_id", how="anti"),
        changed=new.join(changed_ids, on="line_id", how="semi"),
        vanished=current.join(new_lines.select(ids), on="line_id", how="anti"),
        unchanged=both.height - changed.height,
        changes=_changes(changed, others),
    )


def _changes(changed: pl.DataFrame, fields: list[str]) -> pl.DataFrame:
    parts = [CHANGE_SCHEMA.to_frame()]
    for name in fields:
        old, new = pl.col(f"{name}_old"), pl.col(name)
        part = (
            changed.lazy()
            .filter(new.ne_missing(old))
            .select(
                "line_id",
                pl.lit(name).alias("field"),
                old.cast(pl.String).alias("old"),
                new.cast(pl.String).alias("new"),
                pl.lit(name not in LABELS).alias("is_arr_relevant"),
            )
        )
        parts.append(part.collect())
    return pl.concat(parts).sort("line_id", "field")


def canonical_texts(lines: pl.DataFrame) -> pl.Series:
    """The content of each line as one text: all fields in the order of the format, joined by U+001F, null as nothing.

    Dates are ISO, amounts whole millionths. No field can hold U+001F (intake refuses it), so different lines differ.
    """
    texts = [_text(column.kind, column.target).fill_null("") for column in CONTRACT_COLUMNS]
    return lines.select(pl.concat_str(texts, separator=SEPARATOR).alias("content")).to_series()


def _text(kind: str, name: str) -> pl.Expr:
    return pl.col(name).dt.to_string("%Y-%m-%d") if kind == "date" else pl.col(name).cast(pl.String)


def content_hashes(lines: pl.DataFrame) -> pl.Series:
    """The MD5 of each canonical text in hex: equal to PostgreSQL's `md5(text)` and the same under every Polars
    version.

    It tells equal from changed, it is no signature; `content_digest` is the strong one.
    """
    parts = [pl.Series("content_hash", [], pl.String)]
    for part in lines.iter_slices(SLICE):  # a million texts at once would be half a gigabyte of objects
        texts = canonical_texts(part).to_list()
        hashes = [md5(text.encode(), usedforsecurity=False).hexdigest() for text in texts]
        parts.append(pl.Series("content_hash", hashes, pl.String))
    return pl.concat(parts)


def content_digest(lines: pl.DataFrame) -> str:
    """SHA-256 over all canonical texts, sorted by `line_id`: equal for the same lines in any order."""
    ordered = canonical_texts(lines.sort("line_id"))
    return sha256("\n".join(ordered.to_list()).encode()).hexdigest()
