from __future__ import annotations

import pytest

from engine.text import normalise, row_hash, visible


@pytest.mark.parametrize(
    "other",
    [
        "great food",
        "GREAT   FOOD!!",
        " Great,\tfood. ",
        "ｇｒｅａｔ food",
        "gre\u200bat \ufefffood",
        "«great» food…",
        "great\nfood\r\n",
    ],
)
def test_case_punctuation_spacing_width_and_zero_width_make_no_other_text(other: str) -> None:
    assert normalise(other) == "great food"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (":)", ":("),
        ("great 👍", "great 👎"),
        ("5 €", "5 $"),
        ("straße", "strase"),
        ("na\u00efve", "nave"),
        ("c++", "c"),
    ],
)
def test_what_changes_the_meaning_stays(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_composed_and_decomposed_letters_are_one_text() -> None:
    assert normalise("caf\u00e9") == normalise("cafe\u0301")


@pytest.mark.parametrize("nothing", ["", "  \t\n", "\u200b\u200b", "\ufeff", "\x00\x1b", "\u3000\u00a0"])
def test_a_text_that_shows_nothing_normalises_to_nothing(nothing: str) -> None:
    assert normalise(nothing) == ""


def test_punctuation_alone_is_a_text() -> None:
    assert normalise(" ?! ") == "?!"


def test_row_hash_is_16_hex_digits_and_knows_pairs_from_single_texts() -> None:
    hashes = {row_hash("a b"), row_hash("a", "b"), row_hash("b", "a"), row_hash("a b", ""), row_hash("a")}
    assert len(hashes) == 5
    assert all(len(key) == 16 and int(key, 16) >= 0 for key in hashes)
    assert row_hash("A  b!", "C") == row_hash("a b", "c")


def test_row_hash_takes_any_string() -> None:
    assert row_hash("half \ud83d") != row_hash("half")


def test_visible_escapes_what_a_terminal_would_obey_or_hide() -> None:
    assert visible("a\x1b[31mred\x07\r\n\tb\x9b") == r"a\x1b[31mred\x07\r\n\tb\x9b"
    assert visible("\u202eevil\u2028\u200b\ud800\U000e0041") == r"\u202eevil\u2028\u200b\ud800\U000e0041"


def test_visible_leaves_letters_of_all_scripts_and_emoji_alone() -> None:
    text = "ÄÖ 漢字 नमस्ते می\u200cخواهم 👩\u200d👧 – €"
    assert visible(text) == text
