"""One person's labelling session over a project: which queue, under which guideline, and where the labels go. Light."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from engine.data.proof_rows import proof_rows_to_label
from engine.errors import StoreError
from engine.label_queue.leases import MOST, Leases
from engine.label_queue.project_queue import ProjectQueue, people_for
from engine.label_queue.queue_files import Choice, QueueFile, new_queue, queues
from engine.labelling.answers import Answer
from engine.labelling.guidelines import Guideline, guideline_of, is_stale, versions
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
RANDOM_BATCH = 2_000
"""Rows that a random queue draws at a time: more than a person labels in a day."""


@dataclass(frozen=True)
class ProjectSession:
    """What the screen needs.

    Attributes:
        session: the queue, the row in front and what was done.
        kind: of the queue; name: of its file, or its kind where it has none.
        guideline: as it stands now.
        units: the labels of each row that two or more people gave one (`engine.agreement`).
        close: gives up the row in front; to be called at the end.
    """

    session: LabelSession
    kind: QueueKind
    name: str
    guideline: Guideline
    units: Callable[[], list[list[str]]]
    close: Callable[[], None]


class _Answers:
    """One person's labels in the records of a project, as an `AnswerStore`."""

    def __init__(
        self,
        factory: RecordFactory,
        teaching: Teaching,
        *,
        kind: QueueKind,
        split: SplitName,
        guideline: Guideline,
        choice: Callable[[str], Choice | None],
        people: Callable[[str], int],
    ) -> None:
        self._factory = factory
        self._teaching = teaching
        self._kind = kind
        self._split = split
        self._record: RecordKind = "adjudication" if kind == "conflict" else "label"
        self._guideline = guideline
        self._choice = choice
        self._people = people

    def record(self, row_id: str) -> RowLabel | None:
        """What this person said of a row, if it is an answer to this queue: of `stale`, under the guideline of now."""
        found = self._teaching.store.current.get((self._record, label_key(self._split, row_id)))
        if found is None or found.body is None:
            return None
        label = RowLabel.from_json(found.body)
        return None if self._kind == "stale" and label.guideline < self._guideline.number else label

    def has(self, row_id: str) -> bool:
        """Whether this person has answered: as `record`, in a tenth of its time."""
        there = (self._record, label_key(self._split, row_id)) in self._teaching.store.current
        return there and (self._kind != "stale" or self.record(row_id) is not None)

    def get(self, row_id: str) -> Answer | None:
        """The answer to a row; None if there is none."""
        said = self.record(row_id)
        return None if said is None else Answer(said.label, said.certainty, said.note, said.seconds, said.reason)

    def put(self, row: TextRow, answer: Answer) -> None:
        """Keep an answer.

        Raises:
            StoreError: it cannot be written.
        """
        choice, before = self._choice(row.id), self.record(row.id)
        kind = before.queue if before and self._kind != "stale" else self._kind
        with self._teaching.store.edit(f"label row {row.id} as {answer.label or 'unsure'}") as edit:
            said = RowLabel(
                row.id,
                answer.label,
                answer.certainty,
                Teacher(self._teaching.author, "human"),
                kind,
                self._split,
                choice.chance if choice else None,
                self._guideline.number,
                answer.seconds,
                self._people(row.id) > 1,
                answer.note,
                answer.reason,
            )
            self._factory.label(edit, said)

    def drop(self, row_id: str) -> None:
        """Take the answer to a row back.

        Raises:
            StoreError: it cannot be written.
        """
        with self._teaching.store.edit(f"take the label off row {row_id}") as edit:
            edit.delete(self._record, label_key(self._split, row_id))


def open_session(project: Project, teaching: Teaching, teacher: Teacher, *, queue: str | None = None) -> ProjectSession:
    """A session of one person.

    Args:
        project: whose rows are labelled.
        teaching: the records, with this person's store.
        teacher: the person; stands in every label.
        queue: name or kind of a queue; None: the latest audit or hunt with rows left, else rows at random.

    Raises:
        StoreError: there is no such queue, or something cannot be written.
        DataError: the guideline cannot be read.
    """
    if project.read_only:
        raise StoreError("this project is read-only", where=str(project.root), hint="label in a copy of it")
    guideline = guideline_of(project)
    chosen = _chosen(project, teaching, queue)
    if isinstance(chosen, QueueFile):
        return _session(project, teaching, teacher, guideline, chosen.spec.kind, file=chosen)
    return _session(project, teaching, teacher, guideline, chosen, file=None)


