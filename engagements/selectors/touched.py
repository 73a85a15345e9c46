"""What a change of the policy touches of what is looked at after a project. Runs in the client's scope.

`maintenance_touched(touching) -> list[dict]` is one of `governance.selectors.change_impact_touched.TOUCHERS`.
"""

from typing import Any, Final

from engagements.models import MaintenanceCheck
from governance.selectors.change_impact_touched import Touching, touched_row

BY_ARR: Final = ("variance_within_tolerance", "accounts_reconciled", "account_changes", "expired_contracts")
"""The checks that are computed of ARR under the policy in force (`engagements.selectors.maintenance_checks`)."""


def maintenance_touched(touching: Touching) -> list[dict[str, Any]]:
    """The open checks that the new rule will be computed by, of each task the one that is due first."""
    if not touching.parameters:
        return []
    following: dict[tuple[int, str], MaintenanceCheck] = {}
    for check in MaintenanceCheck.objects.filter(state="open", check_key__in=BY_ARR).order_by("due_on", "pk"):
        following.setdefault((check.engagement_id, check.task_key), check)
    return [
        touched_row(
            "check", check.name, "It is computed of ARR, and so by what holds on its day.", "maintenance_check",
            engagement_id=check.engagement_id, check_id=check.pk,
        )
        for check in following.values()
    ]  # fmt: skip
