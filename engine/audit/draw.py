"""Drawing the rows of an audit: strata, how many labels each gets, and in which order they are asked for. Light.

Rows on which the model is confident answer how many of these are wrong, in two strata by the LLM's flag (without labels
of an LLM there is one); the others are a third stratum, which only accuracy needs, so it gets a fifth of the labels at
most. Every row of a stratum is as likely to be drawn as any other of it, so all figures are weighted sums over strata.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from engine.label_queue.queue_files import Choice

StratumName = Literal["flagged", "confident", "not confident"]
"""``flagged``: the model is confident, and an LLM says another label; ``confident``: no LLM does."""
STRATA: tuple[StratumName, ...] = get_args(StratumName)
LOOKS = 5
"""How often figures are looked at, each time after as many more labels."""
LEAST = 20
"""Labels of an audit, at least: with fewer a look would have two or three, and its interval would say nothing."""
_FLAGGED = 0.4  # of the labels of confident rows: a third to a half was best, see `tests/bench/README.md`
_NOT_CONFIDENT = 0.2


def sizes(rows: Mapping[StratumName, int], labels: int) -> dict[StratumName, int]:
    """How many rows of each stratum are drawn: together ``labels``, or all rows where there are fewer.

    Args:
        rows: of each stratum; one that is not named has none.
        labels: that people give.
    """
    flagged, confident, other = (rows.get(name, 0) for name in STRATA)
    labels = min(labels, flagged + confident + other)
    share = other / ((flagged + confident + other) or 1)
    drawn_other = min(other, max(round(labels * min(share, _NOT_CONFIDENT)), LOOKS))
    of_confident = labels - drawn_other
    share = max(_FLAGGED, flagged / ((flagged + confident) or 1))
    drawn_flagged = min(flagged, round(of_confident * share))
    drawn_confident = min(confident, of_confident - drawn_flagged)
    drawn_flagged = min(flagged, of_confident - drawn_confident)
    return {
        "flagged": drawn_flagged,
        "confident": drawn_confident,
        "not confident": labels - drawn_flagged - drawn_confident,
    }


def draw(strata: Sequence[StratumName], ids: Sequence[str], labels: int, seed: int) -> list[Choice]:
    """The rows of an audit, in the order in which people are asked for them.

    Each look adds about as many rows of each stratum as the one before (`Choice.batch` is its number, from 1), in an
    order of their own, so the rows up to a look are a sample drawn like the whole.

    Args:
        strata: of each row.
        ids: of each row.
        labels: that people give.
        seed: of the draw; with the same rows it gives the same ones.
    """
    dice = random.Random(seed)
    members: dict[StratumName, array[int]] = {name: array("q") for name in STRATA}
    for place, name in enumerate(strata):
        members[name].append(place)
    asked = sizes({name: len(places) for name, places in members.items()}, labels)
    parts: list[list[Choice]] = [[] for _ in range(LOOKS)]
    for name, places in members.items():
        count = asked[name]
        drawn = [ids[places[number]] for number in dice.sample(range(len(places)), count)]
        for look, part in enumerate(parts, start=1):
            first, last = (round(count * step / LOOKS) for step in (look - 1, look))
            part += [Choice(row, "drawn at random", count / len(places), name, look) for row in drawn[first:last]]
    for part in parts:
        dice.shuffle(part)
    return [choice for part in parts for choice in part]
