"""A person and an LLM, from the first question to the sources, in a real terminal of 80x24 and by keys alone: the LLM
is asked at a real server, its answer stays sealed, both are judged blind, and the terminal is lost in the middle."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.llm.call_log import CALLS_FILE, read_calls
from engine.project import Project
from engine.teaching.records import Records
from tests.e2e.terminal import Terminal
from tests.engine.llm.answers import good_answer
from tests.engine.llm.server import LlmServer
from tests.engine.llm.spots import project_of, set_llm


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = project_of(tmp_path / "work", 2)
    with LlmServer(good_answer) as server:
        yield set_llm(project, base_url=server.base_url, model="m1")


@pytest.fixture
def new_terminal(tmp_path: Path) -> Iterator[Callable[[], Terminal]]:
    """Makes terminals, each a server of its own: one that was killed is gone for good."""
    made: list[Terminal] = []

    def make() -> Terminal:
        folder = tmp_path / f"terminal-{len(made)}"
        folder.mkdir()
        made.append(Terminal(folder))
        return made[-1]

    yield make
    for terminal in made:
        terminal.kill()


def open_app(terminal: Terminal, project: Project, annotator: str) -> None:
    terminal.start(sys.executable, "-m", "tui", "open", str(project.root), "--annotator", annotator)


def test_a_person_and_an_llm_answer_unseen_and_are_judged_blind(
    project: Project, new_terminal: Callable[[], Terminal]
) -> None:
    ask_and_answer(new_terminal(), project)
    begin_to_judge(new_terminal(), project)
    finish_judging(new_terminal(), project)


def ask_and_answer(terminal: Terminal, project: Project) -> None:
    """ada lets the LLM answer, sees nothing of it, answers herself, commits, and sees it."""
    open_app(terminal, project, "ada")
    terminal.wait("Blind spots 2", "enter read")
    terminal.keys("L")
    terminal.wait("Let m1 explain blind spots?", "6 calls for 2 blind spots")
    terminal.keys("2")
    terminal.wait("2 of 2 blind spots answered by m1")
    theirs = [pattern.text for pattern in Records(project.teaching_dir).patterns() if pattern.blind_spot == "B1"]
    assert len(theirs) == 2
    assert len(list(read_calls(project.llm_dir / CALLS_FILE))) == 6

    terminal.keys("d")
    screen = terminal.wait("New pattern", "others' answers are sealed")
    assert not any(text[:30] in screen for text in theirs)
    terminal.type("A list of things and nothing said of them.")
    terminal.wait("nothing said of them.")
    terminal.keys("C-j")
    terminal.wait("P1 is written", "New sample")
    terminal.type("A mug, a lamp and a wet towel.")
    terminal.keys("C-l")
    terminal.wait("label negative", "wet towel.")
    terminal.keys("C-j")
    terminal.wait("S1 is written")
    terminal.keys("Escape")
    terminal.wait("i write")
    terminal.keys("C")
    terminal.wait("Hand in your answer to B1?", "Commit: 1 pattern, 1 sample")
    terminal.keys("2")
    terminal.wait("B1 is committed", "m1 (llm)", theirs[0][:30])


def begin_to_judge(terminal: Terminal, project: Project) -> None:
    """bob declines to answer and judges; his terminal is lost in the middle."""
    open_app(terminal, project, "bob")
    terminal.wait("Blind spots 2", "enter read")
    terminal.keys("C")
    terminal.wait("Hand in your answer to B1?")
    terminal.keys("2")
    terminal.wait("Why do you give no answer?")
    terminal.type("only reviewing")
    terminal.keys("Enter")
    terminal.wait("declined")
    terminal.keys("v")
    screen = terminal.wait("Review 1 of 1", "0 of 5 answered", "Left side", "Right side")
    assert not any(name in screen.partition("\n")[2] for name in ("ada", "m1", "llm", "human"))
    terminal.keys("+")
    terminal.wait("0 of 15 answered")
    terminal.keys("y", "y", "n")
    terminal.wait("3 of 15 answered", "useful no")
    terminal.kill()


def finish_judging(terminal: Terminal, project: Project) -> None:
    """He finds his answers again, gives the others, hands in, and learns who wrote what."""
    open_app(terminal, project, "bob")
    terminal.wait("Review 1 of 1", "3 of 15 answered", "useful no")
    terminal.keys("+")
    terminal.wait("3 of 7 answered", "fits yes  precise yes  useful no")
    terminal.keys("a", "y", "x", ">")
    terminal.wait("7 of 7 answered")
    terminal.keys("C-j")
    terminal.wait("Hand in this item?")
    terminal.keys("1")
    terminal.wait("Handed in", "by ada (human)", "by m1 (llm)", "Both saw the same rows.")
