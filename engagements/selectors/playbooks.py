"""Reading playbooks: the shipped ones and a firm's own."""

from dataclasses import dataclass
from datetime import datetime

from engagements.models import FirmPlaybook, PlaybookDraft, PlaybookVersion
from engagements.playbook.checks import playbook_from, tasks_of
from engagements.playbook.diff import Change, playbook_diff
from engagements.playbook.schema import Playbook
from engagements.shipped import shipped_playbooks
from portal.tenancy.models import Firm


@dataclass(frozen=True)
class PlaybookCard:
    """A playbook in a list; `version` is 0 for a shipped one."""

    key: str
    name: str
    summary: str
    version: int
    saved_at: datetime | None
    saved_by: str
    facts: tuple[tuple[str, int], ...]
    origin: str = ""
    has_draft: bool = False

    @property
    def is_shipped(self) -> bool:
        return self.version == 0


def playbook_facts(playbook: Playbook) -> tuple[tuple[str, int], ...]:
    """How much is in it, in the words of the page; what there is none of is left out."""
    counts = (
        ("phases", len(playbook.phases)),
        ("gates", len(playbook.gates)),
        ("milestones", len(playbook.milestones)),
        ("tasks", len(tasks_of(playbook))),
        ("meetings", len(playbook.meetings)),
        ("documents", len(playbook.documents)),
        ("components", len(playbook.components)),
        ("tests", len(playbook.tests)),
        ("trainings", len(playbook.trainings)),
        ("maintenance tasks", len(playbook.maintenance)),
    )
    return tuple((name if count > 1 else name.removesuffix("s"), count) for name, count in counts if count)


def shipped_list() -> list[PlaybookCard]:
    """The playbooks that come with the product."""
    return [
        PlaybookCard(each.key, each.name, each.summary, 0, None, "", playbook_facts(each))
        for each in shipped_playbooks().values()
    ]


def playbook_list(firm: Firm) -> list[PlaybookCard]:
    """The firm's own, each with its newest version."""
    versions = PlaybookVersion.objects.select_related("playbook", "created_by").filter(playbook__firm=firm)
    newest = versions.order_by("playbook__name", "playbook_id", "-number").distinct("playbook__name", "playbook_id")
    drafts = set(PlaybookDraft.objects.filter(playbook__firm=firm).values_list("playbook_id", flat=True))
    cards = []
    for version in newest:
        content = version_content(version)
        by = version.created_by.get_full_name() if version.created_by else ""
        row = version.playbook
        cards.append(
            PlaybookCard(
                row.key, row.name, content.summary, version.number, version.created_at, by,
                playbook_facts(content), row.origin, row.pk in drafts,
            )
        )  # fmt: skip
    return cards


def version_content(version: PlaybookVersion) -> Playbook:
    """The playbook that a version holds."""
    return playbook_from(version.content)


def playbook_get(firm: Firm, key: str) -> FirmPlaybook | None:
    """The firm's playbook of that key."""
    return FirmPlaybook.objects.filter(firm=firm, key=key).first()


def version_get(row: FirmPlaybook, number: int | None = None) -> PlaybookVersion | None:
    """One version, or the newest."""
    versions = row.versions.select_related("created_by", "playbook").order_by("-number")
    return versions.first() if number is None else versions.filter(number=number).first()


def versions_diff(before: PlaybookVersion, after: PlaybookVersion) -> list[Change]:
    """What the later of two versions changed."""
    return playbook_diff(version_content(before), version_content(after))
