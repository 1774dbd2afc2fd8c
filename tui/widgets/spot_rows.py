"""How a blind spot looks in the list: one line, columns aligned, secondary things dimmed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from engine.text import visible
from tui.terminal.glyphs import Glyphs
from tui.terminal.wrapping import fitted
from tui.themes import Ink

if TYPE_CHECKING:
    from engine.teaching.views import SpotView

_ID, _SIZE, _COUNTS, _GAP = 4, 5, 7, "  "
_DIRECTION_MOST, _DIRECTION_LEAST = 30, 15
_WORDS_LEAST = 14  # cells; to have them the counts go first, then the labels are cut
_STATE_MOST = 14


class SpotRows:
    """The rows of the list of blind spots.

    Args:
        spots: what to show. scattered: number of UUs in no blind spot; a last row of their own if there are any.
    """

    def __init__(self, spots: Sequence[SpotView], ink: Ink, glyphs: Glyphs, *, scattered: int = 0) -> None:
        self.spots = spots
        self._scattered = scattered
        self._ink = ink
        self._glyphs = glyphs
        widest = max((cell_len(self._direction(spot)) for spot in spots), default=9)
        self._direction_cells = max(9, min(_DIRECTION_MOST, widest))
        self._state_cells = min(_STATE_MOST, max((cell_len(self._state(spot).plain) for spot in spots), default=9))

    def __len__(self) -> int:
        return len(self.spots) + (1 if self._scattered else 0)

    def height(self, index: int, width: int) -> int:
        """Always one line."""
        return 1

    def lines(self, index: int, width: int) -> list[Text]:
        """The row's one line."""
        if index >= len(self.spots):
            cells = ("", str(self._scattered), "in no blind spot", "", "")
            return [self._line(width, cells, Text(), dim=True)]
        spot = self.spots[index]
        words, counts = ", ".join(spot.words), f"{spot.patterns} / {spot.samples}"
        cells = (spot.id, str(spot.size), self._direction(spot), words, counts)
        return [self._line(width, cells, self._state(spot), dim=spot.status in ("done", "skipped"))]

    def heading(self, width: int) -> Text:
        """The names of the columns."""
        names = ("id", "UUs", f"gold {self._glyphs.arrow} said", "words", "pat/sam")
        text = self._line(width, names, Text("state"), dim=False)
        return Text(text.plain, style=self._ink.muted, no_wrap=True, end="")

    def _direction(self, spot: SpotView) -> str:
        return f"{visible(spot.gold)} {self._glyphs.arrow} {visible(spot.predicted)}"

    def _both(self, direction: str, room: int) -> str:
        """The direction in that many cells; where it is too long both labels are cut, for either may tell."""
        gold, arrow, predicted = direction.partition(f" {self._glyphs.arrow} ")
        if cell_len(direction) <= room or not arrow:
            return fitted(direction, room, ellipsis=self._glyphs.ellipsis)
        left = room - cell_len(arrow)
        first = min(cell_len(gold), max(left - left // 2, left - cell_len(predicted)))
        names = (
            fitted(gold, first, ellipsis=self._glyphs.ellipsis),
            fitted(predicted, left - first, ellipsis=self._glyphs.ellipsis),
        )
        return arrow.join(names)

    def _state(self, spot: SpotView) -> Text:
        if spot.status == "done":
            return Text(f"{self._glyphs.check} done")
        if spot.status == "skipped":
            return Text(f"skipped: {visible(spot.reason)}")
        return Text(spot.status, style=self._ink.accent if spot.status == "in progress" else self._ink.muted)

    def _line(self, width: int, cells: tuple[str, str, str, str, str], state: Text, *, dim: bool) -> Text:
        id, size, direction, words, counts = cells
        ink, ellipsis = self._ink, self._glyphs.ellipsis
        rest = width - (_ID + _SIZE + 2 + self._direction_cells + 2 + 2 + _COUNTS + 2 + self._state_cells)
        counted = rest >= _WORDS_LEAST
        rest += 0 if counted else _COUNTS + 2
        cut = min(max(0, _WORDS_LEAST - rest), self._direction_cells - _DIRECTION_LEAST)
        room, rest = self._direction_cells - max(0, cut), max(0, rest + max(0, cut))
        text = Text(no_wrap=True, end="")
        text.append(fitted(id, _ID, ellipsis=ellipsis), ink.muted if dim else ink.strong)
        text.append(f"{size:>{_SIZE}}" + _GAP, ink.muted if dim else "")
        text.append(self._both(direction, room) + _GAP, ink.muted if dim else "")
        text.append(fitted(words, rest, ellipsis=ellipsis) + _GAP, ink.muted)
        text.append(f"{counts:>{_COUNTS}}" + _GAP if counted else "", ink.muted)
        text.append(fitted(state.plain, self._state_cells, ellipsis=ellipsis), ink.muted if dim else state.style)
        return text
