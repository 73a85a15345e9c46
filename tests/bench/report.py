"""What a run found, as Markdown: one row per target, and how cost grows with size."""

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("django", "polars", "numpy", "psycopg", "duckdb", "pandas")
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
HEADER = ("what", "size", "median", "against", "its median", "ratio", "target", "holds", "peak MB")


@dataclass(frozen=True)
class Target:
    """What the ratio has to be: `at most` own/peer, or at least peer/own (`faster`, or `its speed` for rows per second)."""

    kind: str
    value: float

    def ratio(self, own: float, peer: float) -> float:
        return own / peer if self.kind == "at most" else peer / own

    def holds(self, ratio: float) -> bool:
        return ratio <= self.value if self.kind == "at most" else ratio >= self.value

    def __str__(self) -> str:
        sign = "≤" if self.kind == "at most" else "≥"
        return f"{sign} {self.value:g} ×" + (" faster" if self.kind == "faster" else "")


@dataclass(frozen=True)
class Row:
    """One measurement beside its peer; seconds are medians. Without a peer it is shown for what it is."""

    what: str
    size: str
    seconds: float
    peer: str = ""
    peer_seconds: float | None = None
    target: Target | None = None
    peak_mb: float | None = None
    peak_limit_mb: float | None = None

    @property
    def ratio(self) -> float | None:
        if self.peer_seconds is None:
            return None
        return (self.target or Target("at most", 0)).ratio(self.seconds, self.peer_seconds)

    @property
    def holds(self) -> bool | None:
        """None where nothing was promised."""
        is_light = None
        if self.peak_mb is not None and self.peak_limit_mb is not None:
            is_light = self.peak_mb <= self.peak_limit_mb
        if self.target is None or self.ratio is None:
            return is_light
        return self.target.holds(self.ratio) and is_light is not False

    def cells(self) -> list[str]:
        ratio, peak = self.ratio, f"{self.peak_mb:,.0f}" if self.peak_mb is not None else ""
        return [
            self.what,
            self.size,
            time_text(self.seconds),
            self.peer,
            time_text(self.peer_seconds) if self.peer_seconds is not None else "",
            ratio_text(ratio) if ratio is not None else "",
            str(self.target) if self.target else "",
            {None: "", True: "yes", False: "**no**"}[self.holds],
            peak + (f" (≤ {self.peak_limit_mb:,.0f})" if self.peak_limit_mb is not None else ""),
        ]


@dataclass(frozen=True)
class Growth:
    """Seconds by size, one column per contender."""

    title: str
    sizes: tuple[int, ...]
    columns: dict[str, tuple[float, ...]]

    def markdown(self) -> str:
        head = ["lines"] + [text for name in self.columns for text in (name, "µs per line")]
        rows = []
        for place, size in enumerate(self.sizes):
            cells = [f"{size:,}"]
            for seconds in self.columns.values():
                cells += [time_text(seconds[place]), f"{seconds[place] / size * 1e6:,.2f}"]
            rows.append(cells)
        return f"**{self.title}**\n\n{table(head, rows)}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def time_text(seconds: float) -> str:
    """Seconds, or milliseconds where they are few, or microseconds where those are."""
    if seconds < 1e-4:
        return f"{seconds * 1e6:,.3g} µs"
    return f"{seconds:,.2f} s" if seconds >= 1 else f"{seconds * 1e3:,.3g} ms"


def ratio_text(ratio: float) -> str:
    return f"{ratio:,.0f} ×" if ratio >= 100 else f"{ratio:.3g} ×"


def results(rows: Sequence[Row], growths: Sequence[Growth], setting: str) -> str:
    """Everything a run found, as the generated part of the document."""
    tables = [table(HEADER, [row.cells() for row in rows]), *(growth.markdown() for growth in growths)]
    return "\n\n".join([setting, *tables])


def setting_text(command: str, postgres: str, load: Sequence[float]) -> str:
    """On what, with what and how it was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    loads = " and ".join(f"{one:.1f}" for one in load)
    return "\n".join(
        [
            f"- Measured: {datetime.now(UTC):%Y-%m-%d}, `{command}`",
            f"- Machine: {os.cpu_count()} cores, {memory:.0f} GiB, {cpu_model()}, {platform.system()} {platform.release()}",
            f"- Load average before and after (the bench alone makes about 1.5): {loads}",
            f"- Versions: Python {platform.python_version()}, PostgreSQL {postgres}, {packages}",
        ]
    )


def cpu_model() -> str:
    """The processor's name, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or sys.platform


def write(text: str) -> None:
    """Put the results of a run in their place in `docs/benchmarks.md`."""
    document = DOCUMENT.read_text(encoding="utf-8")
    before, rest = document.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
