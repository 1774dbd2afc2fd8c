"""`make fuzz TRIALS=... SEED=... ONLY=...`: every part in its long form; exit status 1 if one was not survived."""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module

PARTS = {
    "hostile_rows": "rows, labels, ids, words and names that steer terminals, through commands and the app",
    "killed_writer": "kill -9 of a process that writes records",
    "malformed": "damaged and hostile files of a project, through commands",
    "random_keys": "random keys in the app, also after it was left",
}
_SHOWN = 10  # failures of each part


def main() -> int:
    """Run the parts that were asked for and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--trials", type=int, default=200, help="of each part")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--only", default="", help=f"parts, with commas: {', '.join(PARTS)}")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    survived_all = True
    for name in chosen:
        began = time.monotonic()
        survived, tried, failures = import_module(f"tests.fuzz.{name}").main(options.trials, options.seed)
        survived_all &= survived == tried
        print(
            f"{name:<14} survived {survived} / {tried}   {time.monotonic() - began:.0f} s   {PARTS[name]}", flush=True
        )
        for failure in failures[:_SHOWN]:
            print(f"  {failure!r}")
        if len(failures) > _SHOWN:
            print(f"  and {len(failures) - _SHOWN} more")
    return 0 if survived_all else 1


if __name__ == "__main__":
    sys.exit(main())
