"""Metrics that reach the day of their retirement.

`sunsets_due(client=, today=) -> list[Metric]` · `sunset_next(client, now) -> datetime | None`
"""

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from django.urls import reverse

from governance.models import Metric, MetricStatus
from governance.services.problems import DefinitionError
from governance.services.registry import metric_status_set
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy.models import Client

RETIRABLE: Final = (MetricStatus.PROPOSED, MetricStatus.DEPRECATED)
AGAIN: Final = dt.timedelta(hours=12)


def sunsets_due(*, client: Client, today: dt.date) -> list[Metric]:
    """Retire every metric whose day has come; one that others are still built on stays, and its owner is told once a day."""
    retired = []
    for metric in Metric.objects.filter(sunset_on__lte=today, status__in=RETIRABLE).order_by("position"):
        reason = f"Its sunset was {metric.sunset_on}"
        try:
            retired.append(
                metric_status_set(
                    metric=metric, version=metric.version, step="retire", reason=reason, successor=metric.successor
                )
            )
        except DefinitionError as error:
            path = reverse("metric", kwargs={"client_slug": client.slug, "key": metric.key})
            notice_add(
                client=client, users=[metric.owner] if metric.owner else [], kind=Kind.CHANGE_WAITS, path=path,
                text=f"{metric.key} was to be retired on {metric.sunset_on}, and is not: {error}",
                key=f"sunset {metric.key} {today}",
            )  # fmt: skip
    return retired


def sunset_next(client: Client, now: dt.datetime) -> dt.datetime | None:
    """When a metric is to be retired next: at the beginning of its day where the client is; one that is late, in half a day."""
    days = Metric.objects.filter(sunset_on__isnull=False, status__in=RETIRABLE).order_by("sunset_on")
    day = days.values_list("sunset_on", flat=True).first()
    if day is None:
        return None
    return max(dt.datetime.combine(day, dt.time(), ZoneInfo(client.time_zone)), now + AGAIN)
