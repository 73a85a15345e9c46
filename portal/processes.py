"""Child processes of `portal_run`: each in its own process group, with a log of limited size, dying with its parent."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from portal.embedded.supervise import die_with_parent

LOG_LIMIT = 10_000_000  # bytes; one older file is kept


@dataclass
class Child:
    """One long-running part of the portal."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    patience: float = 3.0  # seconds between the polite and the hard stop
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its output goes to the log alone."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
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
