"""Which measurements there are: each section measures Tieout and its peers in turn and returns rows and growth."""

import os
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.measure import Sample, Timing, alternate, child, sampled
from tests.bench.report import Growth, Row, Target
from tests.bench.stage import Stages

Found = tuple[list[Row], list[Growth]]


@dataclass(frozen=True)
class Scale:
    """How much is measured. `spines` are the sizes at which the slow peers run, `imports` those of the import."""

    engine: tuple[int, ...] = (10_000, 30_000, 100_000, 300_000, 1_000_000)
    spines: tuple[int, ...] = (100_000,)
    imports: tuple[int, ...] = (10_000, 30_000, 100_000)
    changes: tuple[int, ...] = (1_000, 10_000, 100_000)
    previews: tuple[int, ...] = (10_000, 100_000)
    reads: int = 10_000
    page: int = 100_000
    clients: int = 500
    crowd_lines: int = 100
    rounds: int = 3
    changes_each: int = 25
    requests: int = 40


PREVIEWED = 100_000  # lines: of so many a preview takes less than a second

QUICK = Scale((10_000,), (10_000,), (10_000,), (1_000, 10_000), (10_000,), 500, 10_000, 20, 100, 3, 10, 20)
FULL = Scale(spines=(100_000, 1_000_000), imports=Scale.engine, previews=(10_000, 100_000, 1_000_000), rounds=3)


def engine(stages: Stages, scale: Scale) -> Found:
    """The engine in memory against event SQL in DuckDB, and against the least that any way has to do."""
    columns: dict[str, list[float]] = {"Tieout": [], "DuckDB events": [], "DuckDB limit": []}
    rows: list[Row] = []
    for size in scale.engine:
        stages.say(f"engine and DuckDB, {size:,} lines")
        folder = str(stages.frames(size))
        calls = dict(zip(columns, ("tieout", "duckdb_events", "duckdb_limit"), strict=True))
        contenders = {name: sampled(f"runs_engine:{call}", folder=folder) for name, call in calls.items()}
        timings = alternate(contenders, scale.rounds)
        for name, timing in timings.items():
            columns[name].append(timing.seconds)
        if size == max(scale.engine):
            own = timings["Tieout"]
            for name, target in (("DuckDB events", Target("at most", 2)), ("DuckDB limit", None)):
                peer = timings[name]
                peer_text = (
                    f"{name.replace('events', 'event SQL').replace('limit', 'one group-by')} ({peer.peak_mb:,.0f} MB)"
                )
                rows.append(row("engine in memory, full policy", size, own, peer_text, peer, target))
    measured = {name: tuple(seconds) for name, seconds in columns.items()}
    return rows, [Growth("Engine in memory, 60 months", scale.engine, measured)]


def rebuild(stages: Stages, scale: Scale) -> Found:
    """A stored book from database to database, against the month spine in PostgreSQL and in pandas."""
    rows: list[Row] = []
    for size in scale.spines:
        name, folder = stages.database(size, with_simple=True), str(stages.frames(size))
        stages.say(f"rebuild and month spines, {size:,} lines")
        own, spine, pandas = "Tieout", "month spine in PostgreSQL", "month spine in pandas"
        contenders = {
            own: sampled("runs_rebuild:rebuild", name=name),
            spine: sampled("runs_rebuild:spine", name=name),
            pandas: sampled("runs_engine:pandas_spine", folder=folder),
            "rows": sampled("runs_rebuild:rebuild_from_rows", name=name),
            "all": sampled("runs_rebuild:rebuild_all", name=name),
        }
        timings = alternate(contenders, scale.rounds)
        limit = 1000 if size >= 1_000_000 else None
        what = "rebuild, database to database"
        rows.append(row(what, size, timings[own], spine, timings[spine], Target("faster", 15), limit))
        peer_text = f"{pandas} ({timings[pandas].peak_mb:,.0f} MB)"
        rows.append(row(what, size, timings[own], peer_text, timings[pandas], Target("faster", 8)))
        rows.append(row("the same, lines read from their table", size, timings["rows"], spine, timings[spine]))
        rows.append(row("the same for ARR, CARR and LARR", size, timings["all"]))
    return rows, []


