"""The process that ends the portal's parts when `portal_run` is gone, however it went: `python -m portal.keeper`.

Its standard input is a pipe from `portal_run`, with a line `+<group>` or `-<group>` for each process group that begins or has
ended. The pipe's end is the parent's end, on every system and even after `kill -9`; what is left then is stopped, politely
first.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

PATIENCE = 5.0  # seconds between the polite and the hard stop


def main(lines: Iterable[str]) -> None:
    """Follow the parent until it is gone, then end what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in lines:
        change, group = line[0], int(line[1:])
        groups.add(group) if change == "+" else groups.discard(group)
    groups_end(groups)


def groups_end(groups: Iterable[int], patience: float = PATIENCE) -> None:
    """Stop every process of these groups: asked first, killed after `patience` seconds."""
    left = {group for group in groups if _send(group, signal.SIGTERM)}
    deadline = time.monotonic() + patience
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group for group in left if _send(group, 0)}
    for group in left:
        _send(group, signal.SIGKILL)


def _send(group: int, number: int) -> bool:
    """Whether the group still had somebody to be sent it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
        return True
    return False


if __name__ == "__main__":
    main(sys.stdin)
