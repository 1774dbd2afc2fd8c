"""Taking over labels of rows from files: all of them are checked before one is written.

Columns ``id`` and ``label``, and where they apply ``certainty`` (3 sure, 2 likely, 1 a guess; 3 where it is not said),
``split`` (pool or proof), ``note``, ``labeller``, and ``chance``: with which the row was drawn at random among all of
its split, 0..1; empty where it was chosen otherwise. What is imported goes into a file of its own for each labeller, as
one action, so it never mixes with what a person typed. Light.

Lines of other tools, and of exports, say more (`engine.exchange`): the ``text`` and ``text_pair`` of the row, by which
it is found where its id is not known, and the kind of the labeller, queue, guideline, seconds and the like.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.counted import counted
from engine.data.formats import FileRequest, FileRow, records
from engine.data.proof_rows import proof_row_ids, read_proof
from engine.data.reading import encodable
from engine.errors import DataError
from engine.labelling.answers import SURE
from engine.labelling.guidelines import guideline_hash, guideline_of, versions
from engine.project import Project
from engine.schema import (
    LABELLED_SPLITS,
    QUEUE_KINDS,
    TEACHER_KINDS,
    UNLABELLED,
    LabelledSplit,
    QueueKind,
    Record,
    RowLabel,
    Teacher,
    TeacherKind,
)
from engine.teaching.authors import known_name
from engine.teaching.import_records import import_author, partly_done
from engine.teaching.leaks import LeakCheck
from engine.teaching.record_factory import RecordFactory
from engine.teaching.records import Teaching
from engine.teaching.revisions import RecordKind
from engine.text import visible

_YEAR = 366 * 86_400  # seconds: what somebody spent on a row is less
_COLUMNS = ("certainty", "split", "note", "labeller", "chance")


@dataclass(frozen=True, slots=True)
class LabelImport(Record):
    """What an import did.

    Attributes:
        authors: whose files took the labels, one for each labeller.
        new: rows that the labeller had not labelled before; changed: that they had labelled otherwise.
        already: labels that were there as they are.
        unsure: of the lines, those without a label. splits, certainties: lines by where the row is, and by certainty.
    """

    authors: tuple[str, ...]
    new: int
    changed: int
    already: int
    unsure: int
    splits: dict[str, int]
    certainties: dict[str, int]


def import_labels(
    project: Project, files: Sequence[Path], kind: TeacherKind, *, name: str | None = None, recorded: bool = False
) -> LabelImport:
    """Import files of labels.

    Args:
        project: whose rows they are of.
        files: CSV, TSV, JSON lines or Parquet.
        kind: of the labellers.
        name: of the labeller, for lines that name none.
        recorded: whether they are bundled answers of an LLM rather than ones that the user asked for.

    Raises:
        DataError: a line is broken, names an unknown row or label, or a row twice; nothing is imported.
        RefusedRecord: a note holds a proof row; nothing is imported.
        StoreError: the records cannot be written.
    """
    reader = LabelReader(project, kind, name=name, recorded=recorded)
    lines = [
        label
        for path in files
        for number, values in _lines(path)
        if (label := reader.label(values, f"{path}:{number}"))
    ]
    return write_labels(project, lines)


def write_labels(project: Project, lines: Sequence[RowLabel]) -> LabelImport:
    """Write labels that a reader has checked, each into the file of its labeller.

    What a labeller has said of a row already, in whichever file, is not written again: labels that went out and come in
    again are no second person's.

    Raises:
        StoreError: the records cannot be written.
    """
    given: dict[Teacher, list[RowLabel]] = {}
    for line in lines:
        given.setdefault(line.teacher, []).append(line)
    new = changed = 0
    authors = dict[str, None]()
    with partly_done(authors):
        for teacher, labels in given.items():
            teaching = Teaching.of(project, import_author(teacher))
            factory = RecordFactory(project, teaching, teacher)
            elsewhere = _said_elsewhere(teaching, teacher)
            with teaching.store.edit(f"import {counted(len(labels), 'label')} of {teacher.name}") as edit:
                for label in labels:
                    kind = _kind_of(label)
                    before = teaching.store.current.get((kind, label.key))
                    if before is None and elsewhere.get((kind, label.key)) == label.label:
                        continue
                    made = factory.label(edit, label)
                    new += before is None
                    changed += before is not None and before.body != made.as_json()
            authors[teaching.author] = None
    return LabelImport(
        authors=tuple(authors),
        new=new,
        changed=changed,
        already=len(lines) - new - changed,
        unsure=sum(line.label == UNLABELLED for line in lines),
        splits=dict(Counter(line.split for line in lines).most_common()),
        certainties={str(step): n for step, n in sorted(Counter(line.certainty for line in lines).items())},
    )


def _kind_of(label: RowLabel) -> RecordKind:
    return "adjudication" if label.queue == "conflict" else "label"


def _said_elsewhere(teaching: Teaching, teacher: Teacher) -> dict[tuple[RecordKind, str], str]:
    """By kind and key of a record the label that a labeller gave in a file that is not of imports."""
    kinds: tuple[RecordKind, ...] = ("label", "adjudication")
    return {
        (kind, record.key): record.label
        for kind in kinds
        for revision, record in teaching.with_revisions(kind)
        if isinstance(record, RowLabel) and revision.author != teaching.author
        if (record.teacher.name, record.teacher.kind) == (teacher.name, teacher.kind)
    }


def _lines(path: Path) -> Iterator[FileRow]:
    number = 0
    for number, values in records(path, FileRequest(("id", "label"), _COLUMNS, utf8_alone=True)):
        yield number, {name: values.get(name) for name in ("id", "label", *_COLUMNS)}
    if not number:
        raise DataError("the file has no label", where=str(path), hint="name a file with one label a line")


class LabelReader:
    """Turns lines into labels and refuses what cannot be one.

    Args:
        project: whose rows they are of.
        kind: of labellers, for lines that do not say it; None: each line has to.
        name: of the labeller, for lines that name none.
        recorded: as in `import_labels`, for lines that do not say it.

    Attributes:
        other_guideline: labels that were given under a guideline that this project does not have.
    """

    def __init__(
        self, project: Project, kind: TeacherKind | None, *, name: str | None = None, recorded: bool = False
    ) -> None:
        self._project = project
        self._labels = project.labels
        self._kind = kind
        self._name = name
        self._recorded = recorded
        self._rows = _Rows(project)
        self._leaks = LeakCheck(project)
        self._seen: dict[tuple[str, str, bool], tuple[str, str]] = {}
        self.other_guideline = 0

    def label(self, values: Mapping[str, Any], where: str) -> RowLabel | None:
        """The label of a line; None: its labeller has said so of the row before.

        Raises:
            DataError: it can be none, or its labeller has said another label of the row before.
            RefusedRecord: its note holds a proof row.
        """
        given = self._read(values, where)
        self._leaks.check("label", given.as_json(), where=where)
        key = given.teacher.name, given.key, given.queue == "conflict"
        if key not in self._seen:
            self._seen[key] = where, given.label
            return given
        twin, label = self._seen[key]
        if label != given.label:
            what = f"the row {visible(given.row)} is labelled in {twin} too, as {visible(label) or 'unsure'}"
            raise DataError(what, where=where, hint="leave one of them out")
        return None

    def _read(self, values: Mapping[str, Any], where: str) -> RowLabel:
        row, split = self._rows.find(values, where)
        label = _text_of(values, "label", where)
        if label != UNLABELLED and label not in self._labels:
            raise DataError(
                f"there is no label {visible(label)!r}", where=where, hint=f"give one of {', '.join(self._labels)}"
            )
        chance = _chance(values.get("chance"), where)
        return RowLabel(
            row,
            label,
            _certainty(values.get("certainty"), label, where),
            self._teacher(values, where),
            self._queue(values, chance, where),
            split,
            chance=chance,
            guideline=self._guideline(values),
            seconds=_seconds(values.get("seconds"), where),
            overlap=values.get("overlap") is True,
            note=_text_of(values, "note", where),
            reason=_text_of(values, "reason", where),
        )

    def _teacher(self, values: Mapping[str, Any], where: str) -> Teacher:
        name = _text_of(values, "labeller", where) or self._name
        if not name:
            hint = "name who labelled with --teacher, or in a column `labeller`"
            raise DataError("the line has no labeller", where=where, hint=hint)
        named = _text_of(values, "labeller_kind", where)
        kind = next((one for one in TEACHER_KINDS if one == named), None if named else self._kind)
        if kind is None:
            hint = f"give one of {', '.join(TEACHER_KINDS)}"
            none = "the line does not say what kind of labeller it was"
            raise DataError(f"{visible(named)!r} is no kind of labeller" if named else none, where=where, hint=hint)
        recorded = values.get("recorded")
        name = known_name(self._project.teaching_dir, name)
        return Teacher(name, kind, self._recorded if recorded is None else recorded is True)

    def _queue(self, values: Mapping[str, Any], chance: float | None, where: str) -> QueueKind:
        """Why the row was asked for: rows that looked wrong somewhere did so, whoever brings their labels."""
        if not (named := _text_of(values, "queue", where)):
            return "file" if chance is None else "random"
        queue = next((one for one in QUEUE_KINDS if one == named), None)
        if queue is None:
            hint = f"give one of {', '.join(QUEUE_KINDS)}"
            raise DataError(f"there is no queue {visible(named)!r}", where=where, hint=hint)
        return queue

    def _guideline(self, values: Mapping[str, Any]) -> int:
        """The version of this project with the same text: a number alone says nothing in another project."""
        digest = values.get("guideline_hash")
        number = self._guidelines.get(digest, 0) if isinstance(digest, str) else 0
        self.other_guideline += bool(digest) and not number
        return number

    @cached_property
    def _guidelines(self) -> dict[str, int]:
        guideline_of(self._project)  # keeps the text that stands there now as a version
        return {guideline_hash(one, self._labels): one.number for one in versions(self._project)}


class _Rows:
    """Finds the rows of pool and proof that lines are about: by id, or by exact text."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._ids: dict[LabelledSplit, frozenset[str]] = {
            "pool": frozenset(row.id for row in project.each_example("pool")),
            "proof": proof_row_ids(project),
        }

    def find(self, values: Mapping[str, Any], where: str) -> tuple[str, LabelledSplit]:
        """Id and split of a line's row.

        Raises:
            DataError: there is none, or there are several, or it has another text.
        """
        row, split = _text_of(values, "id", where), _text_of(values, "split", where)
        if split and split not in LABELLED_SPLITS:
            raise DataError(f"rows of {visible(split)!r} are not labelled", where=where, hint="give pool or proof")
        there = [name for name in LABELLED_SPLITS if row in self._ids[name] and split in ("", name)]
        if isinstance(text := values.get("text"), str) and text:
            pair = values.get("text_pair")
            texts = hash((text, pair if isinstance(pair, str) and pair else None))
            if not there:
                return self._by_text(texts, split, row, where)
            found = [name for name in there if (row, name) in self._texts.get(texts, ())]
            if not found:
                what = f"the row {visible(row)} of this project has another text"
                raise DataError(what, where=where, hint="import it into the project that it is from")
            there = found
        if not there:
            place = split or " or ".join(LABELLED_SPLITS)
            raise DataError(
                f"there is no row {visible(row)!r} in {place}", where=where, hint="take an id of the project"
            )
        if len(there) > 1:
            raise DataError(
                f"the row {visible(row)} may be one of pool or of proof", where=where, hint="say which in `split`"
            )
        return row, there[0]

    def _by_text(self, texts: int, split: str, row: str, where: str) -> tuple[str, LabelledSplit]:
        found = [one for one in self._texts.get(texts, ()) if split in ("", one[1])]
        named = f"there is no row {visible(row)!r}, and " if row else ""
        if not found:
            what = f"{named}no row of pool or proof has this text"
            raise DataError(what, where=where, hint="add the row to the project first, or leave the line out")
        if len(found) > 1:
            what = f"{named}{len(found)} rows have this text"
            raise DataError(what, where=where, hint="give the `id` of one of them")
        return found[0]

    @cached_property
    def _texts(self) -> dict[int, list[tuple[str, LabelledSplit]]]:
        """Rows by a hash of their texts, in this process alone."""
        found: defaultdict[int, list[tuple[str, LabelledSplit]]] = defaultdict(list)
        for row in self._project.each_example("pool"):
            found[hash((row.text, row.text_pair))].append((row.id, "pool"))
        for row in read_proof(self._project) if self._ids["proof"] else ():
            found[hash((row.text, row.text_pair))].append((row.id, "proof"))
        return found


