from __future__ import annotations

import subprocess
from pathlib import Path

import orjson
import pytest

from engine import __version__
from engine.child import command
from engine.errors import StoreError
from engine.schema import RowMark
from engine.teaching.store import Store
from engine.teaching.write_lock import writing

pytestmark = pytest.mark.usefixtures("forked_processes")

ROOT = Path(__file__).parents[3]


def mark(store: Store, row: str, verdict: str = "fine") -> None:
    with store.edit(f"mark row {row} as {verdict}") as edit:
        edit.put("mark", row, RowMark(row, verdict))  # type: ignore[arg-type]


def verdicts(store: Store) -> dict[str, str]:
    return {key[1]: found.body["verdict"] for key, found in store.current.items() if found.body}


def start_writer(folder: Path, author: str, prefix: str, count: int) -> subprocess.Popen[str]:
    words = [*command("tests.engine.teaching.writer"), str(folder), author, prefix, str(count)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})


def test_a_revision_says_who_when_what_and_why(tmp_path: Path) -> None:
    store = Store(tmp_path, "Ann Lee")
    mark(store, "r1")
    mark(store, "r1", "ambiguous")
    store.undo()
    first, second, third = store.revisions
    assert (first.seq, first.revision, first.cause, first.answers) == (1, 1, "edit", None)
    assert (second.seq, second.revision, second.action, second.note) == (2, 2, 2, "mark row r1 as ambiguous")
    assert (third.seq, third.revision, third.cause, third.answers, third.body) == (3, 3, "undo", 2, first.body)
    assert {found.author for found in store.revisions} == {"Ann Lee"}
    assert {found.tool for found in store.revisions} == {__version__}
    assert first.time <= second.time <= third.time
    assert first.time.endswith("+00:00")


def test_undo_and_redo_have_no_limit_and_survive_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path, "ann")
    for number in range(30):
        mark(store, f"r{number}")
    for number in reversed(range(30)):
        store = Store(tmp_path, "ann")
        done = store.undo()
        assert done is not None
        assert done.note == f"mark row r{number} as fine"
    assert verdicts(store) == {}
    assert Store(tmp_path, "ann").undo() is None
    for number in range(30):
        again = Store(tmp_path, "ann").redo()
        assert again is not None
        assert again.note == f"mark row r{number} as fine"
    store.refresh()
    assert list(verdicts(store)) == [f"r{number}" for number in range(30)]
    assert store.redo() is None


def test_undo_brings_back_what_stood_there_before(tmp_path: Path) -> None:
    store = Store(tmp_path, "ann")
    mark(store, "r1", "fine")
    mark(store, "r1", "ambiguous")
    with store.edit("take the mark off row r1") as edit:
        edit.delete("mark", "r1")
    seen = []
    for _ in range(3):
        store.undo()
        seen.append(verdicts(store))
    assert seen == [{"r1": "ambiguous"}, {"r1": "fine"}, {}]


def test_an_action_of_many_changes_is_undone_as_one(tmp_path: Path) -> None:
    store = Store(tmp_path, "ann")
    mark(store, "r0")
    with store.edit("mark three rows") as edit:
        for row in ("r1", "r2", "r3"):
            edit.put("mark", row, RowMark(row, "fine"))
    done = store.undo()
    assert done is not None
    assert [found.id for found in done.revisions] == ["r1", "r2", "r3"]
    assert list(verdicts(store)) == ["r0"]
    store.redo()
    assert list(verdicts(store)) == ["r0", "r1", "r2", "r3"]


def test_a_new_edit_ends_redo_but_the_history_stays(tmp_path: Path) -> None:
    store = Store(tmp_path, "ann")
    mark(store, "r1")
    mark(store, "r2")
    store.undo()
    assert (store.next_undo().note, store.next_redo().note) == ("mark row r1 as fine", "mark row r2 as fine")
    mark(store, "r3")
    assert store.next_redo() is None
    assert store.redo() is None
    assert [found.id for found in store.revisions] == ["r1", "r2", "r2", "r3"]
    store.undo()
    store.undo()
    assert verdicts(store) == {}
    assert store.undo() is None


def test_another_process_can_undo(tmp_path: Path) -> None:
    mine, other = Store(tmp_path, "ann"), Store(tmp_path, "ann")
    mark(mine, "r1")
    assert other.undo() is not None
    assert mine.refresh()
    assert verdicts(mine) == {}
    assert mine.next_redo().note == "mark row r1 as fine"
    assert not mine.refresh()


def test_an_edit_that_fails_or_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path, "ann")
    mark(store, "r1")
    raw = store.path.read_bytes()
    mark(store, "r1")
    with store.edit("two changes") as edit:
        edit.put("mark", "r3", RowMark("r3", "fine"))
        with pytest.raises(StoreError, match="no mark `r2`"):
            edit.delete("mark", "r2")
        edit.changes.clear()
    with pytest.raises(ZeroDivisionError):
        _fail_while_editing(store)
    assert store.path.read_bytes() == raw
    assert list(verdicts(store)) == ["r1"]


