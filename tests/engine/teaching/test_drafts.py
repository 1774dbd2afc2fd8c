from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.schema import Drafts
from engine.teaching.drafts import OpenDrafts
from tests.builders.drafts import read_drafts, write_drafts


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
    found = OpenDrafts(tmp_path, "ann")
    assert found.drafts == Drafts()
    found.close()


def test_two_apps_of_one_author_keep_a_draft_each_and_the_next_one_has_both(tmp_path: Path) -> None:
    one, other = OpenDrafts(tmp_path, "ann"), OpenDrafts(tmp_path, "ann")
    one.save(Drafts({"a.text": "typed in one"}, {"row": 1}))
    other.save(Drafts({"b.text": "typed in the other"}, {"row": 2}))
    one.save(Drafts({"a.text": "typed in one, on"}, {"row": 3}))
    third = OpenDrafts(tmp_path, "ann")
    assert third.drafts == Drafts(), "what others that run have typed is theirs"
    third.close()
    one.close()
    other.close()
    again = OpenDrafts(tmp_path, "ann")
    assert again.drafts == Drafts({"a.text": "typed in one, on", "b.text": "typed in the other"}, {"row": 3})
    assert again.joined == 0
    assert [path.name for path in (tmp_path / "drafts").glob("*.json")] == ["ann.json"]
    assert read_drafts(tmp_path, "ann") == again.drafts
    again.close()


def test_of_a_field_that_two_apps_have_filled_both_texts_stay_and_of_a_choice_the_newer(tmp_path: Path) -> None:
    apps = [OpenDrafts(tmp_path, "ann") for _ in range(3)]
    apps[1].save(
        Drafts({"P.text": "older", "P.kind": "abstraction", "S.text": "a long one", "review.1": '{"a": "yes"}'})
    )
    apps[0].save(Drafts({"P.text": "newer", "P.kind": "extrapolation", "S.text": "long", "review.1": '{"b": "no"}'}))
    for app in apps:
        app.close()
    found = OpenDrafts(tmp_path, "ann")
    assert found.drafts.fields == {
        "P.text": "newer\n\nolder",
        "P.kind": "extrapolation",
        "S.text": "a long one",
        "review.1": '{"a":"yes","b":"no"}',
    }
    assert found.joined == 2
    found.close()
    once_more = OpenDrafts(tmp_path, "ann")
    assert once_more.drafts == found.drafts
    once_more.close()


def test_a_folder_that_may_not_be_written_gives_no_drafts_and_one_sentence_at_the_first_save(tmp_path: Path) -> None:
    (tmp_path / "drafts").write_text("a file where the folder should be")
    found = OpenDrafts(tmp_path, "ann")
    assert found.drafts == Drafts()
    with pytest.raises(StoreError, match="drafts cannot be saved"):
        found.save(Drafts({"a": "b"}))
    found.close()
