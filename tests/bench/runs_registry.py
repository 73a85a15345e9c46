"""Reading the metric registry: a metric's definition by the version that holds in a month, against one row by the ORM."""

import time
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

from tests.bench import stage

ANEW = 200


def reads(name: str, count: int) -> dict[str, Any]:
    """Seconds for each read, in turn three times: of a registry at hand, of one read anew each time, and of one row by the ORM.

    `at_hand` includes reading the registry once for all of the reads, as a page does.
    """
    stage.open_database(name)
    from governance.models import MetricVersion
    from governance.selectors.registry import registry_get
    from governance.services.registry import registry_start
    from portal.tenancy.scope import tenant_context

    client = stage.client_get()
    with tenant_context(client):
        if not MetricVersion.objects.exists():  # the preview may have begun it in the same database
            registry_start(client=client)
        registry = registry_get(client)
        keys, month = list(registry.entries), registry.month

        def at_hand() -> None:
            held = registry_get(client)
            for key in islice(cycle(keys), count):
                version = held.entries[key].at(month)
                assert version is not None and version.content["formula"]

        def anew() -> None:
            for key in islice(cycle(keys), ANEW):
                version = registry_get(client).entries[key].at(month)
                assert version is not None and version.content["formula"]

        def one_row() -> None:
            for key in islice(cycle(keys), count):
                assert MetricVersion.objects.get(metric__key=key, number=1).content["formula"]

        return rounds_of({"at_hand": (at_hand, count), "anew": (anew, ANEW), "one_row": (one_row, count)})


def rounds_of(contenders: dict[str, tuple[Callable[[], None], int]], rounds: int = 3) -> dict[str, list[float]]:
    """Seconds for each read of every contender, in turn."""
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, (run, count) in contenders.items():
            start = time.perf_counter()
            run()
            found[name].append((time.perf_counter() - start) / count)
    return found
