"""The process that chooses rows while people label: it follows labels, ends with its parent, and is one a queue."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.files import read_json, write_json
from engine.hunt.hunt_files import array_path, find_hunt
from engine.label_queue.row_chooser import RowChooser
from engine.locks import is_held
from engine.project import Project
from tests.builders.hunt import answer_all
from tests.waiting import until

ROOT = Path(__file__).parents[3]


@pytest.fixture
def start(hunted: Project, forked_processes: None) -> Iterator[Callable[[], RowChooser]]:
    """Starts a process for the hunt."""
    made: list[RowChooser] = []

    def begin() -> RowChooser:
        made.append(RowChooser(hunted.root, "hunt-1", "hunt"))
        return made[-1]

    yield begin
    for one in made:
        one.close()


def chosen(project: Project) -> int:
    return len(find_hunt(project).file.choices)


def test_labels_of_another_process_lead_to_new_choices_until_the_budget_is_used_up(
    hunted: Project, start: Callable[[], RowChooser]
) -> None:
    client = start()
    for expected in (30, 40, 50, 60):
        answer_all(hunted)
        until(lambda expected=expected: chosen(hunted) >= expected)
        assert chosen(hunted) == expected
    until(lambda: not client.is_choosing)
    assert client.take_problem() == ""
    batches = [choice.batch for choice in find_hunt(hunted).file.choices]
    assert batches == sorted(batches)


def test_nothing_is_chosen_while_enough_rows_lie_ahead(hunted: Project, start: Callable[[], RowChooser]) -> None:
    client = start()
    lock = hunted.root / "queues" / ".hunt-1.lock"
    until(lambda: is_held(lock))
    answer_all(hunted)
    until(lambda: chosen(hunted) > 20)
    assert chosen(hunted) == 30
    assert client.is_choosing


def test_it_ends_when_its_parent_is_killed(hunted: Project) -> None:
    code = f"""
import sys, time
from pathlib import Path
from engine.label_queue.row_chooser import RowChooser
client = RowChooser(Path({str(hunted.root)!r}), "hunt-1", "hunt")
print(client.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        lock = hunted.root / "queues" / ".hunt-1.lock"
        until(lambda: is_held(lock))
        parent.kill()
    until(lambda: not Path(f"/proc/{pid}").exists())
    assert not is_held(lock)


def test_one_process_chooses_and_another_takes_over_at_its_end(
    hunted: Project, start: Callable[[], RowChooser]
) -> None:
    first = start()
    until(lambda: is_held(hunted.root / "queues" / ".hunt-1.lock"))
    second = start()
    answer_all(hunted)
    until(lambda: chosen(hunted) == 30)
    first.close()
    assert second.is_choosing
    answer_all(hunted)
    until(lambda: chosen(hunted) == 40)
    assert len({choice.row for choice in find_hunt(hunted).file.choices}) == chosen(hunted)


def test_a_process_that_was_killed_is_told_of_once(hunted: Project, start: Callable[[], RowChooser]) -> None:
    client = start()
    assert client.take_problem() == ""
    assert client.pid is not None
    os.kill(client.pid, signal.SIGKILL)
    until(lambda: not client.is_choosing)
    assert "No further rows are chosen (the process ended with status -9)" in client.take_problem()
    assert client.take_problem() == ""


def test_what_keeps_it_from_choosing_is_told(hunted: Project, start: Callable[[], RowChooser]) -> None:
    array_path(hunted.root, find_hunt(hunted).rows.key).write_bytes(b"no array")
    client = start()
    until(lambda: not client.is_choosing)
    assert "No further rows are chosen" in (told := client.take_problem())
    assert "damaged" in told


def test_a_hunt_of_an_earlier_round_is_not_gone_on_with(hunted: Project, start: Callable[[], RowChooser]) -> None:
    path = hunted.root / "queues" / f"candidates-{find_hunt(hunted).rows.key}.json"
    write_json(path, read_json(path) | {"round": 7})
    client = start()
    until(lambda: not client.is_choosing)
    assert "earlier round" in client.take_problem()
