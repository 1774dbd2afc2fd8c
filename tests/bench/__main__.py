"""`make bench`: all benchmarks, or those named in ONLY, each against its named peer; at the end a table of them all."""

from __future__ import annotations

import sys
from importlib import import_module

from tests.bench.measure import kept, machine_line, options
from tests.bench.table import table

BENCHMARKS = (
    "startup",
    "keys",
    "labelling",
    "beside",
    "verdict",
    "records",
    "clustering",
    "scoring",
    "training",
    "seeds",
    "scaling",
    "streams",
    "hunting",
)


def main() -> int:
    """Run them in turn."""
    if unknown := set(options.only) - set(BENCHMARKS):
        print(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    print(machine_line(), flush=True)
    before = len(kept())
    for name in BENCHMARKS:
        if not options.only or name in options.only:
            import_module(f"tests.bench.{name}").main()
    print("\n".join(["", *table(kept(), since=before)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
