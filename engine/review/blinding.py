"""Whose answers must not be shown with a name yet: what this annotator has still to judge without knowing it.

Somebody who declines to answer in order to review could otherwise read the answers, with names, at the blind spot.
"""

from __future__ import annotations

from engine.project import Project
from engine.review.answers import ITEM_KINDS, is_own, item_pairs, source_name
from engine.review.items import Items
from engine.schema import Discovery, Judgement
from engine.teaching.records import Teaching


def to_judge(project: Project, discovery: Discovery, teaching: Teaching) -> frozenset[str]:
    """Ids of the blind spots where this annotator has yet to judge what others wrote; items need not be made yet.

    Raises:
        StoreError: the items of the review are damaged.
    """
    pairs = item_pairs(discovery, teaching)
    pairs = [pair for pair in pairs if not any(is_own(answer, teaching) for answer in pair)]
    if not pairs:
        return frozenset()
    judged = {found.item for found in teaching.own("judgement") if isinstance(found, Judgement)}
    made: dict[tuple[object, ...], list[bool]] = {}
    for item in Items(project).all():
        key = (item.kind, item.blind_spot, *(source_name(side) for side in item.sides))
        made.setdefault(key, []).append(item.id in judged)
    return frozenset(
        one.blind_spot
        for one, other in pairs
        for kind in ITEM_KINDS
        if one.has(kind)
        and other.has(kind)
        and not all(made.get((kind, one.blind_spot, source_name(one), source_name(other)), [False]))
    )