def _fail_while_editing(store: Store) -> None:
    with store.edit("a change") as edit:
        edit.put("mark", "r4", RowMark("r4", "fine"))
        raise ZeroDivisionError


def test_ids_are_never_given_twice(tmp_path: Path) -> None:
    store = Store(tmp_path, "ann")
    for expected in ("P1@ann", "P2@ann"):
        with store.edit("write") as edit:
            record = edit.new_id("P")
            edit.put("mark", record, RowMark(record, "fine"))
        assert record == expected
    store.undo()
    with Store(tmp_path, "ann").edit("write") as edit:
        assert [edit.new_id("P"), edit.new_id("P"), edit.new_id("S")] == ["P3@ann", "P4@ann", "S1@ann"]


def test_names_become_files_that_no_two_authors_share(tmp_path: Path) -> None:
    names = ["ann", "Ann", "ann lee", "ann-lee", "../ann", "", " ", "ángel", "a" * 300, ".ann", "安"]
    paths = set()
    for name in names:
        if not name.strip():
            with pytest.raises(StoreError, match="--annotator"):
                Store(tmp_path, name)
            continue
        store = Store(tmp_path, name)
        mark(store, "r1")
        assert store.path.parent == tmp_path
        paths.add(store.path.name.casefold())
    assert len(paths) == len(names) - 2
    assert "ann.json" in paths


def test_opening_a_damaged_file_mends_it_and_keeps_the_original(tmp_path: Path) -> None:
    store = Store(tmp_path, "ann")
    for number in range(5):
        mark(store, f"r{number}")
    damaged = store.path.read_bytes().replace(b'"verdict":"fine"', b'"verdict":"fi', 1)
    store.path.write_bytes(damaged)
    opened = Store(tmp_path, "ann")
    assert list(verdicts(opened)) == ["r1", "r2", "r3", "r4"]
    assert opened.recovery is not None
    assert opened.recovery.sentence == (
        "ann.json was damaged: 4 whole records kept, 1 damaged line dropped; "
        "the damaged original is kept as ann.json.damaged-1."
    )
    assert (tmp_path / "ann.json.damaged-1").read_bytes() == damaged
    mark(opened, "r9")
    again = Store(tmp_path, "ann")
    assert again.recovery is None
    assert again.revisions[-1].seq == 6
    for _ in range(5):
        assert again.undo() is not None
    assert verdicts(again) == {}


def test_kinds_of_a_newer_version_are_kept(tmp_path: Path) -> None:
    store = Store(tmp_path, "ann")
    mark(store, "r1")
    values = orjson.loads(store.path.read_bytes())
    newer = {"seq": 2, "action": 2, "kind": "verdict", "body": {"x": 1}, "new": 1}
    values["revisions"]["2"] = {**values["revisions"]["1"], **newer}
    store.path.write_bytes(orjson.dumps(values))
    opened = Store(tmp_path, "ann")
    assert opened.recovery is None
    mark(opened, "r2")
    assert orjson.loads(store.path.read_bytes())["revisions"]["2"] == values["revisions"]["2"]


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    writers = [start_writer(tmp_path, "ann", prefix, 200) for prefix in ("a", "b")]
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    store = Store(tmp_path, "ann")
    assert store.recovery is None
    assert set(verdicts(store)) == {f"{prefix}{number}" for prefix in ("a", "b") for number in range(200)}
    assert [found.seq for found in store.revisions] == list(range(1, 401))


def test_kill_9_in_the_middle_of_writes_loses_nothing_that_was_stored(tmp_path: Path) -> None:
    for attempt in range(6):
        folder = tmp_path / str(attempt)
        writer = start_writer(folder, "ann", "r", 100_000)
        assert writer.stdout is not None
        stored = [writer.stdout.readline().strip() for _ in range(5 + 7 * attempt)]
        with writer:
            writer.kill()
            stored += writer.stdout.read().split()  # `communicate` would pass over what has been read ahead
        store = Store(folder, "ann")
        assert store.recovery is None
        assert set(stored) <= set(verdicts(store))
        assert len(verdicts(store)) - len(stored) in (0, 1)  # stored, and killed before it could say so
        mark(store, "after")
        assert sorted(path.name for path in folder.iterdir()) == [".ann.lock", "ann.json"]


def test_a_held_lock_is_named_after_a_while(tmp_path: Path) -> None:
    store = Store(tmp_path, "ann", patience=0.1)
    with writing(tmp_path / ".ann.lock"), pytest.raises(StoreError, match=r"another process writes .*: process \d+"):
        mark(store, "r1")
    mark(store, "r1")
    assert list(verdicts(store)) == ["r1"]
