"""Paired bootstrap of every figure of every model, and of its difference to the baseline of the same seeds.

Invariant: in each resample all models and seeds see the same rows, an arm and the baseline are compared at the same
seeds, and the matched coverage is taken anew from the resampled baseline. Equal input gives equal intervals.

Rows and seeds are drawn independently of each other with replacement (Owen 2007, "The pigeonhole bootstrap", Annals
of Applied Statistics 1(2)), so the noise of the rows and that of the seeds are both in the interval; with k seeds the
seed part of the variance is too small by about 1/k, and with one seed it is missing. Intervals are percentiles (Efron
1979). ECE is larger in resamples than in the data, as noise adds to its gaps, so its interval may lie above it.

A resample is a vector of counts over rows, so sums over rows become one matrix product, and errors among the most
confident rows a cumulative sum over rows sorted once: 2,000 resamples of 2,500 rows take 0.13 s per model and seed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from engine.proof.imputation import Correction
from engine.proof.metrics import ECE_BINS, METRICS, FloatArray, IntArray, Scored, calibration_bins, measure
from engine.proof.report_types import Estimate

# Counts in one block of resamples: 200k (1.6 MB) stay in the cache; 1M took twice, 5M three times as long.
BLOCK = 200_000
# Digits kept of every figure: what lies beyond is noise of adding floats, which must not decide whether a bound is 0.
DIGITS = 6
_IMPUTED = ("arm", "base", "change")

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class BaselineComparison:
    """The figures of one model over all seeds, and their differences to the baseline; both by metric name."""

    values: dict[str, Estimate]
    difference: dict[str, Estimate]


def compare(
    models: Mapping[Name, Sequence[Scored]],
    *,
    baseline: Name,
    tau: float,
    resamples: int,
    interval: float,
    seed: int = 0,
) -> dict[Name, BaselineComparison]:
    """Measure every model on one split and compare it with the baseline.

    Args:
        models: for each name one `Scored` per seed, in the same order of seeds and rows for all.
        baseline: which of the names the others are compared with.
        tau: confidence threshold of a UU.
        resamples: number of bootstrap resamples.
        interval: share of the resamples inside the interval, 0..1.
        seed: of the resampling.
    """
    points, draws = _figures(models, baseline, tau, resamples, seed)
    return {
        name: BaselineComparison(
            values=_estimates(points[name], draws[name], interval),
            difference=_estimates(points[name] - points[baseline], draws[name] - draws[baseline], interval),
        )
        for name in models
    }


@dataclass(frozen=True)
class ImputedComparison:
    """The figures of an arm and its baseline over likely sets of labels (`engine.proof.imputation`).

    Attributes:
        arm, baseline: what is said of each; what is not known of the labels is in the intervals.
        noise: by figure, both ends of the interval of the change about its value, were the labels known.
    """

    arm: BaselineComparison
    baseline: BaselineComparison
    noise: dict[str, tuple[float, float]]


def compare_imputed(
    arm: Sequence[Scored],
    baseline: Sequence[Scored],
    label_sets: IntArray,
    *,
    corrected: Mapping[str, Correction],
    tau: float,
    resamples: int,
    interval: float,
    widening: float,
) -> ImputedComparison:
    """Measure an arm and its baseline over sets of labels, each with its share of the resamples.

    Args:
        arm: one for each seed.
        baseline: one for each seed.
        label_sets: (sets, n) label indices.
        corrected: by figure how what the sets say of the arm and of its change is corrected.
        tau: as `compare`.
        resamples: over all sets.
        interval: as `compare`.
        widening: of what the sets differ by, 1 or more, for labels that are looked at more than once.
    """
    each = ceil(resamples / len(label_sets))
    points: dict[str, list[FloatArray]] = {name: [] for name in _IMPUTED}
    draws: dict[str, list[FloatArray]] = {name: [] for name in _IMPUTED}
    for number, gold in enumerate(label_sets):
        models = {name: [replace(run, gold=gold) for run in runs] for name, runs in (("arm", arm), ("base", baseline))}
        found, drawn = _figures(models, "base", tau, each, number)
        for name in models:
            points[name].append(found[name])
            draws[name].append(drawn[name])
        points["change"].append(found["arm"] - found["base"])
        draws["change"].append(drawn["arm"] - drawn["base"])
    estimates, noise = {}, {}
    for name in _IMPUTED:
        at, of = np.stack(points[name]), np.stack(draws[name])  # (sets, seeds, metrics), (sets, resamples, metrics)
        around = of - at.mean(axis=1)[:, None]
        if name != "base":
            for number, metric in enumerate(METRICS):
                at[..., number] = corrected.get(metric, Correction()).of(at[..., number])
        if name == "arm":
            at = np.maximum(at, 0.0)
        mean = at.mean(axis=(0, 1))
        centres = mean + widening * (at.mean(axis=1) - mean)  # (sets, metrics)
        estimates[name] = _estimates(at.mean(axis=0), (centres[:, None] + around).reshape(-1, len(METRICS)), interval)
        if name == "change":
            about = _estimates(np.zeros((1, len(METRICS))), around.reshape(-1, len(METRICS)), interval)
            noise = {metric: (one.low, one.high) for metric, one in about.items()}
    return ImputedComparison(
        BaselineComparison(estimates["arm"], estimates["change"]),
        BaselineComparison(estimates["base"], {name: Estimate(0.0, 0.0, 0.0) for name in METRICS}),
        noise,
    )


def _figures(
    models: Mapping[Name, Sequence[Scored]], baseline: Name, tau: float, resamples: int, seed: int
) -> tuple[dict[Name, FloatArray], dict[Name, FloatArray]]:
    """All `METRICS` of each model: of each seed (seeds, metrics), and of each resample (resamples, metrics)."""
    reference = models[baseline]
    n_rows, n_seeds = len(reference[0].gold), len(reference)
    matched = [int(scored.covered(tau).sum()) for scored in reference]
    points = {
        name: np.array([list(measure(s, tau=tau, matched=k).values()) for s, k in zip(runs, matched, strict=True)])
        for name, runs in models.items()
    }
    draws = {name: np.empty((resamples, len(METRICS))) for name in models}
    prepared = {name: [_Sums(scored, tau) for scored in runs] for name, runs in models.items()}
    done = 0
    for rows, seeds in _resamples(n_rows, n_seeds, resamples, seed):
        block = slice(done, done + len(rows))
        sizes = [rows @ scored.covered(tau).astype(np.float64) for scored in reference]
        for name, runs in prepared.items():
            per_seed = np.stack([run.measure(rows, size) for run, size in zip(runs, sizes, strict=True)])
            draws[name][block] = np.einsum("rs,srm->rm", seeds, per_seed)
        done = block.stop
    return points, draws


def changes(
    models: Mapping[Name, Sequence[Scored]],
    before: Sequence[Scored],
    inside: npt.NDArray[np.bool_],
    *,
    resamples: int,
    interval: float,
    seed: int = 0,
) -> dict[Name, Estimate]:
    """Of each model, how many more of some rows are right than before; in rows, drawn as in `compare` from those alone.

    Args:
        models: for each name one `Scored` per seed.
        before: one for each seed: what the model of that seed is compared with.
        inside: (n,) which rows.
        resamples: number of bootstrap resamples.
        interval: share of the resamples inside the interval, 0..1.
        seed: of the resampling.
    """
    gains = np.stack(
        [
            [old.wrong[inside] * 1.0 - new.wrong[inside] for new, old in zip(runs, before, strict=True)]
            for runs in models.values()
        ]
    )
    points = gains.sum(axis=2)
    draws = np.zeros((resamples, len(models)))
    done = 0
    for rows, seeds in _resamples(gains.shape[2], gains.shape[1], resamples, seed) if inside.any() else ():
        draws[done : done + len(rows)] = np.einsum("rs,gsr->rg", seeds, gains @ rows.T)
        done += len(rows)
    tail = (1 - interval) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0).round(DIGITS) + 0.0
    means = points.mean(axis=1).round(DIGITS) + 0.0
    return {
        name: Estimate(float(means[i]), float(low[i]), float(high[i]), tuple(points[i].tolist()))
        for i, name in enumerate(models)
    }


def _resamples(n_rows: int, n_seeds: int, total: int, seed: int) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Blocks of resamples: how often each row is drawn (r, n_rows), and each seed's share (r, n_seeds)."""
    rng = np.random.default_rng(seed)
    size = max(1, BLOCK // n_rows)
    for start in range(0, total, size):
        block = min(size, total - start)
        yield _counts(rng, block, n_rows), _counts(rng, block, n_seeds) / n_seeds


def _counts(rng: np.random.Generator, resamples: int, n: int) -> FloatArray:
    """(resamples, n): how often each of n things is drawn in n draws with replacement."""
    drawn = rng.integers(0, n, size=(resamples, n)) + n * np.arange(resamples)[:, None]
    return np.bincount(drawn.ravel(), minlength=resamples * n).reshape(resamples, n).astype(np.float64)


def _estimates(points: FloatArray, draws: FloatArray, interval: float) -> dict[str, Estimate]:
    """Estimates by metric from points (seeds, metrics) and draws (resamples, metrics)."""
    tail = (1 - interval) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0).round(DIGITS) + 0.0  # + 0.0 turns -0.0 into 0.0
    mean, per_seed = points.mean(axis=0).round(DIGITS) + 0.0, points.round(DIGITS) + 0.0
    return {
        name: Estimate(float(mean[i]), float(low[i]), float(high[i]), tuple(per_seed[:, i].tolist()))
        for i, name in enumerate(METRICS)
    }


