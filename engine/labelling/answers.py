"""What one person says of one row, and where it is kept. Light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.labelling.texts import TextRow

SURE, LIKELY, GUESS, UNSURE = 3, 2, 1, 0
"""Certainty of a label; a row of which one is unsure has no label."""
CERTAINTY_WORDS = {SURE: "sure", LIKELY: "likely", GUESS: "a guess", UNSURE: "unsure"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person said of one row.

    Attributes:
        label: empty where the person is unsure.
        certainty: 3 sure, 2 likely, 1 a guess, 0 unsure.
        note: in the person's words.
        seconds: from when the row was shown until its key, without idle time.
        reason: why a conflict was decided so; empty anywhere else.
    """

    label: str
    certainty: int
    note: str = ""
    seconds: float = 0.0
    reason: str = ""


class AnswerStore(Protocol):
    """Keeps the answers of one person; what it has taken is on the disk."""

    def get(self, row_id: str) -> Answer | None:
        """The answer to a row; None if there is none."""

    def put(self, row: TextRow, answer: Answer) -> None:
        """Keep an answer; one that the row has is replaced.

        Raises:
            StoreError: it cannot be written, and what was there stays.
        """

    def drop(self, row_id: str) -> None:
        """Take the answer to a row back.

        Raises:
            StoreError: as `put`.
        """
