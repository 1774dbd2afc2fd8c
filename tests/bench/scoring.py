"""Scoring, discovery and embedding of mixed-length texts against the libraries' own loops, in turn, same process.

The peer of scoring is the transformers text-classification pipeline, at its best batch size on rows sorted by length
and at ``batch_size=32`` on rows as they come; that of embedding is sentence-transformers' ``encode`` with its defaults.
All use the same weights, tokens and CPU threads.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch

import sample_data
from engine.discovery.calibration import score
from engine.model.bf16_rescoring import UncertainRows
from engine.model.device import Compute, choose_compute
from engine.model.hugging_face import HuggingFace
from engine.model.model_registry import encoder_weights, load_encoder, trained
from engine.operations.create_project import create_project
from engine.progress import Silent
from engine.schema import Example
from tests.bench.measure import compare, options

TAU = 0.9
RUNS = 3
PEER_SIZES = {"cpu": (1, 8, 16, 32, 64), "cuda": (32, 64, 128, 256, 512)}
TRIED = {"cpu": 500, "cuda": 4_000}  # rows on which the peer's best batch size is found


def main() -> None:
    """Print seconds and ratios."""
    rows = mixed_rows(options.rows or 10_000)
    with tempfile.TemporaryDirectory() as folder:
        data = sample_data.FOLDER / "data"
        files = {name: data / f"{name}.jsonl" for name in ("train", "pool", "proof", "test")}
        project = create_project(Path(folder) / "work", **files, text="text", label="label")  # type: ignore[arg-type]
        compute = choose_compute(project.settings.compute)  # before the training, which would count as load
        model = trained(project, project.examples("train"), seed=13, epochs=2, monitor=Silent())
        classifier = HuggingFace(project).load(model.path, "scan")
        _score(rows, classifier, project.labels, compute)
        exact = replace(compute, precision="fp32")
        _embed(rows, load_encoder(project, encoder_weights(project, monitor=Silent()), compute), exact)


def mixed_rows(count: int) -> list[Example]:
    """Rows of 3 to 128 tokens and more: one to six texts of one label, joined; the bundled ones without DATA.

    Labels are the texts' own, so that UUs are as rare as they are in use, and rows differ in length as reviews do.
    """
    folder = options.data / "sentiment" if options.data else sample_data.FOLDER / "data"
    texts: dict[str, list[str]] = {}
    for row in (orjson.loads(line) for split in ("train", "pool") for line in (folder / f"{split}.jsonl").open("rb")):
        texts.setdefault(row["label"], []).append(row["text"])
    dice = random.Random(13)
    made = []
    for number in range(count):
        label = dice.choice(sorted(texts))
        made.append(Example(f"r{number}", " ".join(dice.sample(texts[label], dice.randint(1, 6))), label))
    return made


def _score(rows: Sequence[Example], classifier: Any, labels: Sequence[str], compute: Compute) -> None:
    from transformers import pipeline

    gold = np.array([labels.index(row.label) for row in rows])
    torch.set_num_threads(compute.threads)
    peer_model = load_plain(classifier)
    pipe = pipeline(
        "text-classification", model=peer_model, tokenizer=classifier.tokenizer, device=compute.device, top_k=None
    )

    def peer(texts: Sequence[str], size: int) -> Any:
        return pipe(list(texts), batch_size=size, truncation=True, max_length=classifier.max_length)

    def ours(doubt: UncertainRows | None) -> Any:
        out = np.empty((len(rows), len(labels)), dtype=np.float32)
        for _ in classifier.score(rows, [out], doubt=doubt, monitor=Silent()):
            pass
        return out

    plain = [row.text for row in rows]
    by_length = sorted(plain, key=len)
    some = sorted(plain[: TRIED[compute.device]], key=len)
    times = {size: seconds(lambda size=size: peer(some, size))[0] for size in PEER_SIZES[compute.device]}  # type: ignore[misc]
    best = min(times, key=lambda size: times[size])
    figures: dict[str, list[float]] = {"discovery": [], "scoring": [], "best": [], "32": []}
    everything = UncertainRows(gold, TAU)
    for _ in range(RUNS):
        spent, scanned = seconds(lambda: ours(everything))
        figures["discovery"].append(spent)
        figures["best"].append(seconds(lambda: peer(by_length, best))[0])
        spent, exact = seconds(lambda: ours(None))
        figures["scoring"].append(spent)
        figures["32"].append(seconds(lambda: peer(plain, 32))[0])
    mine, right = score(scanned, gold), score(exact, gold)
    same = bool((mine.uus(TAU) == right.uus(TAU)).all() and (mine.predicted == right.predicted).all())
    tokens = sum(map(len, classifier.tokenizer(plain, truncation=True, max_length=classifier.max_length)["input_ids"]))
    facts = {
        "rows": len(rows),
        "tokens": tokens,
        "uus": int(right.uus(TAU).sum()),
        "labels_and_uus_equal": same,
        "compute": str(compute),
    }
    name = f"pipeline, sorted, its best batch size {best}"
    compare("discovery", figures["discovery"], name, figures["best"], goal=">= 4", **facts)
    compare("discovery", figures["discovery"], "pipeline, batch_size=32", figures["32"], goal=">= 12", **facts)
    compare("scoring", figures["discovery"], name, figures["best"], goal=">= 3", **facts)
    compare("scoring, all rows in fp32", figures["scoring"], name, figures["best"], **facts)


def load_plain(classifier: Any) -> Any:
    """The same weights as the library loads them, without what the project leaves out."""
    from transformers import AutoModelForSequenceClassification

    plain = AutoModelForSequenceClassification.from_config(classifier.model.config)
    plain.load_state_dict(classifier.model.state_dict())
    return plain.eval()


def _embed(rows: Sequence[Example], encoder: Any, exact: Compute) -> None:
    from sentence_transformers import SentenceTransformer

    texts = [row.text for row in rows]
    peer = SentenceTransformer(str(encoder.model.tokenizer.name_or_path), device=exact.device)
    peer.max_seq_length = encoder.model.max_seq_length
    torch.set_num_threads(exact.threads)

    def ours() -> Any:
        out = np.empty((len(texts), encoder.width), dtype=np.float32)
        for _ in encoder.embed(texts, out, monitor=Silent()):
            pass
        return out

    mine, theirs = [], []
    for _ in range(RUNS):
        spent, found = seconds(ours)
        mine.append(spent)
        spent, expected = seconds(lambda: peer.encode(texts, normalize_embeddings=True, show_progress_bar=False))
        theirs.append(spent)
    cosine = float((found * expected).sum(axis=1).min())
    compare(
        "embedding",
        mine,
        "sentence-transformers encode",
        theirs,
        goal=">= 3",
        rows=len(rows),
        least_cosine=round(cosine, 5),
        compute=str(encoder.compute),
    )


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Wall seconds of a piece of work, and what it gave."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


if __name__ == "__main__":
    main()
