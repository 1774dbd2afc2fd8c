"""The journal of a large file of records: quick to write, and nothing is lost or hidden for it."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from tinydb import TinyDB

from engine.errors import StoreError
from engine.paths import SETTINGS_FILE
from engine.project import Project
from engine.schema import RowMark
from engine.teaching.journal import journal_lines, read_journal
from engine.teaching.records import Records
from engine.teaching.revisions import Log
from engine.teaching.store import Store
from engine.verify.record_checks import check_records
from tests.engine.teaching.test_store import ROOT, mark, start_writer, verdicts

pytestmark = pytest.mark.usefixtures("forked_processes")

MANY = 2_000  # marks of a file that is large enough for a journal
Lines = list[bytes]


def large(folder: Path) -> Store:
    store = Store(folder, "ann")
    mark_all(store, [f"m{number}" for number in range(MANY)])
    return store


def mark_all(store: Store, rows: list[str]) -> None:
    with store.edit(f"mark {len(rows)} rows") as edit:
        for row in rows:
            edit.put("mark", row, RowMark(row, "fine"))


def journal(store: Store) -> Path:
    return store.path.with_name("ann.journal.jsonl")


def in_tinydb(store: Store) -> int:
    with TinyDB(store.path, access_mode="r") as database:
        return len(database.table("revisions"))


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, check=False, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, text=True, capture_output=True)


def test_a_mark_in_a_large_file_is_one_line_beside_it(tmp_path: Path) -> None:
    store = large(tmp_path)
    assert not journal(store).exists()
    raw = store.path.read_bytes()
    mark(store, "r1")
    store.undo()
    assert store.path.read_bytes() == raw
    assert [orjson.loads(line)["id"] for line in journal(store).read_bytes().splitlines()] == ["2001", "2002"]
    again = Store(tmp_path, "ann")
    assert again.revisions == store.revisions
    assert again.next_redo().note == "mark row r1 as fine"
    assert again.repair is None


def test_a_small_file_has_no_journal(tmp_path: Path) -> None:
    store = Store(tmp_path, "ann")
    mark(store, "r1")
    mark(store, "r2")
    assert not journal(store).exists()


def test_when_the_store_is_closed_there_is_one_whole_tinydb_file(tmp_path: Path) -> None:
    store = large(tmp_path)
    mark(store, "r1")
    assert in_tinydb(store) == MANY
    store.close()
    assert not journal(store).exists()
    assert in_tinydb(store) == MANY + 1
    mark(store, "r2")
    assert journal(store).exists()
    assert Store(tmp_path, "ann").repair is None


def test_when_a_process_ends_there_is_one_whole_tinydb_file(tmp_path: Path) -> None:
    store = large(tmp_path)
    writer = start_writer(tmp_path, "ann", "r", 3)
    writer.communicate(timeout=60)
    assert writer.returncode == 0
    assert not journal(store).exists()
    assert in_tinydb(store) == MANY + 3


def test_a_journal_does_not_grow_without_end(tmp_path: Path) -> None:
    store = large(tmp_path)
    mark_all(store, [f"r{number}" for number in range(600)])
    assert len(journal(store).read_bytes().splitlines()) == 600
    mark_all(store, [f"s{number}" for number in range(600)])
    assert not journal(store).exists()
    assert in_tinydb(store) == MANY + 1_200


def test_others_follow_what_is_written_and_what_becomes_of_the_journal(tmp_path: Path) -> None:
    store = large(tmp_path)
    other = Records(tmp_path)
    for step in (lambda: mark(store, "r1"), lambda: mark_all(store, ["r2", "r3"]), store.close, store.undo):
        step()
        assert other.refresh()
        assert not other.refresh()
        log = other.log("ann")
        assert log is not None
        assert log.revisions == store.revisions
        assert log.current == store.current
    assert other.repairs == []


def test_a_write_that_was_cut_off_anywhere_is_there_as_a_whole_or_not_at_all() -> None:
    first, second = ([("t", str(seq), {"seq": seq})] for seq in (1, 2))
    third = [("t", str(seq), {"seq": seq, "text": "ä\n\x00🙂"}) for seq in (3, 4, 5)]
    start = b"".join(journal_lines(write) + b"\n" for write in (first, second))
    raw = start + journal_lines(third) + b"\n"
    for size in range(len(start), len(raw) + 1):
        found = read_journal(raw[:size])
        whole = size >= len(raw) - 1
        assert [line.id for line in found.lines] == ["1", "2", "3", "4", "5"][: 5 if whole else 2], size
        assert found.end == (size if whole else len(start))
        assert found.damaged == 0


@pytest.mark.parametrize("cut", [1, 2, 30, 600, 900])
def test_a_write_that_a_kill_cut_off_is_not_told_as_damage_and_the_next_takes_its_place(
    tmp_path: Path, cut: int
) -> None:
    store = large(tmp_path)
    mark(store, "r1")
    mark_all(store, ["r2", "r3", "r4"])
    raw = journal(store).read_bytes()
    journal(store).write_bytes(raw[:-cut])
    again = Store(tmp_path, "ann")
    assert {"r2", "r3", "r4"}.isdisjoint(verdicts(again)) == (cut > 1)
    assert again.repair is None
    mark(again, "r5")
    third = Store(tmp_path, "ann")
    assert third.repair is None
    assert list(verdicts(third))[MANY:] == (["r1", "r5"] if cut > 1 else ["r1", "r2", "r3", "r4", "r5"])


def test_kill_9_of_a_writer_loses_nothing_that_was_stored(tmp_path: Path) -> None:
    store = large(tmp_path)
    for attempt in range(4):
        writer = start_writer(tmp_path, "ann", f"a{attempt}-", 100_000)
        assert writer.stdout is not None
        stored = [writer.stdout.readline().strip() for _ in range(5 + 7 * attempt)]
        writer.kill()
        stored += writer.communicate(timeout=60)[0].split()
        assert journal(store).exists()
        opened = Store(tmp_path, "ann")
        assert opened.repair is None
        assert set(stored) <= set(verdicts(opened))


KILLED_WHILE_FOLDING = """
import os, signal, sys
from pathlib import Path
from engine.teaching.store import Store
from engine.schema import RowMark

