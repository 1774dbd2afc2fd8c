"""`DATA=FOLDER python -m tests.bench.label_quality`: how many audited rows it takes to trust, or not, an LLM's labels.

For each file of labels in the folder's ``transcripts`` (TASK.labels*.jsonl) rows of the pool are drawn at random, gold
plays the people who label them, and the floor is asked after each number of rows. Printed is, over the draws, how often
the labels may train, and how often the interval holds the agreement with all rows.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import orjson

from engine.files import read_lines
from engine.label_queue.llm_quality import CERTAIN, Compared, LlmQuality, share_of, usability
from engine.schema import Teacher
from engine.settings import LabellingSettings
from tests.bench.measure import options

ROWS = (20, 40, 60, 80, 100, 150, 200)
DRAWS = 400


def main() -> int:
    """Print one block for each file of labels."""
    if options.data is None:
        print("name the folder with DATA=FOLDER: it has data/TASK/pool.jsonl and transcripts/", file=sys.stderr)
        return 2
    floor = LabellingSettings().llm_floor
    for path in sorted((options.data / "transcripts").glob("*.labels*.jsonl")):
        gold = _labels(options.data / "data" / path.name.partition(".")[0] / "pool.jsonl")
        whole = [
            Compared(row["id"], "pool", row["label"], row["certainty"], gold[row["id"]], 1.0, 1)
            for row in map(orjson.loads, read_lines(path))
            if row["split"] == "pool"
        ]
        truth = share_of(whole).value
        used = share_of(one for one in whole if one.certainty >= CERTAIN).value
        print(f"{path.name}: {len(whole):,} rows, agreement {truth:.3f}, of certainty {CERTAIN} and 3 {used:.3f}")
        for rows in ROWS:
            print(f"  {rows:>4} rows audited  {_after(whole, rows, floor, truth or 0.0)}", flush=True)
    return 0


def _after(whole: list[Compared], rows: int, floor: float, truth: float) -> str:
    passed = told = held = 0
    width = 0.0
    for draw in range(DRAWS):
        drawn = random.Random(f"{draw} {rows}").sample(whole, rows)
        found, used = share_of(drawn), share_of(one for one in drawn if one.certainty >= CERTAIN)
        teacher = Teacher("transcripts", "llm", recorded=True)
        verdict = usability(LlmQuality("", teacher, {}, {}, found, used, {}, {}, 0, (), 0), floor)
        passed += verdict.usable
        told += not verdict.usable and verdict.needed is None
        low, high = found.low or 0.0, found.high or 1.0
        held += low <= truth <= high
        width += (high - low) / 2 / DRAWS
    return (
        f"may train {passed / DRAWS:5.1%}   read the disagreements {told / DRAWS:5.1%}   "
        f"interval +-{width:.3f}, holds {held / DRAWS:.1%}"
    )


def _labels(path: Path) -> dict[str, str]:
    return {row["id"]: row["label"] for row in map(orjson.loads, read_lines(path))}


if __name__ == "__main__":
    sys.exit(main())