class _Sums:
    """One model's rows arranged so that weighted counts of them give every metric."""

    def __init__(self, scored: Scored, tau: float) -> None:
        n = len(scored.gold)
        covered = scored.covered(tau)
        labels = np.arange(scored.n_labels)
        gold, predicted = scored.gold[:, None] == labels, scored.predicted[:, None] == labels
        gaps = np.zeros((n, ECE_BINS))
        gaps[np.arange(n), calibration_bins(scored.confidence)] = scored.confidence - ~scored.wrong
        columns = [~scored.wrong[:, None], (scored.wrong & covered)[:, None], covered[:, None], gaps, gold & predicted]
        self._columns = np.hstack([*columns, gold.astype(np.int64) + predicted]).astype(np.float64)
        self._n_labels = scored.n_labels
        self._order = np.argsort(-scored.confidence, kind="stable")
        self._wrong = scored.wrong[self._order].astype(np.float64)
        ranked = scored.confidence[self._order]
        self._ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), n - 1)  # last row of each group of ties

    def measure(self, rows: FloatArray, matched: FloatArray) -> FloatArray:
        """All `METRICS`, (r, metrics), under row counts (r, n) and numbers of rows to match (r,)."""
        n = rows.shape[1]
        sums = rows @ self._columns
        correct, uus, covered = sums[:, 0], sums[:, 1], sums[:, 2]
        gaps, hits, seen = np.split(sums[:, 3:], [ECE_BINS, ECE_BINS + self._n_labels], axis=1)
        f1 = np.divide(2 * hits, seen, out=np.zeros_like(hits), where=seen > 0)
        macro_f1 = f1.sum(axis=1) / (seen > 0).sum(axis=1)
        ece = np.abs(gaps).sum(axis=1) / n
        ranked = rows[:, self._order]
        taken = np.cumsum(ranked, axis=1)[:, self._ends]
        errors = np.cumsum(ranked * self._wrong, axis=1)[:, self._ends]
        among = _errors_among(taken, errors, matched)
        area = _area(taken, errors)
        excess = area - _least_area(1 - correct / n)
        return np.stack([correct / n, macro_f1, uus, covered / n, among, ece, area, excess], axis=1)


