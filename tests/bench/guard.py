"""`make bench-guard`: whether scoring or the first paint has lost more than a third against its peer, in seconds of CI.

A ratio here is how many times our processor time its peer takes: both in turn, in one run, medians. Processor time, as
on a machine that others use too the clock tells of these. What was measured before stands in `ratios.json`, with where
and when; `python -m tests.bench.guard --record` writes it anew. One that falls short is measured a second time.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from tests.bench.measure import machine_line

RECORDED = Path(__file__).with_name("ratios.json")
KEPT = 2 / 3
TEXTS, PEER_BATCH, MAX_LENGTH = 150, 32, 128
SCORINGS, STARTS = 3, 3


def main(arguments: Sequence[str]) -> int:
    """Measure and compare with what is recorded, or record; 1: something has become slower."""
    with tempfile.TemporaryDirectory() as name:
        measures = {"scoring": _scoring(Path(name)), "first paint": _first_paint(Path(name))}
        if "--record" in arguments:
            found = {what: round(measure(), 2) for what, measure in measures.items()}
            told = {"measured": date.today().isoformat(), "machine": machine_line(), "passes": "1", "ratios": found}
            RECORDED.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
            print(RECORDED.read_text())
            return 0
        recorded = orjson.loads(RECORDED.read_bytes())["ratios"]
        lost = [what for what, measure in measures.items() if not _holds(what, measure, recorded[what])]
    for what in lost:
        print(
            f"{what} has lost more than a third against its peer; `make bench` measures it at length", file=sys.stderr
        )
    return 1 if lost else 0


def _holds(what: str, measure: Callable[[], float], recorded: float) -> bool:
    for _ in range(2):
        ratio = measure()
        print(f"{what}: {ratio:.2f} times the peer's speed, recorded {recorded:.2f}, at least {KEPT * recorded:.2f}")
        if ratio >= KEPT * recorded:
            return True
    return False


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    """Median over pairs of our time and the peer's."""
    return statistics.median(theirs / ours for ours, theirs in pairs)


def _scoring(folder: Path) -> Callable[[], float]:
    """Mixed texts by a small BERT of random weights, against a plain loop over batches of rows as they come."""
    import torch
    from transformers import BertForSequenceClassification

    from engine.model.classifier import Classifier
    from engine.model.device import Compute
    from engine.progress import Silent
    from tests.bench.scoring import load_plain, mixed_rows
    from tests.builders.rows import LABELS
    from tests.builders.tiny_bert import config, save, tokenizer

    rows = mixed_rows(TEXTS)
    words = tokenizer(sorted({word for row in rows for word in row.text.split()}))
    words.model_max_length = MAX_LENGTH
    sizes = {"hidden_size": 128, "intermediate_size": 512, "max_position_embeddings": MAX_LENGTH}
    torch.manual_seed(13)
    made = BertForSequenceClassification(config(vocab_size=len(words), **sizes))
    path = save(made, folder / "small-bert", words)
    compute = Compute("cpu", "fp32", 1)
    ours = Classifier.load(path, labels=LABELS, max_length=MAX_LENGTH, compute=compute, classifier_labels=LABELS)
    plain = load_plain(ours)

    def peer() -> None:
        with torch.inference_mode():
            for first in range(0, len(rows), PEER_BATCH):
                texts = [row.text for row in rows[first : first + PEER_BATCH]]
                plain(**words(texts, padding=True, truncation=True, max_length=MAX_LENGTH, return_tensors="pt"))

    def spent(work: Callable[[], Any]) -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    def measure() -> float:
        return _ratio([(spent(lambda: ours.logits(rows, monitor=Silent())), spent(peer)) for _ in range(SCORINGS)])

    return measure


def _first_paint(folder: Path) -> Callable[[], float]:
    """The app over a small project against a minimal Textual app, each a new process."""
    from tests.bench.project import large_project
    from tests.bench.startup import MINIMAL

    script = folder / "minimal.py"
    script.write_text(MINIMAL)
    ours = [sys.executable, "-m", "tui", "open", str(large_project(folder / "project", rows=500))]
    theirs = [sys.executable, str(script)]

    def measure() -> float:
        pairs = [(_to_paint(ours, "blind spots"), _to_paint(theirs, "ready to work")) for _ in range(STARTS)]
        return _ratio(pairs)  # the first one may write byte code: the median leaves it out

    return measure


def _to_paint(command: list[str], text: str) -> float:
    """Seconds of a processor from the start of a process until the text stands on its screen."""
    from tests.terminals import Pty

    with Pty(command, env={"PYTHONPATH": os.pathsep.join(sys.path)}) as screen:
        screen.sees(text)
        return _processor_seconds(screen.process.pid)


def _processor_seconds(process: int) -> float:
    """What a process has taken of processors, with all of its threads."""
    total = 0
    for task in Path(f"/proc/{process}/task").iterdir():
        with suppress(OSError):  # a thread that ends meanwhile
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
