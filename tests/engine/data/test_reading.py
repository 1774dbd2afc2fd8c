from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest

from engine.data.reading import Columns, FileOptions
from engine.errors import DataError
from engine.schema import Example
from tests.engine.data.conftest import read_source, write_jsonl

WANTED = [Example("train-1", 'He said "no", twice', "0"), Example("train-2", "plain\tthree\nlines\nhere", "1")]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, **columns: str) -> list[Example]:
    columns = {"text": "text", "label": "label"} | columns
    return read_source(path, FileOptions(Columns(**columns)), "train").examples


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
    source = read_source(path, FileOptions(Columns("text", "label")), "train")
    assert [source.rows.where(index) for index in (0, 1)] == [f"{path}:2", f"{path}:5"]
    assert source.rows.take(np.array([1])).where(0) == f"{path}:5"


GOOD = '{"text": "fine", "label": "x"}\n'


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", "", "a.jsonl: the file is empty"),
        ("a.csv", "\ufeff", "a.csv: the file is empty"),
        ("a.csv", "\n \n", "a.csv: the file is empty"),
        ("a.csv", "text,label\n", "a.csv: the file has no rows"),
        ("a.doc", "x", "a.doc: the ending '.doc' is unknown; give a file that ends in .jsonl"),
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
        ("a.csv", "text,label\na,x\nb\n", "a.csv:3: this row has 1 field, the header 2"),
        ("a.csv", 'text,label\n"a\nb",x\n"never closed,x\ny,z\n', "a.csv:4: a quote that opens here is never closed"),
        ("a.csv", 'text,label\n"a"b,x\n', "a.csv:2: this row is broken (',' expected after '\"')"),
        ("a.csv", "texts;label\na;x\n", "a.csv:1: there is no column 'text'; there are 'texts', 'label'; name 'texts'"),
        ("a.csv", "text,label,label\na,x,y\n", "a.csv:1: there are two columns 'label'; rename one"),
        ("a.tsv", "text\tlabel\na\tx\nb\n", "a.tsv:3: this row has 1 field, the header 2"),
        ("a.csv", "Text,label\na,x\n", "a.csv:1: there is no column 'text'; there are 'Text', 'label'; name 'Text'"),
        ("a.csv", "review,label\na,x\n", "a.csv:1: there is no column 'text'; there are 'review', 'label'; name"),
        ("a.csv", "id,text,label\n1,a,x\n2,b,y\n1,c,x\n", "a.csv:4: the id '1' is also that of a.csv:2; give"),
        ("a.parquet", "PAR1 but not really", "a.parquet: this is not a whole Parquet file"),
        ("a.jsonl", GOOD.encode() + b'{"text": "caf\xe9"}', "a.jsonl:2: byte 14 of the line (0xe9) is not UTF-8; save"),
        ("a.csv", b"text,label\nfine,x\ncaf\xe9,x\n", "a.csv:3: byte 4 of the line (0xe9) is not UTF-8"),
        ("a.csv", b"\x1f\x8b\x08packed", "a.csv:1: byte 2 of the line (0x8b) is not UTF-8"),
        ("a.csv", "text,label\ra,x\r", "a.csv:1: a carriage return stands alone here; save the file with line ends"),
        ("a.csv", "text,label\na,x\n".encode("utf-16")[:-1], "a.csv: what follows line 1 is not utf-16; save"),
    ],
)
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
        read_source(path, FileOptions(Columns("text", "label")), "proof")
    assert "secret" not in str(caught.value)


SEPARATORS = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "bars"}


