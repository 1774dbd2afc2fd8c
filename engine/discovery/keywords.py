"""Words that set a blind spot apart from the other blind spots and from what the model gets right.

There is no list of stop words: a word about as common elsewhere is not distinctive, in any language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from engine.schema import Example

WORDS = 8
ENOUGH = 4  # fewer shared words than this are filled up with words of single rows: "washing" + "dishes", "soapy"
LIFT = 5.0  # times as common in the group as elsewhere; at 3 function words come through in groups of 4
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


def distinctive_words(groups: Sequence[Sequence[Example]], contrast: Sequence[Example]) -> list[tuple[str, ...]]:
    """The words of each group by class TF-IDF (Grootendorst 2022, arXiv 2203.05794, section 3.3), strongest first.

    A class is a group, or the contrast. A row counts a word once, so that one long row cannot speak for the others;
    a word that only one text of a pair has counts twice, for such words are what the model had to notice.

    Args:
        groups: rows of each blind spot.
        contrast: rows that the model gets right.

    Returns:
        For each group up to `WORDS` words, all at least `LIFT` times as common in it as outside: first those of two
        rows or more, then, where these are fewer than `ENOUGH`, those of one.
    """
    if not groups:
        return []
    classes = [*groups, contrast]
    vectorizer = CountVectorizer(analyzer=_terms)
    try:
        counts = vectorizer.fit_transform([row for rows in classes for row in rows]).tocsr()
    except ValueError:  # how scikit-learn says that the rows have no words at all
        return [() for _ in groups]
    words = vectorizer.get_feature_names_out()
    in_rows = (counts > 0).astype(np.int64)
    frequency, rows_with = _column_sums(counts), _column_sums(in_rows)
    mean_class_size = counts.sum() / len(classes)
    found, start = [], 0
    for rows in groups:
        part = slice(start, start + len(rows))
        start += len(rows)
        here, inside = _column_sums(counts[part]), _column_sums(in_rows[part])
        outside = (rows_with - inside + 0.5) / (counts.shape[0] - len(rows) + 1)
        weight = here / max(here.sum(), 1) * np.log1p(mean_class_size / frequency)
        apart = (inside / len(rows) >= LIFT * outside) & (inside > 0)
        ranked = sorted(np.flatnonzero(apart), key=lambda word: (-weight[word], words[word]))
        shared = [words[word] for word in ranked if inside[word] > 1][:WORDS]
        single = [words[word] for word in ranked if inside[word] == 1][: max(0, ENOUGH - len(shared))]
        found.append((*shared, *single))
    return found


def _terms(row: Example) -> list[str]:
    first = set(words_of(row.text))
    if row.text_pair is None:
        return sorted(first)
    second = set(words_of(row.text_pair))
    return sorted(first | second) + sorted(first ^ second)


def _column_sums(counts: csr_matrix) -> npt.NDArray[np.int64]:
    return np.asarray(counts.sum(axis=0), dtype=np.int64).ravel()
