"""The identity card of an engagement."""

from typing import Any

from engagements.models import Engagement
from engagements.services.changes import record_change
from engagements.services.moves import require_open
from engagements.services.problems import EngagementError

CARD = (
    "name", "kind", "starts_on", "ends_on", "deliverable", "success", "crm", "billing_system", "hypercare_from",
    "hypercare_until", "internal_note",
)  # fmt: skip


def card_update(*, engagement: Engagement, changes: dict[str, Any]) -> Engagement:
    """Change what the card says. EngagementError where dates run backwards."""
    engagement = Engagement.objects.select_related("client").get(pk=engagement.pk)
    require_open(engagement)
    before = {name: getattr(engagement, name) for name in CARD}
    changed = {name: value for name, value in changes.items() if name in CARD and before[name] != value}
    if not changed:
        return engagement
    for name, value in changed.items():
        setattr(engagement, name, value)
    for first, last, what in (
        ("starts_on", "ends_on", "the end"),
        ("hypercare_from", "hypercare_until", "hypercare's end"),
    ):
        begins, ends = getattr(engagement, first), getattr(engagement, last)
        if begins and ends and ends < begins:
            raise EngagementError(f"{what} lies before the beginning")
    engagement.save(update_fields=list(changed))
    open_part = sorted(set(changed) - {"internal_note"})
    record_change(
        engagement, "engagement.card_changed", about="engagement", about_id=engagement.pk, path="card/",
        text=f"changed {', '.join(name.replace('_', ' ') for name in open_part) or 'the internal note'} on the card",
        before={name: str(before[name]) for name in changed}, after={name: str(value) for name, value in changed.items()},
        is_internal=not open_part, details={"fields": sorted(changed)},
    )  # fmt: skip
    return engagement
