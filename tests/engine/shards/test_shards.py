"""Shards: the same bits as without them, only what is missing is computed, and what fails is named by its rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest

from engine.errors import FileError, ModelError, SettingsError
from engine.files import read_json
from engine.progress import Silent
from engine.project import Project
from engine.shards.array_task import do_task, planned
from engine.shards.where import ON, Where, ask_for, asked_where, read_where
from tests.builders.monitor import Recorder
from tests.engine.shards.world import forget, make_project, plan, scored


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "work")


@pytest.mark.parametrize("shared", [False, True])
def test_shards_of_an_array_job_give_the_same_bits_as_none(tmp_path: Path, shared: bool) -> None:
    project = make_project(tmp_path / "work", shared=shared)
    alone = scored(project, Silent())
    forget(project)
    made = plan(project, 16)
    kinds = ["both"] if shared else ["logits", "embeddings"]
    assert [sweep.what for sweep in made.manifest.sweeps] == kinds
    assert {path.name for path in project.cache_dir.iterdir()} == {"shards"}
    for task in (0, 1):
        numbers = [one.number for one in do_task(project.root, task, 2)]
        assert numbers == list(range(task, len(made), 2))
    written = parquet.read_table(made.out(0))
    assert (written.num_rows, written.column_names[0]) == (16, "id")
    seen = Recorder()
    gathered = scored(project, seen)
    for mine, theirs in zip(gathered, alone, strict=True):
        np.testing.assert_array_equal(mine.view(np.uint32), theirs.view(np.uint32))
    assert not {"score", "embed"} & set(seen.stages)
    assert not list((project.cache_dir / "shards").iterdir())


def test_only_what_is_missing_is_computed(project: Project) -> None:
    made = plan(project, 8)
    assert len(list(do_task(project.root, 0, 1))) == len(made) == 7
    made.out(1).write_bytes(made.out(0).read_bytes())
    made.out(3).unlink()
    assert made.missing() == [1, 3]
    before = {number: made.out(number).stat().st_mtime_ns for number in (0, 2)}
    assert [one.number for one in do_task(project.root, 0, 1)] == list(range(7))
    assert before == {number: made.out(number).stat().st_mtime_ns for number in (0, 2)}
    assert not made.missing()


def test_a_discovery_goes_on_with_shards_that_are_missing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = scored(project, Silent())
    forget(project)
    made = plan(project, 16)
    list(do_task(project.root, 1, None))
    monkeypatch.setenv(ON, "local")
    seen = Recorder()
    for mine, theirs in zip(scored(project, seen), alone, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    done = [done for stage, done, _, _ in seen.steps if stage == "shards"]
    shards = made.manifest.shards
    assert done[0] >= shards[1].rows
    assert max(done) == sum(one.rows for one in shards) == 40 + 16
    assert sorted(done) == done


def test_a_shard_that_fails_is_named_by_its_rows_and_stops_no_other(project: Project) -> None:
    made = plan(project, 16)
    (made.folder / "0001.in.parquet").write_bytes(b"PAR1")
    first, last = made.manifest.shards[1].first_id, made.manifest.shards[1].last_id
    told = rf"shard 1 of 4 \(rows 17 to 32 in the order of texts, from {first} to {last}\): the rows of this shard"
    with pytest.raises(ModelError, match=told):
        list(do_task(project.root, 0, 1))
    assert made.missing() == [1]
    with pytest.raises(ModelError, match=told):
        scored(project, Silent())


def test_a_manifest_that_is_not_ours_is_refused(project: Project) -> None:
    made = plan(project, 16)
    path = made.folder / "manifest.json"
    values = read_json(path)
    path.write_text(path.read_text().replace(values["sweeps"][0]["arrays"][0], "../../elsewhere.npy"))
    with pytest.raises(FileError, match="this file is damaged"):
        scored(project, Silent())


def test_what_there_is_no_plan_for_is_told(project: Project) -> None:
    with pytest.raises(SettingsError, match="a shard of 12 rows would part a window of 8; use a multiple of 8"):
        plan(project, 12)
    with pytest.raises(Exception, match="no shards are planned for the models that the settings name"):
        planned(project)
    plan(project, 40)
    with pytest.raises(SettingsError, match="there is no task 2 of 2; count from 0"):
        list(do_task(project.root, 2, 2))


@pytest.mark.parametrize(
    ("on", "workers", "where"),
    [
        ("", "", Where()),
        ("local", "", Where("local")),
        ("ray", "3", Where("ray", "", 3)),
        ("ray:10.0.0.1:6379", "", Where("ray", "10.0.0.1:6379")),
        ("ray://head:10001", "", Where("ray", "ray://head:10001")),
        ("ray:[::1]:6379", "", Where("ray", "[::1]:6379")),
    ],
)
def test_where_to_compute_is_read_from_the_option(on: str, workers: str, where: Where) -> None:
    assert read_where(on, workers) == where


@pytest.mark.parametrize(("on", "workers"), [("rya", ""), ("ray:", ""), ("ray:head", ""), ("auto", ""), ("ray", "0")])
def test_a_wrong_place_to_compute_is_refused(on: str, workers: str) -> None:
    with pytest.raises(SettingsError, match=r"--(on|workers)"):
        read_where(on, workers)


def test_the_command_line_stands_above_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ON, "ray:10.0.0.1:6379")
    ask_for(None, "2")
    assert asked_where() == Where("ray", "10.0.0.1:6379", 2)
    ask_for("local", None)
    assert asked_where().kind == "local"
