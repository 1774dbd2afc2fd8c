"""Taking over labels of rows from files: all of them are checked before one is written.

Columns ``id`` and ``label``, and where they apply ``certainty`` (3 sure, 2 likely, 1 a guess; 3 where it is not said),
``split`` (pool or proof), ``note``, ``labeller``, and ``chance``: with which the row was drawn at random among all of
its split, 0..1; empty where it was chosen otherwise. What is imported goes into a file of its own for each labeller, as
one action, so it never mixes with what a person typed. Light.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.data.formats import FileRequest, records
from engine.data.proof_rows import proof_row_ids
from engine.errors import DataError
from engine.project import Project
from engine.schema import UNLABELLED, Record, RowLabel, SplitName, Teacher, TeacherKind
from engine.teaching.import_records import import_author
from engine.teaching.record_factory import RecordFactory
from engine.teaching.records import Teaching
from engine.text import visible

SURE = 3
_SPLITS: tuple[SplitName, ...] = ("pool", "proof")
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
        RefusedRecord: a note holds a proof row; nothing of its labeller is imported.
        StoreError: the records cannot be written.
    """
    reader = _Reader(project, kind, name, recorded)
    lines = [line for path in files for line in reader.read(path)]
    given: dict[str, list[RowLabel]] = {}
    for line in lines:
        given.setdefault(line.teacher.name, []).append(line)
    new = changed = 0
    authors = []
    for labels in given.values():
        teacher = labels[0].teacher
        teaching = Teaching.of(project, import_author(teacher))
        factory = RecordFactory(project, teaching, teacher)
        authors.append(teaching.author)
        with teaching.store.edit(f"import {len(labels)} labels of {teacher.name}") as edit:
            for label in labels:
                before = teaching.store.current.get(("label", label.key))
                made = factory.label(edit, label)
                new += before is None
                changed += before is not None and before.body != made.as_json()
    return LabelImport(
        authors=tuple(authors),
        new=new,
        changed=changed,
        already=len(lines) - new - changed,
        unsure=sum(line.label == UNLABELLED for line in lines),
        splits=dict(Counter(line.split for line in lines).most_common()),
        certainties={str(step): n for step, n in sorted(Counter(line.certainty for line in lines).items())},
    )


class _Reader:
    """Turns lines into labels and refuses what cannot be one."""

    def __init__(self, project: Project, kind: TeacherKind, name: str | None, recorded: bool) -> None:
        self._labels = project.labels
        self._kind = kind
        self._name = name
        self._recorded = recorded
        self._ids: dict[SplitName, frozenset[str]] = {
            "pool": frozenset(row.id for row in project.each_example("pool")),
            "proof": proof_row_ids(project),
        }
        self._seen: dict[tuple[str, str], str] = {}

    def read(self, path: Path) -> Iterator[RowLabel]:
        """The labels of a file.

        Raises:
            DataError: as `import_labels`.
        """
        number = 0
        for number, values in records(path, FileRequest(("id", "label"), _COLUMNS)):
            where = f"{path}:{number}"
            label = self._label(values, where)
            twin = self._seen.setdefault((label.teacher.name, label.key), where)
            if twin != where:
                raise DataError(
                    f"the row {visible(label.row)} is labelled in {twin} too", where=where, hint="leave one of them out"
                )
            yield label
        if not number:
            raise DataError("the file has no label", where=str(path), hint="name a file with one label a line")

    def _label(self, values: dict[str, Any], where: str) -> RowLabel:
        row, label = _word(values, "id", where), _word(values, "label", where)
        if label != UNLABELLED and label not in self._labels:
            raise DataError(
                f"there is no label {visible(label)!r}", where=where, hint=f"give one of {', '.join(self._labels)}"
            )
        name = _word(values, "labeller", where) or self._name
        if not name:
            hint = "name who labelled with --teacher, or in a column `labeller`"
            raise DataError("the line has no labeller", where=where, hint=hint)
        chance = _chance(values.get("chance"), where)
        found = RowLabel(
            row,
            label,
            _certainty(values.get("certainty"), label, where),
            Teacher(name, self._kind, self._recorded),
            "file" if chance is None else "random",
            chance=chance,
            note=_word(values, "note", where),
        )
        return replace(found, split=self._split(row, _word(values, "split", where), where))

    def _split(self, row: str, said: str, where: str) -> SplitName:
        if said and said not in _SPLITS:
            raise DataError(f"rows of {visible(said)!r} are not labelled", where=where, hint="give pool or proof")
        there = [name for name in _SPLITS if row in self._ids[name] and said in ("", name)]
        if not there:
            place = said or " or ".join(_SPLITS)
            raise DataError(
                f"there is no row {visible(row)!r} in {place}", where=where, hint="take an id of the project"
            )
        if len(there) > 1:
            raise DataError(
                f"the row {visible(row)} may be one of pool or of proof", where=where, hint="say which in `split`"
            )
        return there[0]


def _word(values: dict[str, Any], name: str, where: str) -> str:
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
    return str(value).strip()


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
