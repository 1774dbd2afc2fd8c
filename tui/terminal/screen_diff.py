"""What the terminal shows, so that over a slow line only the characters that have changed are sent.

Textual paints whole spans: moving a cursor one row down over a list and its details takes 2.3 kB, and 4.2 kB when the
list scrolls. Curses has long kept the screen in memory and sent the difference (Arnold 1984, "Screen Updating and
Cursor Movement Optimization"); so does this, scrolling included.

Invariant: `_screen` holds what the terminal shows, with None for what is not known. Whatever is not a painted frame
passes through untouched.

Terminals differ on how wide emoji, joined emoji, variation selectors and combining marks are: Rich gives a family of
three 2 cells, tmux 3.3 gives it 6. So where one of those begins, its cells are blanked first, and all that follows in
the row is written again at columns of its own: one that is too wide is cut by what follows, one that is too narrow
leaves a blank, and nothing else moves.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rich.cells import cell_len, split_graphemes

Style = tuple[str, str, str]
"""Attributes, colour of the character, background; each as in a control sequence, or empty."""

Cell = tuple[str, Style]
"""A character with all that is joined to it; an empty text in the further cells of a wide one."""

Row = list[Cell | None]

_TOKEN = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|([^\x1b\r\n]+)|[\r\n]+")
_FRAME = re.compile(r"\x1b\[\d+;\d+H")
_FORGETS = ("\x1b[?1049", "\x1b[2J", "\x1bc")  # another screen, or an empty one
_MOST_SCROLLED = 6  # lines by which a list may move at once to be scrolled by the terminal
_FEWEST_SCROLLED = 3  # rows that scrolling must save, or it costs more than it saves
_MOST_JOINED = 16  # code points of one character; the longest emoji that people use have 10
_JOINER = "\u200d"
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
        wanted, end = frame
        pen = _Pen(self._scroll(wanted), size[0])
        for y in sorted(wanted):
            shown = self._screen.get(y) or [None] * size[0]
            spilt = False
            for x, cell in enumerate(wanted[y]):
                if cell is not None and cell[0] and (spilt or cell != shown[x]):
                    spilt |= pen.put(y, x, cell)
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

    def __init__(self, before: str, columns: int) -> None:
        self._out = [before] if before else []
        self._columns = columns
        self._y, self._x = -1, -1
        self._style = _PLAIN

    @property
    def sent(self) -> bool:
        """Whether anything has been written."""
        return bool(self._out)

    def put(self, y: int, x: int, cell: Cell) -> bool:
        """Write a cell; whether it may have spilt over those behind it, so that they are to be written again."""
        text, style = cell
        self._go(y, x)
        if style != self._style:
            self._out.append(_change(self._style, style, blank=text == " "))
            self._style = style if text != " " or style[0] or self._style[0] else (style[0], self._style[1], style[2])
        cells, sure = _width(text)
        if sure:
            self._out.append(text)
            self._x += cells
            return False
        self._out.append(" " * cells + f"\x1b[{y + 1};{x + 1}H")
        at_edge = x + 2 * len(text) > self._columns  # there it must not go on in the next row
        self._out.append(f"\x1b[?7l{text}\x1b[?7h" if at_edge else text)
        self._y = -1
        return True

    def _go(self, y: int, x: int) -> None:
        if (y, x) != (self._y, self._x):
            ahead = x - self._x
            self._out.append(f"\x1b[{ahead}C" if y == self._y and ahead > 0 else f"\x1b[{y + 1};{x + 1}H")
            self._y, self._x = y, x

    def finish(self, end: tuple[int, int] | None) -> str:
        if self._style != _PLAIN:
            self._out.append("\x1b[0m")
        if end is not None:
            self._out.append(f"\x1b[{end[0] + 1};{end[1] + 1}H")
        return "".join(self._out)


def _read(data: str, screen: dict[int, Row], size: tuple[int, int]) -> tuple[dict[int, Row], tuple[int, int]] | None:
    """The rows as a frame leaves them, and the cursor; None if it is no frame."""
    columns, lines = size
    rows: dict[int, Row] = {}
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
            cells, mark = _cells(text, style)
            if y >= lines or x + len(cells) > columns:
                return None
            row = rows.get(y)
            if row is None:
                row = rows[y] = list(screen.get(y) or [None] * columns)
            if mark:
                _join(row, x - 1, mark)
            _halve(row, x)
            _halve(row, x + len(cells))
            row[x : x + len(cells)] = cells
            x += len(cells)
    if last != len(data):
        return None
    return rows, (y, x)


def _cells(text: str, style: Style) -> tuple[list[Cell], str]:
    """The cells of a text, as many as Rich gives it, and what it begins with that belongs to the character before."""
    if text.isascii():
        return [(character, _seen(character, style)) for character in text], ""
    cells: list[Cell] = []
    mark = ""
    for start, end, width in split_graphemes(text)[0]:
        character = text[start : min(end, start + _MOST_JOINED)].rstrip(_JOINER)  # tmux would join what comes next
        if not width:
            mark += character
        else:
            cells += [(character, _seen(character, style)), *[("", style)] * (width - 1)]
    return cells, mark


def _halve(row: Row, x: int) -> None:
    """Blank a wide character of which the cells before ``x`` or those from it on are about to be covered."""
    if not _is_further(row, x):
        return
    first, end = x - 1, x + 1
    while _is_further(row, first):
        first -= 1
    while _is_further(row, end):
        end += 1
    row[first:end] = [(" ", _seen(" ", cell[1])) if cell else None for cell in row[first:end]]


def _join(row: Row, x: int, mark: str) -> None:
    while _is_further(row, x):
        x -= 1
    cell = row[x] if x >= 0 else None
    if cell is not None and len(cell[0]) < _MOST_JOINED:
        row[x] = (cell[0] + mark, cell[1])


def _is_further(row: Row, x: int) -> bool:
    """Whether it is a further cell of a wide character."""
    cell = row[x] if 0 < x < len(row) else None
    return cell is not None and not cell[0]


@lru_cache(maxsize=4096)
def _width(character: str) -> tuple[int, bool]:
    """How many cells Rich gives a character, and whether all terminals do."""
    cells, code = cell_len(character), ord(character[0])
    if len(character) > 1:
        return cells, False
    if cells == 1:
        return cells, code < 0x2E80 and unicodedata.category(character)[0] not in "MC"
    east_asian = 0x2E80 <= code < 0xD7A4 or 0xF900 <= code < 0xFB00 or 0xFE30 <= code < 0xFFE7
    return cells, east_asian and unicodedata.east_asian_width(character) in "WF"


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
