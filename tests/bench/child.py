"""`python -m tests.bench.child MODULE:FUNCTION JSON`: one measurement in a process of its own; see `tests.bench.measure`."""

import importlib
import json
import sys

from tests.bench.measure import MARK, peak_mb


def main() -> None:
    module, _, function = sys.argv[1].partition(":")
    measured = getattr(importlib.import_module(f"tests.bench.{module}"), function)
    report = measured(**json.loads(sys.argv[2]))
    print(MARK + json.dumps({**report, "peak_mb": peak_mb()}), flush=True)


if __name__ == "__main__":
    main()
