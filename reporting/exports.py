"""The bridge as a file to take away, with exactly the columns of the worked cases (ARR semantics, section 8)."""

import csv
import io

from metrics.selectors.figures import BRIDGE_COLUMNS, Bridge
from portal.lib.spreadsheets import harmless


def bridge_csv(bridge: Bridge) -> str:
    """`month[,group],beginning … customers_ending`, exact to the cent, ordered by period and group.

    The first column is named after the grain (`quarter`, `year`). Where a closed month was corrected later, a last column
    `adjustment` holds what the row's sum needs; it is left out where there is none, so that the file equals that of the
    command line.
    """
    grouped = bridge.dimension != "total"
    names = [*BRIDGE_COLUMNS, *(["adjustment"] if any(row.adjustment for row in bridge.rows) else [])]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([bridge.grain, *(["group"] if grouped else []), *names])
    for row in bridge.rows:
        figures = [str(getattr(row, name)) for name in names]
        writer.writerow([row.period.key, *([harmless(row.group)] if grouped else []), *figures])
    return text.getvalue()
