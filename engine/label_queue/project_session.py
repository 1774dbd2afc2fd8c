"""One person's labelling session over a project: which queue, under which guideline, and where the labels go. Light."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain

from engine.data.proof_rows import proof_rows_to_label
from engine.errors import StoreError
from engine.label_queue.leases import MOST, Leases
from engine.label_queue.open_queues import (
    CONFLICTS,
    Derived,
    chosen_queue,
    conflict_choices,
    draw_more,
    stale_choices,
)
from engine.label_queue.project_queue import ProjectQueue, people_for
from engine.label_queue.queue_files import Choice, QueueFile
from engine.label_queue.unchosen_rows import UnchosenRows
from engine.labelling.answers import CERTAINTY_WORDS, Answer
from engine.labelling.guidelines import Guideline, guideline_of
from engine.labelling.session import LabelSession
from engine.labelling.texts import TextRow
from engine.project import Project
from engine.schema import UNLABELLED, Example, QueueKind, RowLabel, SplitName, Teacher, label_key
from engine.teaching.labels import Labels
from engine.teaching.record_factory import RecordFactory
from engine.teaching.records import Teaching
from engine.teaching.revisions import RecordKind

REASONS = ("a slip", "the guideline is unclear", "the text is ambiguous", "it needs context", "another reason")
"""Why people differed, as whoever decides a conflict sees it."""


@dataclass(frozen=True)
class ProjectSession:
    """What the screen needs.

    Attributes:
        session: the queue, the row in front and what was done.
        kind: of the queue; name: of its file, or its kind where it has none.
        out: what the labels are called, ``labels of ann``.
        guideline: as it stands now.
        units: the labels of each row that two or more people gave one (`engine.agreement`).
        close: gives up the row in front; to be called at the end.
    """

    session: LabelSession
    kind: QueueKind
    name: str
    out: str
    guideline: Guideline
    units: Callable[[], list[list[str]]]
    close: Callable[[], None]


@dataclass(frozen=True)
class _Rows:
    """The rows of a queue.

    Attributes:
        kind, name: as in `ProjectSession`. split: where the rows are.
        choices, room, more, to_come: as in `ProjectQueue`.
    """

    kind: QueueKind
    name: str
    split: SplitName
    choices: Callable[[], list[Choice]]
    room: Callable[[str, int], int]
    more: Callable[[], None] = lambda: None
    to_come: Callable[[Collection[str]], int] = lambda others: 0


class _Answers:
    """One person's labels in the records of a project, as an `AnswerStore`."""

    def __init__(
        self,
        factory: RecordFactory,
        teaching: Teaching,
        teacher: Teacher,
        *,
        rows: _Rows,
        guideline: Guideline,
        people: Callable[[str], int],
    ) -> None:
        self._factory = factory
        self._teaching = teaching
        self._teacher = teacher
        self._rows = rows
        self._record: RecordKind = "adjudication" if rows.kind == "conflict" else "label"
        self._guideline = guideline
        self._people = people

    def record(self, row_id: str) -> RowLabel | None:
        """What this person said of a row, if it is an answer to this queue: of `stale`, under the guideline of now."""
        label = self._last(row_id)
        return None if label is None or self._is_earlier(label) else label

    def has(self, row_id: str) -> bool:
        """Whether this person has answered: as `record`, in a tenth of its time."""
        there = (self._record, label_key(self._rows.split, row_id)) in self._teaching.store.current
        return there and (self._rows.kind != "stale" or self.record(row_id) is not None)

    def get(self, row_id: str) -> Answer | None:
        """The answer to a row; None if there is none."""
        label = self.record(row_id)
        if label is None:
            return None
        return Answer(label.label, label.certainty, label.note, label.seconds, label.reason)

    def put(self, row: TextRow, answer: Answer) -> None:
        """Keep an answer.

        Raises:
            StoreError: it cannot be written.
        """
        before = self._last(row.id)  # why and with which chance the row was first asked for stays
        choice = next((one for one in self._rows.choices() if one.row == row.id), None)
        chance = choice.chance if choice else None
        with self._teaching.store.edit(f"label row {row.id} as {answer.label or 'unsure'}") as edit:
            label = RowLabel(
                row.id,
                answer.label,
                answer.certainty,
                self._teacher,
                before.queue if before else self._rows.kind,
                self._rows.split,
                before.chance if before else chance,
                self._guideline.number,
                answer.seconds,
                self._people(row.id) > 1,
                answer.note,
                answer.reason,
            )
            self._factory.label(edit, label)

    def drop(self, row_id: str) -> None:
        """Take the answer to a row back; in ``stale`` the label of the earlier guideline stands again.

        Raises:
            StoreError: it cannot be written.
        """
        key = label_key(self._rows.split, row_id)
        earlier = self._earlier(key)
        with self._teaching.store.edit(f"take the label off row {row_id}") as edit:
            if earlier is None:
                edit.delete(self._record, key)
            else:
                edit.put(self._record, key, earlier)

    def _last(self, row_id: str) -> RowLabel | None:
        """What this person said of a row last, under whichever guideline."""
        found = self._teaching.store.current.get((self._record, label_key(self._rows.split, row_id)))
        return None if found is None or found.body is None else RowLabel.from_json(found.body)

    def _earlier(self, key: str) -> RowLabel | None:
        """The last label of a record that was given under an earlier guideline."""
        labels = (
            RowLabel.from_json(one.body)
            for one in reversed(self._teaching.store.revisions)
            if (one.kind, one.id) == (self._record, key) and one.body is not None
        )
        return next(filter(self._is_earlier, labels), None)

    def _is_earlier(self, label: RowLabel) -> bool:
        """Whether it is no answer to ``stale``, which asks for labels under the guideline of now."""
        return self._rows.kind == "stale" and label.guideline < self._guideline.number


