"""The map: every UU as a point, blind spots by name, the current one in another character and not in colour alone.

500 points take about 5 ms to draw; a move repaints only the lines that change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from engine.data.text import visible
from tui.keys import keys
from tui.shell import shell
from tui.widgets.scatter import Cell, Grid, Point, centre, labels, nearest_towards

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_HERE, _HERE_ASCII = "●", "#"


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
        self._loose: Sequence[Point] = ()
        self._strips: list[Strip] = []

    def show(self, groups: Mapping[str, Sequence[Point]], loose: Sequence[Point], *, current: str) -> None:
        """Show other points: those of each blind spot, and those of none."""
        self._groups, self._loose, self.current = dict(groups), loose, current
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
        before, self._strips = self._strips, self._painted(Grid(everything, width, height))
        if len(before) != len(self._strips):
            self.refresh()
            return
        changed = [
            Region(0, y, width, 1) for y, (old, new) in enumerate(zip(before, self._strips, strict=True)) if old != new
        ]
        if changed:
            self.refresh(*changed)

    def _painted(self, grid: Grid) -> list[Strip]:
        app = shell(self)
        ink, plain = app.ink, self.rich_style
        canvas: dict[Cell, tuple[str, Style]] = {}
        here = self._groups.get(self.current, ())
        if app.ascii:
            groups = list(zip(cycle(_LETTERS), self._groups.values(), strict=False))
            dots = grid.letters([(".", self._loose), *groups])
        else:
            dots = grid.braille(point for points in [*self._groups.values(), self._loose] for point in points)
        canvas.update({cell: (dot, plain + ink.muted) for cell, dot in dots.items()})
        sign = _HERE_ASCII if app.ascii else _HERE
        canvas |= dict.fromkeys(grid.cells(here), (sign, plain + ink.accent))
        names = {
            f"{letter}:{visible(spot)}" if app.ascii else visible(spot): spot
            for letter, spot in zip(cycle(_LETTERS), self._groups, strict=False)
        }
        names = dict(sorted(names.items(), key=lambda pair: pair[1] != self.current))  # the current one chooses first
        centres = {name: grid.place(centre(self._groups[spot]), 1, 1) for name, spot in names.items()}
        for name, (column, row) in labels(centres, grid.width, grid.height).items():
            style = plain + (ink.cursor + ink.accent + ink.strong if names[name] == self.current else ink.strong)
            canvas.update({(column + step, row): (character, style) for step, character in enumerate(name)})
        blank = (" ", plain)
        return [
            Strip([Segment(*canvas.get((x, y), blank)) for x in range(grid.width)], grid.width).simplify()
            for y in range(grid.height)
        ]
