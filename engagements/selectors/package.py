"""The documentation package: papers made from what the engagement and the client's data say now, never written by hand.

`paper_list(engagement) -> list[Paper]` · `paper_get(engagement, key) -> Paper | None` · `package_sha256(papers) -> str`

A paper says from what it is made, and what is missing where that is not there. Runs in the client's scope.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from engagements.models import Engagement
from engagements.selectors import package_data, package_rules
from engagements.selectors.package_parts import Part
from portal.tenancy import audit

Build = Callable[[Engagement], tuple[list[Part], list[str]]]


@dataclass(frozen=True)
class Paper:
    """A paper of the package: `source` says from what it is made, `missing` what it could not say."""

    key: str
    title: str
    source: str
    parts: tuple[Part, ...]
    missing: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The digest of all that it says."""
        return audit.digest(asdict(self))


PAPERS: Final[tuple[tuple[str, str, str, Build], ...]] = (
    ("policy", "ARR policy", "the signed policy and its signatures", package_rules.policy),
    ("quick-reference", "Quick reference", "the definitions and the policy in force", package_rules.quick_reference),
    ("data-model", "Data model", "the technical specification as accepted", package_data.data_model),
    ("integration", "Billing integration", "the technical specification and the sources as loaded", package_data.integration),
    ("dashboards", "Dashboard guide", "the specification and the components as built", package_data.dashboards),
    ("contract-entry", "Contract entry guide", "the specification and the portal's own columns", package_data.contract_entry),
    ("reconciliation", "Reconciliation procedure", "the maintenance and the last reconciliation", package_rules.reconciliation),
    ("troubleshooting", "Troubleshooting guide", "the engagement's playbook", package_rules.troubleshooting),
    ("faq", "FAQ", "questions that were answered and published", package_rules.faq),
    ("maintenance", "Maintenance schedule", "the engagement's playbook and who runs it", package_rules.maintenance),
    ("trainings", "Trainings and recordings", "trainings as planned and held", package_rules.trainings),
)  # fmt: skip


def paper_list(engagement: Engagement) -> list[Paper]:
    """Every paper, as it reads now."""
    return [made(engagement, *entry) for entry in PAPERS]


def paper_get(engagement: Engagement, key: str) -> Paper | None:
    """One paper, as it reads now."""
    return next((made(engagement, *entry) for entry in PAPERS if entry[0] == key), None)


def made(engagement: Engagement, key: str, title: str, source: str, build: Build) -> Paper:
    """A paper from its entry in the table."""
    parts, missing = build(engagement)
    return Paper(key, title, source, tuple(part for part in parts if part.says_something), tuple(missing))


def package_sha256(papers: list[Paper]) -> str:
    """The digest of the whole package: two that say the same have the same."""
    return audit.digest([[paper.key, paper.sha256] for paper in papers])
