from __future__ import annotations

import pickle
import traceback
from pathlib import Path

import pytest

from engine.data.leak_guard import LeakGuard
from engine.data.proof_rows import read_proof
from engine.errors import ProjectError
from engine.operations.create_project import create_project
from engine.project import Project
from tests.engine.data.conftest import as_rows, examples, write_jsonl


@pytest.fixture
def project(tmp_path: Path, files: dict[str, Path]) -> Project:
    return create_project(tmp_path / "work", **files, text="text", label="label")  # type: ignore[arg-type]


@pytest.fixture
def pairs(tmp_path: Path) -> Project:
    paths = {
        name: write_jsonl(tmp_path / f"{name}.jsonl", as_rows(examples(20, seed=seed, pair=True)))
        for seed, name in enumerate(("train", "pool", "proof"))
    }
    return create_project(tmp_path / "pairs", **paths, text="text", pair="text_pair", label="label")  # type: ignore[arg-type]


def test_proof_rows_are_read_here_and_not_through_the_project(project: Project) -> None:
    assert read_proof(project) == examples(12, seed=2)
    with pytest.raises(ProjectError, match="proof rows are read by the evaluator alone"):
        project.examples("proof")


def test_copies_and_near_copies_of_proof_rows_are_leaks(project: Project) -> None:
    guard = LeakGuard(project)
    for row in read_proof(project):
        assert guard.is_leak(row.text.upper() + " !")
        assert guard.is_leak(row.text + " too")
        assert guard.is_leak(row.text[3:])


def test_rows_of_other_splits_are_no_leaks(project: Project) -> None:
    guard = LeakGuard(project)
    for name in ("train", "pool", "test", "dev"):
        assert not any(guard.is_leak(row.text) for row in project.examples(name))  # type: ignore[arg-type]


def test_pairs_leak_in_both_orders_and_not_by_one_half(pairs: Project) -> None:
    guard = LeakGuard(pairs)
    row = read_proof(pairs)[3]
    assert row.text_pair is not None
    assert guard.is_leak(row.text, row.text_pair)
    assert guard.is_leak(row.text_pair + " so", row.text)
    assert not guard.is_leak(row.text, "quite another second text that nobody wrote")


def test_a_proof_row_inside_a_longer_text_is_found_and_other_texts_are_not(project: Project, pairs: Project) -> None:
    guard = LeakGuard(project)
    for row in read_proof(project):
        assert guard.is_inside(f"They wrote:\n\u201c{row.text.upper()}\u201d And that was all.")
        assert not guard.is_inside(f"They wrote: {row.text[1:-1]}")
    assert not any(guard.is_inside(row.text) for row in project.examples("pool"))
    pair = read_proof(pairs)[3]
    assert LeakGuard(pairs).is_inside(f"{pair.text_pair} beside {pair.text}")
    assert not LeakGuard(pairs).is_inside(pair.text)


def test_the_guard_shows_no_proof_text(project: Project) -> None:
    guard = LeakGuard(project)
    assert guard.is_leak(read_proof(project)[0].text + " now")
    assert guard.is_inside(f"Look at this: {read_proof(project)[0].text} And at nothing else.")
    shown = [repr(guard), str(guard), str(vars(guard)), repr(guard.__dict__)]
    for act in (lambda: pickle.dumps(guard), lambda: guard.is_leak(None)):  # type: ignore[arg-type]
        try:
            act()
        except Exception as error:
            shown += [str(error), *traceback.format_exception(type(error), error, error.__traceback__)]
        else:
            pytest.fail("neither can work")
    for row in read_proof(project):
        assert not [text for text in shown if row.text[:12].lower() in text.lower()]


def test_without_a_proof_split_nothing_leaks_and_nothing_is_read(project: Project) -> None:
    project.manifest.splits.pop("proof")
    assert not LeakGuard(project).is_leak("anything")
    with pytest.raises(ProjectError, match="the project has no proof split"):
        read_proof(project)
