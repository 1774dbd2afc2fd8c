"""What the terminal shows, so that over a slow line only the characters that have changed are sent.

Textual paints whole spans: moving a cursor one row down over a list and its details takes 2.3 kB, and 4.2 kB when the
list scrolls. Curses has long kept the screen in memory and sent the difference (Arnold 1984, "Screen Updating and
Cursor Movement Optimization"); so does this, scrolling included.

Invariant: `_screen` holds what the terminal shows, with None for what is not known. Whatever is not a painted frame
passes through untouched, and a row with a wide or combining character is sent as Textual painted it, because terminals
differ on how wide those are.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rich.cells import cell_len

Style = tuple[str, str, str]
"""Attributes, colour of the character, background; each as in a control sequence, or empty."""

Cell = tuple[str, Style]
Row = list[Cell | None]

_TOKEN = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|([^\x1b\r\n]+)|[\r\n]+")
_FRAME = re.compile(r"\x1b\[\d+;\d+H")
_FORGETS = ("\x1b[?1049", "\x1b[2J", "\x1bc")  # another screen, or an empty one
_MOST_SCROLLED = 6  # lines by which a list may move at once to be scrolled by the terminal
_FEWEST_SCROLLED = 3  # rows that scrolling must save, or it costs more than it saves
_PLAIN: Style = ("", "", "")


class Delta:
    """Turns painted frames into what has changed since the last."""

    def __init__(self) -> None:
        self._screen: dict[int, Row] = {}
        self._size = (0, 0)
        self._at: tuple[int, int] | None = None  # (row, column) where the last frame left the cursor

    def forget(self) -> None:
        """The terminal may show anything: the next frames are sent as they are painted."""
        self._screen.clear()
        self._at = None

    def of(self, data: str, size: tuple[int, int]) -> str:
        """What is left to send of data for a terminal of ``size`` (columns, rows); nothing, when it shows them already.

        Args:
            data: a frame, which starts by moving the cursor, or any other sequence, which passes through.
            size: columns and rows of the terminal; another size than before forgets everything.
        """
        if size != self._size:
            self._size = size
            self.forget()
        painted = _FRAME.match(data)
        frame = _read(data, self._screen, size) if painted else None
        if frame is None:
            if painted or any(sequence in data for sequence in _FORGETS):
                self.forget()
            return data
        wanted, unsure, end = frame
        pen = _Pen(self._scroll(wanted) if not unsure else "")
        for y in sorted({*wanted, *unsure}):
            if y in unsure:
                pen.copy(unsure[y])
                self._screen[y] = [None] * size[0]
                continue
            shown = self._screen.get(y) or [None] * size[0]
            for x, cell in enumerate(wanted[y]):
                if cell is not None and cell != shown[x]:
                    pen.put(y, x, cell)
            self._screen[y] = wanted[y]
        sent = pen.finish(end if pen.sent or end != self._at else None)
        self._at = end
        return sent

    def _scroll(self, wanted: dict[int, Row]) -> str:
        """Let the terminal move the rows that are wanted as they are, only further up or down."""
        changed = [y for y in sorted(wanted) if wanted[y] != self._screen.get(y) and _has_text(wanted[y])]
        best: list[int] = []
        by = 0
        for shift in (*range(1, _MOST_SCROLLED + 1), *range(-1, -_MOST_SCROLLED - 1, -1)):
            moved = [y for y in changed if wanted[y] == self._screen.get(y + shift)]
            if len(moved) >= max(_FEWEST_SCROLLED, len(best) + 1):
                best, by = moved, shift
        if not by:
            return ""
        top, bottom = min(best[0], best[0] + by), max(best[-1], best[-1] + by)
        before = {y: self._screen.get(y, [None]) for y in range(top, bottom + 1)}
        if any(None in row for row in before.values()):
            return ""
        for y, row in before.items():
            wanted.setdefault(y, row)
            self._screen[y] = before.get(y + by, [None] * self._size[0])
        lines = f"\x1b[{bottom + 1};1H" + "\n" * by if by > 0 else f"\x1b[{top + 1};1H" + "\x1bM" * -by
        return f"\x1b[0m\x1b[{top + 1};{bottom + 1}r{lines}\x1b[r"


class _Pen:
    """Writes cells with as few bytes as it takes to get there and to change colours."""

    def __init__(self, before: str) -> None:
        self._out = [before] if before else []
        self._y, self._x = -1, -1
        self._style = _PLAIN

    @property
    def sent(self) -> bool:
        """Whether anything has been written."""
        return bool(self._out)

    def put(self, y: int, x: int, cell: Cell) -> None:
        text, style = cell
        if (y, x) != (self._y, self._x):
            ahead = x - self._x
            self._out.append(f"\x1b[{ahead}C" if y == self._y and ahead > 0 else f"\x1b[{y + 1};{x + 1}H")
        if style != self._style:
            self._out.append(_change(self._style, style, blank=text == " "))
            self._style = style if text != " " or style[0] or self._style[0] else (style[0], self._style[1], style[2])
        self._out.append(text)
        self._y, self._x = y, x + 1

    def copy(self, painted: str) -> None:
        """Write a row as it was painted; it moves the cursor by itself, and starts and ends without a style."""
        self._out.append(self._reset() + painted)
        self._y = -1

    def finish(self, end: tuple[int, int] | None) -> str:
        self._out.append(self._reset())
        if end is not None:
            self._out.append(f"\x1b[{end[0] + 1};{end[1] + 1}H")
        return "".join(self._out)

    def _reset(self) -> str:
        changed, self._style = self._style != _PLAIN, _PLAIN
        return "\x1b[0m" if changed else ""


def _read(
    data: str, screen: dict[int, Row], size: tuple[int, int]
) -> tuple[dict[int, Row], dict[int, str], tuple[int, int]] | None:
    """The rows as a frame leaves them, those of unsure width as they were painted, and the cursor; None if no frame."""
    columns, lines = size
    rows: dict[int, Row] = {}
    painted: dict[int, list[str]] = {}
    unsure: set[int] = set()
    y = x = last = 0
    style = _PLAIN
    for token in _TOKEN.finditer(data):
        if token.start() != last:
            return None
        last = token.end()
        down, right, colours, text = token.groups()
        if down is not None:
            y, x = int(down) - 1, int(right) - 1
        elif colours is not None:
            style = _style(colours)
        elif text is not None:
            width = len(text) if text.isascii() else cell_len(text)
            if y >= lines or x + width > columns:
                return None
            row = rows.get(y)
            if row is None:
                row = rows[y] = list(screen.get(y) or [None] * columns)
            if width == len(text):
                row[x : x + width] = [(character, _seen(character, style)) for character in text]
            else:
                unsure.add(y)
            x += width
        if text is not None or right is not None or colours is not None:
            painted.setdefault(y, []).append(token[0])
    if last != len(data):
        return None
    return rows, {y: "".join(painted[y]) for y in unsure}, (y, x)


def _has_text(row: Row) -> bool:
    """Whether a row is worth a scroll: blank ones and lines match anywhere."""
    return len(set(row)) > 3


def _seen(character: str, style: Style) -> Style:
    """A blank has no colour of its own, unless it is underlined, struck through or reversed."""
    return ("", "", style[2]) if character == " " and not style[0] else style


@lru_cache(maxsize=1024)
def _style(codes: str) -> Style:
    attributes: list[str] = []
    colour = background = ""
    parts = iter(codes.split(";")) if codes else iter(())
    for code in parts:
        if code in ("38", "48"):
            kind = next(parts)
            whole = ";".join((code, kind, *(next(parts) for _ in range(1 if kind == "5" else 3))))
            colour, background = (whole, background) if code == "38" else (colour, whole)
        elif code in ("0", ""):
            attributes, colour, background = [], "", ""
        elif (len(code) == 2 and code[0] in "39") or (len(code) == 2 and code[0] == "4") or code.startswith("10"):
            ground = code[0] == "4" or len(code) == 3
            colour, background = (colour, code) if ground else (code, background)
        else:
            attributes.append(code)
    return ";".join(attributes), colour, background


def _change(old: Style, new: Style, *, blank: bool) -> str:
    """The sequence that turns one style into another."""
    if old[0] != new[0]:
        return f"\x1b[{';'.join(('0', *(part for part in new if part)))}m"
    parts = [] if old[2] == new[2] else [new[2] or "49"]
    if not blank or new[0]:
        parts += [] if old[1] == new[1] else [new[1] or "39"]
    return f"\x1b[{';'.join(parts)}m" if parts else ""
