from __future__ import annotations

import random
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz import fuzz

from engine import row_numbers
from engine.data.duplicates import Groups, NearDuplicates, group_near_duplicates
from engine.schema import Example
from engine.text import normalise
from tests.engine.data.conftest import examples, sentence


def edited(text: str, rng: random.Random, letters: int) -> str:
    """The text with some letters replaced."""
    chars = list(text)
    for place in rng.sample(range(len(chars)), letters):
        chars[place] = "x"
    return "".join(chars)


@pytest.mark.parametrize("fill", [0, 2600], ids=["few rows", "much text"])
def test_find_knows_edited_copies_and_nothing_else(fill: int) -> None:
    rng = random.Random(fill)
    texts = [sentence(rng, words) for words in (2, 12, 60) for _ in range(40)]
    others = [sentence(rng, 200) for _ in range(fill)]  # above 4 million characters long rows are looked up by band
    index = NearDuplicates((text, None) for text in [*texts, *others])
    for place, text in enumerate(texts):
        assert index.find(text.upper() + "!!") == place
        assert index.find(edited(text, rng, len(text) // 25)) == place
        assert index.find(sentence(rng, len(text.split()))) is None


def test_find_gives_the_most_similar_row() -> None:
    index = NearDuplicates(
        [("the red boat left the harbour at noon", None), ("the red boat left the harbour at nine", None)]
    )
    assert index.find("the red boats left the harbour at nine") == 1
    assert index.find("the red boat left the harbour at noon") == 0


def test_both_halves_of_a_pair_must_be_near_in_their_order() -> None:
    index = NearDuplicates([("a man sleeps on a long wooden bench", "the man is awake and runs")])
    assert index.find("A man sleeps on a long wooden benches", "the man is awake and runs!") == 0
    assert index.find("a man sleeps on a long wooden bench", "nobody is there at all today") is None
    assert index.find("the man is awake and runs", "a man sleeps on a long wooden bench") is None


def test_an_empty_index_and_an_empty_text_find_nothing() -> None:
    assert NearDuplicates([]).find("anything") is None
    assert NearDuplicates([("anything", None)]).find("") is None


@pytest.mark.parametrize("at_once", [7, 100_000])
def test_groups_equal_those_of_comparing_all_with_all(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_numbers, "AT_ONCE", at_once)
    rng = random.Random(5)
    rows = examples(150, seed=5)
    for number, row in enumerate(list(rows[:60])):
        rows.append(Example(f"e{number}", edited(row.text, rng, 1 + number % 6), row.label))
    texts = [normalise(row.text) for row in rows]
    near = [(a, b) for a, b in combinations(range(len(rows)), 2) if fuzz.ratio(texts[a], texts[b]) >= 90]
    assert len(near) >= 60
    expected = Groups(np.arange(len(rows)))
    for pair in near:
        expected.join(*pair)
    assert group_near_duplicates(rows) == expected.leaders().tolist()


def test_exact_copies_and_chains_are_one_group() -> None:
    base = "one two three four five six seven eight nine ten"
    rows = [base, "BASE " + base, "quite different and alone", base.title(), base + " four"]
    groups = group_near_duplicates([Example(str(number), text, "x") for number, text in enumerate(rows)])
    assert groups == [0, 0, 2, 0, 0]


def test_pairs_with_one_common_half_are_not_near_duplicates() -> None:
    rows = [
        Example("1", "a shared premise of some length", "x", "first claim about it"),
        Example("2", "a shared premise of some length", "x", "second and other thing"),
    ]
    assert group_near_duplicates(rows) == [0, 1]


def test_one_row_is_a_group() -> None:
    assert group_near_duplicates([Example("1", "alone", "x")]) == [0]


def test_a_lookup_among_few_rows_loads_no_array_library() -> None:
    script = (
        "import sys; from engine.data.duplicates import NearDuplicates; "
        "assert NearDuplicates([('a text of some length', None)]).find('a text of some lengths') == 0; "
        "assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[3])
