"""Child processes of `portal_run`: each in its own process group, with a log of limited size, none outliving its parent."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from portal.embedded.supervise import die_with_parent
from portal.keeper import groups_end

LOG_LIMIT = 10_000_000  # bytes; one older file is kept
DEATHS_LIMIT, DEATHS_SECONDS = 3, 60.0  # a part that ends more often than this is not started again


@dataclass
class Child:
    """One long-running part of the portal."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    patience: float = 3.0  # seconds between the polite and the hard stop
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it; its output goes to the log alone."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.started_at = time.monotonic()
        with self.log.open("ab") as log:
            log.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} {self.name} starts\n".encode())
            log.flush()
            self.process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                start_new_session=True,  # Ctrl-C reaches the parent alone, which stops the parts in order
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def keeps_ending(self) -> bool:
        """Count one more death; whether it is one too many to start the part again."""
        now = time.monotonic()
        self.deaths = [at for at in self.deaths if now - at < DEATHS_SECONDS] + [now]
        return len(self.deaths) > DEATHS_LIMIT

    def ask_to_stop(self) -> None:
        """The polite signal, without waiting for its effect."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self) -> None:
        """Wait for the effect of `ask_to_stop`, then end the whole group: whatever the part itself had started goes too."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(self.patience)
        with suppress(ProcessLookupError):  # as a rule nobody is left in the group
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def limit_log(self) -> None:
        """Keep the log below LOG_LIMIT: copied aside and cut, because its writer holds it open."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)

    def last_lines(self, count: int = 15) -> str:
        """The end of the log since the part was started."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 8000))
            text = log.read().decode(errors="replace")
        return "\n".join(text.split(f" {self.name} starts\n")[-1].strip().splitlines()[-count:])


class Crew:
    """The running parts, known to a keeper that ends them when this process is gone, and to a file for the next start."""

    def __init__(self, record: Path) -> None:
        self.record = record
        self.children: list[Child] = []
        command = [sys.executable, "-m", "portal.keeper"]
        self.keeper = subprocess.Popen(
            command, cwd=Path(__file__).parents[1], stdin=subprocess.PIPE, start_new_session=True
        )

    def start(self, child: Child) -> None:
        """Start a part, for the first time or again."""
        self.forget(child)
        child.start()
        if child not in self.children:
            self.children.append(child)
        self._tell("+", child)
        running = [part for part in self.children if part.process is not None]
        lines = [f"{part.process.pid}\t{' '.join(part.command)}\n" for part in running if part.process]
        self.record.write_text("".join(lines))

    def restart(self, child: Child) -> None:
        """End what is left of a part, at once, and start it again."""
        child.ask_to_stop()
        child.patience, patience = 0.5, child.patience
        child.stop()
        child.patience = patience
        self.start(child)

    def forget(self, child: Child) -> None:
        """A part's former group is gone; its number may come to be anybody's."""
        if child.process is not None:
            self._tell("-", child)

    def stop(self) -> None:
        """Stop all parts in reverse order, then let the keeper go."""
        for child in reversed(self.children):
            child.ask_to_stop()
        for child in reversed(self.children):
            child.stop()
            self.forget(child)
        if self.keeper.stdin is not None:
            with suppress(BrokenPipeError):
                self.keeper.stdin.close()
        self.keeper.wait()
        self.record.unlink(missing_ok=True)

    def _tell(self, change: str, child: Child) -> None:
        assert child.process is not None and self.keeper.stdin is not None
        with suppress(BrokenPipeError):  # without its keeper, a part still dies with its parent on Linux
            self.keeper.stdin.write(f"{change}{child.process.pid}\n".encode())
            self.keeper.stdin.flush()


def leftovers_end(record: Path) -> list[str]:
    """End what an earlier run left behind, and say which commands that were.

    A recorded group counts as ours only while a process in it still runs the recorded command.
    """
    if not record.exists():
        return []
    running = {(group, command) for group, command in groups_running()}
    recorded = [line.split("\t", 1) for line in record.read_text().splitlines() if "\t" in line]
    left = {int(group): command for group, command in recorded if (int(group), command) in running}
    groups_end(left)
    record.unlink(missing_ok=True)
    return list(left.values())


def groups_running() -> list[tuple[int, str]]:
    """The process group and command line of every process of this machine that we may see."""
    found = []
    if Path("/proc/self/stat").exists():
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it ended meanwhile
                command = process.joinpath("cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode()
                found.append((int(process.joinpath("stat").read_text().rsplit(")", 1)[1].split()[2]), command))
        return found
    said = subprocess.run(["ps", "-axo", "pgid=,command="], capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        group, _, command = line.strip().partition(" ")
        found.append((int(group), command.strip()))
    return found
