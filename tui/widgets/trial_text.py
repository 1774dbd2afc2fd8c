"""A trial in words: whose pattern it is, and how well it has told rows apart so far."""

from __future__ import annotations

from rich.text import Text

from engine.text import visible
from tui.terminal.wrapping import wrapped
from tui.themes import Ink
from tui.view_models.pattern_test import PatternTest


def pattern_lines(trying: PatternTest, width: int, ink: Ink) -> list[Text]:
    """The pattern after its id, kind, blind spot and teacher."""
    pattern = trying.pattern
    head = f"{visible(pattern.id)}  {pattern.kind} of {pattern.blind_spot}, by {visible(pattern.teacher.name)} "
    head += f"({pattern.teacher.title}){', reworded' if pattern.refined else ''}: "
    return wrapped(Text.assemble((head, ink.muted), (visible(pattern.text), ink.strong)), width)


def figure_lines(trying: PatternTest, width: int, ink: Ink) -> list[Text]:
    """The figures of each judge, those of the wording before too; without any, why there are none."""
    lines: list[Text] = []
    if trying.trial.reason:
        lines += wrapped(Text(f"No figures for this wording: {trying.trial.reason}.", style=ink.muted), width)
    elif not trying.now:
        lines += wrapped(Text("Nobody has judged this wording yet.", style=ink.muted), width)
    for result in trying.results:
        earlier = "" if result in trying.now else "the wording before, "
        who = f"{earlier}by {visible(result.judge.name)} ({result.judge.title}): "
        lines += wrapped(Text.assemble((who, ink.muted), result.figures), width)
    return lines
