"""Rows longer than the model reads: counted, and the place where its reading ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from engine.errors import ModelError
from engine.model.batches import tokenise
from engine.model.truncation import Reading, cut_place, cut_sentence
from engine.model.weights import PACKAGE_NAMES, find_weights
from engine.progress import Silent
from engine.project import Project
from engine.schema import Example, Prediction

WORDS = "the kettle was cold and nobody came "
LONG = WORDS * 10
ROWS = [
    Example("short", "A short one.", "x"),
    Example("long", LONG, "x"),
    Example("emoji", "👩‍👩‍👧" * 40, "x"),
    Example("edge", "a " * 30, "x"),
    Example("over", "a " * 31, "x"),
]
PAIRS = [Example("a", LONG, "x", "short"), Example("b", "short", "x", "short"), Example("c", LONG, "x", LONG)]


@pytest.fixture(scope="module")
def folder() -> Path:
    return find_weights(PACKAGE_NAMES[0]).path


@pytest.mark.parametrize("rows", [ROWS, PAIRS])
def test_what_counts_as_cut_is_what_transformers_cuts(folder: Path, rows: list[Example]) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    whole = [len(row["input_ids"]) for row in tokenise(tokenizer, rows, 512)]
    assert Reading(folder, 32).cut(rows, monitor=Silent()) == [n for n, length in enumerate(whole) if length > 32]


def test_the_place_is_the_end_of_the_last_token_read(folder: Path) -> None:
    reading = Reading(folder, 32)
    ((end,),) = reading.ends([ROWS[1]])
    assert LONG[:end] == (WORDS * 5)[: len(LONG[:end])]
    assert len(LONG[:end].split()) == 30  # each word is one token, and two are the model's own
    first, second = next(reading.ends([PAIRS[0]]))
    assert (second, 0 < first < len(LONG)) == (len("short"), True)


def test_the_model_may_read_less_than_the_settings_say(folder: Path, tmp_path: Path) -> None:
    assert Reading(folder, 8192).tokens == 512
    unknown = Reading(tmp_path, 128)
    assert (unknown.tokens, unknown.known, unknown.cut(ROWS, monitor=Silent())) == (128, False, [])


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
@pytest.mark.parametrize(
    ("content", "says"),
    [(b"{", "not valid JSON"), (b" " * 10_000_001, "at most 10,000,000 are read"), (None, "link")],
    ids=["cut off", "too large", "a link out of a project"],
)
def test_a_configuration_comes_through_the_door_of_all_files(
    project: Project, tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    (tmp_path / "elsewhere.json").write_text('{"model_max_length": 7, "max_position_embeddings": 7}')
    weights = project.root / "weights"
    weights.mkdir()
    if content is None:
        (weights / name).symlink_to(tmp_path / "elsewhere.json")
    else:
        (weights / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name}: .*{says}.*save or download the model again"):
        Reading(weights, 128)


def test_the_sentences_about_cut_rows() -> None:
    assert cut_sentence(37, 500, "pool", 128) == (
        "37 of 500 pool rows are longer than the 128 tokens the model reads; the rest of each is not seen"
    )
    row = Prediction("r", "waited and waited for the bill", "x", "y", 0.9, (0.1, 0.9))
    assert cut_place(row, (17,), 5) == (
        'cut: the model reads 5 tokens, as far as the bar: "...waited and waited" | " for the bill..."'
    )
