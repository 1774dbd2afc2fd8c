"""The arms of a proof as a list, each with its verdict as a sign and a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from engine.text import visible
from tui.terminal.glyphs import Glyphs
from tui.terminal.wrapping import fitted
from tui.themes import Ink

if TYPE_CHECKING:
    from engine.proof.report_types import ReportArm

_ONE_LINE = 50  # cells; a narrower list gives each arm two lines


class ArmRows:
    """One line an arm, or two where the list is narrow.

    Args:
        arms: entries of a report.
        words: the verdict on each, as it is told.
    """

    def __init__(self, arms: Sequence[ReportArm], words: Sequence[str], ink: Ink, glyphs: Glyphs) -> None:
        self.arms = arms
        self._words = words
        self._ink = ink
        self._glyphs = glyphs

    def __len__(self) -> int:
        return len(self.arms)

    def height(self, index: int, width: int) -> int:
        """One or two lines."""
        return 1 if width >= _ONE_LINE else 2

    def lines(self, index: int, width: int) -> list[Text]:
        """Arm, recipe, samples, verdict; where there is room how many blind spots it closed."""
        arm, ellipsis = self.arms[index], self._glyphs.ellipsis
        verdict = verdict_text(self._words[index], self._ink, self._glyphs)
        name, recipe, count = visible(arm.arm), visible(arm.recipe), arm.n_added
        if self.height(index, width) == 1:
            lines = [Text.assemble(f"{name:<11} {recipe:<9} {count:>5} added   ", verdict)]
        else:
            lines = [Text(f"{name} {recipe}, {count} added"), Text.assemble("  ", verdict)]
        if arm.closed and arm.closed["of"]:
            closed = f"; {arm.closed['closed']} of {arm.closed['of']} closed"
            lines[-1].append(closed if lines[-1].cell_len + len(closed) <= width else "")
        cut = [Text(fitted(line.plain, width, ellipsis=ellipsis)) for line in lines]
        return [line if line.cell_len <= width else short for line, short in zip(lines, cut, strict=True)]


def verdict_text(word: str, ink: Ink, glyphs: Glyphs) -> Text:
    """The verdict with its sign."""
    sign = {"proven": glyphs.check, "less confident only": "~", "no change": "=", "worse": "x"}.get(word, "?")
    style = {"proven": ink.accent, "worse": ink.warn, "less confident only": ink.warn}.get(word, ink.strong)
    return Text(f"{sign} {visible(word)}", style=style)
