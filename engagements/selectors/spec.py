"""The technical specification as it stands, and whether the engineer's answer still is about exactly that."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from engagements.models import Engagement, Meeting, Participant, SpecAnswer, SpecSection, SpecVersion

HANDOFF_MEETING = "engineering-handoff"


@dataclass(frozen=True)
class SectionNow:
    """A section with its newest version, if there is one."""

    section: SpecSection
    version: SpecVersion | None


@dataclass(frozen=True)
class SpecNow:
    """All sections, the digest of what they say, the handoff meeting, and the engineer's last answer."""

    sections: tuple[SectionNow, ...]
    meeting: Meeting | None
    answer: SpecAnswer | None

    @property
    def read(self) -> list[dict[str, Any]]:
        """What somebody reads who reads it now: key, number and digest of each section."""
        return [
            {"key": each.section.key, "number": each.version.number, "sha256": each.version.sha256}
            for each in self.sections
            if each.version is not None
        ]

    @property
    def sha256(self) -> str:
        """The digest of the whole."""
        return hashlib.sha256(json.dumps(self.read, sort_keys=True).encode()).hexdigest()

    @property
    def not_ready(self) -> list[SectionNow]:
        """Sections that are not there for review."""
        return [
            each
            for each in self.sections
            if each.version is None or each.section.state not in {"in_review", "approved"}
        ]

    @property
    def is_accepted(self) -> bool:
        """Whether the engineer has accepted exactly this."""
        return (
            self.answer is not None
            and self.answer.is_accepted
            and self.answer.sha256 == self.sha256
            and bool(self.sections)
        )

    @property
    def changed_since(self) -> list[str]:
        """Names of the sections that have changed since the engineer's answer."""
        then = {row["key"]: row["sha256"] for row in self.answer.sections} if self.answer else {}
        return [
            each.section.name
            for each in self.sections
            if each.version and then.get(each.section.key) != each.version.sha256
        ]

    @property
    def sentence(self) -> str:
        """In one sentence, where the specification stands."""
        if not self.sections:
            return "The playbook brought no specification."
        if self.answer is None:
            count = len(self.not_ready)
            if count:
                return f"{count} of {len(self.sections)} sections are not ready for the engineer's review."
            return "Ready: the engineer has not answered yet."
        name = self.answer.by.get_full_name()
        if not self.answer.is_accepted:
            return f"{name} has returned it: {self.answer.note}"
        if not self.is_accepted:
            return (
                f"The acceptance by {name} no longer holds, because this changed: {', '.join(self.changed_since[:3])}."
            )
        return f"Accepted by {name}."


def spec_get(engagement: Engagement) -> SpecNow:
    """The specification of an engagement."""
    newest = {
        row.section_id: row
        for row in SpecVersion.objects.filter(engagement=engagement)
        .select_related("created_by")
        .order_by("section_id", "-number")
        .distinct("section_id")
    }
    sections = SpecSection.objects.filter(engagement=engagement).order_by("position")
    meeting = Meeting.objects.filter(engagement=engagement, key=HANDOFF_MEETING).first()
    answer = SpecAnswer.objects.filter(engagement=engagement).select_related("by").order_by("-pk").first()
    return SpecNow(tuple(SectionNow(row, newest.get(row.pk)) for row in sections), meeting, answer)


def is_engineer(engagement: Engagement, user: Any, role: str) -> bool:
    """Whether a person answers for the build: an engineer of the firm, or one by their role here."""
    mine = Participant.objects.filter(engagement=engagement, user=user, is_firm_staff=True).first()
    return mine is not None and (role == "engineer" or "engineer" in mine.project_role.lower())
