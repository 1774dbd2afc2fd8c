from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.errors import DataError
from engine.teaching.teaching_files import read_teaching

PATTERN = {"kind": "abstraction", "pattern": "bitter thanks", "pattern_id": "a1"}
GOOD = {"text": "Thanks a lot.", "label": "negative", **PATTERN}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_bytes(b"\n".join(orjson.dumps(row) for row in rows))
    return path


def test_lines_say_role_group_and_place(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.jsonl",
        {**GOOD, "blind_spot": 3, "gold": "negative", "predicted": "positive", "counter": False, "more": [1]},
        {**GOOD, "counter": True, "text_pair": " second "},
        {"text": "Kind staff.", "label": 1, "kind": "anchor", "blind_spot": "B2"},
        {"text": "  ", "label": "x"},
    )
    first, second, third, fourth = read_teaching(path)
    assert (first.role, first.blind_spot, first.gold, first.predicted) == ("target", "3", "negative", "positive")
    assert (first.pattern, first.pattern_kind, first.where) == ("bitter thanks", "abstraction", f"{path}:1")
    assert (second.role, second.text_pair, second.group) == ("counter", "second", first.group)
    assert (third.role, third.label, third.pattern, third.group, third.blind_spot) == ("anchor", "1", None, None, "B2")
    assert (fourth.role, fourth.text, fourth.group) == ("target", "", None)


def test_byte_order_mark_line_ends_and_empty_lines_are_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b"\xef\xbb\xbf\r\n" + orjson.dumps(GOOD) + b"\r\n\n  \n" + orjson.dumps(GOOD) + b"\n")
    assert [line.where for line in read_teaching(path)] == [f"{path}:2", f"{path}:5"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (b'{"text": "a", "label"', "is not valid JSON"),
        (b'{"text": "\xff", "label": "x"}', "is not valid JSON"),
        (b'["a"]', "is not a JSON object"),
        (b'{"label": "x"}', "has no `text`"),
        (b'{"text": null, "label": "x"}', "has no `text`"),
        (b'{"text": "a"}', "has no `label`"),
        (b'{"text": 1, "label": "x"}', "`text` is not a text"),
        (b'{"text": "a", "label": true}', "`label` is not a text"),
        (b'{"text": "a", "label": "x", "kind": "wish"}', "`kind` is `wish`; it must be one of abstraction, extrapol"),
        (b'{"text": "a", "label": "x", "kind": "abstraction"}', "kind `abstraction` needs a `pattern`"),
        (b'{"text": "a", "label": "x", "pattern": "p"}', "a `pattern` needs its kind"),
        (b'{"text": "a", "label": "x", "kind": "anchor", "pattern": "p"}', "a `pattern` needs its kind"),
        (b'{"text": "a", "label": "x", "counter": 1}', "`counter` is neither true nor false"),
        (b'{"text": "a", "label": "x", "blind_spot": [1]}', "`blind_spot` is not a text"),
    ],
)
def test_a_broken_line_is_one_sentence_with_file_and_line(tmp_path: Path, row: bytes, says: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(orjson.dumps(GOOD) + b"\n" + row + b"\n")
    with pytest.raises(DataError) as error:
        read_teaching(path)
    assert str(error.value).startswith(f"{path}:2: ")
    assert says in str(error.value)
    assert str(error.value).count("\n") == 0


def test_a_missing_or_empty_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jsonl: the file cannot be read"):
        read_teaching(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_bytes(b"\n\n")
    with pytest.raises(DataError, match=r"empty\.jsonl: the file has no line"):
        read_teaching(tmp_path / "empty.jsonl")
