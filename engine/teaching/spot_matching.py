"""Which blind spot a foreign pattern belongs to: the nearest one among those that fail in the same direction.

All lines of one pattern go to one place, so that no pattern is torn apart; lines without a pattern (anchors) follow
the patterns of the blind spot that their file names.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.schema import BlindSpot, Discovery, Example
from engine.teaching.teaching_files import TeachingLine

if TYPE_CHECKING:
    import numpy as np

Embed = Callable[[list[Example]], "np.ndarray"]
Group = Hashable


def place(lines: Sequence[TeachingLine], discovery: Discovery, known: Mapping[str, str], embed: Embed) -> list[str]:
    """The blind spot of each line.

    Args:
        lines: of all files of one import.
        discovery: of the round; it has at least one blind spot.
        known: blind spot by pattern text, for patterns that this teacher has already.
        embed: unit vectors (n, d) of texts; called only if some group has several candidates.

    Returns:
        A blind spot id for each line.
    """
    groups: dict[Group, list[TeachingLine]] = defaultdict(list)
    for line in lines:
        groups[_group(line)].append(line)
    leading = {line.blind_spot for line in lines if line.group and line.blind_spot}
    placed: dict[Group, str] = {}
    wanted: dict[Group, Sequence[BlindSpot]] = {}
    for group, members in groups.items():
        first = members[0]
        if spot := _named(first, discovery, known):
            placed[group] = spot.id
        elif first.group or first.blind_spot not in leading:
            wanted[group] = _candidates(members, discovery)
    placed |= {group: spots[0].id for group, spots in wanted.items() if len(spots) == 1}
    placed |= _nearest({group: spots for group, spots in wanted.items() if len(spots) > 1}, groups, discovery, embed)
    followed: dict[str | None, Counter[str]] = defaultdict(Counter)
    for group, members in groups.items():
        if members[0].group:
            for line in members:
                followed[line.blind_spot][placed[group]] += 1
    for group in groups.keys() - placed.keys():
        placed[group] = followed[groups[group][0].blind_spot].most_common(1)[0][0]
    return [placed[_group(line)] for line in lines]


def _group(line: TeachingLine) -> Group:
    return line.group or (line.blind_spot, line.gold, line.predicted) if line.group or line.blind_spot else line.where


def _named(line: TeachingLine, discovery: Discovery, known: Mapping[str, str]) -> BlindSpot | None:
    """The blind spot that the line names, if it is one of ours, else the one its pattern stands in already."""
    spot = discovery.spot(line.blind_spot) if line.blind_spot else None
    if spot and line.gold in (None, spot.gold) and line.predicted in (None, spot.predicted):
        return spot
    return discovery.spot(known.get(line.pattern or "", ""))


def _candidates(members: Sequence[TeachingLine], discovery: Discovery) -> Sequence[BlindSpot]:
    """Blind spots of the same direction; if there are none, of the same gold label; if there are none, all.

    Where the file names no gold label, the one that most of its targets carry stands for it.
    """
    targets = Counter(line.label for line in members if line.text and line.role == "target").most_common(1)
    gold = members[0].gold or (targets[0][0] if targets else None)
    same_gold = [spot for spot in discovery.blind_spots if spot.gold == gold]
    return [spot for spot in same_gold if spot.predicted == members[0].predicted] or same_gold or discovery.blind_spots


def _nearest(
    wanted: Mapping[Group, Sequence[BlindSpot]],
    groups: Mapping[Group, list[TeachingLine]],
    discovery: Discovery,
    embed: Embed,
) -> dict[Group, str]:
    """For each group the candidate with the largest cosine between the mean of its rows and the mean of the group."""
    if not wanted:
        return {}
    import numpy as np

    spots = list({spot.id: spot for candidates in wanted.values() for spot in candidates}.values())
    parts = [[Example.of(discovery.predictions[row]) for row in spot.rows] for spot in spots]
    parts += [[_embedded(line) for line in groups[key] if line.text] or [_embedded(groups[key][0])] for key in wanted]
    vectors = embed([example for part in parts for example in part])
    means = [part.mean(axis=0) for part in np.split(vectors, np.cumsum([len(part) for part in parts])[:-1])]
    units = [mean / max(float(np.linalg.norm(mean)), 1e-12) for mean in means]
    centres = {spot.id: unit for spot, unit in zip(spots, units, strict=False)}
    placed = {}
    for (group, candidates), unit in zip(wanted.items(), units[len(spots) :], strict=True):
        cosines = {spot.id: float(centres[spot.id] @ unit) for spot in candidates}
        placed[group] = max(cosines, key=cosines.__getitem__)
    return placed


def _embedded(line: TeachingLine) -> Example:
    """What of a line is compared with rows: its sample, or the pattern where it has none."""
    return Example(line.where, line.text or line.pattern or "", line.label, line.text_pair)
