from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.schema import Drafts
from engine.teaching.drafts import read_drafts, write_drafts


def test_drafts_come_back_and_are_each_authors_own(tmp_path: Path) -> None:
    drafts = Drafts({"B1/pattern": "half a thou", "B1/text": "ünfinished\n🙂"}, {"screen": "describe", "row": 3})
    write_drafts(tmp_path, "ann", drafts)
    assert read_drafts(tmp_path, "ann") == drafts
    assert read_drafts(tmp_path, "bob") == Drafts()
    write_drafts(tmp_path, "ann", Drafts())
    assert read_drafts(tmp_path, "ann") == Drafts()


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"fields": 3}', b"\xff"])
def test_damaged_drafts_are_empty(tmp_path: Path, raw: bytes) -> None:
    write_drafts(tmp_path, "ann", Drafts({"a": "b"}))
    (tmp_path / "drafts" / "ann.json").write_bytes(raw)
    assert read_drafts(tmp_path, "ann") == Drafts()


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "drafts").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="drafts cannot be saved"):
        write_drafts(tmp_path, "ann", Drafts())