def change(stages: Stages, scale: Scale) -> Found:
    """Ten contracts change, until everything the dashboard reads is right and committed."""
    rows: list[Row] = []
    for size in scale.changes:
        name = stages.database(size, with_books=True)
        stages.say(f"10 contracts of {size:,} lines change")
        report = child("runs_change:change", name=name, rounds=scale.changes_each)
        patch, update = (statistics.median(report[name]) for name in ("patch", "update"))
        what, peer = "10 contracts change, books patched", "UPDATE + COMMIT of the 10 rows"
        target = Target("at most", 10)
        rows.append(Row(what, f"{size:,} lines", patch, peer, update, target, report["peak_mb"]))
    return rows, []


def preview(stages: Stages, scale: Scale) -> Found:
    """What a change of the policy would do: the job from its begin to its commit, against the second that it may take."""
    columns: dict[str, list[float]] = {"lines at hand": [], "lines read anew": []}
    rows: list[Row] = []
    for size in scale.previews:
        name = stages.database(size, with_books=True)
        stages.say(f"preview of a policy change, {size:,} lines")
        report = child("runs_preview:preview", name=name, rounds=scale.rounds)
        at_hand, anew = (statistics.median(report[kind]) for kind in ("at_hand", "read_anew"))
        columns["lines at hand"].append(at_hand)
        columns["lines read anew"].append(anew)
        told = f"{size:,} lines, {report['bytes'] // 1000} KB kept"
        target = Target("at most", 1) if size == PREVIEWED else None
        what = "preview of a policy change, whole job"
        rows.append(Row(what, told, at_hand, "one second", 1.0, target, report["peak_mb"]))
        rows.append(Row(f"{what}, lines read anew", told, anew, "one second", 1.0, target, report["peak_mb"]))
        if size == PREVIEWED:
            rows.append(restating(stages, size, scale.rounds))
    measured = {name: tuple(seconds) for name, seconds in columns.items()}
    return rows, [Growth("Preview of a policy change", scale.previews, measured)]


def restating(stages: Stages, size: int, rounds: int) -> Row:
    """The same where twelve months are closed, which the request would restate and of which it moves none."""
    name = stages.database(size, with_books=True, with_closes=True)
    stages.say(f"preview of a restating change, {size:,} lines")
    report = child("runs_preview:restating", name=name, rounds=rounds)
    seconds, what = statistics.median(report["seconds"]), "preview of a change that restates twelve closed months"
    return Row(what, f"{size:,} lines", seconds, "one second", 1.0, Target("at most", 1), report["peak_mb"])


def registry(stages: Stages, scale: Scale) -> Found:
    """A metric's definition with its version in a month: from a registry read once, and read anew each time."""
    name = stages.database(1_000, with_books=True)
    stages.say(f"{scale.reads:,} reads of the registry")
    report = child("runs_registry:reads", name=name, count=scale.reads)
    seconds = {kind: statistics.median(report[kind]) for kind in ("at_hand", "anew", "one_row")}
    peer, size = "one row by the ORM", f"{scale.reads:,} reads"
    return [
        Row(
            "registry read, registry read once",
            size,
            seconds["at_hand"],
            peer,
            seconds["one_row"],
            None,
            report["peak_mb"],
        ),
        Row(
            "registry read, registry read each time",
            size,
            seconds["anew"],
            peer,
            seconds["one_row"],
            None,
            report["peak_mb"],
        ),
    ], []


