"""Wrapping and fitting of text by terminal cells, so that CJK and emoji stay inside their column.

What is wrapped or fitted is data or stands beside it: all of it is made visible here, so that no screen can forget to.

Kept apart from rich's `Text.wrap` because a list has to know the height of every row before it paints one: this takes
about a tenth of the time (20 us for 30 words).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rich.cells import cell_len, set_cell_size, split_graphemes
from rich.text import Text

from engine.text import INVISIBLE, visible

_CHUNK = re.compile(r"\S+\s*|\s+")
LONGEST = 4000  # characters of a text that are laid out: two screens; a row of 1 MB took seconds for each key
_MARKS = 8  # marks on one character; more make no other letter, and 20,000 of them took seconds
_RUN = re.compile(r"[^\w\s\x00-\u02ff]{9,}")  # where more than so many marks could be


@lru_cache(maxsize=8192)
def wrap_spans(text: str, width: int) -> tuple[tuple[int, int], ...]:
    """Where each line of ``text`` starts and ends (indices of characters) when wrapped to ``width`` cells.

    Words longer than a line are cut between graphemes; spaces at the end of a line belong to no line.
    """
    width = max(2, width)  # the widest grapheme
    if cell_len(text) <= width:
        return ((0, len(text)),)
    lines: list[tuple[int, int]] = []
    start = end = used = 0
    for match in _CHUNK.finditer(text):
        chunk = match.group()
        word = chunk.rstrip()
        cells = cell_len(word)
        if used and used + cells > width:
            lines.append((start, end))
            start, used = match.start(), 0
        if cells > width:
            for first, last, size in split_graphemes(word)[0]:
                if used + size > width:
                    lines.append((start, match.start() + first))
                    start, used = match.start() + first, 0
                used += size
                end = match.start() + last
            used += len(chunk) - len(word)
        else:
            end = match.start() + len(word)
            used += cell_len(chunk)
    lines.append((start, max(start, end)))
    return tuple(lines)


@lru_cache(maxsize=8192)
def bounded(text: str) -> str:
    """A text of the data as it is laid out: visible, few marks on a letter, cut where it is very long, as it says."""
    cut = _RUN.sub(lambda run: _few_marks(run[0]), text[:LONGEST])
    more = len(text) - LONGEST
    return visible(cut) + (f"… ({more:,} characters more)" if more > 0 else "")


def _few_marks(run: str) -> str:
    kept, marks = [], 0
    for letter in run:
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        if marks <= _MARKS:
            kept.append(letter)
    return "".join(kept)


def wrapped(text: Text, width: int) -> list[Text]:
    """The lines of ``text`` at ``width`` cells, styles kept."""
    text = seen(text)
    return [text[start:end] for start, end in wrap_spans(text.plain, width)]


def seen(text: Text) -> Text:
    """The line with control and invisible characters as escapes, styles kept."""
    if not INVISIBLE.search(text.plain):
        return text
    made, at = text.blank_copy(), 0
    for found in INVISIBLE.finditer(text.plain):
        made.append_text(text[at : found.start()]).append(visible(found[0]))
        at = found.end()
    return made.append_text(text[at:])


def fitted(text: str, width: int, *, ellipsis: str = "…") -> str:
    """``text``, made visible, in exactly ``width`` cells: padded with spaces, or cut with an ellipsis."""
    if width <= 0:
        return ""
    text = bounded(text)
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    kept = width - cell_len(ellipsis)
    return set_cell_size(text, kept) + ellipsis if kept > 0 else ellipsis[:width]