def kill(event, arguments):
    if event == "os.remove" and str(arguments[0]).endswith(".journal.jsonl"):
        os.kill(os.getpid(), signal.SIGKILL)

store = Store(Path(sys.argv[1]), "ann")
with store.edit("mark row r2") as edit:
    edit.put("mark", "r2", RowMark("r2", "fine"))
sys.addaudithook(kill)
store.close()
"""


def test_a_kill_between_the_whole_file_and_the_end_of_its_journal_counts_each_record_once(tmp_path: Path) -> None:
    store = large(tmp_path)
    mark(store, "r1")
    assert run(KILLED_WHILE_FOLDING, str(tmp_path)).returncode == -signal.SIGKILL
    assert in_tinydb(store) == MANY + 2
    assert len(journal(store).read_bytes().splitlines()) == 2
    again = Store(tmp_path, "ann")
    assert [found.seq for found in again.revisions] == list(range(1, MANY + 3))
    assert again.repair is None
    mark(again, "r3")
    assert len(journal(store).read_bytes().splitlines()) == 3
    third = Store(tmp_path, "ann")
    assert list(verdicts(third))[MANY:] == ["r1", "r2", "r3"]
    assert third.repair is None


def test_a_full_disk_changes_nothing_and_the_next_write_goes_on(tmp_path: Path) -> None:
    store = large(tmp_path)
    mark(store, "r1")
    raw, size = journal(store).read_bytes(), journal(store).stat().st_size
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, before[1]))
    try:
        with pytest.raises(StoreError, match=r"cannot be written .*nothing was changed"):
            mark(store, "r2")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert journal(store).read_bytes() == raw
    assert list(verdicts(store))[MANY:] == ["r1"]
    mark(store, "r3")
    again = Store(tmp_path, "ann")
    assert list(verdicts(again))[MANY:] == ["r1", "r3"]
    assert again.repair is None


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    large(tmp_path)
    writers = [start_writer(tmp_path, "ann", prefix, 100) for prefix in ("a", "b")]
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    store = Store(tmp_path, "ann")
    assert store.repair is None
    assert [found.seq for found in store.revisions] == list(range(1, MANY + 201))


FOLDING = """
import sys
from pathlib import Path
from engine.teaching.store import Store
from engine.schema import RowMark

store = Store(Path(sys.argv[1]), "ann")
for number in range(60):
    with store.edit("mark a row") as edit:
        edit.put("mark", f"r{number}", RowMark(f"r{number}", "fine"))
    store.close()
