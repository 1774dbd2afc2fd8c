"""Files of queues: append-only, whole lines, and numbered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.label_queue.queue_files import Choice, new_queue, queues
from tests.builders.stream import stream_project


def test_queues_are_numbered_by_kind_and_found_again(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work")
    first = new_queue(project, "hunt", budget=10, seed=1, facts={"tau": 0.9})
    new_queue(project, "hunt", budget=5, seed=2)
    audit = new_queue(project, "audit", split="proof", budget=3, seed=3)
    audit.append([Choice("h1", "drawn", 0.25, "flagged"), Choice("h2", "drawn", 0.5, "not flagged", 2)])
    assert {one.spec.name for one in queues(project)} == {"hunt-1", "hunt-2", "audit-1"}
    assert [one.spec.budget for one in queues(project, "hunt")] == [10, 5]
    assert first.spec.facts == {"tau": 0.9}
    (found,) = queues(project, "audit")
    assert found.spec == audit.spec
    assert found.choices == audit.choices


def test_a_line_that_a_crash_cut_off_is_left_out_and_the_next_one_is_whole(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work")
    queue = new_queue(project, "hunt", budget=10, seed=1)
    queue.append([Choice("r1", "one"), Choice("r2", "two")])
    queue.path.write_bytes(queue.path.read_bytes()[:-9])
    assert queue.refresh() is False
    assert [one.row for one in queue.choices] == ["r1"]
    queue.append([Choice("r3", "three")])
    assert [one.row for one in queue.choices] == ["r1", "r3"]
    assert [one.row for one in queues(project)[0].choices] == ["r1", "r3"]


def test_queues_that_are_made_at_once_have_numbers_of_their_own(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work")
    with ThreadPoolExecutor(4) as makers:
        made = makers.map(lambda spot: new_queue(project, "flagged", budget=0, seed=1, facts={"spot": spot}), range(8))
        assert sorted(file.spec.facts["spot"] for file in made) == list(range(8))
    assert len(queues(project, "flagged")) == 8


def test_two_who_draw_the_same_rows_at_once_add_them_once(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work")
    one = new_queue(project, "random", budget=0, seed=1)
    (other,) = queues(project)
    one.append([Choice("r1", "one"), Choice("r2", "two")])
    other.append([Choice("r1", "one"), Choice("r2", "two"), Choice("r3", "three")])
    assert [choice.row for choice in other.choices] == ["r1", "r2", "r3"]
    assert one.refresh()
    assert one.choices == other.choices


def test_a_damaged_queue_is_told_with_its_line(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work")
    queue = new_queue(project, "hunt", budget=10, seed=1)
    queue.append([Choice("r1", "one"), Choice("r2", "two")])
    lines = queue.path.read_text().splitlines()
    queue.path.write_text("\n".join([lines[0], "{", lines[2]]) + "\n")
    with pytest.raises(StoreError, match="a line of the queue is damaged") as told:
        queues(project)
    assert ":2" in str(told.value)
    for damaged in ("nonsense\n", "\n".join(["nonsense", *lines[1:]]), ""):
        queue.path.write_text(damaged)
        with pytest.raises(StoreError, match="no queue of rows"):
            queues(project)
