"""Rows whose label a word decides, and the words in them."""

from __future__ import annotations

import itertools

from engine.schema import Example

LABELS = ("bad", "good")
GOOD, BAD = ("fine", "warm", "kind", "quick"), ("slow", "cold", "rude", "late")
THINGS = ("soup", "room", "waiter", "train", "bread", "bill", "coat", "desk")
WORDS = ("the", "was", "and", *GOOD, *BAD, *THINGS)


def rows(count: int) -> list[Example]:
    """Rows that a word decides, of several lengths."""
    made = []
    for number in range(count):
        word = (GOOD if number % 2 else BAD)[number // 2 % 4]
        filler = " and the " + THINGS[number // 3 % 8] if number % 5 == 0 else ""
        made.append(Example(f"r{number}", f"the {THINGS[number % 8]} was {word}{filler}", LABELS[number % 2]))
    return made


def sentences() -> list[tuple[str, bool]]:
    """512 texts that a word decides, mixed, each with whether that word is a good one."""
    made = [
        (f"the {one} was {word} and the {other}", word in GOOD)
        for one, word, other in itertools.product(THINGS, (*GOOD, *BAD), THINGS)
    ]
    return [made[(place * 37) % len(made)] for place in range(len(made))]  # 37 and 512 share no factor
