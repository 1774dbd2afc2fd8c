"""Where two texts differ: runs of words, or of single characters in scripts written without spaces. Light."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]|\w+|\s+|[^\w\s]")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TextChange:
    """A run that one text has and the other has not, in that place; either may be empty."""

    before: str
    after: str

    @property
    def words(self) -> int:
        """How many words it changes: those taken out or those put in, whichever are more."""
        return max(_words(self.before), _words(self.after))


@lru_cache(maxsize=2048)
def differences(first: str, second: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Spans (indices of characters) of each text that the other does not have in that place."""
    only_left: list[Span] = []
    only_right: list[Span] = []
    for left, right in _runs(first, second):
        only_left.append(left)
        only_right.append(right)
    return _joined(first, only_left), _joined(second, only_right)


@lru_cache(maxsize=256)
def changes(first: str, second: str) -> tuple[TextChange, ...]:
    """What has to be changed in the first text to make the second, run by run, without spaces around; they may meet."""
    found = [(first[slice(*left)].strip(), second[slice(*right)].strip()) for left, right in _runs(first, second)]
    return tuple(TextChange(before, after) for before, after in found if before or after)


def words_changed(first: str, second: str) -> int:
    """How many words lie between two texts; a sign that is changed alone counts as one."""
    return sum(change.words for change in changes(first, second))


def _runs(first: str, second: str) -> list[tuple[Span, Span]]:
    """Spans of both texts that differ, in order; an empty one where the other text has more."""
    left, right = list(_TOKEN.finditer(first)), list(_TOKEN.finditer(second))
    matcher = SequenceMatcher(None, [found[0] for found in left], [found[0] for found in right], autojunk=False)
    ends = ([found.start() for found in left] + [len(first)], [found.start() for found in right] + [len(second)])
    return [
        ((ends[0][i], ends[0][j]), (ends[1][k], ends[1][m]))
        for tag, i, j, k, m in matcher.get_opcodes()
        if tag != "equal"
    ]


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


def _words(text: str) -> int:
    tokens = [token for token in _TOKEN.findall(text) if not token.isspace()]
    return sum(token[0].isalnum() for token in tokens) or min(1, len(tokens))
