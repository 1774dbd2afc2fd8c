"""Only what has changed is sent, and an independent terminal shows the same as if everything had been."""

from __future__ import annotations

import random
import re

import pytest
from rich.cells import cell_len, split_graphemes

from tests.terminals import COLUMNS, LINES, Picture
from tui.terminal.screen_diff import Delta

SIZE = (COLUMNS, LINES)
STYLES = ("38;5;111;48;5;234", "1;38;5;253;48;5;234", "38;5;245;48;5;23", "48;5;234", "7", "4;31", "97;104", "")
WORDS = ("nothing", "was", "good", "├──", "█▌░", "  ", "   ", "naïve", "ok.")
WIDE = ("部品", "👍", "e\u0301", "👩\u200d👩\u200d👧", "❤\ufe0f", "🇩🇪", "👍🏽", "🙄\u200d")
STANDS_FOR_ONE = "▒"


def span(y: int, x: int, *segments: tuple[str, str]) -> str:
    """Part of a frame as Textual paints it."""
    return f"\x1b[{y + 1};{x + 1}H" + "".join(f"\x1b[{style}m{text}\x1b[0m" for style, text in segments)


def line(y: int, text: str, style: str = STYLES[0]) -> str:
    """A line over the whole width."""
    return span(y, 0, (style, text + " " * (COLUMNS - cell_len(text))))


def random_frame(dice: random.Random, words: tuple[str, ...]) -> str:
    """A few spans anywhere."""
    parts = []
    for y in sorted(dice.sample(range(LINES), dice.randint(1, 8))):
        segments = [(dice.choice(STYLES), dice.choice(words)) for _ in range(dice.randint(1, 5))]
        parts.append(span(y, dice.randrange(COLUMNS - 30), *segments))
    return "\n".join(parts) + f"\x1b[{dice.randint(1, LINES)};{dice.randint(1, COLUMNS)}H"


def list_frame(rows: list[str], top: int, cursor: int) -> str:
    """A list of ten lines under a heading, as if it had been scrolled to a row."""
    shown = [line(2 + at, rows[top + at], STYLES[2] if top + at == cursor else STYLES[0]) for at in range(10)]
    return "\n".join(shown) + "\x1b[1;1H"


@pytest.mark.parametrize("seed", range(12))
def test_a_terminal_shows_the_same_as_of_whole_frames(seed: int) -> None:
    dice, delta, whole, changed = random.Random(seed), Delta(), Picture(), Picture()
    rows = [f"{number:4} {dice.choice(WORDS)} {dice.choice(WORDS)}" for number in range(60)]
    for _ in range(40):
        top = dice.randrange(50)
        frame = dice.choice((random_frame(dice, WORDS), list_frame(rows, top, top + dice.randrange(10))))
        whole.feed(frame)
        changed.feed(delta.of(frame, SIZE))
        assert changed.cells == whole.cells
        assert changed.cursor == whole.cursor


def narrow(frame: str) -> str:
    """The frame with a sign of one cell in each cell of what terminals take for wider or narrower than Rich does."""
    pieces = re.split(r"(\x1b\[[\d;]*[A-Za-z])", frame)
    return "".join(piece if piece.startswith("\x1b") else _narrow(piece) for piece in pieces)


def _narrow(text: str) -> str:
    return "".join(
        text[start:end] if end - start == 1 == width and text[start] < "\u2e80" else STANDS_FOR_ONE * width
        for start, end, width in split_graphemes(text)[0]
    )


@pytest.mark.parametrize("seed", range(16))
def test_whatever_width_a_terminal_gives_an_emoji_all_other_characters_stand_where_they_belong(seed: int) -> None:
    dice, delta, meant, shown = random.Random(seed), Delta(), Picture(), Picture()
    rows = [f"{number:4} {dice.choice(WIDE)} was {dice.choice(WIDE)}{dice.choice(WORDS)}" for number in range(60)]
    blank = "\n".join(line(y, "") for y in range(LINES)) + "\x1b[1;1H"  # an app paints everything at first
    meant.feed(blank)
    shown.feed(delta.of(blank, SIZE))
    for _ in range(40):
        top = dice.randrange(50)
        frame = dice.choice((random_frame(dice, (*WORDS, *WIDE)), list_frame(rows, top, top + dice.randrange(10))))
        meant.feed(narrow(frame))
        shown.feed(delta.of(frame, SIZE))
        for y, (line_meant, line_shown) in enumerate(zip(meant.cells, shown.cells, strict=True)):
            for x, (one, other) in enumerate(zip(line_meant, line_shown, strict=True)):
                assert one.data == STANDS_FOR_ONE or one == other, (y, x)
        assert shown.cursor == meant.cursor


def test_an_emoji_at_the_edge_of_a_terminal_does_not_go_on_in_the_next_row() -> None:
    picture = Picture()
    frame = span(3, COLUMNS - 2, ("", "👩\u200d👩\u200d👧")) + "\n" + span(4, 0, ("", "next")) + "\x1b[1;1H"
    picture.feed(Delta().of(frame, SIZE))
    assert picture.lines[4] == "next"
    assert picture.lines[2] == ""


def test_what_is_shown_already_is_not_sent() -> None:
    delta = Delta()
    frame = line(3, "a row of the list") + "\x1b[1;1H"
    assert "a row of the list" in delta.of(frame, SIZE)
    assert delta.of(frame, SIZE) == ""


def test_of_a_line_only_the_changed_characters_are_sent() -> None:
    delta = Delta()
    delta.of(line(3, "145 UUs left") + "\x1b[1;1H", SIZE)
    sent = delta.of(line(3, "146 UUs left") + "\x1b[1;1H", SIZE)
    assert sent == "\x1b[4;3H\x1b[48;5;234;38;5;111m6\x1b[0m\x1b[1;1H"


@pytest.mark.parametrize("step", [1, 2, -1, -3])
def test_a_list_is_scrolled_by_the_terminal(step: int) -> None:
    delta, whole, changed = Delta(), Picture(), Picture()
    rows = [f"{number:4} row of words, the {number}th of all" for number in range(40)]
    frames = [line(0, "heading"), list_frame(rows, 20, 24), list_frame(rows, 20 + step, 24 + step)]
    sent = [delta.of(frame, SIZE) for frame in frames]
    for frame, data in zip(frames, sent, strict=True):
        whole.feed(frame)
        changed.feed(data)
    assert changed.cells == whole.cells
    assert sum(row in sent[2] for row in rows) <= abs(step), "the others are on the screen already"


def test_after_forgetting_everything_is_sent() -> None:
    delta = Delta()
    frame = line(3, "a row of the list") + "\x1b[1;1H"
    delta.of(frame, SIZE)
    delta.forget()
    assert "a row of the list" in delta.of(frame, SIZE)


@pytest.mark.parametrize("cause", ["\x1b[?1049h", "\x1b[2J"])
def test_another_screen_or_size_is_sent_in_full(cause: str) -> None:
    delta = Delta()
    frame = line(3, "a row of the list") + "\x1b[1;1H"
    delta.of(frame, SIZE)
    assert delta.of(cause, SIZE) == cause
    assert "a row of the list" in delta.of(frame, SIZE)
    assert "a row of the list" in delta.of(frame, (COLUMNS + 1, LINES))


@pytest.mark.parametrize("data", ["\x1b[?2026h", "\x1b]52;c;YWJj\a", "\x07", "\x1b[1;1H\x1b[5Z"])
def test_what_is_no_frame_passes_through(data: str) -> None:
    assert Delta().of(data, SIZE) == data
