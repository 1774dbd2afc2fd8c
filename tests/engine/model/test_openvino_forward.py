"""Needs the extra `openvino`, which CI does without: `make test-openvino`."""

from __future__ import annotations

import copy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.discovery.calibration import score
from engine.model.bf16_rescoring import UncertainRows
from engine.model.classifier import Classifier
from engine.model.device import Compute
from engine.model.encoder import Encoder
from engine.model.model_registry import current_model, predictions
from engine.model.openvino_forward import TorchForward, take_over
from engine.model.token_rows import MASK, Features, TokenRows
from engine.model.weights import find_weights
from engine.progress import Silent
from engine.project import Project
from engine.schema import Example
from tests.builders.monitor import Recorder
from tests.builders.rows import LABELS, WORDS, rows
from tests.builders.tiny_bert import CPU, tokenizer

pytest.importorskip("openvino")

OPENVINO = replace(CPU, backend="openvino")
EVERY_LENGTH = [Example(f"r{n}", " ".join(WORDS[n % 7 :][:n]), LABELS[n % 2]) for n in range(len(WORDS) - 7)]


def load(folder: Path, compute: Compute) -> Classifier:
    return Classifier.load(folder, labels=LABELS, max_length=32, compute=compute)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("pairs", [False, True])
def test_rows_of_every_length_are_scored_as_by_torch(good_bad: Path, pairs: bool, threads: int) -> None:
    second = "the room and the bill" if pairs else None
    asked = [replace(row, text_pair=second) for row in EVERY_LENGTH for _ in range(3)]
    mine = load(good_bad, replace(OPENVINO, threads=threads))
    assert mine.runs_on.startswith("cpu by OpenVINO, fp32")
    expected = load(good_bad, CPU).logits(asked, monitor=Silent())
    np.testing.assert_allclose(mine.logits(asked, monitor=Silent()), expected, atol=1e-5)


def test_a_scan_counts_as_torch_in_fp32_does(good_bad: Path) -> None:
    """In bf16 where the CPU has it, else OpenVINO takes fp32."""
    asked = rows(60)
    gold = np.array([LABELS.index(row.label) for row in asked])
    mine = load(good_bad, replace(OPENVINO, precision="bf16"))
    out = np.empty((60, 2), dtype=np.float32)
    list(mine.score(asked, [out], doubt=UncertainRows(gold, 0.5), monitor=Silent()))
    found, exact = score(out, gold), score(load(good_bad, CPU).logits(asked, monitor=Silent()), gold)
    assert exact.uus(0.5).any()
    assert (found.predicted == exact.predicted).all()
    assert (found.uus(0.5) == exact.uus(0.5)).all()
    np.testing.assert_allclose(found.confidence[exact.uus(0.5)], exact.confidence[exact.uus(0.5)], atol=1e-5)


def test_texts_are_embedded_as_by_torch() -> None:
    folder, texts = find_weights("all-MiniLM-L6-v2").path, ["The soup was cold.", "word " * 200, "", "Late again."]
    found = []
    for compute in (CPU, OPENVINO):
        encoder = Encoder.load(folder, max_length=128, compute=compute)
        assert encoder.compute.backend == compute.backend
        out = np.empty((4, encoder.width), dtype=np.float32)
        list(encoder.embed(texts, out, monitor=Silent()))
        found.append(out)
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)


def test_other_weights_of_the_same_make_are_not_answered_for_by_the_compiled_ones(good_bad: Path) -> None:
    """An estimate trains a copy of the model that gives live verdicts."""
    mine = load(good_bad, OPENVINO)
    before = mine.logits(rows(4), monitor=Silent())
    changed = mine.with_weights(copy.deepcopy(mine.model))
    with torch.no_grad():
        changed.model.classifier.bias += 3.0
    np.testing.assert_allclose(changed.logits(rows(4), monitor=Silent()), before + 3.0, atol=1e-5)
    np.testing.assert_array_equal(mine.logits(rows(4), monitor=Silent()), before)


class Counts(torch.nn.Module):
    """Sums numbers of tokens, in some way that tracing gets wrong for some rows."""

    def __init__(self, at: int | None = None, *, wrong_if_padded: bool = False) -> None:
        super().__init__()
        self.numbers = torch.nn.Embedding(8, 1, _weight=torch.arange(1.0, 9.0)[:, None])
        self.at, self.wrong_if_padded = at, wrong_if_padded

    def forward(self, part: Features) -> list[torch.Tensor]:
        found = self.numbers(part["input_ids"])[..., 0]
        if self.at is not None and found.shape[1] > self.at:
            found = -found
        mask = part.get(MASK)
        if mask is not None and not (self.wrong_if_padded and torch.jit.is_tracing()):
            found = found * mask
        elif mask is not None:
            found = found + 0 * mask
        return [found.sum(dim=1, keepdim=True)]


def taken(model: Counts) -> tuple[Any, Compute]:
    tokens = TokenRows.of_padded([{"input_ids": torch.ones(1, 2).long(), MASK: torch.ones(1, 2)}], tokenizer())
    given = TorchForward(model, [model], tokens, np.arange(1, 8), 40)
    return take_over(given, replace(OPENVINO, reason="set"), precisions=("fp32",))


def test_a_model_that_is_another_for_longer_rows_stays_with_torch() -> None:
    made, compute = taken(Counts(at=10))
    assert made == {}
    assert str(compute).startswith(
        "cpu, fp32, 1 CPU thread (set; torch, as OpenVINO cannot be used for this model: it "
    )
    assert "on rows of 17 tokens" in compute.reason


def test_a_model_for_which_memory_is_short_stays_with_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.model.openvino_forward.free_memory", lambda: 8)
    made, compute = taken(Counts())
    assert made == {}
    assert "it would take 0.0 GB and 0.0 are free" in str(compute)


def test_a_model_that_is_right_but_for_padding_gets_rows_of_one_length() -> None:
    made, compute = taken(Counts(wrong_if_padded=True))
    assert compute.backend == "openvino"
    ids = torch.tensor([[1, 2, 3], [4, 5, 6]])
    assert made["fp32"]({"input_ids": ids})[0].tolist() == [[9.0], [18.0]]
    padded = {"input_ids": ids, MASK: torch.tensor([[1, 1, 1], [1, 1, 0]])}
    assert made["fp32"](padded)[0].tolist() == [[9.0], [11.0]]


def test_what_scored_is_told_and_what_has_to_be_exact_is_scored_by_torch(small_project: Project) -> None:
    seen = Recorder()
    model, pool = current_model(small_project, monitor=Silent()), small_project.examples("pool")
    gold = np.array([LABELS.index(row.label) for row in pool])
    for doubt in (UncertainRows(gold, 0.9), None):
        predictions(small_project, model, pool, split_key="pool", doubt=doubt, monitor=seen)
    scan, exact = [note for note in seen.notes if "scoring" in note]
    assert "by OpenVINO" in scan
    assert "OpenVINO" not in exact


def test_its_telemetry_is_never_imported(good_bad: Path, tmp_path: Path) -> None:
    """Its import alone sends a message."""
    (tmp_path / "openvino_telemetry.py").write_text("print('telemetry')")
    code = (
        "import sys; from pathlib import Path; from engine.model.classifier import Classifier; "
        "from engine.model.device import Compute; compute = Compute('cpu', 'fp32', 1, backend='openvino'); "
        f"print(Classifier.load(Path(sys.argv[1]), labels={LABELS}, max_length=32, compute=compute).runs_on)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(good_bad)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[3]}", "PATH": ""},
    )
    assert done.stdout.startswith("cpu by OpenVINO")
