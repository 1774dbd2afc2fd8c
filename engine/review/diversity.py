"""Figures of samples that need no reviewer: how varied they are, how new against the evidence, how balanced.

Words are those of the normalised text (see `engine.text`); a pair's are those of both texts.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import log

import numpy as np
from rapidfuzz import fuzz, process

from engine.arrays import Floats
from engine.data.duplicates import group_near_duplicates
from engine.progress import Monitor
from engine.project import Project
from engine.review.comparison import Quality
from engine.schema import TEACHER_KINDS, Example, Prediction, Sample, Teacher
from engine.text import normalise

_DIGITS = 6
_DRAWS = 20  # of which the figures at equal counts are means; their spread is below 1 % of the figure at 50 samples
_SEED = 13
_LEAST_EQUAL = 5  # samples of the smallest teacher, below which nothing can be said at equal counts


def qualities(
    project: Project,
    rows: Mapping[str, Sequence[Prediction]],
    samples: Sequence[Sample],
    *,
    embed: bool,
    monitor: Monitor,
) -> list[Quality]:
    """Figures of each teacher, first over all blind spots, then for each.

    Args:
        project: gives the encoder.
        rows: the evidence by blind spot id; samples of one that is not there have no novelty.
        samples: of all teachers.
        embed: False: no figure that needs embeddings.
        monitor: told of the embedding.

    Raises:
        ModelError: the encoder cannot be found or loaded.
        Stopped: from the monitor.
    """
    by_teacher: defaultdict[Teacher, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_teacher[sample.teacher].append(sample)
    vectors = _vectors(project, samples, rows, monitor) if embed and samples else None
    novelty = _novelty(samples, rows, vectors)
    sizes = [len(own) for own in by_teacher.values()]
    equal = min(sizes, default=0) if len(sizes) > 1 else 0
    found = []
    for teacher in sorted(by_teacher, key=lambda one: (TEACHER_KINDS.index(one.kind), one.name)):
        measure = _Measure(teacher, project.labels, vectors, novelty)
        found.append(measure.of(by_teacher[teacher], None, equal if equal >= _LEAST_EQUAL else None))
        by_spot: defaultdict[str, list[Sample]] = defaultdict(list)
        for sample in by_teacher[teacher]:
            by_spot[sample.blind_spot].append(sample)
        for spot in sorted(by_spot, key=lambda name: (len(name), name)):
            found.append(measure.of(by_spot[spot], spot, None))
    return found


def _vectors(
    project: Project, samples: Sequence[Sample], rows: Mapping[str, Sequence[Prediction]], monitor: Monitor
) -> dict[str, Floats]:
    """Embeddings of length 1 by the names that `_sample_name` and `_row_name` give."""
    from engine.model.model_registry import embeddings

    evidence = [row for own in rows.values() for row in own]
    everything: tuple[Sample | Prediction, ...] = (*samples, *evidence)
    examples = [Example.of(one) for one in everything]
    array = embeddings(project, examples, monitor=monitor)
    names = [_sample_name(sample) for sample in samples] + [_row_name(row) for row in evidence]
    return dict(zip(names, array, strict=True))


def _sample_name(sample: Sample) -> str:
    return f"sample {sample.id}"


def _row_name(row: Prediction) -> str:
    return f"row {row.id}"


def _joined(one: Sample | Prediction) -> str:
    return normalise(one.text if one.text_pair is None else f"{one.text}\n{one.text_pair}")


def _novelty(
    samples: Sequence[Sample], rows: Mapping[str, Sequence[Prediction]], vectors: Mapping[str, Floats] | None
) -> dict[str, tuple[float, float | None]]:
    """For each sample, by its id, its distance to the most similar row of its evidence: by characters, by cosine."""
    found: dict[str, tuple[float, float | None]] = {}
    by_spot: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_spot[sample.blind_spot].append(sample)
    for spot, own in by_spot.items():
        if not (evidence := rows.get(spot)):
            continue
        alike = process.cdist([_joined(one) for one in own], [_joined(row) for row in evidence], scorer=fuzz.ratio)
        texts = 1 - alike.max(axis=1) / 100
        cosines: Sequence[float | None] = [None] * len(own)
        if vectors is not None:
            mine = np.stack([vectors[_sample_name(one)] for one in own])
            theirs = np.stack([vectors[_row_name(row)] for row in evidence])
            cosines = (1 - (mine @ theirs.T).max(axis=1)).tolist()
        for sample, text, cosine in zip(own, texts.tolist(), cosines, strict=True):
            found[sample.id] = (text, cosine)
    return found


class _Measure:
    """Figures of one teacher's samples."""

    def __init__(
        self,
        teacher: Teacher,
        labels: Sequence[str],
        vectors: Mapping[str, Floats] | None,
        novelty: Mapping[str, tuple[float, float | None]],
    ) -> None:
        self._teacher = teacher
        self._labels = labels
        self._vectors = vectors
        self._novelty = novelty

    def of(self, samples: Sequence[Sample], spot: str | None, equal: int | None) -> Quality:
        counts = Counter(sample.label for sample in samples)
        labels = {label: counts[label] for label in self._labels}
        words = [_joined(sample).split() for sample in samples]
        vectors = self._array(samples)
        novelty = [self._novelty[sample.id] for sample in samples if sample.id in self._novelty]
        near = [cosine for _, cosine in novelty if cosine is not None]
        drawn = self._drawn(words, vectors, equal) if equal else (None, None, None)
        return Quality(
            self._teacher,
            spot,
            len(samples),
            labels,
            _balance(labels.values()),
            distinct(words, 1),
            distinct(words, 2),
            near_duplicates(samples),
            spread(vectors) if vectors is not None and len(samples) > 1 else None,
            vendi(vectors) if vectors is not None else None,
            _mean([text for text, _ in novelty]),
            _mean(near),
            equal,
            *drawn,
            reason=self._reason(len(samples), len(novelty)),
        )

    def _array(self, samples: Sequence[Sample]) -> Floats | None:
        return None if self._vectors is None else np.stack([self._vectors[_sample_name(one)] for one in samples])

    def _drawn(
        self, words: Sequence[Sequence[str]], vectors: Floats | None, equal: int
    ) -> tuple[float | None, float | None, float | None]:
        """Means over draws of ``equal`` samples: distinct-2, spread, Vendi score."""
        rng, figures = random.Random(_SEED), []
        for _ in range(_DRAWS if equal < len(words) else 1):
            places = rng.sample(range(len(words)), equal)
            some = vectors[places] if vectors is not None else None
            figures.append(
                (
                    distinct([words[place] for place in places], 2),
                    *((spread(some), vendi(some)) if some is not None else (None, None)),
                )
            )
        two, far, varied = (_mean([one for one in column if one is not None]) for column in zip(*figures, strict=True))
        return two, far, varied

    def _reason(self, samples: int, with_evidence: int) -> str:
        reasons = ["embeddings were not asked for"] if self._vectors is None else []
        reasons += ["one sample alone has no spread"] if samples == 1 and self._vectors is not None else []
        if with_evidence < samples:
            reasons.append(f"{samples - with_evidence} of {samples} samples have no evidence in this round")
        return "; ".join(reasons)


