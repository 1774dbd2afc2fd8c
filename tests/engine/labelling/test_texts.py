"""Which rows of a file are labelled, under which ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DataError
from engine.labelling.texts import TextRow, read_texts


def made(tmp_path: Path, name: str, content: str) -> Path:
    path = tmp_path / name
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "ids"),
    [
        ("a.csv", "id,text\nx,one\ny,two\n", ["x", "y"]),
        ("a.csv", "comment\none\ntwo\n", ["2", "3"]),
        ("a.csv", "id;comment\nx;one\ny;two\n", ["x", "y"]),
        ("a.tsv", "id\ttext\nx\tone\ny\ttwo\n", ["x", "y"]),
        ("a.jsonl", '{"id": 1, "text": "one"}\n{"id": 2, "text": "two"}\n', ["1", "2"]),
        ("a.txt", "one\n\ntwo\n", ["1", "3"]),
    ],
)
def test_texts_are_found_in_the_usual_files(tmp_path: Path, name: str, content: str, ids: list[str]) -> None:
    rows = read_texts(made(tmp_path, name, content))
    assert [(row.id, row.text) for row in rows] == list(zip(ids, ["one", "two"], strict=True))


def test_pairs_and_a_named_column(tmp_path: Path) -> None:
    path = made(tmp_path, "a.csv", "first,second,other\none,two,z\n")
    assert read_texts(path, text="first", pair="second") == [TextRow("2", "one", "two")]


def test_rows_that_show_nothing_are_left_out(tmp_path: Path) -> None:
    path = made(tmp_path, "a.csv", 'id,text\nx,one\ny," "\nz,\n')
    assert [row.id for row in read_texts(path)] == ["x"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a,b\n1,2\n", "which column holds the texts.*'a', 'b'.*--text"),
        ("id,text\nx,one\nx,two\n", "the id 'x' is there twice"),
        ("id,text\nx,\n", "the file has no texts"),
    ],
)
def test_what_cannot_be_labelled_is_refused_in_a_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read_texts(made(tmp_path, "a.csv", content))


def test_a_random_order_is_the_same_each_time(tmp_path: Path) -> None:
    path = made(tmp_path, "a.txt", "".join(f"row {n}\n" for n in range(50)))
    first, again = (read_texts(path, shuffle=True) for _ in range(2))
    assert first == again != read_texts(path)
    assert set(first) == set(read_texts(path))
