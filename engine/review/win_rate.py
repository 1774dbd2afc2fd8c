"""Win rates: how often reviewers prefer the one's work to the LLM's, and what they make of either.

Items are what is drawn anew for an interval: several judgements of one item are not independent of each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from engine.review.comparison import Acceptance, WinRate
from engine.review.outcome import Judged, majority, outcomes
from engine.schema import PREFERENCES, TEACHER_KINDS, SideJudgement, Teacher, TeacherKind
from engine.settings import ProofSettings
from engine.teaching.pattern_testing import Share, wilson

_SEED = 13


def win_rates(judged: Sequence[Judged], rule: ProofSettings) -> list[WinRate]:
    """Win rates of kinds against LLMs, then of each teacher against each LLM; those with the same evidence first."""
    by_kind: defaultdict[tuple[bool, TeacherKind], list[Judged]] = defaultdict(list)
    by_pair: defaultdict[tuple[bool, TeacherKind, str, str], list[Judged]] = defaultdict(list)
    for one in judged:
        mine, theirs = (side.teacher for side in one.item.sides)
        by_kind[not one.item.same_evidence, mine.kind].append(one)
        by_pair[not one.item.same_evidence, mine.kind, mine.name, theirs.name].append(one)
    kinds = sorted(by_kind, key=lambda key: (key[0], TEACHER_KINDS.index(key[1])))
    pairs = sorted(by_pair, key=lambda key: (key[0], TEACHER_KINDS.index(key[1]), *key[2:]))
    rates = [_win_rate(by_kind[key], key[1], "llm", rule, overall=True) for key in kinds]
    return rates + [_win_rate(by_pair[key], key[2], key[3], rule, overall=False) for key in pairs]


def human_win_rates_by_spot(judged: Sequence[Judged], rule: ProofSettings) -> dict[str, WinRate]:
    """People against LLMs by blind spot, where both saw the same."""
    found: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        if one.item.same_evidence and one.item.sides[0].teacher.kind == "human":
            found[one.item.blind_spot].append(one)
    spots = sorted(found, key=lambda spot: (len(spot), spot))
    return {spot: _win_rate(found[spot], "human", "llm", rule, overall=True) for spot in spots}


def _win_rate(judged: Sequence[Judged], one: str, other: str, rule: ProofSettings, *, overall: bool) -> WinRate:
    items: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(PREFERENCES))
    for found in judged:
        items[found.item.id][PREFERENCES.index(found.preference)] += 1
    counts = np.array(list(items.values()))
    wins, losses, ties, neither = (int(count) for count in counts.sum(axis=0))
    rate, low, high, method, reason = _interval(counts[:, :2], rule)
    return WinRate(
        one,
        other,
        judged[0].item.sides[0].teacher.kind,
        overall,
        judged[0].item.same_evidence,
        len(items),
        len(judged),
        wins,
        losses,
        ties,
        neither,
        rate,
        low,
        high,
        method,
        reason,
    )


def _interval(
    counts: np.ndarray, rule: ProofSettings
) -> tuple[float | None, float | None, float | None, Literal["bootstrap", "wilson", ""], str]:
    """Rate, interval, method and reason from the wins and losses of each item (items, 2)."""
    counts = counts[counts.sum(axis=1) > 0]
    if not len(counts):
        return None, None, None, "", "no judgement prefers one to the other"
    rate = round(float(counts[:, 0].sum() / counts.sum()), 6)
    if len(counts) == 1:
        return rate, None, None, "", "one item alone has no interval"
    if 0 in counts.sum(axis=0):
        share = wilson(len(counts) if rate else 0, len(counts), rule.interval)
        return rate, round(share.low, 6), round(share.high, 6), "wilson", ""
    if len(set((counts[:, 0] / counts.sum(axis=1)).tolist())) == 1:
        return rate, None, None, "", "reviewers are as divided on every item, so there is no interval"
    rng = np.random.default_rng(_SEED)
    drawn = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=rule.bootstrap) @ counts
    tail = (1 - rule.interval) / 2
    low, high = np.quantile(drawn[:, 0] / drawn.sum(axis=1), [tail, 1 - tail])
    return rate, round(float(low), 6), round(float(high), 6), "bootstrap", ""


def acceptances(judged: Sequence[Judged], rule: ProofSettings) -> list[Acceptance]:
    """What reviewers make of each teacher's samples and patterns, over all blind spots first, then by each.

    Those from items with the same evidence come before the others.
    """
    by_spot: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        by_spot[one.item.blind_spot].append(one)
    parts = [(None, judged), *((spot, by_spot[spot]) for spot in sorted(by_spot, key=lambda spot: (len(spot), spot)))]
    return [found for spot, part in parts for found in _acceptances(part, spot, rule)]


def _acceptances(judged: Sequence[Judged], spot: str | None, rule: ProofSettings) -> list[Acceptance]:
    samples = outcomes(judged)
    patterns: defaultdict[tuple[Teacher, bool, str], dict[str, SideJudgement]] = defaultdict(dict)
    for one in judged:
        for side, answers in one.parts:
            if side.pattern:
                patterns[side.teacher, one.item.same_evidence, side.pattern.id][one.reviewer] = answers

    def share(answers: Iterable[bool | None]) -> Share | None:
        given = [answer for answer in answers if answer is not None]
        return wilson(sum(given), len(given), rule.interval) if given else None

    def rank(found: tuple[Teacher, bool]) -> tuple[bool, int, str]:
        return not found[1], TEACHER_KINDS.index(found[0].kind), found[0].name

    made = []
    for teacher, same in sorted(
        {(side.teacher, one.item.same_evidence) for one in judged for side, _ in one.parts}, key=rank
    ):
        own = [found for found in samples if (found.sample.teacher, found.same_evidence) == (teacher, same)]
        words = [list(votes.values()) for key, votes in patterns.items() if key[:2] == (teacher, same)]
        of = {name: share(found.verdict == name for found in own) for name in ("accept", "fix", "reject")}
        made.append(
            Acceptance(
                teacher,
                spot,
                same,
                of["accept"],
                of["fix"],
                of["reject"],
                label_errors=share(None if found.right_label is None else not found.right_label for found in own),
                natural=share(majority(vote.natural for vote in found.votes.values()) for found in own),
                on_pattern=share(majority(vote.fits for vote in found.votes.values()) for found in own),
                fits=share(majority(vote.fits for vote in votes) for votes in words),
                precise=share(majority(vote.precise for vote in votes) for votes in words),
                useful=share(majority(vote.useful for vote in votes) for votes in words),
            )
        )
    return made
