"""What a client's home lists under "Needs you now"."""

from dataclasses import dataclass
from typing import Final

SHOWN: Final = 8


@dataclass(frozen=True)
class Need:
    """One thing that waits for the reader."""

    title: str
    text: str
    url: str
    action: str
    level: str = "waiting"
