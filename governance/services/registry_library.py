"""Metrics that the library has by now, taken into a registry that was started before: as proposals, and nothing else.

`library_take(client=, keys=, user=) -> list[Metric]`. What the library says otherwise of a metric that is there is asked for,
or written, on the pages of every other change. Runs in the client's scope.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from django.db import transaction

from governance.models import Metric, MetricHappening, MetricStatus
from governance.selectors.library_drift import missing_with_needs
from governance.selectors.registry import registry_get
from governance.services.problems import DefinitionError
from governance.services.registry import (
    metrics_store,
    name_check,
    record,
    registry_lock,
    require_room,
    together_check,
)
from portal.tenancy.models import Client

REASON: Final = "The library has it by now"


@transaction.atomic  # the page that says why it was refused leads on, which would keep what was stored before
def library_take(*, client: Client, keys: Iterable[str], user: Any = None) -> list[Metric]:
    """Propose metrics of the library that the registry lacks, with those that their formulas need. All of them or none.

    DefinitionError where none of them is lacking, a name is taken, or the registry has no room.
    """
    registry_lock(client)
    registry = registry_get(client)
    if not registry.entries:
        raise DefinitionError("start the registry first: it begins with everything that the library has")
    wanted = missing_with_needs(registry, list(keys))
    if not wanted:
        raise DefinitionError("the registry has these metrics already: look at it once more")
    require_room(len(wanted))
    proposed = tuple(replace(metric, status=MetricStatus.PROPOSED) for metric in wanted)
    made = metrics_store(proposed, client=client, user=user, kind=MetricHappening.PROPOSED, reason=REASON)
    after = registry_get(client)
    for metric, filed in zip(made, proposed, strict=True):
        name_check(after, filed.key, filed.content)
        together_check(after, filed.key, None)
        record(metric, "metric.proposed", None, filed.content, {"reason": REASON})
    return made
