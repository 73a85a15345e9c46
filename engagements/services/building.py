"""Components: who builds them, what comes first, what stands in the way, and the time that they take."""

from datetime import date
from typing import Any

from engagements.models import Component, Engagement, Participant, Risk, TimeEntry
from engagements.playbook.order import cycle_in
from engagements.services.changes import record_change
from engagements.services.conversation import risk_add
from engagements.services.moves import require_open
from engagements.services.problems import EngagementError
from engagements.services.tasks import time_entry
from engagements.services.telling import owner_tell


def component_plan(*, component: Component, owner: Participant | None, needs: list[int], note: str) -> Component:
    """Say who builds a component, which components come first, and what is worth knowing about it.

    EngagementError where the owner is of elsewhere or of the client, or components would wait for each other.
    """
    engagement = component.engagement
    require_open(engagement)
    # Two people changing one component each must not close a circle together: the engagement is locked while it is looked at.
    Engagement.objects.select_for_update().get(pk=engagement.pk)
    component = Component.objects.select_related("engagement__client").get(pk=component.pk)
    if owner is not None and (owner.engagement_id != engagement.pk or not owner.is_firm_staff):
        raise EngagementError("a consultant on this engagement builds it")
    graph: dict[int, list[int]] = {
        row.number: list(row.needs) for row in Component.objects.filter(engagement=engagement)
    }
    if unknown := set(needs) - graph.keys():
        raise EngagementError(f"there is no component {', '.join(map(str, sorted(unknown)))}")
    graph[component.number] = sorted(set(needs))
    if circle := cycle_in(graph):
        raise EngagementError(f"they would wait for each other: {' → '.join(map(str, circle))}")
    had = component.owner_id
    before = {"owner": str(component.owner or ""), "needs": component.needs, "note": component.note}
    component.owner, component.needs, component.note = owner, graph[component.number], note
    after = {"owner": str(owner or ""), "needs": component.needs, "note": note}
    if before == after:
        return component
    component.save(update_fields=["owner", "needs", "note"])
    record_change(
        engagement, "component.planned", about="component", about_id=component.pk, path=f"build/{component.pk}/",
        text=f"changed the plan of {component}", before=before, after=after,
    )  # fmt: skip
    if owner is not None and owner.pk != had:
        owner_tell(
            engagement=engagement, owner=owner, text=f"Component {component}", page=f"build/{component.pk}/",
            about=f"component {component.pk}",
        )  # fmt: skip
    return component


def component_block(*, component: Component, title: str, severity: str, owner: Participant | None = None) -> Risk:
    """Say what stands in the way of a component: it cannot be built before the blocker is closed."""
    if component.state in {"built", "verified"}:
        raise EngagementError("it is built: open it again first")
    return risk_add(
        engagement=component.engagement, kind="blocker", severity=severity, title=title, owner=owner, about="component",
        about_id=component.pk,
    )  # fmt: skip


def component_time_add(*, component: Component, user: Any, minutes: int, day: date, note: str = "") -> TimeEntry:
    """Log time on a component: the firm's own, which no one of the client sees."""
    return time_entry(
        engagement=component.engagement, on={"component": component}, user=user, minutes=minutes, day=day, note=note,
        about="component", path=f"build/{component.pk}/",
    )  # fmt: skip
