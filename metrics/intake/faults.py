"""Named faults: which row, which column, what stands there, why it is refused.

They live in a frame. The first `NAMED` are named; a file with more is wrong in kind, and of the rest only rows and kinds are
counted: naming a million would cost minutes, and nobody reads them.
Row 0 means the file (or the mapping) as a whole, row 1 is the header, the first line of data is row 2.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

SCHEMA: Final = pl.Schema(
    {"row": pl.UInt32, "column": pl.String, "value": pl.String, "reason": pl.String, "code": pl.String}
)
SHOWN_LENGTH: Final = 80
NAMED: Final = 10_000


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
    """The faults of a file: `frame` names the first, ordered by row; `more` counts the others by code, in `more_rows`.

    The count is always complete.
    """

    frame: pl.DataFrame
    more: Mapping[str, int] = field(default_factory=dict)
    more_rows: pl.Series = field(default_factory=lambda: pl.Series("row", [], pl.UInt32))

    @classmethod
    def of(cls, *faults: Fault) -> "Faults":
        """The given faults."""
        rows = [(fault.row, fault.column, fault.value, fault.reason, fault.code) for fault in faults]
        return cls(pl.DataFrame(rows, schema=SCHEMA, orient="row"))

    @classmethod
    def joined(cls, parts: "Iterable[Faults]") -> "Faults":
        """All parts as one, ordered by row; faults of one row keep the order of the parts."""
        found = [part for part in parts if len(part)]
        if not found:
            return cls.of()
        frame = pl.concat(part.frame for part in found).sort("row", maintain_order=True)
        more = sum((Counter(part.more) for part in found), Counter(frame[NAMED:]["code"].to_list()))
        rows = pl.concat([frame[NAMED:]["row"], *(part.more_rows for part in found)])
        return cls(frame.head(NAMED), more, rows.unique())

    def __len__(self) -> int:
        return self.frame.height + self.unnamed

    @property
    def unnamed(self) -> int:
        """How many are counted only."""
        return sum(self.more.values())

    def __iter__(self) -> Iterator[Fault]:
        return (Fault(*row) for row in self.frame.iter_rows())

    def first(self, count: int) -> list[Fault]:
        """The first `count` faults, for a page."""
        return list(Faults(self.frame.head(count)))

    def by_code(self) -> dict[str, int]:
        """How many faults of each kind, the most frequent first."""
        counted = Counter(self.frame["code"].to_list()) + Counter(self.more)
        return dict(sorted(counted.items(), key=lambda each: (-each[1], each[0])))

    @property
    def rows(self) -> pl.Series:
        """The rows that have at least one fault, each once."""
        return pl.concat([self.frame["row"], self.more_rows]).unique()

    @property
    def faulty_rows(self) -> int:
        """How many different rows have at least one fault."""
        return len(self.rows)


class FaultList:
    """Faults that are found one by one, in the order of their rows."""

    def __init__(self) -> None:
        self.named: list[Fault] = []
        self.more: Counter[str] = Counter()
        self.more_rows = array("I")

    def add(self, fault: Fault) -> None:
        """One more, named as long as there is room."""
        if self.is_full:
            self.count(fault.row, fault.code)
        else:
            self.named.append(fault)

    def count(self, row: int, code: str) -> None:
        """One more that is not named."""
        self.more[code] += 1
        self.more_rows.append(row)

    @property
    def is_full(self) -> bool:
        """Whether further faults are counted only."""
        return len(self.named) >= NAMED

    def joined(self) -> Faults:
        """All of them."""
        return Faults(
            Faults.of(*self.named).frame, self.more, pl.Series("row", np.frombuffer(self.more_rows, np.uint32))
        )


def faults_where(
    frame: pl.DataFrame, where: pl.Expr, *, column: str, value: pl.Expr, reason: pl.Expr, code: pl.Expr
) -> Faults:
    """One fault for each row of `frame` (which has a column `row`) where the condition is true."""
    if not frame.lazy().filter(where).select("row").collect().height:
        return Faults.of()
    found = frame.filter(where)
    first = found.head(NAMED).select(
        pl.col("row").cast(pl.UInt32),
        pl.lit(column).alias("column"),
        value.cast(pl.String).fill_null("").str.slice(0, SHOWN_LENGTH).alias("value"),
        reason.alias("reason"),
        code.alias("code"),
    )
    rest = found.slice(NAMED)
    counted = rest.select(code.alias("code"), "row").group_by("code").len() if rest.height else rest
    more = dict(counted.iter_rows()) if rest.height else {}
    return Faults(first, more, rest["row"].cast(pl.UInt32))
