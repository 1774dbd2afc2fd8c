"""Emoji whose width the terminal sees otherwise than Rich: no key may leave a character too many, or one too few."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminals import Terminal
from tests.tui.app import projects
from tests.tui.app.projects import write_project

KEYS = (*b"j k n G g a f ] [".split(), b"\x7f", b"\t", b"\x1b[5~", b"\x1b[6~", b"q\r")
ROWS = [
    f"Row {number} ❤️ was {'👩‍👩‍👧' * (number % 3)} fine 🙄👍🏽 🇩🇪 and e\u0301tait long {'so ' * number}"
    for number in range(12)
]

pytestmark = pytest.mark.usefixtures("forked_processes")


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setitem(projects.SPOTS, ("negative", "positive"), ROWS)
    terminal = Terminal(write_project(tmp_path / "work"))
    terminal.sees("UUs")
    terminal.send(b"\r")
    terminal.sees("conf mark")
    yield terminal
    terminal.close()


@pytest.mark.parametrize("seed", range(3))
def test_the_screen_is_the_same_as_one_painted_anew(terminal: Terminal, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(6):
        keys = dice.choices(KEYS, k=6)
        for key in keys:
            terminal.send(key)
            terminal.settle(0.25)
        seen = terminal.picture.lines
        terminal.send(b"\x1b[18~")  # f7
        terminal.settle(0.4)
        assert terminal.picture.lines == seen, keys
