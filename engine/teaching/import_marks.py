"""Taking over marks of rows from elsewhere: all of them are checked before one is written. Light.

What is imported goes into a file of its own for each annotator, as one action.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import DataError, StoreError
from engine.project import Project
from engine.schema import Discovery, Prediction, Record, RowMark, RowVerdict, Teacher
from engine.teaching.authors import known_name
from engine.teaching.evidence import is_withheld
from engine.teaching.import_records import import_author, partly_done
from engine.teaching.record_factory import RecordFactory, checked_mark
from engine.teaching.records import Teaching
from engine.text import visible


@dataclass(frozen=True, slots=True)
class MarkLine:
    """A mark that came in. ``where``: file:line, for messages. ``texts``: of the row, to be sure which it is."""

    where: str
    annotator: str
    row: str
    texts: tuple[str, str | None]
    verdict: RowVerdict
    label: str | None


@dataclass(frozen=True, slots=True)
class MarkImport(Record):
    """What an import did. ``authors``: whose files took the marks. ``already``: marks that were there as they are."""

    authors: tuple[str, ...]
    new: int
    changed: int
    already: int


def check_marks(project: Project, discovery: Discovery, lines: Sequence[MarkLine]) -> dict[str, dict[str, RowMark]]:
    """The marks that lines make, by annotator and row.

    Raises:
        DataError: a line names no row of the evidence, or another text, or no mark can say that of it; or an annotator
            marks a row twice, in two ways.
    """
    found: dict[str, dict[str, RowMark]] = {}
    for line in lines:
        row = _row(project, discovery, line)
        try:
            mark = checked_mark(project.labels, row, line.verdict, line.label)
        except StoreError as error:
            raise DataError(error.what, where=line.where, hint=error.hint) from error
        annotator = known_name(project.teaching_dir, line.annotator)
        if found.setdefault(annotator, {}).setdefault(line.row, mark) != mark:
            what = f"{visible(annotator)} has marked the row {visible(line.row)} otherwise in another line"
            raise DataError(what, where=line.where, hint="leave one of them out")
    return found


def write_marks(project: Project, discovery: Discovery, marks: dict[str, dict[str, RowMark]]) -> MarkImport:
    """Write marks that were checked (`check_marks`), but for those that their annotators have made here.

    Raises:
        StoreError: the records cannot be written.
    """
    authors = list[str]()
    new = changed = total = 0
    with partly_done(authors):
        for annotator, of_rows in marks.items():
            teacher = Teacher(annotator, "human")
            teaching = Teaching.of(project, import_author(teacher))
            factory = RecordFactory(project, teaching, teacher)
            total += len(of_rows)
            theirs = {
                mark.row: mark
                for revision, mark in teaching.with_revisions("mark")
                if isinstance(mark, RowMark) and revision.author == annotator
            }
            with teaching.store.edit(f"import {len(of_rows)} marks of {annotator}") as edit:
                for row, mark in of_rows.items():
                    before = teaching.store.current.get(("mark", row))
                    if before is None and theirs.get(row) == mark:
                        continue
                    made = factory.mark(edit, discovery.predictions[row], mark.verdict, mark.label)
                    new += before is None
                    changed += before is not None and before.body != made.as_json()
            authors.append(teaching.author)
    return MarkImport(tuple(authors), new, changed, total - new - changed)


def _row(project: Project, discovery: Discovery, line: MarkLine) -> Prediction:
    row = discovery.predictions.get(line.row)
    if row is None or is_withheld(row, project.manifest.withheld):
        what = f"there is no row {visible(line.row)!r} in the evidence of this project"
        raise DataError(what, where=line.where, hint="leave the line out: a mark is about a row of the evidence")
    if (row.text, row.text_pair) != line.texts:
        what = f"the row {visible(line.row)} of this project has another text"
        raise DataError(what, where=line.where, hint="import it into the project that it is from")
    return row
