"""On a real Ray cluster: the same bits, and what comes of workers that die: `make test-ray`. Skipped without Ray."""

from __future__ import annotations

import os
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BlindspotError, JobError
from engine.files import sha256_file
from engine.model import batched_inference
from engine.model.training_task import is_trained
from engine.progress import Silent
from engine.proof.aggregate_progress import AggregateProgress
from engine.proof.arms import BASELINE, Arm, Run
from engine.proof.train_ahead import train_ahead
from engine.proof.training_sets import training_task
from engine.shards.parts import do_parts
from engine.shards.where import ON, Where
from tests.builders.monitor import Recorder
from tests.builders.rows import rows
from tests.builders.tiny_bert import body
from tests.builders.tiny_bert import make_project as project_that_trains
from tests.engine.shards.ray_workers import Oddly
from tests.engine.shards.world import forget, make_project, plan, scored

if find_spec("ray") is None:  # not imported here: what it reads of the environment then is set by whoever uses it
    pytest.skip("needs ray", allow_module_level=True)


def test_the_pool_gets_the_same_bits_from_ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(batched_inference.WINDOW_ROWS, "cpu", 4096)  # of the workers' processes
    project = make_project(tmp_path / "work", pool=9_000)
    alone = scored(project, Silent())
    forget(project)
    made = plan(project, 4096)
    assert len(made) == 3 + 1
    monkeypatch.setenv(ON, "ray")
    seen = Recorder()
    for mine, theirs in zip(scored(project, seen), alone, strict=True):
        np.testing.assert_array_equal(mine.view(np.uint32), theirs.view(np.uint32))
    assert not {"score", "embed"} & set(seen.stages)
    assert any("on Ray: up to" in note for note in seen.notes)


def test_a_worker_that_dies_fails_or_refuses_stops_no_other(tmp_path: Path) -> None:
    parts = ["a", "once", "refuse", "fault", "always", "b"]
    seen = Recorder()
    found = dict(do_parts(partial(Oddly, tmp_path), parts, where=Where("ray"), threads=1, monitor=seen))
    assert set(found) == set(parts)
    assert all(isinstance(found[part], int) and found[part] != os.getpid() for part in ("a", "once", "b"))
    assert {part: len((tmp_path / part).read_text()) for part in parts} == {
        **dict.fromkeys(parts, 1),
        "once": 2,
        "always": 3,
    }
    for part, told in (
        ("refuse", "it is not to be; let it be"),
        ("fault", "its worker failed (ZeroDivisionError: by nought)"),
        ("always", "it ended its worker 3 times"),
    ):
        error = found[part]
        assert isinstance(error, BlindspotError)
        assert told in str(error)
    assert any("a worker ended in the middle of part once" in note for note in seen.notes)


def test_trainings_on_ray_are_those_of_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, samples = body(tmp_path / "base"), tuple(rows(40)[36:])
    arms = [(Arm(BASELINE, ()), "scratch"), (Arm("human", samples), "scratch"), (Arm("human", samples), "continue")]
    runs = [Run(arm, recipe, seed, rows=24, steps=12, work=48) for arm, recipe in arms for seed in (5, 6)]
    made: list[dict[str, str]] = []
    for on in ("", "ray"):
        monkeypatch.setenv(ON, on)
        project = project_that_trains(tmp_path / f"work{on}", base=base)
        train, overall = project.examples("train"), AggregateProgress(Silent(), 6 * 48)
        task = partial(training_task, project, train=train, kept=(), stop=None, monitor=Silent())
        assert train_ahead(project, runs, task, overall) == bool(on)
        if not on:
            for run in runs:
                task(run).run(project, Silent())
        folders = sorted(path for path in project.models_dir.iterdir() if is_trained(path))
        made.append({path.name: sha256_file(path / "model.safetensors") for path in folders})
    assert len(made[0]) == 6
    assert made[0] == made[1]


def test_a_cluster_that_is_not_there_is_told(tmp_path: Path) -> None:
    where = Where("ray", "127.0.0.1:1")
    with pytest.raises(JobError, match=r"127\.0\.0\.1:1: the Ray cluster cannot be used"):
        list(do_parts(partial(Oddly, tmp_path), ["a"], where=where, threads=1, monitor=Silent()))
