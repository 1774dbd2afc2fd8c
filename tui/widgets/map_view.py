"""The map: every UU as the letter of its blind spot, the current one in a sign of its own, and a legend beneath.

Letters say which blind spot a point belongs to, colours (where there are some) only help the eye. 500 points take about
5 ms to draw; a move repaints only the lines that change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_letters

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from engine.text import visible
from tui.keys import keys
from tui.shell import shell
from tui.widgets.scatter import Cell, Grid, Point, centre, labels, nearest_towards

_HERE, _HERE_ASCII = "●", "#"
_OTHER = "+"  # blind spots beyond the largest 52
_LOOSE = "."
_LEGEND = 4  # the legend takes at most this part of the height
_MORE = 12  # cells for "... 123 more"


class MapView(Widget, can_focus=True):
    """Points of all blind spots, and of the UUs that belong to none."""

    DEFAULT_CSS = """
    MapView { height: 1fr; padding: 0 1; }
    """
    BINDINGS = [*keys("plane")]
    ALLOW_SELECT = False

    class Moved(Message):
        """Another blind spot is the current one."""

    def __init__(self) -> None:
        super().__init__()
        self.current = ""
        """Id of the current blind spot; empty if there is none."""
        self._groups: dict[str, Sequence[Point]] = {}
        self._letters: dict[str, str] = {}
        self._loose: Sequence[Point] = ()
        self._strips: list[Strip] = []

    def show(self, groups: Mapping[str, Sequence[Point]], loose: Sequence[Point], *, current: str) -> None:
        """Show other points: those of each blind spot, and those of none."""
        self._groups, self._loose, self.current = dict(groups), loose, current
        largest = sorted(groups, key=lambda spot: -len(groups[spot]))[: len(ascii_letters)]
        named = (spot for spot in groups if spot in set(largest))
        self._letters = dict.fromkeys(groups, _OTHER) | dict(zip(named, ascii_letters, strict=False))
        self._draw()

    def move_to(self, spot: str) -> None:
        """Make another blind spot the current one."""
        if spot in self._groups and spot != self.current:
            self.current = spot
            self._draw()
            self.post_message(self.Moved())

    def action_first(self) -> None:
        """The first blind spot of the list."""
        self.move_to(next(iter(self._groups), ""))

    def action_last(self) -> None:
        """The last blind spot of the list."""
        self.move_to(next(reversed(self._groups), ""))

    def action_step(self, step: int) -> None:
        """The next or the previous blind spot of the list."""
        ids = list(self._groups)
        if ids:
            self.move_to(ids[(ids.index(self.current) + step) % len(ids)])

    def action_look(self, across: int, up: int) -> None:
        """The nearest blind spot in a direction."""
        if self._groups:
            places = {name: centre(points) for name, points in self._groups.items()}
            self.move_to(nearest_towards(places, self.current, (across, up)) or self.current)

    def repaint(self) -> None:
        """Draw again in other colours."""
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Draw at the new size."""
        self._draw()

    def render_line(self, y: int) -> Strip:
        """One line of the map."""
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    def _draw(self) -> None:
        width, height = self.size
        everything = [point for points in self._groups.values() for point in points] + list(self._loose)
        if not everything or not width or not height:
            self._strips = []
            self.refresh()
            return
        legend = self._legend(width, max(1, height // _LEGEND))
        before, grid = self._strips, Grid(everything, width, max(1, height - len(legend)))
        self._strips = [*self._painted(grid), *legend]
        if len(before) != len(self._strips):
            self.refresh()
            return
        changed = [
            Region(0, y, width, 1) for y, (old, new) in enumerate(zip(before, self._strips, strict=True)) if old != new
        ]
        if changed:
            self.refresh(*changed)

    def _sign(self, spot: str) -> tuple[str, Style]:
        """What a blind spot's points are drawn with."""
        app = shell(self)
        if spot == self.current:
            return _HERE_ASCII if app.ascii else _HERE, app.ink.accent + app.ink.strong
        letter, colours = self._letters[spot], app.ink.groups
        if letter == _OTHER or not colours:
            return letter, app.ink.muted if letter == _OTHER else Style()
        return letter, colours[ascii_letters.index(letter) % len(colours)]

    def _painted(self, grid: Grid) -> list[Strip]:
        plain, ink = self.rich_style, shell(self).ink
        spots = {spot: self._sign(spot) for spot in self._groups}
        canvas: dict[Cell, tuple[str, Style]] = dict.fromkeys(grid.cells(self._loose), (_LOOSE, plain + ink.muted))
        for cell, spot in grid.most(self._groups).items():
            sign, style = spots[spot]
            canvas[cell] = (sign, plain + style)
        here = self._groups.get(self.current)
        if here:
            sign, style = spots[self.current]
            canvas |= dict.fromkeys(grid.cells(here), (sign, plain + style))
            name = visible(self.current)
            for column, row in labels({name: grid.place(centre(here))}, grid.width, grid.height).values():
                named = plain + ink.cursor + style
                canvas.update({(column + step, row): (character, named) for step, character in enumerate(name)})
        blank = (" ", plain)
        return [
            Strip([Segment(*canvas.get((x, y), blank)) for x in range(grid.width)], grid.width).simplify()
            for y in range(grid.height)
        ]

    def _legend(self, width: int, most: int) -> list[Strip]:
        """Which letter is which blind spot, in lines of the width; of many those beside the current one."""
        app, plain = shell(self), self.rich_style
        lines: list[list[tuple[str, Style]]] = [[]]
        at, used = 0, 0
        for spot in self._groups:
            sign, style = self._sign(spot)
            entry = f"{sign} {visible(spot)}"
            if used and used + len(entry) > width - _MORE:
                lines.append([])
                used = 0
            lines[-1].append((entry, style + app.ink.cursor if spot == self.current else style))
            used += len(entry) + 2
            at = len(lines) - 1 if spot == self.current else at
        first = max(0, min(at - most // 2, len(lines) - most))
        shown = lines[first : first + most]
        left = sum(map(len, lines)) - sum(map(len, shown))
        strips = []
        for number, line in enumerate(shown):
            text = Text("  ", end="", no_wrap=True).join(Text(entry, style=style) for entry, style in line)
            if left and number == len(shown) - 1:
                text.append(f"  {app.glyphs.ellipsis} {left} more", app.ink.muted)
            segments = Segment.apply_style(text.render(app.console), plain)
            strips.append(Strip(list(segments)).adjust_cell_length(width, plain))
        return strips
