"""Where two texts of a pair differ: runs of words, or of single characters in scripts written without spaces."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from rich.text import Text

from tui.themes import Ink

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]|\w+|\s+|[^\w\s]")

Span = tuple[int, int]


@lru_cache(maxsize=2048)
def differences(first: str, second: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Spans (indices of characters) of each text that the other does not have in that place."""
    left, right = list(_TOKEN.finditer(first)), list(_TOKEN.finditer(second))
    matcher = SequenceMatcher(None, [found[0] for found in left], [found[0] for found in right], autojunk=False)
    only_left: list[Span] = []
    only_right: list[Span] = []
    for tag, left_start, left_end, right_start, right_end in matcher.get_opcodes():
        if tag in ("delete", "replace"):
            only_left.append((left[left_start].start(), left[left_end - 1].end()))
        if tag in ("insert", "replace"):
            only_right.append((right[right_start].start(), right[right_end - 1].end()))
    return _joined(first, only_left), _joined(second, only_right)


def _joined(text: str, spans: list[Span]) -> tuple[Span, ...]:
    """Spans with only spaces between them are one; spaces at their ends do not count."""
    joined: list[Span] = []
    for start, end in spans:
        piece = text[start:end]
        start += len(piece) - len(piece.lstrip())
        end -= len(piece) - len(piece.rstrip())
        if start >= end:
            continue
        if joined and not text[joined[-1][1] : start].strip():
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def marked(text: str, spans: tuple[Span, ...], ink: Ink) -> Text:
    """The text with its spans in the style of a change, and in brackets where styles are not enough."""
    result, at = Text(), 0
    for start, end in spans:
        result.append(text[at:start])
        piece = text[start:end]
        result.append(f"[{piece}]" if ink.brackets else piece, ink.change)
        at = end
    result.append(text[at:])
    return result
