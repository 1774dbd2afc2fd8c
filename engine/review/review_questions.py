"""What a reviewer is asked about an item: a dozen questions at most, and the others only on request. Light.

A judgement has answers to all that is asked, and may have others; what was not answered counts neither as yes nor no.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from engine.schema import ROLES, Role

if TYPE_CHECKING:
    from engine.review.items import ReviewPair

MOST = 12
"""Questions about one item: which side is better, one about each pattern, a verdict on some samples of each side."""
PATTERN_ANSWERS = ("fits", "precise", "useful")
"""What can be answered about a pattern with yes or no."""
PATTERN_ASKED = "useful"
"""The one of them that is asked: whether a pattern fits and how precise it is, tests on rows tell too."""
SAMPLE_ANSWERS = ("right_label", "natural", "fits")
"""What can be answered about a sample with yes or no; asked is its verdict alone."""


def samples_asked(item: ReviewPair) -> dict[Role, int]:
    """Of each role how many samples of each side are to be judged: its first ones.

    As the samples of a side were drawn with the key of the project, their first ones are a draw too: the same for
    every reviewer, and as many of each role on both sides. Roles take turns.
    """
    there = Counter(sample.role for sample in item.a.samples)
    room = (MOST - 1 - sum(side.pattern is not None for side in item.sides)) // len(item.sides)
    asked: Counter[Role] = Counter()
    while asked.total() < min(room, there.total()):
        asked.update([role for role in ROLES if asked[role] < there[role]][: room - asked.total()])
    return dict(asked)
