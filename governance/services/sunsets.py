"""Metrics whose last day is over: they are shown through their sunset day, and retired when the next one begins.

`sunsets_due(client=, today=) -> list[Metric]` · `sunset_next(client, now) -> datetime | None`
"""

import datetime as dt
from typing import Final

from django.urls import reverse

from governance.effect_words import metric_name
from governance.models import Metric, MetricStatus
from governance.selectors.registry import registry_get
from governance.services.problems import DefinitionError
from governance.services.registry import metric_status_set
from portal.lib.dates import date_text, time_zone
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy.models import Client

RETIRABLE: Final = (MetricStatus.PROPOSED, MetricStatus.DEPRECATED)
AGAIN: Final = dt.timedelta(hours=12)


def sunsets_due(*, client: Client, today: dt.date) -> list[Metric]:
    """Retire every metric whose last day is before `today`; one that others are built on stays, and its owner is told daily."""
    retired = []
    for metric in Metric.objects.filter(sunset_on__lt=today, status__in=RETIRABLE).order_by("position"):
        reason = f"It was last shown on {date_text(metric.sunset_on)}"
        try:
            retired.append(
                metric_status_set(
                    metric=metric, version=metric.version, step="retire", reason=reason, successor=metric.successor
                )
            )
        except DefinitionError as error:
            name = metric_name(registry_get(client), metric.key)
            path = reverse("metric", kwargs={"client_slug": client.slug, "key": metric.key})
            notice_add(
                client=client, users=[metric.owner] if metric.owner else [], kind=Kind.CHANGE_WAITS, path=path,
                text=f"The metric “{name}” was to be shown until {date_text(metric.sunset_on)}, and is not retired: {error}",
                key=f"sunset {metric.key} {today}",
            )  # fmt: skip
    return retired


def sunset_next(client: Client, now: dt.datetime) -> dt.datetime | None:
    """When a metric is to be retired next: as its last day ends where the client is; one that is late, in half a day."""
    days = Metric.objects.filter(sunset_on__isnull=False, status__in=RETIRABLE).order_by("sunset_on")
    day = days.values_list("sunset_on", flat=True).first()
    if day is None:
        return None
    over = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), time_zone(client.time_zone))
    return over if over > now else now + AGAIN
