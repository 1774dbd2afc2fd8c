"""How far reviewers agree beyond chance, on items (which side) and on samples (accept, reject, fix)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

from engine.agreement import krippendorff_alpha
from engine.review.comparison import Agreement
from engine.review.outcome import Judged, outcomes

_LEAST = 2  # things that both have judged, below which a figure says nothing

Unit = Literal["items", "samples"]


def agreements(judged: Sequence[Judged]) -> list[Agreement]:
    """Krippendorff's alpha over all reviewers, then Cohen's kappa of each two, over items and over samples.

    Preferences are compared by whom they are for: each reviewer was shown the sides in an order of their own.
    """
    preferences: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for one in judged:
        preferences[one.item.id][one.reviewer] = one.preference
    verdicts = {
        found.sample.id: {reviewer: str(vote.verdict) for reviewer, vote in found.votes.items()}
        for found in outcomes(judged)
    }
    units: dict[Unit, Mapping[str, Mapping[str, str]]] = {"items": preferences, "samples": verdicts}
    reviewers = tuple(sorted({one.reviewer for one in judged}))
    found = [_alpha(of, votes, reviewers) for of, votes in units.items()]
    return found + [_kappa(of, votes, pair) for pair in combinations(reviewers, 2) for of, votes in units.items()]


def _alpha(of: Unit, votes: Mapping[str, Mapping[str, str]], reviewers: tuple[str, ...]) -> Agreement:
    shared = [given for given in votes.values() if len(given) > 1]
    reason = _too_few(of, len(shared), [answer for given in shared for answer in given.values()], reviewers)
    if reason:
        return Agreement("alpha", reviewers, of, len(shared), None, reason)
    value = krippendorff_alpha(list(given.values()) for given in shared)
    return Agreement("alpha", reviewers, of, len(shared), round(value, 6), "")


def _kappa(of: Unit, votes: Mapping[str, Mapping[str, str]], pair: tuple[str, str]) -> Agreement:
    from sklearn.metrics import cohen_kappa_score

    both = [[given[reviewer] for reviewer in pair] for given in votes.values() if all(name in given for name in pair)]
    reason = _too_few(of, len(both), [answer for given in both for answer in given], pair)
    if reason:
        return Agreement("kappa", pair, of, len(both), None, reason)
    value = cohen_kappa_score(*zip(*both, strict=True))
    return Agreement("kappa", pair, of, len(both), round(float(value), 6), "")


def _too_few(of: Unit, n: int, answers: Sequence[str], reviewers: tuple[str, ...]) -> str:
    """Why agreement cannot be told; empty where it can."""
    if len(reviewers) < 2:
        return "it takes two reviewers"
    if n < _LEAST:
        return f"only {n} {of} that two have judged" if n else f"no {of} that two have judged"
    return "" if len(set(answers)) > 1 else "all gave the same answer to everything, so chance agreement is 1"
