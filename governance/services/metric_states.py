"""What may follow what in a metric's life: one table. Whatever is not in it is refused and changes nothing."""

from typing import Final

from governance.models import MetricStatus
from governance.services.problems import OutdatedError

STEPS: Final[dict[tuple[str, str], str]] = {
    (MetricStatus.PROPOSED, "activate"): MetricStatus.ACTIVE,
    (MetricStatus.PROPOSED, "retire"): MetricStatus.RETIRED,
    (MetricStatus.ACTIVE, "deprecate"): MetricStatus.DEPRECATED,
    (MetricStatus.DEPRECATED, "activate"): MetricStatus.ACTIVE,
    (MetricStatus.DEPRECATED, "retire"): MetricStatus.RETIRED,
}
STEP_WORDS: Final = {"activate": "Make it active", "deprecate": "Deprecate it", "retire": "Retire it"}


def steps_from(status: str) -> list[str]:
    """The steps that may follow a status."""
    return [step for state, step in STEPS if state == status]


def next_status(status: str, step: str) -> str:
    """The status after a step; OutdatedError where the step may not follow."""
    if (status, step) not in STEPS:
        raise OutdatedError(
            f"a metric that is {MetricStatus(status).label.lower()} cannot be changed so: look at it once more"
        )
    return STEPS[status, step]