def _chosen(project: Project, teaching: Teaching, wanted: str | None) -> QueueFile | QueueKind:
    files = queues(project)
    if wanted in ("conflict", "stale"):
        return "conflict" if wanted == "conflict" else "stale"
    if wanted not in (None, "random"):
        found = [one for one in files if wanted in (one.spec.name, one.spec.kind)]
        if not found:
            names = ", ".join(dict.fromkeys([*(one.spec.name for one in files), "random", "conflict", "stale"]))
            raise StoreError(f"there is no queue {wanted!r}", where=str(project.root), hint=f"name one of {names}")
        return found[-1]
    labels = Labels(teaching)
    for kind in ("audit", "hunt") if wanted is None else ():
        for one in reversed([file for file in files if file.spec.kind == kind]):
            said = Labels(teaching, one.spec.split).people
            labelled = sum(choice.row in said for choice in one.choices)
            if labelled < max(len(one.choices), one.spec.budget):  # of a hunt further rows are chosen meanwhile
                return one
    at_random = [one for one in files if one.spec.kind == "random"]
    return at_random[-1] if at_random else random_queue(project, labels)


def random_queue(project: Project, labels: Labels) -> QueueFile:
    """A new queue of pool rows drawn at random among those without a label.

    Raises:
        StoreError: every row has a label, or the queue cannot be written.
    """
    drawn = _draw(project, labels, frozenset(), batch=1)
    if not drawn:
        hint = "add rows with `blindspot add`"
        raise StoreError("every pool row has a label", where=str(project.root), hint=hint)
    file = new_queue(project, "random", budget=0, seed=project.settings.discovery.seed)
    file.append(drawn)
    return file


def _draw(project: Project, labels: Labels, known: Collection[str], *, batch: int) -> list[Choice]:
    """The next batch of a random queue: rows that have no label and are not ``known``."""
    known = labels.people.keys() | known
    ids = [row.id for row in project.each_example("pool") if row.label == UNLABELLED and row.id not in known]
    count = min(RANDOM_BATCH, len(ids))
    drawn = random.Random(project.settings.discovery.seed + batch - 1).sample(ids, count)
    return [Choice(row, "drawn at random", count / len(ids), batch=batch) for row in drawn]


def _session(
    project: Project,
    teaching: Teaching,
    teacher: Teacher,
    guideline: Guideline,
    kind: QueueKind,
    *,
    file: QueueFile | None,
) -> ProjectSession:
    settings, seed = project.settings.labelling, project.settings.discovery.seed
    split = file.spec.split if file else "pool"
    folder = f"leases-{'conflict' if kind == 'conflict' else split}"  # who decides is in nobody's way
    leases = Leases(project.root / "queues" / folder, teaching.author)

    def people(row_id: str) -> int:
        return people_for(row_id, settings, seed)

    def room(row_id: str, others: int) -> int:
        return 1 if kind == "conflict" else MOST if kind == "stale" else people(row_id) - others

    def choices() -> list[Choice]:
        if file is None:
            return _conflicts(teaching) if kind == "conflict" else stale
        file.refresh()
        return file.choices

    def more() -> None:
        if file is not None and kind == "random":
            batch = max((one.batch for one in file.choices), default=0) + 1
            known = {one.row for one in file.choices}
            if drawn := _draw(project, Labels(teaching), known, batch=batch):
                file.append(drawn)

    def to_come() -> int:
        return max(0, file.spec.budget - len(file.choices)) if file is not None and kind == "hunt" else 0

    stale = _stale(project, teaching, guideline) if kind == "stale" else []
    queue = ProjectQueue(
        teaching,
        leases,
        choices=choices,
        texts=lambda ids: _texts(project, split, ids),
        room=room,
        split=split,
        is_done=lambda row_id: answers.has(row_id),
        more=more,
        to_come=to_come,
    )
    answers = _Answers(
        RecordFactory(project, teaching, teacher),
        teaching,
        kind=kind,
        split=split,
        guideline=guideline,
        choice=queue.choice,
        people=people,
    )
    asked = {one.row for one in choices()}
    own = [
        record.row
        for record in teaching.own("adjudication" if kind == "conflict" else "label")
        if isinstance(record, RowLabel)
        and record.split == split
        and (kind == "conflict" or (record.row in asked and answers.has(record.row)))
    ]
    texts = _texts(project, split, own)
    session = LabelSession(
        queue,
        project.labels,
        answers,
        done=[texts[row] for row in own if row in texts],
        reasons=REASONS if kind == "conflict" else (),
        context=(lambda row: conflict_lines(Labels(teaching), row.id)) if kind == "conflict" else lambda _: [],
    )
    return ProjectSession(
        session,
        kind,
        file.spec.name if file else kind,
        guideline,
        lambda: Labels(teaching, split).units(),
        leases.release,
    )


