"""Unlabelled streams of 10,000 to 1,000,000 short texts: seconds and peak memory of `init`, of `add`, and of opening.

Texts are 6 to 20 words of the bundled project, drawn by frequency, so that many begin alike and some are equal; every
twentieth is an edited copy of the one before. `add` brings a tenth as many rows. Each is a process of its own.
"""

from __future__ import annotations

import csv
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import orjson

from tests.bench.measure import keep, options
from tests.terminals import REPOSITORY

SIZES = (10_000, 100_000, 1_000_000)
PAIRS = 100_000
_TRAIN = 500
_COMMAND = (sys.executable, "-c", "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))")
_OPEN = "import sys; from pathlib import Path; from engine.project import Project; Project.open(Path(sys.argv[1]))"


def main() -> None:
    """Print seconds and peak memory at each size."""
    largest = options.rows or SIZES[-1]
    for size in (size for size in SIZES if size <= largest):
        _measure(size, pair=False)
    if largest >= PAIRS:
        _measure(PAIRS, pair=True)


def _measure(size: int, *, pair: bool) -> None:
    kind = "pairs" if pair else "texts"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = words()
        rng = random.Random(size)
        _write(folder / "train.csv", _TRAIN, rng, known, pair=pair, labelled=True)
        _write(folder / "stream.csv", size, rng, known, pair=pair)
        _write(folder / "later.csv", size // 10, rng, known, pair=pair)
        columns = ["--text", "text", "--label", "label", *(["--pair", "second"] if pair else [])]
        files = ["--train", str(folder / "train.csv"), "--stream", str(folder / "stream.csv"), "--drop-duplicates"]
        root = str(folder / "work")
        _told(f"init, {size:,} {kind}", [*_COMMAND, "init", root, *files, *columns])
        _told(
            f"add {size // 10:,} to {size:,} {kind}",
            [*_COMMAND, "add", root, str(folder / "later.csv"), "--drop-duplicates"],
        )
        _told(f"open, {size:,} {kind}", [sys.executable, "-c", _OPEN, root])


def _told(what: str, command: list[str]) -> None:
    done = subprocess.run(["/usr/bin/time", "-v", *command], check=True, text=True, capture_output=True, cwd=REPOSITORY)
    minutes, seconds = re.findall(r"Elapsed.*: (?:(\d+):)?([\d.]+)\n", done.stderr)[0]
    spent = 60 * int(minutes or 0) + float(seconds)
    peak = int(re.findall(r"Maximum resident set size.*: (\d+)", done.stderr)[0]) / 1024
    print(f"{what}: {spent:.1f} s, peak memory {peak:.0f} MB", flush=True)
    keep({"name": what, "seconds": spent, "peak_mb": peak})


def _write(path: Path, size: int, rng: random.Random, words: list[str], *, pair: bool, labelled: bool = False) -> None:
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["text", *(["second"] if pair else []), *(["label"] if labelled else [])])
        for number, text in enumerate(_texts(size, rng, words)):
            second = [" ".join(rng.choices(words, k=10))] if pair else []
            rows.writerow([text, *second, *([str(number % 2)] if labelled else [])])


def _texts(size: int, rng: random.Random, words: list[str]) -> Iterator[str]:
    text = ""
    for number in range(size):
        text = f"{text} too" if number % 20 == 19 else " ".join(rng.choices(words, k=rng.randint(6, 20)))
        yield text


def words() -> list[str]:
    """The words of the bundled rows, each as often as it comes."""
    data = REPOSITORY / "sample_data" / "data"
    lines = [line for name in ("train", "pool") for line in (data / f"{name}.jsonl").read_bytes().splitlines()]
    return [word for line in lines for word in orjson.loads(line)["text"].split()]


if __name__ == "__main__":
    main()
