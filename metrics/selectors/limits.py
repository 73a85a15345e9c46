"""From which size on something deserves a look: by the client’s definition where it is confirmed, else as its monitor is set.

`limit_of(monitor) -> Limit` · `changes_limit(otherwise) -> Limit` — how far an account may move without a contract event

Monitors and the checks of maintenance ask here, so that both go by one figure and say where it comes from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from metrics.models import QualityMonitor

UNEXPLAINED: Final = "unexplained"


@dataclass(frozen=True)
class Limit:
    """An amount, and who says so: words that follow a comma."""

    amount: Decimal
    source: str


# By code of a monitor what the client has defined, if it has; named at start-up by the app that keeps the definitions.
DEFINED: Final[dict[str, Callable[[], Limit | None]]] = {}


def defined_limit(code: str) -> Limit | None:
    """What the client in scope has defined for a monitor; None where nothing is confirmed."""
    ask = DEFINED.get(code)
    return ask() if ask is not None else None


def limit_of(monitor: QualityMonitor) -> Limit:
    """The limit that a monitor looks by."""
    return defined_limit(monitor.code) or Limit(monitor.threshold, "as the monitor is set")


def changes_limit(otherwise: Decimal) -> Limit:
    """By how much an account may move without a contract event; `otherwise` before there are definitions and monitors."""
    monitor = QualityMonitor.objects.filter(code=UNEXPLAINED).first()
    if monitor is not None:
        return limit_of(monitor)
    return defined_limit(UNEXPLAINED) or Limit(otherwise, "as the playbook has it")
