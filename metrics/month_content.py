"""What a close keeps of a month's figures, and the hash that tells whether a book still says so.

`month_content(series, settled) -> MonthContent`. No database here: a close stores it, a preview holds it against a close.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from metrics import repository
from metrics.engine.arrays import Ints
from metrics.engine.bridge import AMOUNTS, COUNTS, TOTAL
from metrics.engine.drill import Settled, settled_balances
from metrics.engine.series import FIGURES, Group
from metrics.engine.tally import RETAINED
from portal.tenancy import audit

RETAINED_AT: Final = len(AMOUNTS) + len(COUNTS)
MonthSeries = Mapping[Group, Ints]  # the figures of one month by dimension and group
Retention = dict[str, dict[str, dict[str, int]]]  # by dimension and group, groups without a base left out


@dataclass(frozen=True)
class MonthContent:
    """The bridge and the retention of a month by dimension and group, and who had how much; all in cents and customers."""

    bridge: pl.DataFrame
    retention: Retention
    balances: pl.DataFrame

    @property
    def ending(self) -> int:
        """The month-end ARR of the bridge."""
        return int(self.bridge.row(by_predicate=pl.col("dimension") == TOTAL, named=True)["ending"])

    @property
    def content_hash(self) -> str:
        """sha256 of all of it."""
        parts = [
            repository.frame_digest(self.bridge, "dimension", "group"),
            repository.frame_digest(self.balances, "customer", "product", "currency"),
            audit.digest(self.retention),
        ]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def month_content(series: MonthSeries, settled: Settled | None) -> MonthContent:
    """What a close keeps of a month: `series` are its figures in a book, `settled` its lines (None: nobody had ARR yet).

    Groups without any figure are left out; the total stays.
    """
    at: dict[Group, Ints] = {(TOTAL, ""): np.zeros(len(FIGURES), dtype=np.int64)}
    at |= {key: values for key, values in series.items() if key == (TOTAL, "") or values.any()}
    bridge = pl.DataFrame(
        [[*key, *values[:RETAINED_AT].tolist()] for key, values in sorted(at.items())],
        schema={"dimension": pl.String, "group": pl.String, **dict.fromkeys((*AMOUNTS, *COUNTS), pl.Int64)},
        orient="row",
    )
    return MonthContent(bridge, retention_of(at), no_balances() if settled is None else settled_balances(settled))


def retention_of(at: MonthSeries) -> Retention:
    """Retention by dimension and group, groups without a base left out."""
    kept: Retention = {}
    for (dimension, group), values in sorted(at.items()):
        if values[RETAINED_AT:].any():
            named = dict(zip(RETAINED, values[RETAINED_AT:].tolist(), strict=True))
            kept.setdefault(dimension, {})[group] = named
    return kept


def no_balances() -> pl.DataFrame:
    """No balance, in the columns of `customer_balances`."""
    text = dict.fromkeys(("customer", "product", "currency"), pl.String())
    return pl.DataFrame(schema={**text, "local_cents": pl.Int64(), "reporting_cents": pl.Int64()})
