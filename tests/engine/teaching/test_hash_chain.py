"""Records that were changed, taken out or put in by something else than the store are noticed, and never hidden."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.schema import RowMark
from engine.teaching.records import Records
from engine.teaching.store import Store

Revisions = dict[str, dict[str, Any]]


def written(folder: Path, rows: int = 5) -> Store:
    store = Store(folder, "ann")
    for number in range(1, rows + 1):
        with store.edit(f"mark row r{number} as fine") as edit:
            edit.put("mark", f"r{number}", RowMark(f"r{number}", "fine"))
    return store


def tamper(store: Store, change: Callable[[Revisions], object]) -> Store:
    values = orjson.loads(store.path.read_bytes())
    change(values["revisions"])
    store.path.write_bytes(orjson.dumps(values))
    return Store(store.path.parent, "ann")


def without_hashes(revisions: Revisions) -> None:
    for revision in revisions.values():
        del revision["hash"]


def test_what_the_store_wrote_follows_from_one_another_also_after_undo_and_a_restart(tmp_path: Path) -> None:
    store = written(tmp_path)
    store.undo()
    store.redo()
    again = Store(tmp_path, "ann")
    with again.edit("two rows at once") as edit:
        edit.delete("mark", "r1")
        edit.put("mark", "r2", RowMark("r2", "label wrong", "ä\u2028🙂"))
    assert Store(tmp_path, "ann").broken is None
    assert again.broken is None
    assert Records(tmp_path).repairs == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda all: all["2"]["body"].update(verdict="ambiguous"), "record 2 or the one before was changed"),
        (lambda all: all["3"].update(author="bob"), "record 3 or the one before was changed"),
        (lambda all: all["5"].update(time="2020-01-01T00:00:00+00:00"), "record 5 or the one before was changed"),
        (lambda all: all["4"].pop("hash"), "record 4 or the one before was changed"),
        (lambda all: all.pop("3"), "record 3 is missing"),
        (lambda all: [all.pop(seq) for seq in ("1", "3", "4")], "records 1, 3 to 4 are missing"),
        (lambda all: all.update({"9": all["5"] | {"seq": 9}}), "records 6 to 8 are missing"),
        (lambda all: all.update({"6": all["5"] | {"seq": 6}}), "record 6 or the one before was changed"),
    ],
)
def test_a_change_from_outside_is_told_and_hides_no_record(
    tmp_path: Path, change: Callable[[Revisions], object], sentence: str
) -> None:
    opened = tamper(written(tmp_path), change)
    (told,) = Records(tmp_path).repairs
    assert told.startswith(f"ann.json: {sentence}")
    assert opened.recovery is None
    kept = orjson.loads(opened.path.read_bytes())["revisions"]
    assert [str(found.seq) for found in opened.revisions] == list(kept)


def test_a_missing_record_stays_told_after_more_was_written(tmp_path: Path) -> None:
    opened = tamper(written(tmp_path), lambda all: all.pop("3"))
    with opened.edit("mark row r9 as fine") as edit:
        edit.put("mark", "r9", RowMark("r9", "fine"))
    assert opened.broken is not None
    assert opened.broken.sentence == "record 3 is missing"


def test_records_of_before_the_chain_are_no_break_and_are_covered_by_the_first_hash(tmp_path: Path) -> None:
    old = tamper(written(tmp_path), without_hashes)
    assert old.broken is None
    with old.edit("mark row r9 as fine") as edit:
        edit.put("mark", "r9", RowMark("r9", "fine"))
    assert Store(tmp_path, "ann").broken is None
    assert old.revisions[-1].hash
    changed = tamper(old, lambda all: all["2"]["body"].update(verdict="ambiguous"))
    assert changed.broken is not None
    assert changed.broken.sentence == "record 6 or the one before was changed after it was written"
