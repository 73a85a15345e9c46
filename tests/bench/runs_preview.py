"""The impact of a change of the policy, as a worker computes it that has done so before: the whole preview, kept and committed.

`at_hand`: the lines are remembered from the preview before; `read_anew`: they are read from their copy as columns, as after
a change of the lines. Every round asks for another number of days, so that nothing computed is remembered.
"""

import time
from typing import Any

from tests.bench import stage

TERMS = (2, 3, 4, 5)  # months that no line is shorter than: every closed month stays, which takes longest to see
DAYS = (0, 10, 20, 40, 50, 60, 75, 90, 105, 120, 135, 150)


def preview(name: str, rounds: int) -> dict[str, Any]:
    """Seconds of each round, by whether the lines are at hand, and the size of the result as JSON."""
    stage.open_database(name)
    from governance.models import ChangePreview
    from governance.services.registry import registry_start
    from metrics.selectors import month_ends
    from portal.tenancy import audit
    from portal.tenancy.scope import tenant_context

    client = stage.client_get()
    with tenant_context(client):
        registry_start(client=client)
    found: dict[str, list[float]] = {"at_hand": [], "read_anew": []}
    for number in range(2 * rounds + 1):
        kind = "at_hand" if number % 2 else "read_anew"
        if kind == "read_anew":
            for memory in (month_ends.INPUTS, month_ends.SETTLED, month_ends.ENDS):
                memory.clear()
        seconds = timed(client, {"renewal_grace_days": DAYS[number % len(DAYS)]})
        if number:  # the first one warms up
            found[kind].append(seconds)
    with tenant_context(client):
        newest = ChangePreview.objects.order_by("-id").first()
        assert newest is not None and newest.state == "done", newest and newest.message
        return {**found, "bytes": len(audit.canonical(newest.result))}


def restating(name: str, rounds: int) -> dict[str, Any]:
    """Seconds of each round for a request that restates the closed months, of which it moves none; lines are at hand."""
    stage.open_database(name)
    from governance.services.registry import registry_start
    from portal.tenancy.scope import tenant_context
    from tests.bench.generate import LAST

    client = stage.client_get()
    with tenant_context(client):
        registry_start(client=client)
    terms = [TERMS[number % len(TERMS)] for number in range(rounds + 1)]
    wish = {"is_restating": True, "from_month": LAST - 11}
    seconds = [timed(client, {"minimum_term_months": months}, **wish) for months in terms]
    return {"seconds": seconds[1:]}  # the first one warms up


def timed(client: Any, parameters: dict[str, Any], **wish: Any) -> float:
    """Seconds from the job's begin to its commit."""
    from governance.services.change_preview import preview_run, preview_start
    from governance.services.changes import Wish, change_draft
    from portal.tenancy.scope import tenant_context

    with tenant_context(client):
        asked = Wish(title="Another rule", content={"parameters": parameters}, rationale="To see.", **wish)
        request = change_draft(client=client, kind="policy", wish=asked, user=None)
        started = preview_start(request=request, user=None)
    start = time.perf_counter()
    preview_run(client=client, preview_id=started.pk)
    return time.perf_counter() - start
