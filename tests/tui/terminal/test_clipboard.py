"""Copying: by tmux if one is in it, else by the terminal, else into a file; and the answer says which."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import StoreError
from tui.terminal.clipboard import copy

TEXT = "a row with 部屋\nand two lines"


@pytest.fixture
def tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A tmux server of our own that the process believes to be in."""
    socket = tmp_path / "tmux.sock"
    command = ["tmux", "-S", str(socket), "-f", "/dev/null"]
    started = subprocess.run([*command, "new-session", "-d", "-s", "t"], capture_output=True)
    if started.returncode:
        pytest.skip("no tmux here")
    monkeypatch.setenv("TMUX", f"{socket},1,0")
    yield socket
    subprocess.run([*command, "kill-server"], capture_output=True)


def test_inside_tmux_the_text_is_in_its_buffer(tmux: Path, tmp_path: Path) -> None:
    said = copy(TEXT, write=None, file=tmp_path / "copied.txt")
    shown = subprocess.run(["tmux", "-S", str(tmux), "show-buffer"], capture_output=True, check=True).stdout
    assert shown.decode() == TEXT
    assert said == "Copied to the tmux buffer; prefix ] pastes it."


def test_outside_it_goes_to_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    written: list[str] = []
    said = copy(TEXT, write=written.append, file=tmp_path / "copied.txt")
    assert "OSC 52" in said
    (sequence,) = written
    assert base64.b64decode(sequence.removeprefix("\x1b]52;c;").removesuffix("\x07")).decode() == TEXT
    assert not (tmp_path / "copied.txt").exists()


@pytest.mark.parametrize(("term", "text"), [("linux", TEXT), ("dumb", TEXT), ("xterm", "x" * 80_000)])
def test_what_a_terminal_cannot_take_goes_into_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, term: str, text: str
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("TERM", term)
    file = tmp_path / "cache" / "copied.txt"
    said = copy(text, write=lambda sequence: pytest.fail("written to the terminal"), file=file)
    assert file.read_text() == f"{text}\n"
    assert str(file) in said


def test_a_tmux_that_is_gone_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX", f"{tmp_path / 'gone.sock'},1,0")
    monkeypatch.setenv("TERM", "dumb")
    assert "Written to" in copy(TEXT, write=None, file=tmp_path / "copied.txt")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_when_nothing_works_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("TERM", "dumb")
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot be copied"):
        copy(TEXT, write=None, file=tmp_path / "copied.txt")
