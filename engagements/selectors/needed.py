"""What waits for a reader, as the pages of an engagement and a person's home show it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Needed:
    """One thing that waits for the reader; `page` is within the engagement's pages."""

    title: str
    text: str
    page: str
    action: str
    level: str = "waiting"