def open_queues(project: Project, teaching: Teaching) -> list[tuple[str, int]]:
    """The queues that have rows for this person now, each with their number: those that come first by default first.

    Raises:
        StoreError: a queue is damaged.
        DataError: the guideline cannot be read.
    """
    found: list[tuple[str, int]] = []
    own = {(record.split, record.row) for record in teaching.own("label") if isinstance(record, RowLabel)}
    order: tuple[QueueKind, ...] = ("audit", "hunt", "flagged", "pattern", "random")
    files = sorted(queues(project), key=lambda one: order.index(one.spec.kind))
    for one in files:
        said = Labels(teaching, one.spec.split).people
        settings, seed = project.settings.labelling, project.settings.discovery.seed
        left = sum(
            (one.spec.split, choice.row) not in own
            and len(said.get(choice.row, ())) < people_for(choice.row, settings, seed)
            for choice in one.choices
        )
        if left:
            found.append((one.spec.name, left))
    if not any(one.spec.kind == "random" for one in files):
        known = Labels(teaching).people
        left = sum(row.label == UNLABELLED and row.id not in known for row in project.each_example("pool"))
        found += [("random", left)] if left else []
    conflicts, stale = len(Labels(teaching).conflicts()), len(_stale(project, teaching, guideline_of(project)))
    return found + [(name, left) for name, left in (("conflict", conflicts), ("stale", stale)) if left]


def conflict_lines(labels: Labels, row_id: str) -> list[str]:
    """What people said of a row, without their names: one line each, in an order that tells nothing of who it was."""
    said = [one.given for one in labels.people.get(row_id, []) if one.given.label != UNLABELLED]
    words = {3: "sure", 2: "likely", 1: "a guess"}
    lines = sorted(f"{one.label} ({words[one.certainty]}){f': {one.note}' if one.note else ''}" for one in said)
    return [f"one said {line}" for line in lines]


def _conflicts(teaching: Teaching) -> list[Choice]:
    return [Choice(row, "people differ") for row in Labels(teaching).conflicts()]


def _stale(project: Project, teaching: Teaching, guideline: Guideline) -> list[Choice]:
    """This person's labels that an edit of the guideline may have made wrong."""
    texts = {one.number: one.text for one in versions(project)}
    return [
        Choice(record.row, f"labelled under version {record.guideline} of the guideline")
        for record in teaching.own("label")
        if isinstance(record, RowLabel)
        and record.split == "pool"
        and is_stale(record, guideline, texts, project.labels)
    ]


def _texts(project: Project, split: SplitName, ids: Collection[str]) -> Mapping[str, TextRow]:
    rows: Mapping[str, Example]
    rows = proof_rows_to_label(project, ids) if split == "proof" else project.rows(split, ids)
    return {name: TextRow(row.id, row.text, row.text_pair) for name, row in rows.items()}
