"""Drawing points into a grid of cells, one character a cell.

Pure functions, so that a plot can be checked without a terminal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

Point = tuple[float, float]
Cell = tuple[int, int]


def fit(points: Iterable[Point]) -> tuple[Point, Point]:
    """Lower left corner and extent of the points; an extent of 0 becomes 1."""
    xs, ys = zip(*points, strict=True)
    return (min(xs), min(ys)), (max(xs) - min(xs) or 1.0, max(ys) - min(ys) or 1.0)


class Grid:
    """Turns points into places of a grid of ``width`` x ``height`` cells; y grows upwards, rows grow downwards."""

    def __init__(self, points: Iterable[Point], width: int, height: int) -> None:
        self.width, self.height = width, height
        self._corner, self._extent = fit(points)

    def place(self, point: Point) -> Cell:
        """Column and row of a point."""
        x = (point[0] - self._corner[0]) / self._extent[0]
        y = (point[1] - self._corner[1]) / self._extent[1]
        return round(x * (self.width - 1)), round((1 - y) * (self.height - 1))

    def cells(self, points: Iterable[Point]) -> set[Cell]:
        """The cells that hold points."""
        return {self.place(point) for point in points}

    def most(self, groups: Mapping[str, Sequence[Point]]) -> dict[Cell, str]:
        """For each cell that holds points the group with most points there."""
        counts: dict[Cell, Counter[str]] = {}
        for name, points in groups.items():
            for point in points:
                counts.setdefault(self.place(point), Counter())[name] += 1
        return {cell: count.most_common(1)[0][0] for cell, count in counts.items()}


def centre(points: Sequence[Point]) -> Point:
    """Mean of the points."""
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def nearest_towards(places: Mapping[str, Point], start: str, direction: Point) -> str | None:
    """The place nearest to ``start`` in a direction (a unit step along one axis); None if there is none.

    What lies sideways counts twice as far, so that one moves where one looks.
    """
    here = places[start]
    best: tuple[float, str] | None = None
    for name, (x, y) in places.items():
        ahead = (x - here[0]) * direction[0] + (y - here[1]) * direction[1]
        aside = abs((x - here[0]) * direction[1]) + abs((y - here[1]) * direction[0])
        if name != start and ahead > 0 and (best is None or ahead + 2 * aside < best[0]):
            best = (ahead + 2 * aside, name)
    return best[1] if best else None


def labels(centres: Mapping[str, Cell], width: int, height: int) -> dict[str, Cell]:
    """Where each name is written: near its centre, and where it covers no other name; the first ones choose first."""
    taken: set[Cell] = set()
    placed = {}
    for name, (column, row) in centres.items():
        left = max(0, min(column - len(name) // 2, width - len(name)))
        for shift in (0, -1, 1, -2, 2, -3, 3):
            cells = {(left + step, row + shift) for step in range(-1, len(name) + 1)}
            if 0 <= row + shift < height and not cells & taken:
                taken |= cells
                placed[name] = (left, row + shift)
                break
    return placed
