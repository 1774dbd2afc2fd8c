"""The form of an LLM's labels, which of an answer can be used, and how several readings of a row become one label.

A form is kept loose: a row whose label or certainty cannot be used counts as left out, and is asked about again.
Imports pydantic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, Field, create_model

from engine.labelling.answers import GUESS, SURE
from engine.llm.answer_schemas import spelled


class GivenLabel(BaseModel):
    """The label of the row of that number, from 1, with its certainty."""

    row: int
    label: str
    certainty: int


class GivenLabels(BaseModel):
    """A label for every row."""

    labels: list[GivenLabel]


@dataclass(frozen=True, slots=True)
class Vote:
    """What one reading of a row says; ``certainty`` is 1 to 3."""

    label: str
    certainty: int


@cache
def labels_form(labels: tuple[str, ...]) -> type[GivenLabels]:
    """The form for a project: its labels and the certainties as enums of the schema."""
    fields: dict[str, Any] = {
        "label": (str, Field(json_schema_extra={"enum": list(labels)})),
        "certainty": (int, Field(json_schema_extra={"enum": [1, 2, 3]})),
    }
    given = create_model("GivenLabel", __base__=GivenLabel, **fields)
    return create_model("GivenLabels", __base__=GivenLabels, labels=(list[given], ...))  # type: ignore[valid-type]


def votes_of(answer: GivenLabels, rows: Sequence[str], labels: Sequence[str]) -> dict[str, Vote]:
    """What an answer says of the rows that were asked about, by id; a row with two answers has none."""
    found: dict[str, Vote] = {}
    numbers = Counter(one.row for one in answer.labels)
    for one in answer.labels:
        label = spelled(one.label, labels)
        if 1 <= one.row <= len(rows) and numbers[one.row] == 1 and label and GUESS <= one.certainty <= SURE:
            found[rows[one.row - 1]] = Vote(label, one.certainty)
    return found


def combined(votes: Sequence[Vote]) -> Vote:
    """One label of several readings of a row, at least one.

    The label that most readings give counts. Where all give it, its certainty is the lowest of theirs; where they
    differ, it is a guess. Of labels that equally many give, the more certain one counts, then the one given first.
    """
    times = Counter(vote.label for vote in votes)
    if len(times) == 1:
        return Vote(votes[0].label, min(vote.certainty for vote in votes))
    weight = Counter[str]()
    for vote in votes:
        weight[vote.label] += vote.certainty
    return Vote(max(times, key=lambda label: (times[label], weight[label])), GUESS)
