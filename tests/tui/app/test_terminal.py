"""A real terminal: a bad byte, signals, a lost line, and silence when nothing happens."""

from __future__ import annotations

import inspect
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.drivers.linux_driver import LinuxDriver

from engine.schema import Drafts
from engine.teaching.records import Teaching
from tests.builders.drafts import read_drafts
from tests.terminals import Terminal
from tests.tui.app.projects import write_project
from tests.waiting import until

READY = "15 UUs"

pytestmark = pytest.mark.usefixtures("forked_processes")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work")


@pytest.fixture
def terminal(root: Path) -> Iterator[Terminal]:
    terminal = Terminal(root)
    terminal.sees(READY)
    yield terminal
    terminal.close()


def drafts(root: Path) -> Drafts:
    return read_drafts(root / "teaching", "ann")


def on_second_row(root: Path) -> bool:
    """Whether the place that was saved is the second blind spot."""
    screens = drafts(root).place.get("screens", [])
    return bool(screens) and screens[0]["place"]["spot"] == "B2"


def test_bytes_that_are_not_utf8_do_not_end_the_app(terminal: Terminal) -> None:
    terminal.send(b"\xff\xfe\xc3")
    terminal.send(b"jc")
    terminal.sees("B2 is done.")
    terminal.send(b"Q")
    assert terminal.status() == 0


def test_a_character_cut_in_two_by_the_line_arrives_whole(terminal: Terminal) -> None:
    terminal.send(b"/\xe9")
    terminal.send(b"\x83\xa8")
    terminal.sees("部")


def test_alt_enter_hands_in_and_enter_begins_a_line(root: Path, terminal: Terminal) -> None:
    terminal.send(b"d")
    terminal.sees("targets")
    terminal.send(b"faint\rpraise")
    terminal.sees("praise")
    terminal.send(b"\x1b\r")
    terminal.sees("P1")
    assert [pattern.text for pattern in Teaching(root / "teaching", "ann").patterns()] == ["faint\npraise"]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_signals_save_the_place_and_leave_a_clean_terminal(
    root: Path, terminal: Terminal, number: signal.Signals
) -> None:
    terminal.send(b"jc")
    terminal.sees("B2 is done.")
    terminal.process.send_signal(number)
    assert terminal.status() == 128 + number
    assert on_second_row(root)
    assert b"\x1b[?1049l" in terminal.output  # back from the alternate screen


def test_a_lost_line_ends_the_app_and_saves_the_place_even_without_a_signal(root: Path, terminal: Terminal) -> None:
    terminal.send(b"jc")
    terminal.sees("B2 is done.")
    terminal.hang_up()
    assert terminal.status() == 128 + signal.SIGHUP
    assert on_second_row(root)


def test_what_is_being_typed_survives_a_kill_that_cannot_be_caught(root: Path, terminal: Terminal) -> None:
    terminal.send(b"d")
    terminal.sees("targets")
    terminal.send(b"half a thou")
    until(lambda: "half a thou" in drafts(root).fields.values())
    terminal.process.kill()
    assert terminal.status() == -signal.SIGKILL
    again = Terminal(root)
    try:
        again.sees("half a thou")
    finally:
        again.close()


@pytest.mark.parametrize("first", [True, False])
def test_two_windows_of_one_annotator_lose_nothing_that_was_typed_whichever_is_killed_first(
    root: Path, terminal: Terminal, first: bool
) -> None:
    other = Terminal(root)
    try:
        other.sees(READY)
        for window, spot, text in ((terminal, b"d", b"half a thou"), (other, b"jd", b"another idea")):
            window.send(spot)
            window.sees("targets")
            window.send(text)
        until(lambda: {"half a thou", "another idea"} <= set(drafts(root).fields.values()))
        terminal.send(b"ght")
        until(lambda: "half a thought" in drafts(root).fields.values())
        for window in (terminal, other) if first else (other, terminal):
            window.process.kill()
            assert window.status() == -signal.SIGKILL
    finally:
        other.close()
    again = Terminal(root)
    try:
        again.sees("half a thought")
        assert {"half a thought", "another idea"} <= set(drafts(root).fields.values())
        again.send(b"\x1b")
        again.sees("What you typed is kept.")
        again.send(b"qjd")
        again.sees("another idea")
    finally:
        again.close()


def test_nothing_is_sent_while_nothing_happens(terminal: Terminal) -> None:
    terminal.quiet(1.5)  # the autosave of the start
    assert terminal.quiet(2.0) == 0


def test_without_colour_no_colour_is_sent(root: Path) -> None:
    terminal = Terminal(root, env={"NO_COLOR": "1"})
    try:
        terminal.sees(READY)
        terminal.send(b"T")
        terminal.sees("Colours are off because NO_COLOR is set.")
        assert b"38;2;" not in terminal.output
        assert b"48;2;" not in terminal.output
    finally:
        terminal.close()


def test_a_folder_without_a_project_is_refused_in_a_sentence(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    try:
        terminal.sees("This project cannot be opened")
        terminal.sees("Q leaves.")  # below the sentence, which is wrapped by the length of the folder's name
        words = " ".join(" ".join(terminal.picture.lines).split())
        assert "there is no Blindspot project in this folder" in words
        terminal.send(b"q")
        assert terminal.status() == 1
    finally:
        terminal.close()


def test_textual_still_needs_our_driver() -> None:
    """When this fails, Textual reads bad bytes by itself: see whether tui/terminal/driver.py can go."""
    assert "replace" not in inspect.getsource(LinuxDriver.run_input_thread)
