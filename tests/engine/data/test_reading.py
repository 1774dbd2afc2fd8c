from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest

from engine.data.reading import Columns, read_rows, read_source
from engine.errors import DataError
from engine.schema import Example
from tests.engine.data.conftest import write_jsonl

WANTED = [Example("train-1", 'He said "no", twice', "0"), Example("train-2", "plain\tthree\nlines\nhere", "1")]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, **columns: str) -> list[Example]:
    return read_rows(path, **({"text": "text", "label": "label"} | columns), split="train")  # type: ignore[arg-type]


def refusal(path: Path, **columns: str) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **columns)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message.replace(str(path.parent) + "/", "")


def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    quoted = '"He said ""no"", twice"{0}0\r\n"plain\tthree\nlines\nhere"{0}1\r\n'
    table = arrow.table({"text": [row.text for row in WANTED], "label": [0, 1]})
    parquet.write_table(table, tmp_path / "rows.parquet")
    paths = [
        write_jsonl(tmp_path / "rows.jsonl", [{"label": int(row.label), "text": row.text} for row in WANTED]),
        write(tmp_path / "rows.csv", "text,label\r\n" + quoted.format(",")),
        write(tmp_path / "rows.tsv", "text\tlabel\n" + quoted.format("\t")),
        tmp_path / "rows.parquet",
    ]
    for path in paths:
        assert read(path) == WANTED, path


