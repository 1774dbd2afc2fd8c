from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.errors import StoreError
from engine.teaching.storage import AtomicStorage
from engine.teaching.write_lock import writing


def is_whole(key: str, record: Any) -> bool:
    return isinstance(record, dict) and record.get("seq") == int(key)


def storage(path: Path) -> AtomicStorage:
    return AtomicStorage(path, table="revisions", is_whole=is_whole)


def records(count: int) -> dict[str, Any]:
    text = "¿café? {}\n\t\x00 🙂"
    return {str(seq): {"seq": seq, "text": f"row {seq}: {text}", "none": None} for seq in range(1, count + 1)}


def write(path: Path, count: int = 4) -> bytes:
    storage(path).write({"revisions": records(count)})
    return path.read_bytes()


def test_the_file_is_json_with_one_record_a_line(tmp_path: Path) -> None:
    raw = write(tmp_path / "a.json", 3)
    assert orjson.loads(raw) == {"revisions": records(3)}
    assert sum(b'"seq"' in line for line in raw.splitlines()) == 3


def test_several_tables_and_an_empty_one_survive(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    tables = {"one": records(2), "empty": {}, "two": records(1)}
    storage(path).write(tables)
    assert orjson.loads(path.read_bytes()) == tables
    assert storage(path).read() == tables


def test_no_file_is_an_empty_store(tmp_path: Path) -> None:
    found = storage(tmp_path / "a.json")
    assert found.read() is None
    assert found.recovery is None


def test_truncation_at_every_byte_keeps_every_whole_record(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    raw = write(path, 4)
    ends = [raw.index(line) + len(line.removesuffix(b",")) for line in raw.splitlines() if b'"seq"' in line]
    for size in range(len(raw)):
        path.write_bytes(raw[:size])
        found = storage(path)
        tables = found.read()
        whole = sum(end <= size for end in ends)
        assert tables == {"revisions": records(whole)}, f"cut at byte {size}"
        assert (found.recovery is None) == (size == len(raw) - 1), f"cut at byte {size}"
        if found.recovery:
            assert found.recovery.kept == whole


def test_damage_at_every_byte_never_raises_and_loses_one_record_at_most(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    raw = write(path, 3)
    for place in range(len(raw)):
        path.write_bytes(raw[:place] + b"\x00" + raw[place + 1 :])
        tables = storage(path).read() or {}
        kept = [record for table in tables.values() for record in table.values()]
        assert sum(record in records(3).values() for record in kept) >= 2 - (raw[place : place + 1] == b"\n")


def test_a_damaged_original_is_kept_when_the_file_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    lines = write(path, 4).splitlines(keepends=True)
    damaged = b"".join([*lines[:3], lines[3][:20] + b"\n", *lines[4:]])
    path.write_bytes(damaged)
    found = storage(path)
    tables = found.read()
    assert tables is not None
    assert found.recovery is not None
    assert found.recovery.sentence == "a.json was damaged: 3 whole records kept, 1 damaged line dropped."
    found.write(tables)
    assert (tmp_path / "a.json.damaged-1").read_bytes() == damaged
    assert found.recovery.copy == tmp_path / "a.json.damaged-1"
    assert found.recovery.sentence.endswith("the damaged original is kept as a.json.damaged-1.")
    assert sorted(storage(path).read()["revisions"]) == ["1", "3", "4"]  # type: ignore[index]

    path.write_bytes(damaged[:-4])
    again = storage(path)
    again.write(again.read() or {})
    assert (tmp_path / "a.json.damaged-2").read_bytes() == damaged[:-4]


def test_a_record_that_is_valid_json_but_not_whole_counts_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'{"revisions": {"1": {"seq": 1}, "2": {"seq": 7}, "x": {"seq": 3}}}')
    found = storage(path)
    assert found.read() == {"revisions": {"1": {"seq": 1}}}
    assert found.recovery is not None
    assert (found.recovery.kept, found.recovery.dropped) == (1, 2)


@pytest.mark.parametrize("raw", [b"", b"[]", b"\x00" * 64, b"null", b'{"revisions": 3}', b"\xff\xfe{", b"\n\n"])
def test_a_file_that_is_no_store_at_all_is_empty_and_reported(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(raw)
    found = storage(path)
    assert found.read() == {"revisions": {}}
    assert found.recovery is not None
    assert found.recovery.kept == 0


def test_a_change_by_another_process_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    mine, other = storage(path), storage(path)
    mine.write({"revisions": records(1)})
    assert other.read() == {"revisions": records(1)}
    other.write({"revisions": records(2)})
    assert mine.read() == {"revisions": records(2)}


def test_a_failed_write_says_so_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.json"
    found = storage(path)
    found.write({"revisions": records(1)})
    path.unlink()
    path.mkdir()  # a rename onto a folder fails for root too, whom no permission stops
    with pytest.raises(StoreError, match="cannot be written"):
        found.write({"revisions": records(2)})
    assert [entry.name for entry in path.parent.iterdir()] == ["a.json"]


def test_a_lock_that_cannot_be_made_is_told_with_what_mends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "mkdir", full)
    told = r"annotations cannot be written \(No space left on device\); free disk space\."
    with pytest.raises(StoreError, match=told), writing(tmp_path / "teaching" / ".ann.lock"):
        pass


def test_others_may_read_what_an_annotator_writes(tmp_path: Path) -> None:
    script = (
        "import os; os.umask(0o022)\n"
        "from pathlib import Path; from engine.files import write_atomic\n"
        f"write_atomic(Path({str(tmp_path)!r}) / 'a.json', b'x')"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[3])
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o644