def _errors_among(taken: FloatArray, errors: FloatArray, matched: FloatArray) -> FloatArray:
    """(r,) errors among the ``matched`` most confident rows; the expected number where the cut falls in a tie.

    ``taken`` and ``errors``: rows and errors up to the end of each group of ties, (r, groups).
    """
    at = np.arange(len(taken))
    last = (taken < matched[:, None]).sum(axis=1)  # the group of ties in which the cut falls
    before = np.maximum(last - 1, 0)
    taken_before = np.where(last > 0, taken[at, before], 0.0)
    errors_before = np.where(last > 0, errors[at, before], 0.0)
    size = taken[at, last] - taken_before
    share = np.divide(matched - taken_before, size, out=np.zeros_like(size), where=size > 0)
    result: FloatArray = errors_before + share * (errors[at, last] - errors_before)
    return result


def _area(taken: FloatArray, errors: FloatArray) -> FloatArray:
    """(r,) areas under the risk-coverage curve, from rows and errors up to the end of each group of ties."""
    risk = np.divide(errors, taken, out=np.zeros_like(errors), where=taken > 0)
    area: FloatArray = (np.diff(taken, axis=1, prepend=0.0) * risk).sum(axis=1) / taken[:, -1]
    return area


def _least_area(error_rate: FloatArray) -> FloatArray:
    """`engine.proof.metrics.least_area` of many error rates."""
    right = 1 - error_rate
    return error_rate + right * np.log(right, out=np.zeros_like(right), where=right > 0)
