"""Keywords of a blind spot: log-odds against the rows that the model gets right.

How much more common is the log-odds ratio of Monroe, Colaresi & Quinn (2008), "Fightin' Words", with an informative
Dirichlet prior, over its standard deviation. That lets function words through where a group is small by chance, so a
word must also lie nearer, by the sentence encoder, to the rows that hold it than to the pool as a whole, after KeyBERT
(Grootendorst 2020): "bus" does, "their" does not, in any language that the encoder knows, and nobody has to list them.
On the demo's and on a sentiment pool's blind spots "the", "have", "own", "get", "than" gain -.05 to .10, "van", "wait",
"pork", "menu" .15 to .50. Negations gain little; they stay where contrast alone speaks for them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import log, sqrt

from engine.arrays import Floats
from engine.schema import Example

WORDS = 8
ROWS = 2  # of the group that have a word: one row cannot speak for the others
DISTINCT = 1.96  # standard deviations; the bound of the paper
MEANING = 0.13  # cosine gained by the rows that hold it
# Without a meaning of its own a word stays that is so much more common, in so many of the rows, in so few of the pool:
# "he" in nine of ten rows about repairs.
SURELY_DISTINCT, MANY, RARE = 4.0, 0.5, 0.1
PRIOR_ROWS = 10.0  # weight of the pool's own share of a word, in rows
UNSEEN = 0.5  # added to it, so that a word which no other row has is not infinitely uncertain

# Scripts written without spaces give pairs of letters; emoji are words; apostrophes stay inside words.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_LETTER = rf"[^\W_{_UNSPACED}]"
_WORD = re.compile(rf"(?P<run>[{_UNSPACED}]+)|{_LETTER}+(?:'{_LETTER}+)*|[\u2600-\u27bf\U0001f300-\U0001faff]")


def words_of(text: str) -> list[str]:
    """The words of a text in their order, case and width folded."""
    found: list[str] = []
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text).casefold().replace("’", "'")):
        word = match[0]
        if match["run"] and len(word) > 2:
            found += [word[start : start + 2] for start in range(len(word) - 1)]
        else:
            found.append(word)
    return found


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that is more common in a group than elsewhere.

    Attributes:
        z: how much more common, in standard deviations.
        rows: places in the group of the rows that have it.
        surely: whether it is distinctive whatever it means.
        strength: by which words are put in order: ``z``, doubled where only one text of a pair has the word, for such
            words are what the model had to notice.
    """

    word: str
    z: float
    rows: tuple[int, ...]
    strength: float
    surely: bool


class Background:
    """How many rows have each word: in the pool, and among those that the model gets right, by label.

    Args:
        pool: all rows; one without a label stands with the label that the model gives it.
        right: whether the model gets each of them right, as far as anybody knows.
    """

    def __init__(self, pool: Iterable[Example], right: Sequence[bool]) -> None:
        self._rows = len(right)
        self._with: Counter[str] = Counter()
        self._right: dict[str, Counter[str]] = {}
        self._right_rows: Counter[str] = Counter()
        for row, is_right in zip(pool, right, strict=True):
            words = _words(row)
            self._with.update(words)
            if is_right:
                self._right.setdefault(row.label, Counter()).update(words)
                self._right_rows[row.label] += 1

    def candidates(self, group: Sequence[Example], labels: Collection[str], near: Sequence[Example]) -> list[Candidate]:
        """The distinctive words of a group, most distinctive first.

        Args:
            group: rows of a blind spot.
            labels: its gold and its predicted label; the rows of these that the model gets right are the contrast.
            near: rows beside it that the model gets right; they belong to the contrast whatever their label.
        """
        places: dict[str, list[int]] = {}  # by word the rows of the group that have it
        for place, row in enumerate(group):
            for word in _words(row):
                places.setdefault(word, []).append(place)
        others = [_words(row) for row in near if row.label not in labels]
        counts = [self._right[label] for label in labels if label in self._right]
        counts.append(Counter(word for there in others for word in there))
        contrast = sum(self._right_rows[label] for label in labels) + len(others)
        found = []
        for word, rows in places.items():
            if len(rows) < ROWS:
                continue
            prior = UNSEEN + PRIOR_ROWS * self._with[word] / self._rows
            elsewhere = sum(count[word] for count in counts)
            z = _log_odds(len(rows), len(group), elsewhere, contrast, prior)
            if z >= DISTINCT:
                apart = sum(_in_one_text(group[place], word) for place in rows) / len(rows)
                many, rare = len(rows) >= MANY * len(group), self._with[word] <= RARE * self._rows
                found.append(Candidate(word, z, tuple(rows), z * (1 + apart), many and rare and z >= SURELY_DISTINCT))
        return sorted(found, key=lambda one: (-one.strength, one.word))


def _log_odds(here: int, rows: int, elsewhere: int, contrast: int, prior: float) -> float:
    """Equations 16, 20 and 22 of the paper, a row counting a word once, so that one long row cannot speak for all."""
    total = PRIOR_ROWS + 2 * UNSEEN
    odds = (here + prior) / (rows + total - here - prior)
    odds_elsewhere = (elsewhere + prior) / (contrast + total - elsewhere - prior)
    return (log(odds) - log(odds_elsewhere)) / sqrt(1 / (here + prior) + 1 / (elsewhere + prior))


def telling(candidates: Sequence[Candidate], words: Floats, group: Floats, pool: Floats) -> tuple[str, ...]:
    """The words of a group: those of its candidates that have a meaning, or are distinctive beyond doubt.

    Args:
        candidates: in the order in which they are taken.
        words: (candidates, d) their embeddings, each of length 1.
        group: (rows, d) those of the group's rows.
        pool: (d,) the mean of all rows of the pool.
    """
    chosen = []
    for one, vector in zip(candidates, words, strict=True):
        gained = float(group[list(one.rows)].mean(axis=0) @ vector - pool @ vector)
        if gained >= MEANING or one.surely:
            chosen.append(one.word)
    return tuple(chosen[:WORDS])


def _words(row: Example) -> set[str]:
    return {*words_of(row.text), *words_of(row.text_pair or "")}


def _in_one_text(row: Example, word: str) -> bool:
    return row.text_pair is not None and (word in words_of(row.text)) != (word in words_of(row.text_pair))
