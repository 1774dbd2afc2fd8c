"""How flipped rows look in their list: one line each, what happened in front; and one of them in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from engine.text import visible
from tui.terminal.glyphs import Glyphs
from tui.terminal.wrapping import bounded, fitted, wrapped
from tui.themes import Ink
from tui.widgets.paragraph_rows import column_names

if TYPE_CHECKING:
    from engine.proof.report import Flip

_WORD, _SPLIT, _SURE = 6, 4, 12  # cells of the columns, each followed by a space


class FlipRows:
    """Rows that an arm flipped."""

    def __init__(self, flips: Sequence[Flip], ink: Ink, glyphs: Glyphs) -> None:
        self.flips = flips
        self._ink = ink
        self._glyphs = glyphs

    def __len__(self) -> int:
        return len(self.flips)

    def height(self, index: int, width: int) -> int:
        """One line."""
        return 1

    def lines(self, index: int, width: int) -> list[Text]:
        """What happened, where, confidence before and after, text."""
        flip, ink = self.flips[index], self._ink
        sure = f"{flip.before_confidence:.2f} {self._glyphs.arrow} {flip.after_confidence:.2f}"
        pair = f" | {flip.text_pair}" if flip.text_pair is not None else ""
        head = f"{'fixed' if flip.fixed else 'broken':<{_WORD}} {flip.split:<{_SPLIT}} {sure:<{_SURE}} "
        text = fitted(visible(flip.text + pair), max(0, width - len(head)), ellipsis=self._glyphs.ellipsis)
        return [
            Text.assemble(
                (head[: _WORD + 1], ink.accent if flip.fixed else ink.warn), (head[_WORD + 1 :], ink.muted), text
            )
        ]

    def heading(self, width: int) -> Text:
        """The names of the columns."""
        names = f"{'row':<{_WORD}} {'of':<{_SPLIT}} {'confidence':<{_SURE}} text"
        return column_names(names, width, self._ink, self._glyphs)


def flip_detail(flip: Flip, seeds: int, width: int, ink: Ink, glyphs: Glyphs) -> list[Text]:
    """Everything that is known of a flipped row."""
    word = "fixed" if flip.fixed else "newly broken"
    where = f" in {flip.seeds} of {seeds} seeds   {flip.split} row {visible(flip.id)}"
    lines = [Text.assemble((word, ink.accent if flip.fixed else ink.warn), (where, ink.muted))]
    said = (
        f"gold {visible(flip.gold)}   before {visible(flip.before)} {flip.before_confidence:.3f} {glyphs.arrow} "
        f"after {visible(flip.after)} {flip.after_confidence:.3f}"
    )
    lines += wrapped(Text(said), width)
    for name, text in (("A ", flip.text), ("B ", flip.text_pair)) if flip.text_pair is not None else (("", flip.text),):
        lines += wrapped(Text.assemble((name, ink.muted), bounded(text or "")), width)
    return lines
