from __future__ import annotations

import json
import threading
from dataclasses import replace
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from scipy.special import softmax

from engine.errors import ModelError, Stopped
from engine.files import read_json
from engine.model import training
from engine.model.classifier import Classifier
from engine.model.device import Compute
from engine.model.training import rate, train
from engine.model.training_plan import DistillationTarget, TrainingPlan
from engine.model.weights import folder_hashes
from engine.progress import Silent
from engine.schema import Example
from tests.builders.monitor import Recorder
from tests.builders.rows import LABELS, rows
from tests.builders.tiny_bert import CPU, classifier

pytestmark = pytest.mark.xdist_group("training")  # what they share is made once


def plan(start: Path, **more: Any) -> TrainingPlan:
    usual: dict[str, Any] = {
        "start": str(start),
        "start_key": "k",
        "labels": LABELS,
        "classifier_labels": (),
        "seed": 5,
        "epochs": 3,
        "batch_size": 8,
        "learning_rate": 1e-2,
        "weight_decay": 0.01,
        "max_length": 32,
    }
    return TrainingPlan(**(usual | more))


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def undisturbed(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(plan(base), rows(44), out=tmp_path_factory.mktemp("whole") / "model", compute=CPU, monitor=Silent())


def test_it_learns_what_the_rows_teach(undisturbed: Path) -> None:
    model = Classifier.load(undisturbed, labels=LABELS, max_length=32, compute=CPU)
    predicted = model.logits(rows(80), monitor=Silent()).argmax(axis=1)
    assert [LABELS[index] for index in predicted] == [row.label for row in rows(80)]


def test_the_finished_folder_says_what_it_is(undisturbed: Path, base: Path) -> None:
    config = json.loads((undisturbed / "config.json").read_text())
    assert config["id2label"] == {"0": "bad", "1": "good"}
    record = json.loads((undisturbed / "training.json").read_text())
    assert record["plan"] == plan(base).as_json() | {"labels": list(LABELS), "classifier_labels": []}
    assert (record["rows"], record["steps"]) == (44, 18)
    assert [point[0] for point in record["loss"]] == list(range(1, 19))
    assert record["loss"][-1][1] < record["loss"][0][1]
    assert record["versions"].keys() >= {"torch", "transformers"}
    assert not list(undisturbed.parent.glob("*.partial"))


def probabilities(folder: Path, asked: list[Example]) -> np.ndarray:
    model = Classifier.load(folder, labels=LABELS, max_length=32, compute=CPU)
    return softmax(model.logits(asked, monitor=Silent()), axis=1)


def swapped(count: int) -> list[Example]:
    return [replace(row, label=LABELS[1 - LABELS.index(row.label)]) for row in rows(count)]


def test_steps_take_the_place_of_passes_and_may_end_within_one(base: Path, tmp_path: Path) -> None:
    out = train(plan(base, steps=8), rows(44), out=tmp_path / "model", compute=CPU, monitor=Silent())
    assert json.loads((out / "training.json").read_text())["steps"] == 8  # a pass has 6
    with pytest.raises(Stopped):
        train(
            plan(base, steps=8, seed=6),
            rows(44),
            out=tmp_path / "other",
            compute=CPU,
            monitor=Recorder(lambda _, done: done >= 7),
        )
    seen = Recorder()
    train(plan(base, steps=8, seed=6), rows(44), out=tmp_path / "other", compute=CPU, monitor=seen)
    assert [done for _, done, *_ in seen.steps] == [8]


def test_kept_rows_stay_as_they_are_said_and_their_labels_are_not_read(undisturbed: Path, tmp_path: Path) -> None:
    asked, taught = rows(80)[44:], swapped(8)
    before = probabilities(undisturbed, asked)
    same = plan(undisturbed, steps=20)
    bent = train(same, taught, out=tmp_path / "bent", compute=CPU, monitor=Silent())
    held = [DistillationTarget(row, tuple(map(float, said))) for row, said in zip(asked, before, strict=True)]
    kept = train(same, taught, kept=held, out=tmp_path / "kept", compute=CPU, monitor=Silent())
    moved = [np.abs(probabilities(folder, asked) - before).mean() for folder in (bent, kept)]
    assert moved[1] < 0.7 * moved[0]
    other = [replace(one, row=row) for one, row in zip(held, swapped(80)[44:], strict=True)]
    again = train(same, taught, kept=other, out=tmp_path / "again", compute=CPU, monitor=Silent())
    assert weights(again) == weights(kept)
    assert plan(undisturbed).key(taught, held) != plan(undisturbed).key(taught)


def test_smoothed_labels_leave_a_model_less_sure(base: Path, tmp_path: Path) -> None:
    sure = []
    for smoothing in (0.0, 0.2):
        out = tmp_path / str(smoothing)
        train(plan(base, smoothing=smoothing, epochs=20), rows(44), out=out, compute=CPU, monitor=Silent())
        sure.append(probabilities(out, rows(44)).max(axis=1).mean())
    assert sure[0] > 0.97
    assert sure[1] == pytest.approx(0.9, abs=0.03)


def test_averaged_weights_lie_between_start_and_end(undisturbed: Path, tmp_path: Path) -> None:
    taught = swapped(16)
    end = train(plan(undisturbed), taught, out=tmp_path / "end", compute=CPU, monitor=Silent())
    half = train(plan(undisturbed, average=0.25), taught, out=tmp_path / "half", compute=CPU, monitor=Silent())
    first, last, found = (load_file(folder / "model.safetensors") for folder in (undisturbed, end, half))
    assert any(not np.allclose(first[name], last[name], atol=1e-4) for name in first)
    for name, value in found.items():
        np.testing.assert_allclose(value, 0.75 * first[name] + 0.25 * last[name], atol=1e-6)


@pytest.mark.parametrize("step", [1, 6, 9, 18])  # the first step, an epoch's end, within an epoch, the last step
def test_a_stopped_run_goes_on_to_the_same_model(step: int, base: Path, undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    with pytest.raises(Stopped):
        train(plan(base), rows(44), out=out, compute=CPU, monitor=Recorder(lambda _, done: done >= step))
    assert not out.exists()
    seen = Recorder()
    train(plan(base), rows(44), out=out, compute=Compute("cpu", "fp32", 1, "found later"), monitor=seen)
    assert [done for _, done, *_ in seen.steps] == list(range(step + 1, 19))
    assert weights(out) == weights(undisturbed)
    assert (
        json.loads((out / "training.json").read_text())["loss"]
        == json.loads((undisturbed / "training.json").read_text())["loss"]
    )
    assert not list(tmp_path.glob("*.partial"))


def train_and_wait(base: Path, out: Path, there: Connection) -> None:
    """Train in a process of its own, and wait at a step after the last checkpoint."""

    def wait(stage: str, done: int) -> bool:
        if done == 7:
            training.CHECKPOINT_SECONDS = 1e9  # what follows is lost
        if done == 9:
            there.send("there")
            threading.Event().wait()
        return False

    training.CHECKPOINT_SECONDS = 0.0  # after every step
    train(plan(base), rows(44), out=out, compute=CPU, monitor=Recorder(wait))


def test_a_killed_run_goes_on_to_the_same_model(base: Path, undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    pipe, its = Pipe()
    process = get_context("fork").Process(target=train_and_wait, args=(base, out, its))
    process.start()
    its.close()
    assert pipe.recv() == "there"
    process.kill()
    process.join()
    assert not out.exists()
    seen = Recorder()
    train(plan(base), rows(44), out=out, compute=CPU, monitor=seen)
    assert [done for _, done, *_ in seen.steps] == list(range(8, 19))
    assert weights(out) == weights(undisturbed)


def test_a_resumed_run_keeps_the_threads_it_began_with(base: Path, tmp_path: Path) -> None:
    short = plan(base, epochs=1)
    with pytest.raises(Stopped):
        train(
            short,
            rows(16),
            out=tmp_path / "model",
            compute=Compute("cpu", "fp32", 2),
            monitor=Recorder(lambda _, done: done >= 1),
        )
    out = train(short, rows(16), out=tmp_path / "model", compute=CPU, monitor=Silent())
    assert json.loads((out / "training.json").read_text())["compute"]["threads"] == 2


def test_a_finished_run_is_not_repeated(base: Path, undisturbed: Path) -> None:
    seen = Recorder()
    assert train(plan(base), rows(44), out=undisturbed, compute=CPU, monitor=seen) == undisturbed
    assert seen.steps == []


def test_a_checkpoint_of_another_plan_is_not_used(base: Path, undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    with pytest.raises(Stopped):
        train(plan(base, seed=6), rows(44), out=out, compute=CPU, monitor=Recorder(lambda _, done: done >= 7))
    train(plan(base), rows(44), out=out, compute=CPU, monitor=Silent())
    assert weights(out) == weights(undisturbed)


def test_a_checkpoint_that_cannot_be_read_is_named(base: Path, tmp_path: Path) -> None:
    (tmp_path / "model.partial").mkdir()
    (tmp_path / "model.partial" / "training.pt").write_bytes(b"no checkpoint")
    with pytest.raises(ModelError, match=r"training\.pt: the checkpoint cannot be read; delete it"):
        train(plan(base), rows(44), out=tmp_path / "model", compute=CPU, monitor=Silent())


def test_another_seed_gives_another_model(base: Path, undisturbed: Path, tmp_path: Path) -> None:
    assert weights(
        train(plan(base, seed=6), rows(44), out=tmp_path / "model", compute=CPU, monitor=Silent())
    ) != weights(undisturbed)


def test_a_loss_that_is_not_finite_ends_the_run(base: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the loss is not finite at step"):
        train(plan(base, learning_rate=1e30), rows(44), out=tmp_path / "model", compute=CPU, monitor=Silent())


def test_a_head_of_the_projects_labels_is_kept_in_its_order(tmp_path: Path) -> None:
    start = classifier(tmp_path / "start", ("GOOD", "BAD"))
    out = train(plan(start, learning_rate=1e-9), rows(8), out=tmp_path / "model", compute=CPU, monitor=Silent())
    assert json.loads((out / "config.json").read_text())["id2label"] == {"0": "good", "1": "bad"}
    before = load_file(start / "model.safetensors")["classifier.weight"]
    assert load_file(out / "model.safetensors")["classifier.weight"] == pytest.approx(before, abs=1e-6)


def test_a_head_of_other_labels_is_replaced(tmp_path: Path) -> None:
    start = classifier(tmp_path / "start", ("a", "b", "c"))
    out = train(plan(start), rows(8), out=tmp_path / "model", compute=CPU, monitor=Silent())
    assert load_file(out / "model.safetensors")["classifier.weight"].shape == (2, 32)


def test_the_learning_rate_rises_for_a_tenth_and_falls_to_zero() -> None:
    rates = [rate(step, 50) for step in range(50)]
    assert max(rates) == rates[4] == rates[5] == 1
    assert rates[0] == pytest.approx(0.2)
    assert rates[-1] == pytest.approx(1 / 45)
    assert rate(0, 1) == 1


def test_a_plan_is_named_by_what_it_computes() -> None:
    here, there = plan(Path("/here")), plan(Path("/there"))
    assert here.key(rows(4)) == there.key(rows(4))
    assert (
        len(
            {
                here.key(rows(4)),
                here.key(rows(5)),
                here.key(rows(4)[::-1]),
                replace(here, seed=6).key(rows(4)),
                replace(here, start_key="other").key(rows(4)),
                replace(here, epochs=4).key(rows(4)),
            }
        )
        == 6
    )


def test_models_of_projects_made_before_are_found_by_the_same_key() -> None:
    made = plan(
        Path("/a/folder"), start_key="0123", seed=13, epochs=2, batch_size=32, learning_rate=5e-5, max_length=128
    )
    key = replace(made, labels=("negative", "positive")).key([Example("a", "A text.", "positive")])
    assert key == "015677afa3e224ef"  # as version 0.1.0 names it


def test_what_a_version_before_or_a_kill_left_is_not_gone_on_from(
    base: Path, tmp_path: Path, undisturbed: Path
) -> None:
    partial = tmp_path / "model.partial"
    partial.mkdir()
    (partial / "checkpoint.pt").write_bytes(b"weights of other shapes")
    (partial / "finished").mkdir()
    (partial / "finished" / ".training.json.0123abcd").write_bytes(b"a kill cut the end of a training off here")
    out = train(plan(base), rows(44), out=tmp_path / "model", compute=CPU, monitor=Silent())
    assert weights(out) == weights(undisturbed)
    assert read_json(out / "training.json")["files"] == folder_hashes(out)
    assert not partial.exists()