@pytest.mark.parametrize("ending", ["jsonl", "csv", "tsv"])
def test_a_byte_order_mark_crlf_and_blank_lines_are_no_part_of_the_data(tmp_path: Path, ending: str) -> None:
    lines = {
        "jsonl": ['{"text": "a b", "label": "x"}', "", '{"text": "c", "label": "y"}', ""],
        "csv": ["text,label", "a b,x", "", "c,y", ""],
        "tsv": ["text\tlabel", "a b\tx", "", "c\ty", ""],
    }[ending]
    path = write(tmp_path / f"rows.{ending}", b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert [(row.text, row.label) for row in read(path)] == [("a b", "x"), ("c", "y")]


def test_pairs_ids_and_columns_of_other_names(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,premise,hypothesis,gold,extra\n7,one,two,yes,\n8,one,three,no,\n")
    rows = read(path, text="premise", pair="hypothesis", label="gold")
    assert rows == [Example("7", "one", "yes", "two"), Example("8", "one", "no", "three")]


def test_the_text_is_kept_as_it_is(tmp_path: Path) -> None:
    text = " Ä \u200b漢字 \x1b[31m 👍 " + "long " * 60_000
    assert read(write_jsonl(tmp_path / "a.jsonl", [{"text": text, "label": "x"}]))[0].text == text
    assert read(write(tmp_path / "a.csv", f'text,label\n"{text}",x\n'))[0].text == text


@pytest.mark.parametrize(
    ("label", "text"),
    [("pos ", "pos"), (3, "3"), (-1, "-1"), (2.0, "2"), (True, "true"), (False, "false"), ("01", "01")],
)
def test_labels_become_texts(tmp_path: Path, label: Any, text: str) -> None:
    assert read(write_jsonl(tmp_path / "a.jsonl", [{"text": "t", "label": label}]))[0].label == text


def test_parquet_labels_with_gaps_stay_whole_numbers(tmp_path: Path) -> None:
    parquet.write_table(arrow.table({"text": ["a", "b"], "label": arrow.array([1.0, 2.0])}), tmp_path / "a.parquet")
    assert [row.label for row in read(tmp_path / "a.parquet")] == ["1", "2"]


def test_tsv_with_quotes_as_plain_characters(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.tsv", 'text\tlabel\n"Unbalanced, she said\tx\nIt is 5" long\ty\n"All of ""it"" quoted"\tx\n'
    )
    assert [row.text for row in read(path)] == ['"Unbalanced, she said', 'It is 5" long', 'All of "it" quoted']


def test_places_are_the_lines_on_which_rows_start(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\n"one\ntwo",x\n\nthree,y\n')
    source = read_source(path, Columns("text", "label"), "train")
    assert [source.where(index) for index in (0, 1)] == [f"{path}:2", f"{path}:5"]
    assert source.only(source.examples[1:]).where(0) == f"{path}:5"


GOOD = '{"text": "fine", "label": "x"}\n'


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", "", "a.jsonl: the file is empty"),
        ("a.csv", "\ufeff", "a.csv: the file is empty"),
        ("a.csv", "\n \n", "a.csv: the file is empty"),
        ("a.csv", "text,label\n", "a.csv: the file has no rows"),
        ("a.txt", "x", "a.txt: the ending '.txt' is unknown; give a file that ends in .jsonl"),
        ("rows", "x", "rows: the file's name has no ending"),
        ("a.jsonl", GOOD + '{"text": "cut', "a.jsonl:2: this line is not JSON (Unterminated string"),
        ("a.jsonl", GOOD + "\n[1, 2]\n", "a.jsonl:3: this is a JSON list"),
        ("a.json", '[\n {"text": "x"}\n]', "a.json:1: this is a JSON list, not one object a line; convert it"),
        ("a.jsonl", GOOD + "3\n", "a.jsonl:2: this line is not a JSON object"),
        ("a.jsonl", GOOD + '{"text": "fine", "label": ' + "9" * 5000 + "}", "a.jsonl:2: this line has a number"),
        ("a.jsonl", GOOD + "[" * 200_000, "a.jsonl:2: this line has a number that is too long, or is nested too deep"),
        ("a.jsonl", GOOD + '{"text": "half \\ud83d", "label": "x"}', "a.jsonl:2: `text` holds half of a character"),
        ("a.jsonl", GOOD + '{"text": 5, "label": "x"}', "a.jsonl:2: `text` is a number, not a text"),
        ("a.jsonl", GOOD + '{"text": "", "label": "x"}', "a.jsonl:2: `text` is empty; fill it in or remove the row"),
        ("a.jsonl", GOOD + '{"text": "\\u200b \\t", "label": "x"}', "a.jsonl:2: `text` is empty"),
        ("a.jsonl", GOOD + '{"text": null, "label": "x"}', "a.jsonl:2: `text` is empty"),
        ("a.jsonl", GOOD + '{"text": "t", "label": null}', "a.jsonl:2: `label` is empty"),
        ("a.jsonl", GOOD + '{"text": "t", "label": NaN}', "a.jsonl:2: `label` is empty"),
        ("a.jsonl", GOOD + '{"text": "t", "label": 0.5}', "a.jsonl:2: `label` is a number; it must be a text or"),
        ("a.jsonl", GOOD + '{"text": "t", "label": ["x"]}', "a.jsonl:2: `label` is a list"),
        ("a.jsonl", GOOD + '{"text": "t"}', "a.jsonl:2: there is no column 'label'; there are 'text'"),
        ("a.csv", "text,label\na,x\nb,\n", "a.csv:3: `label` is empty"),
        ("a.csv", "text,label\na,x\nb,c,d\n", "a.csv:3: this row has 3 fields, the header 2; quote fields that hold"),
        ("a.csv", "text,label\na,x\nb\n", "a.csv:3: this row has 1 fields, the header 2"),
        ("a.csv", 'text,label\n"a\nb",x\n"never closed,x\ny,z\n', "a.csv:4: a quote that opens here is never closed"),
        ("a.csv", 'text,label\n"a"b,x\n', "a.csv:2: this row is broken (',' expected after '\"')"),
        ("a.csv", "text;label\na;x\n", "a.csv:1: there is no column 'text', and the columns seem"),
        ("a.csv", "text,label,label\na,x,y\n", "a.csv:1: there are two columns 'label'; rename one"),
        ("a.tsv", "text\tlabel\na\tx\nb\n", "a.tsv:3: this row has 1 fields, the header 2"),
        ("a.csv", "Text,label\na,x\n", "a.csv:1: there is no column 'text'; there are 'Text', 'label'; name 'Text'"),
        ("a.csv", "review,label\na,x\n", "a.csv:1: there is no column 'text'; there are 'review', 'label'; name"),
        ("a.csv", "id,text,label\n1,a,x\n2,b,y\n1,c,x\n", "a.csv:4: the id '1' is also that of a.csv:2; give"),
        ("a.parquet", "PAR1 but not really", "a.parquet: this is not a whole Parquet file"),
        ("a.jsonl", GOOD.encode() + b'{"text": "caf\xe9"}', "a.jsonl:2: byte 14 of the line (0xe9) is not UTF-8; save"),
        ("a.csv", b"text,label\nfine,x\ncaf\xe9,x\n", "a.csv:3: byte 4 of the line (0xe9) is not UTF-8"),
        ("a.csv", "text,label\na,x\n".encode("utf-16"), "a.csv: the file is UTF-16; save it as UTF-8"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_one_sentence(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    assert refusal(write(tmp_path / name, content)).startswith(message)


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.csv") == "gone.csv: there is no such file; check the path."
    (tmp_path / "folder.csv").mkdir()
    assert refusal(tmp_path / "folder.csv") == "folder.csv: this is not a file; check the path."


def test_parquet_messages_name_the_row(tmp_path: Path) -> None:
    parquet.write_table(arrow.table({"text": ["a", "b", None], "label": [1, 2, 1]}), tmp_path / "a.parquet")
    assert refusal(tmp_path / "a.parquet").startswith("a.parquet, row 3: `text` is empty")
    assert "name 'text' if that is meant" in refusal(tmp_path / "a.parquet", text="texts")


def test_parquet_text_that_is_not_utf8(tmp_path: Path) -> None:
    raw = arrow.array([b"fine", b"caf\xe9"], arrow.binary())
    texts = arrow.Array.from_buffers(arrow.string(), 2, raw.buffers())
    parquet.write_table(arrow.table({"text": texts, "label": ["x", "y"]}), tmp_path / "a.parquet")
    assert "UTF-8" in refusal(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    "columns",
    [{"text": "a", "label": "a"}, {"text": "a", "pair": "a", "label": "b"}, {"text": "a", "pair": "b", "label": "b"}],
)
def test_one_column_for_two_things_is_refused(tmp_path: Path, columns: dict[str, str]) -> None:
    path = write(tmp_path / "a.csv", "a,b\n1,2\n")
    assert "both name the column" in refusal(path, **columns)


def test_messages_about_a_proof_file_without_header_show_none_of_its_text(tmp_path: Path) -> None:
    path = write(tmp_path / "proof.csv", "a secret row,x\nanother secret,y\n")
    with pytest.raises(DataError) as caught:
        read_rows(path, text="text", label="label", split="proof")
    assert "secret" not in str(caught.value)
