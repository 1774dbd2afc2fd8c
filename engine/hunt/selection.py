"""Which candidates people label next: likely UUs, spread over confusion cells and groups of texts, and some at random.

Taking the likeliest alone is one-sided: on sentiment 129 of 160 finds were positive texts. So each candidate's
probability is weighed by how far the finds of its cell, and of its group, lie behind their share of all likely UUs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.arrays import Floats, Ints
from engine.hunt.candidates import Candidates
from engine.hunt.learner import Known, first_guess, wrong_probability

RANDOM = "drawn at random"
SUSPECTED = "suspected"
LIKE = "like rows that were wrong"
NEW_CELL = "a kind of error with few finds so far"
NEW_GROUP = "a group of texts with few finds so far"
UNSEEN = "a group of texts without labels yet"

_CELL_POWER = 2.0
_GROUP_POWER = 0.5
_STEADY = 10.0
"""Finds that are thought to lie evenly before there are any: a first find more or less decides nothing."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A candidate that was chosen: its place, why, and with which chance if it was drawn at random."""

    place: int
    reason: str
    chance: float | None = None


def choose(
    candidates: Candidates, known: Known, chosen: Ints, closed: Ints, *, count: int, at_random: float, seed: int
) -> list[Pick]:
    """The next rows, in an order that tells nothing.

    Args:
        candidates: all.
        known: what is known of each.
        chosen: places of the rows that this hunt has chosen so far, labelled or not.
        closed: places of other rows that are not to be chosen.
        count: rows to choose; fewer are chosen where there are no more.
        at_random: share of the hunt's rows that is drawn at random, 0..1.
        seed: of the draws; with what was chosen so far it fixes them.
    """
    draw = np.random.default_rng([seed, len(chosen)])
    is_open = ~known.is_known
    is_open[chosen] = False
    is_open[closed] = False
    places = np.flatnonzero(is_open)
    count = min(count, len(places))
    drawn = min(count, round(at_random * (len(chosen) + count)) - round(at_random * len(chosen)))
    found = [Pick(int(place), RANDOM, drawn / len(places)) for place in draw.choice(places, drawn, replace=False)]
    taken = np.array([*chosen, *(pick.place for pick in found)], dtype=np.intp)
    is_open[taken] = False
    found += _hunted(candidates, known, taken, np.flatnonzero(is_open), count - drawn, draw)
    return [found[at] for at in draw.permutation(len(found))]


class _Spread:
    """How the finds lie over the parts of the candidates.

    Args:
        part: (n,) number of each candidate's part.
        likely: (n,) probability of each to be a UU; 0 or 1 where its label is known.
        finds: (n,) that of rows with a label and rows that are asked for, 0 for all others.
    """

    def __init__(self, part: Ints, likely: Floats, finds: Floats) -> None:
        self._part = part
        self._share = np.bincount(part, likely) / max(likely.sum(), 1e-9)
        self._finds = np.bincount(part, finds)

    def need(self) -> Floats:
        """(n,) the finds that each candidate's part should have over those that it has; 1 where they lie evenly."""
        fair = self._share * (self._finds.sum() + _STEADY)
        return np.asarray((fair / np.maximum(self._finds + _STEADY * self._share, 1e-9))[self._part])

    def add(self, place: int, probability: float) -> None:
        """A candidate is chosen."""
        self._finds[self._part[place]] += probability


def _hunted(
    candidates: Candidates, known: Known, taken: Ints, places: Ints, count: int, draw: np.random.Generator
) -> list[Pick]:
    """The most wanted of the candidates in some places, one after the other."""
    if not count:
        return []
    likely = wrong_probability(candidates, known)
    wrong = known.is_known & np.not_equal(known.right, candidates.predicted)
    likely[known.is_known] = wrong[known.is_known]
    finds = np.zeros(len(candidates))
    finds[taken] = likely[taken]
    finds[known.is_known] = likely[known.is_known]
    # the learner has seen most where it expects most, and may know nothing of a part that it writes off
    spread_over = np.where(known.is_known, likely, (likely + first_guess(candidates, known)) / 2)
    cell, in_cell = _cells(candidates, known)
    cells = _Spread(cell, spread_over * in_cell, finds * in_cell)
    predicted = _Spread(candidates.predicted, spread_over, finds)
    groups = _Spread(candidates.groups, spread_over, finds)
    is_seen = np.zeros(int(candidates.groups.max()) + 1, dtype=bool)
    is_seen[candidates.groups[taken]] = True
    is_seen[candidates.groups[known.is_known]] = True
    flagged = known.flagged(candidates.predicted)
    places = draw.permutation(places)  # of equals, any
    found = []
    for _ in range(count):
        chance = likely[places]
        in_cells = chance * np.where(in_cell, cells.need(), predicted.need())[places] ** _CELL_POWER
        wanted = in_cells * groups.need()[places] ** _GROUP_POWER
        best = int(wanted.argmax())
        place = int(places[best])
        if not is_seen[candidates.groups[place]]:
            reason = UNSEEN
        elif in_cells[best] < in_cells.max():
            reason = NEW_GROUP
        elif chance[best] < chance.max():
            reason = NEW_CELL
        else:
            reason = SUSPECTED if flagged[place] else LIKE
        found.append(Pick(place, reason))
        cells.add(place, likely[place] * in_cell[place])
        predicted.add(place, likely[place])
        groups.add(place, likely[place])
        is_seen[candidates.groups[place]] = True
        places = np.delete(places, best)
    return found


def _cells(candidates: Candidates, known: Known) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """The confusion cell of each candidate if it is a UU, and whether its right label is known or suspected.

    Of two labels it is the other one. Of more it is suspected where an LLM says another one than the model; the other
    rows have a predicted label alone.
    """
    predicted, labels = candidates.predicted, len(candidates.rows.labels)
    right = np.where(known.flagged(predicted), known.llm_label, 1 - predicted if labels == 2 else predicted)
    right = np.where(known.is_known & np.not_equal(known.right, predicted), known.right, right)
    return np.asarray(predicted * labels + right), np.not_equal(right, predicted)