def imports(stages: Stages, scale: Scale) -> Found:
    """A file with validation: first, exported anew with no line changed, and the very same file again; against COPY of
    the same file into a table without an index. The first also with the rows that a job writes after it, against COPY and
    INSERT into a table with the same trees.
    """
    names = ("first", "rows afterwards", "anew", "again", "COPY", "COPY + INSERT")
    columns: dict[str, list[float]] = {name: [] for name in names}
    rows: list[Row] = []
    for size in scale.imports:
        stages.say(f"import and COPY, {size:,} lines")
        timings = import_rounds(stages, size, scale.rounds)
        for name, timing in zip(columns, timings, strict=True):
            columns[name].append(timing.seconds)
        first, afterwards, anew, again, copy, insert = timings
        if size in (100_000, 1_000_000, max(scale.imports)):
            for what, timing, least in (
                ("import with validation, first", first, 0.25),
                ("import, the same lines in another order", anew, 0.4),
                ("import, the very same file", again, 0.4),
            ):
                rows.append(row(what, size, timing, "COPY, no index", copy, Target("its speed", least)))
            whole = added(first, afterwards)
            rows.append(row("first import and its rows", size, whole, "COPY + INSERT, the same trees", insert))
    measured = {name: tuple(seconds) for name, seconds in columns.items()}
    return rows, [Growth("Import of a CSV file with validation", scale.imports, measured)]


def added(one: Timing, other: Timing) -> Timing:
    """Both, one after the other, round by round."""
    pairs = zip(one.samples, other.samples, strict=True)
    return Timing(tuple(Sample(a.seconds + b.seconds, a.peak_mb) for a, b in pairs))


def import_rounds(stages: Stages, size: int, rounds: int) -> list[Timing]:
    """First, the rows after it, anew, again, COPY, and COPY with INSERT; each round in a fresh database, the peers before or
    after in turn.
    """
    folder, reports = str(stages.frames(size)), []
    for number in range(rounds):
        name = stages.own(f"tieout_bench_{os.getpid()}_import_{size}_{number}")
        reports.append(child("runs_import:round_of", name=name, folder=folder, copy_first=number % 2 == 0))
    parts = ("first", "rows", "anew", "again", "copy", "insert")
    return [Timing(tuple(Sample(report[part], report["peak_mb"]) for report in reports)) for part in parts]


def page(stages: Stages, scale: Scale) -> Found:
    """The ARR page against the least page of the app, and against itself with many more clients in the database."""
    alone = stages.database(scale.page, with_books=True)
    many = stages.own(f"{alone}_crowd")
    stages.say(f"preparing a database with {scale.clients} clients")
    child("runs_page:crowd", name=many, source=alone, clients=scale.clients - 1, size=scale.crowd_lines)
    closed = stages.database(scale.page, with_books=True, with_closes=True)
    stages.say(f"the ARR page of {scale.page:,} lines")
    report = child("runs_page:pages", names=[alone, many, closed], requests=scale.requests, rounds=scale.rounds)
    seconds, size = report["seconds"], f"{scale.page:,} lines, {report['bytes'] // 1000} KB"
    least = statistics.median(seconds[alone]["one query"])
    peer = "p50 of a one-query page"
    rows = []
    kinds = (("drawn", "numbers just changed"), ("remembered", "asked again"))
    for name, more in ((alone, ""), (closed, ", twelve months closed")):
        for kind, said in kinds:
            for share, target in ((50, 15), (95, 30)):
                what, own = f"ARR page{more}, {said}, p{share}", percentile(seconds[name][kind], share)
                rows.append(Row(what, size, own, peer, least, Target("at most", target), report["peak_mb"]))
    for kind, said in kinds:
        own, other = (percentile(seconds[name][kind], 50) for name in (many, alone))
        what = f"ARR page, {said}, {scale.clients} clients in the database"
        rows.append(Row(what, size, own, "1 client in the database", other, Target("at most", 1.2)))
    return rows, []


def percentile(values: list[float], share: int) -> float:
    """The value below which `share` percent lie."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def row(
    what: str,
    size: int,
    own: Timing,
    peer: str = "",
    peer_timing: Timing | None = None,
    target: Target | None = None,
    limit_mb: float | None = None,
) -> Row:
    """A row from two timings."""
    peer_seconds = peer_timing.seconds if peer_timing else None
    return Row(what, f"{size:,} lines", own.seconds, peer, peer_seconds, target, own.peak_mb, limit_mb)


SECTIONS: dict[str, Callable[[Stages, Scale], Found]] = {
    "engine": engine,
    "rebuild": rebuild,
    "change": change,
    "preview": preview,
    "registry": registry,
    "import": imports,
    "page": page,
}
