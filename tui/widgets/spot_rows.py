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
from tui.view_models.spot_columns import COLUMNS, ON_SCREEN, shown

if TYPE_CHECKING:
    from rich.style import Style

    from engine.teaching.views import SpotView

_GAP = "  "
_WORDS_LEAST = 14  # cells; to have them spare columns go
_WORDS_FEWEST = 6  # cells; with less room they go too, and only then the labels are cut: the direction tells most


class SpotRows:
    """The rows of the list of blind spots.

    Args:
        spots: what to show.
        scattered: number of UUs in no blind spot; a last row of their own if there are any.
        flagged: number of flagged rows near no blind spot; they are in that row too.
    """

    def __init__(
        self, spots: Sequence[SpotView], ink: Ink, glyphs: Glyphs, *, scattered: int = 0, flagged: int = 0
    ) -> None:
        self.spots = spots
        self._ink = ink
        self._glyphs = glyphs
        self._columns = {name: COLUMNS[name] for name in shown(ON_SCREEN, spots, flagged=bool(flagged))}
        self._texts = [{name: self._text(name, spot) for name in self._columns} for spot in spots]
        if scattered or flagged:
            last = {"size": str(scattered), "flagged": str(flagged), "direction": "in no blind spot"}
            self._texts.append({name: last.get(name, "") for name in self._columns})
        widest = {name: max((cell_len(texts[name]) for texts in self._texts), default=0) for name in self._columns}
        self._cells = {
            name: max(column.least, min(column.most, widest[name])) for name, column in self._columns.items()
        }

    def __len__(self) -> int:
        return len(self._texts)

    def height(self, index: int, width: int) -> int:
        """Always one line."""
        return 1

    def lines(self, index: int, width: int) -> list[Text]:
        """The row's one line."""
        spot = self.spots[index] if index < len(self.spots) else None
        dim = spot is None or spot.status in ("done", "skipped")
        return [self._line(width, self._texts[index], self._ink.muted if dim else None, spot)]

    def heading(self, width: int) -> Text:
        """The names of the columns."""
        names = {name: column.name.replace("->", self._glyphs.arrow) for name, column in self._columns.items()}
        return self._line(width, names, self._ink.muted)

    def _text(self, name: str, spot: SpotView) -> str:
        """What a column says of a blind spot, with the signs that the terminal can show."""
        if name == "direction":
            return f"{visible(spot.gold)} {self._glyphs.arrow} {visible(spot.predicted)}"
        sign = f"{self._glyphs.check} " if name == "state" and spot.status == "done" else ""
        return sign + COLUMNS[name].text(spot)

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

    def _style(self, name: str, spot: SpotView | None) -> Style | str:
        if name == "id":
            return self._ink.strong
        if name == "state" and spot is not None and spot.status == "in progress":
            return self._ink.accent
        return "" if name in ("size", "flagged", "direction") else self._ink.muted

    def _line(self, width: int, cells: dict[str, str], style: Style | None, spot: SpotView | None = None) -> Text:
        """One line; ``style``: of all of it, None: of each column its own."""
        room = self._room(width)
        text = Text(no_wrap=True, end="")
        for name, cut in room.items():
            cell, column = cells[name], COLUMNS[name]
            if name == "direction":
                cell = self._both(cell, cut)
            else:
                cell = fitted(f"{cell:>{cut}}" if column.right else cell, cut, ellipsis=self._glyphs.ellipsis)
            text.append(cell + ("" if name == ON_SCREEN[-1] else _GAP), style or self._style(name, spot))
        return text

    def _room(self, width: int) -> dict[str, int]:
        """The cells of each column that there is room for."""
        room = dict(self._cells)
        rest = width - sum(room.values()) - len(_GAP) * (len(room) - 1)
        for name, column in self._columns.items():
            if column.spare and rest < _WORDS_LEAST:
                rest += room.pop(name) + len(_GAP)
        for name, column in self._columns.items():
            if not column.most and rest < _WORDS_FEWEST:
                rest += room.pop(name) + len(_GAP)
        for name, column in self._columns.items():
            if column.shrinks_to and rest < 0:
                cut = max(0, min(-rest, room[name] - column.shrinks_to))
                room[name] -= cut
                rest += cut
        return {name: cells if COLUMNS[name].most else rest for name, cells in room.items()}