def distinct(texts: Iterable[Sequence[str]], n: int) -> float:
    """Different n-grams over all of them, 0..1 [Li et al. 2016, arXiv 1510.03055]; 0 where there is none."""
    grams = [tuple(words[at : at + n]) for words in texts for at in range(len(words) - n + 1)]
    return round(len(set(grams)) / len(grams), _DIGITS) if grams else 0.0


def near_duplicates(samples: Sequence[Sample]) -> int:
    """How many samples nearly equal an earlier one of the same label.

    With another label they are welcome: a counter-sample is a small change of a target.
    """
    by_label: defaultdict[str, list[Example]] = defaultdict(list)
    for sample in samples:
        by_label[sample.label].append(Example.of(sample))
    return sum(len(rows) - len(set(group_near_duplicates(rows))) for rows in by_label.values())


def spread(vectors: Floats) -> float:
    """Mean cosine distance of two different rows of ``vectors`` (n >= 2, dimensions), each of length 1."""
    n = len(vectors)
    total = vectors.sum(axis=0, dtype=np.float64)
    return round(float(1 - (total @ total - n) / (n * (n - 1))), _DIGITS)


def vendi(vectors: Floats) -> float:
    """Vendi score with cosine similarity of ``vectors`` (n, dimensions), each of length 1: 1..n.

    The exponential of the entropy of the eigenvalues of the similarities over n [Friedman and Dieng 2023]; those of
    the smaller of the two Gram matrices are the same.
    """
    rows = np.asarray(vectors, dtype=np.float64)
    gram = rows @ rows.T if len(rows) <= rows.shape[1] else rows.T @ rows
    values = np.linalg.eigvalsh(gram / len(rows))
    values = values[values > 1e-12]
    return round(float(np.exp(-(values * np.log(values)).sum())), _DIGITS)


def _balance(counts: Iterable[int]) -> float:
    """Entropy of the counts over its greatest, 0..1."""
    given = list(counts)
    shares = [count / sum(given) for count in given if count]
    return round(-sum(part * log(part) for part in shares) / log(len(given)), _DIGITS) + 0.0 if len(given) > 1 else 0.0


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), _DIGITS) if values else None
