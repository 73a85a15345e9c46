"""The ARR bridge as a table: beginning, movements, effect of exchange rates, ending, and customer counts.

Source: ARR semantics, section 6. Every row ties to the cent: beginning + new + expansion + contraction + churn +
reactivation + fx = ending, and each row begins where the one of the month before ended.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from metrics.engine.arrays import Ints
from metrics.engine.tally import COUNTED, KINDS, RETAINED, Tally

TOTAL: Final = "total"
AMOUNTS: Final = ("beginning", *KINDS, "fx", "ending")
COUNTS: Final = ("customers_beginning", *COUNTED, "customers_ending")
BRIDGE_SCHEMA: Final = pl.Schema(
    {
        "dimension": pl.String(),
        "group": pl.String(),
        "month": pl.Int64(),
        **dict.fromkeys((*AMOUNTS, *COUNTS), pl.Int64()),
    }
)
RETENTION_SCHEMA: Final = pl.Schema(
    {"dimension": pl.String(), "group": pl.String(), "month": pl.Int64(), **dict.fromkeys(RETAINED, pl.Int64())}
)


def bridge_columns(tally: Tally) -> Ints:
    """The figures of a bridge as one array: ``AMOUNTS`` and ``COUNTS`` × shown month × group. FX is what the
    movements leave over.
    """
    beginning, ending = tally.ending[:-1], tally.ending[1:]
    fx = ending - beginning - tally.amounts.sum(axis=0)
    counts = tally.counts[list(COUNTED.values())]
    return np.concatenate(
        [
            beginning[None],
            tally.amounts,
            fx[None],
            ending[None],
            tally.customers[None, :-1],
            counts,
            tally.customers[None, 1:],
        ]
    )


def figures_frame(schema: pl.Schema, figures: dict[str, Ints], names: dict[str, pl.Series], first: int) -> pl.DataFrame:
    """Figures × month × group of each dimension as one frame, ordered by dimension, month and group; a row of zeros
    is left out.

    The total keeps every month. ``names`` holds the group names of each dimension in order.
    """
    dimensions: list[str] = []
    months, groups, cells = [], [], []
    for dimension, values in figures.items():
        flat = values.reshape(len(values), -1)
        rows = np.arange(flat.shape[1]) if dimension == TOTAL else np.flatnonzero(flat.any(axis=0))
        month, group = np.divmod(rows, max(values.shape[-1], 1))
        dimensions += [dimension] * len(rows)
        months.append(month + first)
        groups.append(names[dimension][group])
        cells.append(flat[:, rows])
    figure_columns = dict(zip(list(schema)[3:], np.concatenate(cells, axis=1), strict=True))
    keys = {"dimension": dimensions, "group": pl.concat(groups), "month": np.concatenate(months)}
    return pl.DataFrame(keys | figure_columns, schema=schema)
