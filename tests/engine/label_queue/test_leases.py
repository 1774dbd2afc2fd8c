"""Leases: nobody is handed what another holds, and time alone frees it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.label_queue.leases import HOLDS_FOR, Leases

ROOT = Path(__file__).parents[3]


class Clock:
    """Seconds that go on by hand."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


def test_a_row_is_held_by_one_person_until_they_take_another(tmp_path: Path) -> None:
    ann, ben = Leases(tmp_path, "ann"), Leases(tmp_path, "ben")
    assert ann.take("r1", 1)
    assert not ben.take("r1", 1)
    assert ben.take("r2", 1)
    assert ann.take("r3", 1)
    assert ann.take("r3", 1), "what one holds one may take again"
    assert ben.take("r1", 1)
    ben.release()
    assert ann.take("r1", 1)


def test_as_many_may_hold_a_row_as_it_has_room_for(tmp_path: Path) -> None:
    ann, ben, cleo = (Leases(tmp_path, name) for name in ("ann", "ben", "cleo"))
    assert ann.take("r1", 2)
    assert ben.take("r1", 2)
    assert not cleo.take("r1", 2)
    assert not cleo.take("r2", 0)


def test_a_lease_ends_by_time_alone_and_keys_renew_it(tmp_path: Path) -> None:
    clock = Clock()
    ann, ben = Leases(tmp_path, "ann", now=clock), Leases(tmp_path, "ben", now=clock)
    assert ann.take("r1", 1)
    clock.time += HOLDS_FOR - 10
    ann.renew()
    clock.time += HOLDS_FOR - 10
    assert not ben.take("r1", 1)
    clock.time += 11
    assert ben.take("r1", 1)
    ann.renew()  # too late: it is ben's now
    ann.release()
    assert not ann.take("r1", 1)


def test_a_process_that_was_killed_holds_its_row_no_longer_than_another(tmp_path: Path) -> None:
    clock = Clock()
    Leases(tmp_path, "ann", now=clock).take("r1", 1)  # and nothing more is ever heard of it
    ben = Leases(tmp_path, "ben", now=clock)
    assert not ben.take("r1", 1)
    clock.time += HOLDS_FOR + 1
    assert ben.take("r1", 1)


def test_one_person_in_two_terminals_is_not_handed_the_same_row_twice(tmp_path: Path) -> None:
    clock = Clock()
    first, second = Leases(tmp_path, "ann", now=clock), Leases(tmp_path, "ann", now=clock)
    ben, cleo = Leases(tmp_path, "ben", now=clock), Leases(tmp_path, "cleo", now=clock)
    assert first.take("r1", 2)
    assert not second.take("r1", 2)
    assert second.take("r2", 2)
    assert ben.take("r1", 2)
    assert not cleo.take("r1", 2)
    clock.time += HOLDS_FOR - 10
    first.renew()
    clock.time += 11
    assert not second.take("r1", 2)
    first.release()
    assert second.take("r1", 2)


def test_who_leaves_one_of_two_terminals_keeps_what_the_other_holds(tmp_path: Path) -> None:
    first, second, ben = Leases(tmp_path, "ann"), Leases(tmp_path, "ann"), Leases(tmp_path, "ben")
    assert first.take("r1", 1)
    assert second.take("r2", 1)
    second.release()
    assert not ben.take("r1", 1)
    assert ben.take("r2", 1)
    first.release()
    assert ben.take("r1", 1)


_TAKE = """
import sys
from pathlib import Path
from engine.label_queue.leases import Leases
leases = Leases(Path(sys.argv[1]), "ann")
print(leases.take("r1", 1), flush=True)
sys.stdin.read()
"""


def test_the_row_of_a_session_that_was_killed_is_theirs_again_at_once_and_nobody_elses(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _TAKE, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "True\n"
        again, ben = Leases(tmp_path, "ann"), Leases(tmp_path, "ben")
        assert not again.take("r1", 1)
        killed.kill()
    assert not ben.take("r1", 1)
    assert again.take("r1", 1)


def test_rows_taken_one_after_another_leave_no_file_open(tmp_path: Path) -> None:
    ann = Leases(tmp_path, "ann")
    ann.take("r0", 1)
    before = len(list(Path("/dev/fd").iterdir()))
    for number in range(1, 20):
        assert ann.take(f"r{number}", 1)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_damaged_lease_holds_nothing(tmp_path: Path) -> None:
    ann, ben = Leases(tmp_path, "ann"), Leases(tmp_path, "ben")
    ann.take("r1", 1)
    (path,) = tmp_path.glob("*.json")
    path.write_text("{")
    assert ben.take("r1", 1)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "queues").write_text("a file")
    with pytest.raises(StoreError, match="rows cannot be reserved"):
        Leases(tmp_path / "queues", "ann").take("r1", 1)
