from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from engine.errors import Stopped
from engine.files import remove
from engine.model import array_cache
from engine.model import batched_inference as sweep
from engine.model.array_cache import Array, Making, cached_arrays
from engine.model.model_registry import current_model, embeddings, predictions
from engine.progress import Silent
from engine.project import Project
from tests.builders.monitor import Recorder
from tests.waiting import until


def counting(stop_at: int | None = None, began: list[int] | None = None) -> Making:
    """Writes the row's number into both arrays, two rows at a time."""

    def fill(arrays: Sequence[Array], done: int) -> Iterator[int]:
        if began is not None:
            began.append(done)
        for first in range(done, 10, 2):
            if first == stop_at:
                raise Stopped
            for array in arrays:
                array[first : first + 2] = np.arange(first, first + 2)[:, None]
            yield first + 2

    return Making([1, 3], fill)


def test_what_is_finished_is_kept_and_gone_on_with(tmp_path: Path) -> None:
    paths = [tmp_path / "in" / "a.npy", tmp_path / "in" / "b.npy"]
    with pytest.raises(Stopped):
        cached_arrays(paths, 10, lambda: counting(stop_at=6), monitor=Silent())
    assert not any(path.exists() for path in paths)
    began: list[int] = []
    a, b = cached_arrays(paths, 10, lambda: counting(began=began), monitor=Silent())
    assert began == [6]
    np.testing.assert_array_equal(a, np.arange(10)[:, None])
    np.testing.assert_array_equal(b, np.arange(10)[:, None].repeat(3, axis=1))
    assert sorted(path.name for path in paths[0].parent.iterdir()) == ["a.npy", "a.npy.sha256", "b.npy", "b.npy.sha256"]
    cached_arrays(paths, 10, lambda: pytest.fail("made again"), monitor=Silent())


def test_a_kill_right_before_the_end_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / "a.npy", tmp_path / "b.npy"]

    def killed(path: Path) -> None:
        if paths[1].exists():
            raise SystemExit
        remove(path)

    monkeypatch.setattr(array_cache, "remove", killed)
    with pytest.raises(SystemExit):
        cached_arrays(paths, 10, counting, monitor=Silent())
    monkeypatch.undo()
    assert (tmp_path / "a.npy.rows").exists()
    cached_arrays(paths, 10, lambda: pytest.fail("made again"), monitor=Silent())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npy", "a.npy.sha256", "b.npy", "b.npy.sha256"]


def test_of_two_that_need_the_same_one_makes_it_and_the_other_waits(tmp_path: Path) -> None:
    paths = [tmp_path / "a.npy", tmp_path / "b.npy"]
    began: list[int] = []
    is_made, other_waits = threading.Event(), threading.Event()

    def slowly() -> Making:
        made = counting(began=began)

        def fill(arrays: Sequence[Array], done: int) -> Iterator[int]:
            for finished in made.fill(arrays, done):
                yield finished
                is_made.set()
                assert other_waits.wait(60)

        return Making(made.widths, fill)

    first = threading.Thread(target=cached_arrays, args=(paths, 10, slowly), kwargs={"monitor": Silent()})
    first.start()
    assert is_made.wait(60)
    waited = Recorder(lambda *_: other_waits.set())
    a, _ = cached_arrays(paths, 10, lambda: pytest.fail("made twice"), monitor=waited)
    first.join()
    assert began == [0]
    assert [stage for stage, *_ in waited.steps] == ["wait for another process that makes the same"]
    np.testing.assert_array_equal(a, np.arange(10)[:, None])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npy", "a.npy.sha256", "b.npy", "b.npy.sha256"]


def test_a_partial_file_of_another_shape_is_begun_anew(tmp_path: Path) -> None:
    path = [tmp_path / "a.npy", tmp_path / "b.npy"]
    with pytest.raises(Stopped):
        cached_arrays(path, 10, lambda: counting(stop_at=4), monitor=Silent())
    (tmp_path / "b.npy.partial").write_bytes(b"damaged")
    began: list[int] = []
    cached_arrays(path, 10, lambda: counting(began=began), monitor=Silent())
    assert began == [0]


def test_scoring_goes_on_at_the_last_window(small_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sweep.WINDOW_ROWS, "cpu", 4)
    model = current_model(small_project, monitor=Silent())
    pool = small_project.examples("pool")

    with pytest.raises(Stopped):
        predictions(small_project, model, pool, split_key="pool", monitor=Recorder(lambda _, done: done > 8))
    with pytest.raises(Stopped):
        embeddings(small_project, pool, monitor=Recorder(lambda _, done: done > 8))
    seen = Recorder()
    logits = predictions(small_project, model, pool, split_key="pool", monitor=seen)
    vectors = embeddings(small_project, pool, monitor=seen)
    assert [step[:3] for step in seen.steps if step[1] == 8] == [
        ("score", 8, 12),
        ("embed", 8, 10),
    ]  # two texts are there twice
    assert min(step[1] for step in seen.steps) == 8
    for path in small_project.cache_dir.iterdir():
        path.unlink()
    np.testing.assert_array_equal(predictions(small_project, model, pool, split_key="pool", monitor=Silent()), logits)
    np.testing.assert_array_equal(embeddings(small_project, pool, monitor=Silent()), vectors)


def score_and_hang(root: Path) -> None:
    """Score in a process of its own, and wait in the second window."""

    def wait(stage: str, done: int) -> bool:
        if done > 4:
            threading.Event().wait()
        return False

    project = Project.open(root)
    model = current_model(project, monitor=Silent())
    predictions(project, model, project.examples("pool"), split_key="pool", monitor=Recorder(wait))


def test_scoring_that_was_killed_goes_on(small_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sweep.WINDOW_ROWS, "cpu", 4)
    model = current_model(small_project, monitor=Silent())
    process = get_context("fork").Process(target=score_and_hang, args=(small_project.root,))
    process.start()
    until(lambda: any(path.suffix == ".rows" for path in small_project.cache_dir.glob("*")))
    process.kill()
    process.join()
    seen = Recorder()
    predictions(small_project, model, small_project.examples("pool"), split_key="pool", monitor=seen)
    assert seen.steps[0][:3] == ("score", 4, 12)
