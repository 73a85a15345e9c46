"""`make bench`: times Tieout against the usual ways to do the same, in one run on one machine.

`python -m tests.bench` takes minutes, `--full` also runs the slow peers at a million lines, `--quick` only shows that
everything works. A run of all sections but a quick one writes its tables into `docs/benchmarks.md`.
"""

import argparse
import os
import sys
import time
from dataclasses import replace

from tests.bench import plan, report, stage


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Time Tieout against its peers.")
    how_much = parser.add_mutually_exclusive_group()
    how_much.add_argument("--full", action="store_true", help="the slow peers and the import at 1,000,000 lines too")
    how_much.add_argument("--quick", action="store_true", help="small sizes, to see that it works; writes nothing")
    parser.add_argument("--only", choices=plan.SECTIONS, action="append", help="a section; writes nothing (repeatable)")
    parser.add_argument(
        "--sizes", help="lines of engine, rebuild, import and preview, such as 10000,100000; writes nothing"
    )
    parser.add_argument("--rounds", type=int, help="how often each is measured (3)")
    return parser.parse_args()


def scale_of(given: argparse.Namespace) -> plan.Scale:
    """How much was asked for."""
    scale = plan.QUICK if given.quick else plan.FULL if given.full else plan.Scale()
    if given.sizes:
        sizes = tuple(int(size) for size in given.sizes.split(","))
        scale = replace(scale, engine=sizes, spines=sizes, imports=sizes, previews=sizes)
    return replace(scale, rounds=given.rounds) if given.rounds else scale


def say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Measure, print, write; 1 where a target was missed."""
    given, load = arguments(), [os.getloadavg()[0]]
    rows: list[report.Row] = []
    growths: list[report.Growth] = []
    with stage.Stages(say) as stages:
        postgres = stage.server_version()
        for name in given.only or plan.SECTIONS:
            found, grown = plan.SECTIONS[name](stages, scale_of(given))
            rows, growths = rows + found, growths + grown
            print(report.table(report.HEADER, [row.cells() for row in found]), end="\n\n", flush=True)
    load.append(os.getloadavg()[0])
    command = " ".join(["python -m tests.bench", *sys.argv[1:]])
    text = report.results(rows, growths, report.setting_text(command, postgres, load))
    print(text)
    if not (given.quick or given.only or given.sizes):
        report.write(text)
        say(f"written to {report.DOCUMENT.name}")
    return 1 if any(row.holds is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
