"""What a client's programs are told of closed months.

`closes_emit(client=, event=, made=, bridges=)`
"""

from collections.abc import Sequence

import polars as pl

from metrics.engine.bridge import TOTAL
from metrics.models import MonthClose
from portal.lib.periods import month_format
from portal.tenancy.models import Client
from portal.webhooks.services.emitting import cents_text, webhook_emit


def closes_emit(*, client: Client, event: str, made: Sequence[MonthClose], bridges: Sequence[pl.DataFrame]) -> None:
    """One event for a month, with what each recognition ends at, exact, and the hash of all that was closed."""
    figures = [
        {
            "recognition": close.recognition,
            "revision": close.revision,
            "ending": cents_text(bridge.row(by_predicate=pl.col("dimension") == TOTAL, named=True)["ending"]),
            "content_sha256": close.content_hash,
        }
        for close, bridge in zip(made, bridges, strict=True)
    ]
    said = {
        "month": month_format(made[0].month),
        "currency": client.currency,
        "policy": made[0].policy.number,
        "figures": figures,
    }
    if event == "month.restated":
        said["reason"] = made[0].reason
    webhook_emit(client=client, event=event, data=said)
