"""The metrics beyond their alert threshold, on the home of whom that is told: until a next month is there, or it is back."""

from typing import Any

from django.urls import reverse

from governance.alert_words import beyond_words
from governance.models import AlertTold, MetricStatus
from governance.selectors.metric_alerts import Beyond, alerts_standing
from governance.selectors.metric_values import MetricValues
from portal.notices.audience import members_in, people_who
from portal.tenancy import permissions
from portal.tenancy.access import Standing
from portal.tenancy.models import ClientRole
from reporting.needs import SHOWN, Need


def metric_needs(standing: Standing, user: Any, locale: str, month: int | None) -> list[Need]:
    """The metrics that the reader was told of in the newest month; for whoever sees figures. One query where there are none."""
    if month is None:
        return []
    rows = AlertTold.objects.filter(month=month, metric__status=MetricStatus.ACTIVE).select_related("metric__owner")
    told = {row.metric.key: row.metric.owner for row in rows}
    own = [key for key, owner in told.items() if is_concerned(standing, user, owner)]
    if not own:
        return []
    values = MetricValues(standing.client)
    return [need_of(standing, each, values, locale) for each in alerts_standing(values, own, month)][:SHOWN]


def is_concerned(standing: Standing, user: Any, owner: Any) -> bool:
    """Whether the reader is whom an alert goes to: a metric's owner; RevOps, where nobody owns it who sees figures."""
    if owner is not None and owner in people_who(standing.client, permissions.VIEW_ARR):
        return bool(owner.pk == user.pk)
    return any(person.pk == user.pk for person in members_in(ClientRole.REVOPS))


def need_of(standing: Standing, found: Beyond, values: MetricValues, locale: str) -> Need:
    """One row: the metric, what it is, and what that is beyond."""
    url = reverse("metric", kwargs={"client_slug": standing.client.slug, "key": found.entry.key})
    words = beyond_words(found, standing.client.currency, locale, values.registry.labels)
    return Need(f"{found.entry.name} is beyond its alert threshold", f"{words}.", url, "Look at it", "refused")
