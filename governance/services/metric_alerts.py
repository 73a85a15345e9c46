"""Telling of metrics that are beyond the threshold from which somebody is to be told.

`alerts_tell(client=) -> int` runs in the client's scope, at-least-once: a metric is told once for each month, by the key of its
notice; what was told is kept (`AlertTold`), because the figure may become another one.
"""

from collections.abc import Collection, Mapping

from django.urls import reverse

from governance.alert_words import beyond_words
from governance.models import AlertTold, Metric
from governance.selectors.metric_alerts import Beyond, beyond_list
from governance.selectors.metric_values import MetricValues, places_of, rounded
from governance.thresholds import threshold_read
from portal.lib.periods import month_format
from portal.notices.audience import members_in, people_who
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import VIEW_ARR


def alerts_tell(*, client: Client) -> int:
    """Tell of what is beyond its alert threshold in the newest month; gives how many were told of it.

    A metric's owner hears of it; where nobody owns it, or who does sees no figures of the whole client, its RevOps.
    """
    if not Metric.objects.exists():
        return 0
    values = MetricValues(client)
    if values.months is None:
        return 0
    newest, sees_figures = values.months[1], {user.pk for user in people_who(client, VIEW_ARR)}
    beyond = [each for each in beyond_list(values, newest, newest) if each.level == "alert"]
    return sum(alert_tell(client, each, values.registry.labels, sees_figures) for each in beyond)


def alert_tell(client: Client, found: Beyond, labels: Mapping[str, str], sees_figures: Collection[int]) -> int:
    """One notice of one metric in one month, which says its figure."""
    entry, month = found.entry, found.point.month
    owner = entry.metric.owner
    told = notice_add(
        client=client,
        users=[owner] if owner and owner.pk in sees_figures else members_in(ClientRole.REVOPS),
        kind=Kind.ALERT,
        text=f"{beyond_words(found, client.currency, client.locale, labels)}, its alert threshold",
        path=reverse("metric", kwargs={"client_slug": client.slug, "key": entry.key}),
        about=f"metric {entry.key}"[:60],
        key=f"alert {entry.key} {month}"[:120],
    )
    if told:
        alert_keep(client, found)
    return told


def alert_keep(client: Client, found: Beyond) -> None:
    """Keep what was told. The log has no figure: people read it who see none."""
    entry, point = found.entry, found.point
    about = {"version": found.version.number, "exact": str(point.exact), "threshold": threshold_then(client, found)}
    _, is_new = AlertTold.objects.get_or_create(
        client=client, metric=entry.metric, month=point.month, defaults={**about, "told_at": database_time()}
    )
    if is_new:
        audit.record("metric.alert_told", object_type="metric", object_id=entry.key, after=about,
                     details={"month": month_format(point.month), "threshold": about["threshold"]})  # fmt: skip


def threshold_then(client: Client, found: Beyond) -> str:
    """Where the threshold lay when it was told: the figure that was written, or what it came to in the month, as shown."""
    content, limit = found.version.content, found.verdict.limit
    if limit is None or threshold_read(content["alert_at"]).kind == "figure":
        return content["alert_at"]
    return f"{rounded(limit, places_of(content['unit'], client.currency)):f}"
