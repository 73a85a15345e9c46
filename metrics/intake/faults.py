"""Named faults: which row, which column, what stands there, why it is refused.

They live in a frame, so that a file with a million faults costs a million frame rows and not a million objects.
Row 0 means the file (or the mapping) as a whole, row 1 is the header, the first line of data is row 2.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

SCHEMA: Final = pl.Schema(
    {"row": pl.UInt32, "column": pl.String, "value": pl.String, "reason": pl.String, "code": pl.String}
)
SHOWN_LENGTH: Final = 80


@dataclass(frozen=True)
class Fault:
    """One fault. `column` is the name in the file (ours where the file has none), `value` the cell as it was read."""

    row: int
    column: str
    value: str
    reason: str
    code: str


@dataclass(frozen=True)
class Faults:
    """All faults of a file, ordered by row. The count is always complete; who shows them decides how many."""

    frame: pl.DataFrame

    @classmethod
    def of(cls, *faults: Fault) -> "Faults":
        """The given faults."""
        rows = [(fault.row, fault.column, fault.value, fault.reason, fault.code) for fault in faults]
        return cls(pl.DataFrame(rows, schema=SCHEMA, orient="row"))

    @classmethod
    def joined(cls, parts: "Iterable[Faults]") -> "Faults":
        """All parts as one, ordered by row; faults of one row keep the order of the parts."""
        frames = [part.frame for part in parts if len(part)]
        if not frames:
            return cls.of()
        return cls(pl.concat(frames).sort("row", maintain_order=True))

    def __len__(self) -> int:
        return self.frame.height

    def __iter__(self) -> Iterator[Fault]:
        return (Fault(*row) for row in self.frame.iter_rows())

    def first(self, count: int) -> list[Fault]:
        """The first `count` faults, for a page."""
        return list(Faults(self.frame.head(count)))

    def by_code(self) -> dict[str, int]:
        """How many faults of each kind, the most frequent first."""
        counted = self.frame.group_by("code").len().sort(["len", "code"], descending=[True, False])
        return dict(counted.iter_rows())

    @property
    def faulty_rows(self) -> int:
        """How many different rows have at least one fault."""
        return self.frame.get_column("row").n_unique()


def faults_where(
    frame: pl.DataFrame, where: pl.Expr, *, column: str, value: pl.Expr, reason: pl.Expr, code: pl.Expr
) -> Faults:
    """One fault for each row of `frame` (which has a column `row`) where the condition is true."""
    found = (
        frame.lazy()
        .filter(where)
        .select(
            pl.col("row").cast(pl.UInt32),
            pl.lit(column).alias("column"),
            value.cast(pl.String).fill_null("").str.slice(0, SHOWN_LENGTH).alias("value"),
            reason.alias("reason"),
            code.alias("code"),
        )
    )
    return Faults(found.collect())
