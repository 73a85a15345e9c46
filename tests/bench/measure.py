"""Running one measurement in a process of its own, and several against each other in turn.

A child does its preparations, times the one thing it is asked for, and reports its seconds and the peak of its memory. Rounds
alternate and change their order, so that a machine which is busy for a while is so for everybody.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MARK = "BENCH "
ENVIRONMENT = {"CELERY_BROKER_URL": "memory://", "DJANGO_SETTINGS_MODULE": "portal.settings"}


class ChildFailed(RuntimeError):
    """A measurement broke off; the message is its last words."""


@dataclass(frozen=True)
class Sample:
    """One run: seconds, and the most memory the process ever held, in MB."""

    seconds: float
    peak_mb: float | None = None


@dataclass(frozen=True)
class Timing:
    """Several runs of the same thing."""

    samples: tuple[Sample, ...]

    @property
    def seconds(self) -> float:
        return statistics.median(sample.seconds for sample in self.samples)

    @property
    def peak_mb(self) -> float | None:
        peaks = [sample.peak_mb for sample in self.samples if sample.peak_mb is not None]
        return max(peaks) if peaks else None


def child(call: str, **arguments: Any) -> dict[str, Any]:
    """Run `module:function` of this package in a fresh process and return what it reports, with its `peak_mb`."""
    command = [sys.executable, "-m", "tests.bench.child", call, json.dumps(arguments)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | ENVIRONMENT, capture_output=True, text=True)
    report = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    if done.returncode or not report:
        raise ChildFailed(f"{call} {arguments}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    found: dict[str, Any] = json.loads(report[-1].removeprefix(MARK))
    return found


def sampled(call: str, **arguments: Any) -> Callable[[], Sample]:
    """A contender for `alternate`: a child that reports `seconds`."""

    def run() -> Sample:
        report = child(call, **arguments)
        return Sample(report["seconds"], report["peak_mb"])

    return run


def alternate(contenders: Mapping[str, Callable[[], Sample]], rounds: int) -> dict[str, Timing]:
    """Every contender once a round, in an order that turns."""
    found: dict[str, list[Sample]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            found[name].append(contenders[name]())
    return {name: Timing(tuple(samples)) for name, samples in found.items()}


def peak_mb() -> float:
    """The most memory this process ever held. Linux tells it per program; elsewhere what `getrusage` says."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1000
    import resource

    scale = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