@pytest.mark.parametrize("case", ["csv ;", "csv \t", "csv |", "tsv ,", "tsv ;"])
def test_what_parts_the_columns_is_seen_from_the_header(tmp_path: Path, case: str) -> None:
    ending, separator = case.split(" ")
    body = f'text{separator}label\n"a{separator} b, c"{separator}x\nd e{separator}y\n'
    source = read_source(write(tmp_path / f"a.{ending}", body), FileOptions(Columns("text", "label")), "train")
    assert [(row.text, row.label) for row in source.examples] == [(f"a{separator} b, c", "x"), ("d e", "y")]
    assert source.told == [f"a.{ending}: the columns are separated by {SEPARATORS[separator]}"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
def test_byte_order_marks_say_the_encoding(tmp_path: Path, encoding: str, ending: str) -> None:
    text = {
        "csv": "text,label\r\ncafé 漢,x\r\nb,y\r\n",
        "tsv": "text\tlabel\ncafé 漢\tx\nb\ty\n",
        "jsonl": '{"text": "café 漢", "label": "x"}\n{"text": "b", "label": "y"}\n',
    }[ending]
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    rows = read(write(tmp_path / f"a.{ending}", (mark + text).encode(encoding)))
    assert [(row.text, row.label) for row in rows] == [("café 漢", "x"), ("b", "y")]


def test_another_encoding_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\nfine,x\n“café”,y\n".encode("cp1252"))
    assert "a.csv:3: byte 1 of the line (0x93) is not UTF-8" in refusal(path)
    assert "--encoding cp1252" in refusal(path)
    options = FileOptions(Columns("text", "label"), encoding="cp1252")
    assert read_source(path, options, "train").examples[1].text == "“café”"
    wide = write(tmp_path / "b.csv", "text,label\n二,x\n".encode("utf-16-le"))
    assert read_source(wide, replace(options, encoding="utf-16-le"), "train").examples[0].text == "二"


LENIENT = FileOptions(Columns("text", "label"), skip_bad=True, drop_duplicates=True)
BAD = {
    "csv": ["text,label", "a,x", ",x", "b,", "c,d,e", '"q"z,x', "caf\xe9,x", "d,y", '"multi', 'line",y', "e,x"],
    "tsv": ["text\tlabel", "a\tx", "\tx", "b\t", "c\td\te", "caf\xe9\tx", "d\ty", *(f"n{n}\tx" for n in range(150))],
    "jsonl": [
        '{"text": "a", "label": "x"}',
        '{"text": "", "label": "x"}',
        '{"text": "b"}',
        "{",
        "3",
        '{"text": "caf\xe9", "label": "x"}',
        '{"text": "d", "label": "y"}',
    ],
}


@pytest.mark.parametrize("ending", list(BAD))
def test_bad_rows_are_left_out_one_by_one_where_that_is_allowed(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"a.{ending}", "\n".join(BAD[ending]).encode("latin-1"))
    source = read_source(path, LENIENT, "pool")
    assert [row.text for row in source.examples][:2] == ["a", "d"]
    left_out = [one.place.rpartition(":")[2] for one in source.left_out]
    assert left_out == {"csv": list("34567"), "tsv": list("3456"), "jsonl": list("23456")}[ending]
    assert all(one.split == "pool" and one.reason for one in source.left_out)
    if ending == "csv":
        assert [row.text for row in source.examples][2:] == ["multi\nline", "e"]


def test_a_stray_quote_costs_its_own_line_alone(tmp_path: Path) -> None:
    lines = [f"text {n},x" for n in range(50)]
    lines[10] = '"never closed,x'
    source = read_source(write(tmp_path / "a.csv", "\n".join(["text,label", *lines])), LENIENT, "pool")
    assert [one.place.rpartition(":")[2] for one in source.left_out] == ["12"]
    assert len(source.examples) == 49
    lines[30] = 'closes it", and more,x'
    source = read_source(write(tmp_path / "a.csv", "\n".join(["text,label", *lines])), LENIENT, "pool")
    assert {"12", "32"} == {one.place.rpartition(":")[2] for one in source.left_out}
    assert len(source.examples) == 48


def test_a_file_with_nothing_but_bad_rows_says_what_the_first_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"comment": "a", "label": "x"}\n' * 5)
    with pytest.raises(DataError, match="there is no column 'text'; there are 'comment', 'label'"):
        read_source(path, LENIENT, "pool")


def test_a_repeated_id_is_left_out_or_refused_with_a_word_about_the_option(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text,label\n1,a,x\n1,b,y\n2,c,x\n")
    assert "--drop-duplicates" in refusal(path)
    source = read_source(path, LENIENT, "pool")
    assert [row.text for row in source.examples] == ["a", "c"]
    assert source.left_out[0].reason.startswith("the id is also that of ")
