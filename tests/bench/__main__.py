"""`make bench`: all benchmarks, or those named in ONLY, each against its named peer."""

from __future__ import annotations

import sys
from importlib import import_module

from tests.bench.measure import machine_line, options

BENCHMARKS = (
    "startup",
    "keys",
    "labelling",
    "verdict",
    "records",
    "clustering",
    "scoring",
    "training",
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
    for name in BENCHMARKS:
        if not options.only or name in options.only:
            import_module(f"tests.bench.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
