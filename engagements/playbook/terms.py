"""The closed sets of words that a playbook uses."""

from enum import StrEnum


class Weight(StrEnum):
    """How much of a project a phase is."""

    HEAVY = "heavy"
    MEDIUM = "medium"
    LIGHT = "light"


class EngagementKind(StrEnum):
    """One project, or a standing engagement of several."""

    SINGLE = "single"
    DEDICATED = "dedicated"


class CriterionKind(StrEnum):
    """How a gate knows that a criterion holds: a person says so, people signed, or the system computes it."""

    CONFIRMED = "confirmed"
    SIGNED = "signed"
    COMPUTED = "computed"


class SigningFunction(StrEnum):
    """For what of the client a person signs."""

    FINANCE = "finance"
    REVOPS = "revops"
    SALES = "sales"
    SUCCESS = "success"
    SPONSOR = "sponsor"
    OTHER = "other"


class DocumentKind(StrEnum):
    """What a document is for."""

    WORKING = "working"
    DELIVERABLE = "deliverable"
    TECHNICAL = "technical"
    TRAINING = "training"
    HANDOFF = "handoff"


class Cadence(StrEnum):
    """When a maintenance task is due."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    FIRST_CYCLE = "first_cycle"
    HALF_YEARLY = "half_yearly"


class TestKind(StrEnum):
    """Who tests."""

    __test__ = False

    TECHNICAL = "technical"
    CUSTOMER = "customer"


class Side(StrEnum):
    """Whose person plays a role."""

    FIRM = "firm"
    CLIENT = "client"


COMPUTED_CHECKS: dict[str, str] = {
    "terms_approved": "Every definition is approved by the functions that must approve it",
    "policy_signed": "The final policy is signed",
    "no_assumed_critical": "No critical definition is still an assumption",
    "samples_agree": "The sample contracts give the answers that Finance expects",
    "samples_provided": "Sample contracts are there to test with",
    "variance_within_tolerance": "CRM and billing agree within the tolerance for a closed month",
    "month_closed_and_reconciled": "One month end is closed and reconciled within the tolerance",
    "checklists_done": "Every checklist of the phase is done",
    "tasks_done": "Every task of the phase is done",
    "spec_accepted": "The engineer has accepted the specification as it stands",
    "components_built": "Every component is built",
    "tests_passed": "Every test has passed",
    "trainings_held": "Every training was held",
    "hypercare_over": "Hypercare is over",
    "no_critical_issue": "No critical issue is open",
    "documents_approved": "Every deliverable of the phase is approved",
    "maintenance_planned": "The maintenance schedule is there",
    "handoffs_accepted": "Both handoffs are accepted by whoever receives",
    "access_settled": "The firm's access is handed over, removed, or its end is decided",
    "time_final": "Time is booked and final",
}
"""What a gate can compute. The registry of engagements answers each; a playbook that names another is refused."""

MAINTENANCE_CHECKS: dict[str, str] = {
    "variance_within_tolerance": "CRM and billing lie no further apart than the threshold, in per cent",
    "accounts_reconciled": "No more accounts than the threshold differ between CRM and billing without an explanation",
    "failed_imports": "No failed import is open for longer than the threshold, in hours",
    "account_changes": "No account moves by more than the threshold, in the reporting currency, without a contract event",
    "expired_contracts": "No more contract lines than the threshold count past their end",
    "contract_sample": "As many contracts as the threshold says, drawn at random for a person to compare with their paper",
    "stale_rates": "The newest rate of every currency is no older than the threshold, in days",
    "dashboard_use": "At least the threshold, in per cent, of the executives opened a dashboard in the period",
}
"""What a maintenance check can compute, and what its threshold is a number of."""

TRIGGER_CHECKS: dict[str, str] = {
    "variance_repeated": "CRM and billing are further apart than the limit, in per cent, two month ends running",
    "new_product": "A product is sold that the signed policy's month did not know",
    "new_billing_source": "Another billing system delivers contract lines",
    "definition_disputed": "A definition is refused or opened again after it was signed",
}
"""What the system watches for as a reason to engage again."""

TEST_CHECKS: dict[str, str] = {
    "bridge_ties": "In every month of the book, beginning ARR and movements give ending ARR",
    "variance_within_tolerance": "CRM and billing agree within the tolerance for a closed month",
    "samples_agree": "The sample contracts give the answers that Finance expects",
    "snapshot_kept": "The newest month end that is over is closed, with its figures kept",
    "rates_there": "Every contract in another currency has a rate",
}
"""Tests that the system runs by itself. The registry of engagements answers each; a playbook that names another is refused."""
