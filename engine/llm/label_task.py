"""What an LLM that labels is asked: under which guideline, in which questions, and what it has answered. Light.

Whatever the log of calls holds for the same guideline and templates is an answer, however the rows were put together
into questions then. So a run that was killed goes on without asking anything again.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine.errors import TeacherError
from engine.labelling.guidelines import Guideline, guideline_hash
from engine.llm.call_log import LABEL_STEPS, Call, read_calls
from engine.llm.chat_backend import Prompt, Question
from engine.llm.prompts import Prompts, fenced, labels_text, unfenced
from engine.project import Project
from engine.schema import Example, LabelledSplit, RowLabel
from engine.teaching.records import Teaching

if TYPE_CHECKING:
    from engine.llm.label_answers import GivenLabels, Vote

Row = TypeVar("Row")
_NO_GUIDELINE = "There is no guideline: a label means what its name says."


@dataclass(frozen=True)
class Batch:
    """Rows of one question; ``reading``: 1 for the first time that they are read."""

    rows: tuple[Example, ...]
    reading: int


class LabelTask:
    """Makes the questions of a project's guideline, and reads the answers.

    Args:
        project: its labels and settings.
        prompts: its templates.
        guideline: what the labels mean.
        split: where the rows are. What was answered about rows of another one is no answer: ids may be the same.
    """

    def __init__(self, project: Project, prompts: Prompts, guideline: Guideline, split: LabelledSplit = "pool") -> None:
        self._labels = project.labels
        self._prompts = prompts
        self._settings = project.settings.labelling
        self._seed = project.settings.discovery.seed
        self._step = LABEL_STEPS[split]
        self.guideline = guideline
        self.evidence = guideline_hash(guideline, project.labels)
        """Hash of what the labels mean."""
        empty = self.prompt(())
        self.prompt_hash = empty.hash
        self.instructions = f"{empty.system}\n{empty.user}"
        """All that every question says beside its rows."""

    def question(self, batch: Batch) -> Question[GivenLabels]:
        """Which label has each of these rows?"""
        from engine.llm.label_answers import labels_form

        rows = list(batch.rows)
        if batch.reading > 1:  # another order, so that no reading repeats what only a row's neighbours made of it
            random.Random(f"{self._seed} {batch.reading} {rows[0].id}").shuffle(rows)
        prompt = self.prompt(rows)
        if batch.reading > 1:
            prompt = replace(prompt, user=f"{prompt.user}\n\nThis is reading {batch.reading}. Read every row afresh.")
        ids = tuple(row.id for row in rows)
        return Question(
            self._step,
            "",
            prompt,
            labels_form(self._labels),
            self.evidence,
            check=partial(_problem, ids, self._labels),
            rows=ids,
            reading=batch.reading,
        )

    def votes(self, rows: Sequence[str], answer: GivenLabels) -> dict[str, Vote]:
        """What an answer says of the rows of its question, by id."""
        from engine.llm.label_answers import votes_of

        return votes_of(answer, rows, self._labels)

    def answered(self, calls: Iterable[Call], teacher: str, *, recorded: bool = False) -> Answers:
        """What calls say that were made under this guideline and with these templates.

        Args:
            calls: of a log.
            teacher: who answered.
            recorded: whether they are a recording: then the templates do not count, and replayed calls do.
        """
        from engine.llm.label_answers import labels_form
        from engine.llm.replies import Unusable, decode

        found = Answers(self._settings.llm_votes)
        for call in calls:
            if (call.step, call.status) != (self._step, "ok"):
                continue
            if (call.teacher, call.evidence) != (teacher, self.evidence):
                continue
            if not recorded and (call.recorded or call.prompt != self.prompt_hash):
                continue
            try:
                answer = decode(call.content, labels_form(self._labels))
            except Unusable:  # the file was changed
                continue
            found.take(call.reading, self.votes(call.rows, answer))
        return found

    def batches(self, rows: Sequence[Example], known: Answers) -> list[Batch]:
        """The questions that are left for rows, all readings of the same rows close together."""
        size = self._settings.llm_batch
        by_reading = []
        for reading in known.readings:
            left = [row for row in rows if not known.has(reading, row.id)]
            by_reading.append([Batch(part, reading) for part in parts(left, size)])
        return [batch for batch in chain.from_iterable(zip_longest(*by_reading)) if batch is not None]

    def prompt(self, rows: Sequence[Example]) -> Prompt:
        """What is asked about rows, in this order: guideline, labels and their texts, and no example."""
        shown = [
            {"row": number, "text": row.text} | ({} if row.text_pair is None else {"text_pair": row.text_pair})
            for number, row in enumerate(rows, start=1)
        ]
        return self._prompts.render(
            "label",
            system="label-system",
            guideline=unfenced(self.guideline.text) or _NO_GUIDELINE,
            count=len(shown),
            rows=fenced(shown),
            labels=labels_text(self._labels),
        )


class Answers:
    """What is answered of each row, by reading.

    Args:
        readings: how often each row is read.
    """

    def __init__(self, readings: int) -> None:
        self.readings = range(1, readings + 1)
        self._votes: dict[str, dict[int, Vote | None]] = {}

    def take(self, reading: int, votes: dict[str, Vote]) -> None:
        """Take in an answer."""
        for row, vote in votes.items():
            self._votes.setdefault(row, {})[reading] = vote

    def give_up(self, reading: int, row: str) -> None:
        """No answer will come."""
        self._votes.setdefault(row, {}).setdefault(reading, None)

    def has(self, reading: int, row: str) -> bool:
        """Whether nothing is left to ask."""
        return reading in self._votes.get(row, {})

    def is_hopeless(self, row: str) -> bool:
        """Whether no reading of a row has an answer, and none will."""
        votes = self._votes.get(row, {})
        return all(reading in votes and votes[reading] is None for reading in self.readings)

    def label(self, row: str) -> Vote | None:
        """The label of a row whose readings are all there; None: some are not, or none has an answer."""
        from engine.llm.label_answers import combined

        votes = self._votes.get(row, {})
        if any(reading not in votes for reading in self.readings):
            return None
        found = [vote for reading in self.readings if (vote := votes[reading]) is not None]
        return combined(found) if found else None


def open_rows(rows: Iterable[Example], teaching: Teaching, guideline: Guideline, split: LabelledSplit) -> list[Example]:
    """The rows that an LLM, the author, has not labelled under this version of the guideline."""
    done = {
        record.row
        for record in teaching.own("label")
        if isinstance(record, RowLabel) and record.split == split and record.guideline == guideline.number
    }
    return [row for row in rows if row.id not in done]


def read_recorded(path: Path, split: LabelledSplit) -> tuple[str, list[Call]]:
    """Who labelled rows of a split in a recording (the `calls.jsonl` of a project), and their calls.

    Raises:
        TeacherError: there is no label in it, or labels of several LLMs.
    """
    calls = [call for call in read_calls(path) if (call.step, call.status) == (LABEL_STEPS[split], "ok")]
    names = dict.fromkeys(call.teacher for call in calls)
    if len(names) != 1:
        none = f"there is no recorded label of {'held-out rows' if split == 'proof' else 'pool rows'}"
        what = f"the labels are of several LLMs ({', '.join(names)})" if names else none
        hint = (
            "name a file with those of one" if names else "name the llm/calls.jsonl of a project where an LLM labelled"
        )
        raise TeacherError(what, where=str(path), hint=hint)
    return next(iter(names)), calls


def parts(rows: Sequence[Row], size: int) -> Iterator[tuple[Row, ...]]:
    """Rows in pieces of that many."""
    return (tuple(rows[at : at + size]) for at in range(0, len(rows), size))


def _problem(rows: Sequence[str], labels: Sequence[str], answer: GivenLabels) -> str | None:
    """What is wrong with an answer of which nothing can be used; what it leaves out is asked for again."""
    from engine.llm.label_answers import votes_of

    if votes_of(answer, rows, labels):
        return None
    return (
        f"no row from 1 to {len(rows)} has one of the labels {labels_text(labels)} and a certainty of 1, 2 or 3, once"
    )