def _text_of(values: Mapping[str, Any], name: str, where: str) -> str:
    """A value as a text; empty where there is none."""
    value = values.get(name)
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int):
        raise DataError(f"`{name}` is no text", where=where, hint="write a text")
    return encodable(str(value).strip(), name, where)


def _certainty(value: Any, label: str, where: str) -> int:
    """1 to 3; 0 for a row without a label, whatever is said."""
    text = str(value).strip() if value is not None and value == value else ""
    if text.endswith(".0"):
        text = text[:-2]
    if label == UNLABELLED:
        if text not in ("", "0"):
            raise DataError("the line has no label", where=where, hint="add it, or give the certainty 0: unsure")
        return 0
    if text not in ("", "1", "2", "3"):
        raise DataError(
            f"the certainty is {visible(text)!r}", where=where, hint="give 3 sure, 2 likely or 1 a guess, or none"
        )
    return int(text) if text else SURE


def _chance(value: Any, where: str) -> float | None:
    """More than 0, and 1 at most; None where nothing is said."""
    text = str(value).strip() if value is not None and value == value else ""
    if not text:
        return None
    try:
        chance = float(text)
    except ValueError:
        chance = 0.0
    if not 0 < chance <= 1:
        hint = "give the share of rows that were drawn, above 0 and at most 1, or none"
        raise DataError(f"the chance is {visible(text)!r}", where=where, hint=hint)
    return chance


def _seconds(value: Any, where: str) -> float:
    """0 or more; 0 where nothing is said."""
    if value is None or value == "" or value != value:
        return 0.0
    seconds = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else -1.0
    if not 0 <= seconds < _YEAR:
        raise DataError("`seconds` is no time", where=where, hint="give seconds from 0 on, or none")
    return seconds
