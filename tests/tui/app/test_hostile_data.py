"""A discovery, settings and names from a stranger: the app shows what would steer a terminal as escapes, everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.files import read_json, write_json
from engine.text import INVISIBLE
from tests.terminals import Terminal
from tests.tui.app.opening import opened
from tests.tui.app.projects import write_project

STEERS = "\x1b]0;planted\x07\u202e[bold]"
SHOWN = "\\x1b]0;planted\\x07\\u202e[bold]"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write_project(tmp_path / "work")
    path = root / "rounds" / "001" / "discovery.json"
    found = read_json(path)
    found["model"] = f"{STEERS}m"
    for spot in found["blind_spots"]:
        spot["words"] = [f"{STEERS}w"]
    write_json(path, found)
    return root


async def test_words_and_the_name_of_the_model_are_shown_as_escapes(root: Path) -> None:
    async with opened(root, size=(200, 40)) as driver:
        await driver.sees(f"{SHOWN}w", SHOWN[:20])
        assert not INVISIBLE.search(driver.text.replace("\n", ""))


async def test_what_a_widget_shows_by_itself_is_taken_out(root: Path) -> None:
    """A text field shows what it holds; a filter or a form may hold what was pasted or read."""
    from tui.widgets.fields import Field

    async with opened(root, size=(120, 36)) as driver:
        await driver.press("slash")
        driver.app.screen.query_one(Field).value = f"a{STEERS}b"
        await driver.sees("]0;planted[bold]b")
        assert not INVISIBLE.search(driver.text.replace("\n", ""))


@pytest.mark.usefixtures("forked_processes")
def test_no_byte_of_it_reaches_a_real_terminal(root: Path) -> None:
    with Terminal(root) as terminal:
        terminal.sees("Blind spots ")
        terminal.send(b"\r")
        terminal.sees("model says")
        terminal.send(b"Q")
        assert terminal.status() == 0
    assert b"\x1b]0;" not in terminal.output
    assert "\u202e".encode() not in terminal.output
