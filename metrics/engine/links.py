"""Which customers have to be computed together.

The book is a sum over customers, but a line may replace a line or contract of another customer (ARR semantics,
section 4), and then the one's recognition decides until when the other counts. *Follows* stays within one customer.
So the customers joined by replaces links, however long the chain, form one set: computing whole sets, and nothing
else, gives the same figures as computing everyone.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from metrics.engine.arrays import Bools, Ints, sorted_codes
from metrics.engine.chains import named_pairs
from metrics.engine.lines import unit_expression
from metrics.engine.names import Pairs


def affected_customers(
    lines: pl.DataFrame, customer_unit: str, *, customers: Iterable[str] = (), line_ids: Iterable[str] = ()
) -> set[str]:
    """The customers whose figures can change when the given customers or lines change: the closure over replaces
    links.

    ``lines`` needs the columns ``line_id, contract_id, customer_id, parent_customer_id, replaces_contract_id,
    replaces_line_id``; lines without a link in either direction may be left out. Give the lines as they are before
    **and** after the change (or call it for both and join the results), because a link that is removed had an effect
    too. Then

    bridge(all, after) = bridge(all, before) − bridge(affected, before) + bridge(affected, after)

    The customers given are in the result, also where they have no line. A link of a line that is not eligible is
    followed as well: the set may be larger than needed, never smaller.
    """
    units = lines.select(unit_expression(customer_unit).alias("unit"))["unit"]
    unit, names = sorted_codes(units)
    given = set(customers)
    marked = names.is_in(list(given)).to_numpy().copy()
    marked[unit[lines["line_id"].is_in(list(line_ids)).to_numpy()]] = True
    spread(marked, unit_links(lines, unit))
    return given | set(names.filter(pl.Series(marked)).to_list())


def unit_links(lines: pl.DataFrame, unit: Ints) -> Pairs:
    """The pairs of different customers of which one has a line that replaces a line of the other."""
    a, b = (unit[rows] for rows in named_pairs(lines, np.ones(lines.height, dtype=np.bool_)))
    return a[a != b], b[a != b]


def spread(marked: Bools, links: Pairs) -> None:
    """Marks everything linked to what is marked, until nothing more is found."""
    a, b = links
    while True:
        crossing = marked[a] != marked[b]
        if not crossing.any():
            return
        marked[a[crossing]] = marked[b[crossing]] = True