def open_session(project: Project, teaching: Teaching, teacher: Teacher, *, queue: str | None = None) -> ProjectSession:
    """A session of one person.

    Args:
        project: whose rows are labelled.
        teaching: the records, with this person's store.
        teacher: the person; stands in every label.
        queue: name or kind of a queue; None: the latest audit, verdict or hunt with rows left, else rows at random.

    Raises:
        StoreError: there is no such queue, or something cannot be written.
        DataError: the guideline cannot be read.
    """
    if project.read_only:
        raise StoreError("this project is read-only", where=str(project.root), hint="label in a copy of it")
    guideline, chosen = guideline_of(project), chosen_queue(project, teaching, queue)
    settings, seed = project.settings.labelling, project.settings.discovery.seed

    kind = chosen.spec.kind if isinstance(chosen, QueueFile) else "file"

    def people(row_id: str) -> int:
        return people_for(row_id, settings, seed, kind)

    rows = _rows_of(project, teaching, guideline, chosen, people)
    return _session(project, teaching, teacher, guideline, rows, people)


def _rows_of(
    project: Project,
    teaching: Teaching,
    guideline: Guideline,
    chosen: QueueFile | Derived,
    people: Callable[[str], int],
) -> _Rows:
    if isinstance(chosen, QueueFile):
        return _rows_of_file(project, teaching, chosen, people)
    for split, name in CONFLICTS.items():
        if chosen == name:
            return _Rows("conflict", name, split, partial(conflict_choices, teaching, split), lambda row_id, others: 1)
    stale = stale_choices(project, teaching, guideline)
    return _Rows("stale", chosen, "pool", lambda: stale, lambda row_id, others: MOST)  # their own: nobody is in the way


def _rows_of_file(project: Project, teaching: Teaching, file: QueueFile, people: Callable[[str], int]) -> _Rows:
    def choices() -> list[Choice]:
        file.refresh()
        return file.choices

    def more() -> None:
        if file.spec.kind == "random":
            draw_more(project, teaching, file)

    unchosen = UnchosenRows(project, file)
    own = [one.row for one in teaching.own("label") if isinstance(one, RowLabel) and one.split == file.spec.split]

    return _Rows(
        file.spec.kind,
        file.spec.name,
        file.spec.split,
        choices,
        room=lambda row_id, others: people(row_id) - others,
        more=more,
        to_come=lambda others: unchosen.count(chain(own, others)),
    )


def _session(
    project: Project,
    teaching: Teaching,
    teacher: Teacher,
    guideline: Guideline,
    rows: _Rows,
    people: Callable[[str], int],
) -> ProjectSession:
    decides = rows.kind == "conflict"
    folder = f"leases-{rows.name if decides else rows.split}"  # who decides is in nobody's way
    leases = Leases(project.root / "queues" / folder, teaching.author)
    answers = _Answers(
        RecordFactory(project, teaching, teacher), teaching, teacher, rows=rows, guideline=guideline, people=people
    )
    queue = ProjectQueue(
        teaching,
        leases,
        choices=rows.choices,
        texts=lambda ids: _texts(project, rows.split, ids),
        room=rows.room,
        split=rows.split,
        is_done=answers.has,
        more=rows.more,
        to_come=rows.to_come,
    )
    asked = {one.row for one in rows.choices()}
    own = [
        record.row
        for record in teaching.own("adjudication" if decides else "label")
        if isinstance(record, RowLabel)
        and record.split == rows.split
        and (decides or (record.row in asked and answers.has(record.row)))
    ]
    texts = _texts(project, rows.split, own)
    session = LabelSession(
        queue,
        project.labels,
        answers,
        done=[texts[row] for row in own if row in texts],
        reasons=REASONS if decides else (),
        context=(lambda row: conflict_lines(Labels(teaching, rows.split), row.id)) if decides else lambda _: [],
    )
    return ProjectSession(
        session,
        rows.kind,
        rows.name,
        f"labels of {teaching.author}",
        guideline,
        lambda: Labels(teaching, rows.split).units(),
        leases.release,
    )


def conflict_lines(labels: Labels, row_id: str) -> list[str]:
    """What people said of a row, without their names: one line each, in an order that tells nothing of who it was."""
    given = [one.given for one in labels.people.get(row_id, []) if one.given.label != UNLABELLED]
    lines = sorted(
        f"{one.label} ({CERTAINTY_WORDS[one.certainty]})" + (f": {one.note}" if one.note else "") for one in given
    )
    return [f"one said {line}" for line in lines]


def _texts(project: Project, split: SplitName, ids: Collection[str]) -> Mapping[str, TextRow]:
    rows: Mapping[str, Example]
    rows = proof_rows_to_label(project, ids) if split == "proof" else project.rows(split, ids)
    return {name: TextRow(row.id, row.text, row.text_pair) for name, row in rows.items()}
