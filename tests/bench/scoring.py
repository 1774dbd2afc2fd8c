"""Scoring, discovery and embedding of mixed-length texts against the libraries' own loops, in turn, same process.

The peer of scoring is the transformers text-classification pipeline, at its best batch size on rows sorted by length
and at ``batch_size=32`` on rows as they come; that of embedding is sentence-transformers' ``encode`` with its defaults.
All use the same weights, tokens and CPU threads. Where OpenVINO is installed, both backends are measured, in turn.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import torch

import sample_data
from engine.discovery.calibration import score
from engine.model.bf16_rescoring import UncertainRows
from engine.model.classifier import Classifier
from engine.model.device import Compute, choose_compute, scoring_compute
from engine.model.encoder import Encoder
from engine.model.hugging_face import HuggingFace
from engine.model.model_registry import encoder_weights, load_encoder, trained
from engine.operations.create_project import create_project
from engine.progress import Silent
from engine.schema import Example
from engine.settings import ComputeSettings
from tests.bench.measure import compare, options

TAU = 0.9
RUNS = 5
TEXTS = 100  # asked one at a time
PEER_SIZES = {"cpu": (1, 8, 16, 32, 64), "cuda": (32, 64, 128, 256, 512)}
TRIED = {"cpu": 500, "cuda": 4_000}  # rows on which the peer's best batch size is found


def main() -> None:
    """Print seconds and ratios."""
    rows = mixed_rows(options.rows or 10_000)
    with tempfile.TemporaryDirectory() as folder:
        data = sample_data.FOLDER / "data"
        files = {name: data / f"{name}.jsonl" for name in ("train", "pool", "proof", "test")}
        project = create_project(Path(folder) / "work", **files, text="text", label="label")  # type: ignore[arg-type]
        choose_compute(project.settings.compute)  # before the training, which would count as load
        model = trained(project, project.examples("train"), seed=13, epochs=2, monitor=Silent())
        kind, computes = HuggingFace(project), _computes(project.settings.compute)
        _score(rows, {name: kind.load_on(one, model.folder) for name, one in computes.items()}, project.labels)
        alone = {name: replace(one, threads=1, precision="fp32") for name, one in computes.items()}
        _one_text(rows[:TEXTS], {name: kind.load_on(one, model.folder) for name, one in alone.items()})
        weights = encoder_weights(project, monitor=Silent())
        _embed(rows, {name: load_encoder(project, weights, one) for name, one in computes.items()})


def _computes(settings: ComputeSettings) -> dict[str, Compute]:
    """What computes a scan here, by backend."""
    names = ("torch", "openvino") if find_spec("openvino") and choose_compute(settings).device == "cpu" else ("torch",)
    return {name: scoring_compute(replace(settings, backend=name), "scan") for name in names}


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


def _score(rows: Sequence[Example], classifiers: Mapping[str, Classifier], labels: Sequence[str]) -> None:
    gold = np.array([labels.index(row.label) for row in rows])
    some_classifier = classifiers["torch"]
    device = some_classifier.compute.device
    pipe = _pipeline(some_classifier, some_classifier.compute.threads)

    def peer(texts: Sequence[str], size: int) -> Any:
        return pipe(list(texts), batch_size=size, truncation=True, max_length=some_classifier.max_length)

    def ours(classifier: Classifier, doubt: UncertainRows | None) -> Any:
        out = np.empty((len(rows), len(labels)), dtype=np.float32)
        for _ in classifier.score(rows, [out], doubt=doubt, monitor=Silent()):
            pass
        return out

    plain = [row.text for row in rows]
    by_length = sorted(plain, key=len)
    some = sorted(plain[: TRIED[device]], key=len)
    times = {size: measured(lambda size=size: peer(some, size))[0].wall for size in PEER_SIZES[device]}  # type: ignore[misc]
    best = min(times, key=lambda size: times[size])
    figures: dict[str, list[Spent]] = defaultdict(list)
    found: dict[str, Any] = {}
    everything = UncertainRows(gold, TAU)
    for _ in range(RUNS):
        figures["best"].append(measured(lambda: peer(by_length, best))[0])
        for name, classifier in classifiers.items():
            for what, doubt in (("discovery", everything), ("fp32", None)):
                spent, found[f"{what} {name}"] = measured(partial(ours, classifier, doubt))
                figures[f"{what} {name}"].append(spent)
        figures["32"].append(measured(lambda: peer(plain, 32))[0])
    exact = score(found["fp32 torch"], gold)
    rows_have = some_classifier.tokenizer(plain, truncation=True, max_length=some_classifier.max_length)["input_ids"]
    for name, classifier in classifiers.items():
        mine = score(found[f"discovery {name}"], gold)
        facts: dict[str, Any] = {
            "rows": len(rows),
            "tokens": sum(map(len, rows_have)),
            "uus": int(exact.uus(TAU).sum()),
            "labels_and_uus_equal": bool(
                (mine.uus(TAU) == exact.uus(TAU)).all() and (mine.predicted == exact.predicted).all()
            ),
            "fp32_logits_apart": float(np.abs(found[f"fp32 {name}"] - found["fp32 torch"]).max()),
            "compute": str(classifier.compute),
        }
        scanned, exactly = figures[f"discovery {name}"], figures[f"fp32 {name}"]
        peer_name = f"pipeline, sorted, its best batch size {best}"
        goal = ">= 4" if classifier.compute.precision == "bf16" else ">= 3"
        _compare("discovery", name, scanned, peer_name, figures["best"], goal=goal, **facts)
        _compare("scoring, all rows in fp32", name, exactly, peer_name, figures["best"], **facts)
        _compare("discovery", name, scanned, "pipeline, batch_size=32", figures["32"], goal=">= 8", **facts)


def _pipeline(classifier: Classifier, threads: int) -> Any:
    from transformers import pipeline

    torch.set_num_threads(threads)
    model, device = load_plain(classifier), classifier.compute.device
    return pipeline("text-classification", model=model, tokenizer=classifier.tokenizer, device=device, top_k=None)


def _one_text(rows: Sequence[Example], classifiers: Mapping[str, Classifier]) -> None:
    """One text at a time and one thread, as a live verdict."""
    pipe = _pipeline(classifiers["torch"], 1)
    figures: dict[str, list[Spent]] = defaultdict(list)
    for row in rows:
        for name, classifier in classifiers.items():
            figures[name].append(measured(partial(classifier.logits, [row], monitor=Silent()))[0])
        peer = partial(pipe, row.text, truncation=True, max_length=classifiers["torch"].max_length)
        figures["pipeline"].append(measured(peer)[0])
    for name, classifier in classifiers.items():
        _compare("one text", name, figures[name], "pipeline", figures["pipeline"], compute=str(classifier.compute))


def load_plain(classifier: Any) -> Any:
    """The same weights as the library loads them, without what the project leaves out."""
    from transformers import AutoModelForSequenceClassification

    plain = AutoModelForSequenceClassification.from_config(classifier.model.config)
    plain.load_state_dict(classifier.model.state_dict())
    return plain.eval()


def _embed(rows: Sequence[Example], encoders: Mapping[str, Encoder]) -> None:
    from sentence_transformers import SentenceTransformer

    texts = [row.text for row in rows]
    encoder = encoders["torch"]
    peer = SentenceTransformer(str(encoder.model.tokenizer.name_or_path), device=encoder.compute.device)
    peer.max_seq_length = encoder.model.max_seq_length
    torch.set_num_threads(encoder.compute.threads)

    def ours(encoder: Encoder) -> Any:
        out = np.empty((len(texts), encoder.width), dtype=np.float32)
        for _ in encoder.embed(texts, out, monitor=Silent()):
            pass
        return out

    figures: dict[str, list[Spent]] = defaultdict(list)
    found: dict[str, Any] = {}
    for _ in range(RUNS):
        for name, one in encoders.items():
            spent, found[name] = measured(partial(ours, one))
            figures[name].append(spent)
        spent, expected = measured(lambda: peer.encode(texts, normalize_embeddings=True, show_progress_bar=False))
        figures["peer"].append(spent)
    for name, one in encoders.items():
        _compare(
            "embedding",
            name,
            figures[name],
            "sentence-transformers encode",
            figures["peer"],
            goal=">= 4",
            rows=len(rows),
            least_cosine=round(float((found[name] * expected).sum(axis=1).min()), 5),
            compute=str(one.compute),
        )


class Spent(NamedTuple):
    """Seconds of the clock, and of processors, which others who use the machine change less."""

    wall: float
    processor: float


def measured(work: Callable[[], Any]) -> tuple[Spent, Any]:
    """What a piece of work took, and what it gave."""
    began, before = time.perf_counter(), time.process_time()
    found = work()
    return Spent(time.perf_counter() - began, time.process_time() - before), found


def _compare(what: str, backend: str, ours: Sequence[Spent], peer: str, theirs: Sequence[Spent], **facts: Any) -> None:
    """By the clock, with the ratio of processor time beside it."""
    processor = statistics.median(their.processor / our.processor for our, their in zip(ours, theirs, strict=True))
    name = what if backend == "torch" else f"{what} by OpenVINO"
    clock = [[one.wall for one in spent] for spent in (ours, theirs)]
    compare(name, clock[0], peer, clock[1], ratio_of_processor_time=round(processor, 2), **facts)


if __name__ == "__main__":
    main()