"""


def test_who_reads_while_a_journal_is_folded_sees_all_that_was_written_before(tmp_path: Path) -> None:
    store = large(tmp_path)
    command = [sys.executable, "-c", FOLDING, str(tmp_path)]
    seen = 0
    with subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}) as writer:
        while writer.poll() is None:
            log = Log(store.path)
            assert [found.seq for found in log.revisions] == list(range(1, len(log.revisions) + 1))
            assert len(log.revisions) >= seen
            assert log.recovery is None
            seen = len(log.revisions)
    assert writer.returncode == 0
    assert len(Log(store.path).revisions) == MANY + 60


def change(lines: Lines) -> Lines:
    return [lines[0].replace(b'"verdict":"fine"', b'"verdict":"ambiguous"', 1), *lines[1:]]


def take_one_out(lines: Lines) -> Lines:
    return [lines[0], *lines[2:]]


def swap(lines: Lines) -> Lines:
    return [lines[1], lines[0], *lines[2:]]


def damage(lines: Lines) -> Lines:
    return [lines[0], lines[1][:100] + b"\x00" + lines[1][101:], *lines[2:]]


def damage_the_end(lines: Lines) -> Lines:
    return [*lines[:-1], lines[-1][:-10] + b"\n"]


def put_another_in(lines: Lines) -> Lines:
    return [*lines, lines[-1].replace(b"r4", b"r9")]


TAMPERINGS: list[tuple[Callable[[Lines], Lines], str]] = [
    (change, "record 2001 or the one before was changed after it was written"),
    (take_one_out, "record 2002 is missing"),
    (swap, "ann.journal.jsonl was damaged: 4 whole records kept, nothing lost"),
    (damage, "ann.journal.jsonl was damaged: 3 whole records kept, 1 damaged line dropped"),
    (damage_the_end, "ann.journal.jsonl was damaged: 3 whole records kept, 1 damaged line dropped"),
    (put_another_in, "ann.journal.jsonl was damaged: 4 whole records kept, 1 damaged line dropped"),
]


@pytest.mark.parametrize(("tamper", "sentence"), TAMPERINGS, ids=[tamper.__name__ for tamper, _ in TAMPERINGS])
def test_what_was_done_to_a_journal_is_told_by_verify_and_keeps_the_rest(
    project: Project, tamper: Callable[[Lines], Lines], sentence: str
) -> None:
    store = large(project.teaching_dir)
    for row in ("r1", "r2", "r3", "r4"):
        mark(store, row)
    assert [found.state for found in check_records(project)] == ["ok"]
    raw = b"".join(tamper(journal(store).read_bytes().splitlines(keepends=True)))
    journal(store).write_bytes(raw)
    found = list(check_records(project))
    assert {one.state for one in found} == {"changed"}
    assert sentence in [one.what for one in found]
    assert journal(store).read_bytes() == raw, "who looks changes nothing"

    opened = Store(project.teaching_dir, "ann")
    lost = {"take_one_out": "r2", "damage": "r2", "damage_the_end": "r4"}.get(tamper.__name__)
    assert set(verdicts(opened)) >= {"m0", "r1", "r2", "r3", "r4"} - {lost}
    assert "r9" not in verdicts(opened)
    if opened.recovery:
        kept = project.teaching_dir / "ann.journal.jsonl.damaged-1"
        assert opened.recovery.sentence.endswith(f"the damaged original is kept as {kept.name}.")
        assert kept.read_bytes() == raw
        assert not journal(store).exists()
    mark(opened, "r5")
    assert "r5" in verdicts(Store(project.teaching_dir, "ann"))
    assert journal(store).exists()


def test_where_file_and_journal_are_damaged_both_are_kept(tmp_path: Path) -> None:
    store = large(tmp_path)
    mark(store, "r1")
    mark(store, "r2")
    base = store.path.read_bytes().replace(b'"verdict":"fine"', b'"verdict":"fi', 1)
    lines = journal(store).read_bytes().splitlines(keepends=True)
    store.path.write_bytes(base)
    journal(store).write_bytes(b"{\n" + lines[1])
    opened = Store(tmp_path, "ann")
    assert opened.recovery is not None
    assert opened.recovery.sentence == (
        f"ann.json was damaged: {MANY:,} whole records kept, 2 damaged lines dropped; "
        "the damaged original is kept as ann.json.damaged-1."
    )
    assert (tmp_path / "ann.json.damaged-1").read_bytes() == base
    assert (tmp_path / "ann.journal.jsonl.damaged-1").read_bytes() == b"{\n" + lines[1]


def test_an_older_version_that_wrote_beside_a_journal_hides_nothing(tmp_path: Path) -> None:
    store = large(tmp_path)
    left = large(tmp_path / "older")
    mark(store, "r1")
    line = journal(store).read_bytes()
    mark(left, "other")
    left.close()
    store.path.write_bytes(left.path.read_bytes())  # it saw no journal, and gave the same number again
    opened = Store(tmp_path, "ann")
    assert "other" in verdicts(opened)
    assert opened.recovery is not None
    assert (tmp_path / "ann.journal.jsonl.damaged-1").read_bytes() == line


def test_a_journal_is_open_to_whom_its_project_is_open_to(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).touch()
    tmp_path.chmod(0o2770)
    store = large(tmp_path / "teaching")
    mark(store, "r1")
    assert journal(store).stat().st_mode & 0o777 == store.path.stat().st_mode & 0o777 == 0o660
    assert journal(store).stat().st_gid == tmp_path.stat().st_gid


def test_a_journal_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).touch()
    store = large(tmp_path / "teaching")
    outside = tmp_path / "outside.jsonl"
    outside.touch()
    journal(store).symlink_to(outside)
    with pytest.raises(StoreError, match=r"ann\.journal\.jsonl: annotations cannot be read \(this is a symbolic link"):
        Store(tmp_path / "teaching", "ann")
    with pytest.raises(StoreError, match="symbolic link"):
        mark(store, "r1")
    assert outside.read_bytes() == b""
