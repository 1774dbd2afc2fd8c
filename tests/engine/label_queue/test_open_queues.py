"""Which queues have rows for a person, in which order, and which one is taken where none is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.files import write_json
from engine.label_queue import scored_rows
from engine.label_queue.open_queues import open_queues
from engine.label_queue.queue_files import Choice, new_queue
from engine.label_queue.scored_rows import CANDIDATES, ScoredRows, keep_scored_rows, read_scored_rows, scored_rows_path
from engine.project import Project
from engine.schema import QueueKind
from tests.builders.stream import at_work, stream_project, teaching_of


def queue_of(
    project: Project,
    kind: QueueKind,
    rows: list[str],
    *,
    budget: int = 0,
    candidates: Sequence[str] = (),
    round: int = 1,
) -> None:
    """A queue; ``candidates``: rows that a hunt may choose, of the model of that round."""
    split = "proof" if kind == "audit" else "pool"
    scored = ScoredRows("0" * 16, "m", round, 0.9, ("a",), tuple(candidates), ("a",) * len(candidates))
    keep_scored_rows(project.root, CANDIDATES, scored)
    facts = {CANDIDATES: scored.key}
    queue = new_queue(project, kind, split=split, budget=budget, seed=13, facts=facts)
    queue.append(Choice(row, "chosen") for row in rows)


def label(project: Project, name: str, queue: str) -> None:
    """Let a person label the rows of a queue."""
    one = at_work(project, name, queue=queue)
    while one.session.row is not None:
        one.session.label("positive")
    one.close()


def first_queue(project: Project, name: str) -> str:
    """The queue that a person who names none is led to."""
    one = at_work(project, name)
    one.close()
    return one.name


def open_to(project: Project, name: str) -> list[tuple[str, int]]:
    return open_queues(project, teaching_of(project, name))


def test_what_comes_first_where_no_queue_is_named_stands_first(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=6, proof=1)
    queue_of(project, "pattern", ["r5"])
    queue_of(project, "hunt", ["r0"])
    queue_of(project, "hunt", ["r1", "r2"])
    queue_of(project, "audit", ["h0"])
    assert open_to(project, "ann") == [("audit-1", 1), ("hunt-2", 2), ("hunt-1", 1), ("pattern-1", 1), ("random", 6)]
    for name in ("audit-1", "hunt-2", "hunt-1"):
        assert first_queue(project, "ann") == name
        label(project, "ann", name)
    assert open_to(project, "ann") == [("pattern-1", 1), ("random", 3)]
    assert first_queue(project, "ann").startswith("random")


def test_an_audit_that_waits_for_a_second_person_is_open_to_them_alone(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=1, people=2, proof=1)
    queue_of(project, "audit", ["h0"])
    label(project, "ann", "audit")
    assert first_queue(project, "ann").startswith("random")
    assert first_queue(project, "ben") == "audit-1"
    assert open_to(project, "ben")[0] == ("audit-1", 1)
    label(project, "ben", "audit")
    assert first_queue(project, "cleo").startswith("random")


def test_a_hunt_that_has_not_chosen_all_its_rows_is_open(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=3)
    queue_of(project, "hunt", ["r0"], budget=3, candidates=["r0", "r1", "r2"])
    label(project, "ann", "hunt")
    assert open_to(project, "ann")[0] == ("hunt-1", 2)
    ann = at_work(project, "ann")
    assert (ann.kind, ann.session.pace.left) == ("hunt", 2)


def test_a_hunt_that_can_choose_no_further_row_is_passed_over(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=4)
    queue_of(project, "pattern", ["r1"])
    queue_of(project, "hunt", ["r0"], budget=3, candidates=["r0", "r1"])
    label(project, "ann", "hunt")
    ben = at_work(project, "ben")
    assert (ben.kind, ben.session.row, ben.session.pace.left) == ("hunt", None, 1)
    label(project, "ann", "pattern")
    assert ben.session.pace.left == 0
    for name in ("ann", "ben", "cleo"):
        assert at_work(project, name).kind == "random"
        assert open_to(project, name) == [("random-1", 2)]


def test_a_hunt_of_an_earlier_model_is_open_for_its_chosen_rows_alone(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=4)
    queue_of(project, "hunt", ["r0"], budget=3, candidates=["r0", "r1", "r2"], round=project.round + 1)
    assert open_to(project, "ann")[0] == ("hunt-1", 1)
    label(project, "ann", "hunt")
    assert first_queue(project, "ann").startswith("random")


def test_rows_that_came_after_the_drawn_ones_were_labelled_are_offered(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=4)
    queue_of(project, "pattern", ["r0"])
    label(project, "ann", "pattern")
    queue_of(project, "random", ["r0"])
    assert open_to(project, "ann") == [("random-1", 3)]
    label(project, "ann", "random-1")
    assert open_to(project, "ann") == []


@pytest.mark.parametrize("count", [0, 1, 3, 8])
def test_rows_that_are_written_some_at_a_time_are_one_file_as_any(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scored_rows, "AT_ONCE", 3)
    ids = tuple(f'{number} "é"\n' for number in range(count))
    rows = ScoredRows("0" * 16, "m", 1, 0.9, ("a", "b"), ids, ("a",) * count)
    keep_scored_rows(tmp_path, CANDIDATES, rows)
    write_json(tmp_path / "whole.json", rows.as_json())
    assert scored_rows_path(tmp_path, CANDIDATES, rows.key).read_bytes() == (tmp_path / "whole.json").read_bytes()
    assert read_scored_rows(tmp_path, CANDIDATES, rows.key, ScoredRows, hint="") == rows
