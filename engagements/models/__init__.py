"""What engagements keep."""

from engagements.models.playbooks import FirmPlaybook, PlaybookVersion

__all__ = ["FirmPlaybook", "PlaybookVersion"]
