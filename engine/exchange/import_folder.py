"""Taking in what an export, or another tool, has written: all of it is checked before a record is written.

Records are made where they always are (`engine.teaching`): labels and marks go into a file of their own for each
labeller and annotator, patterns and samples into one for each teacher. Judgements stay out: they are about items of
their own project's review.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from engine.counted import counted
from engine.errors import DataError, FileError
from engine.exchange.export_folder import ExportFile, read_export_file
from engine.exchange.export_tables import Value
from engine.exchange.format import Incoming, Line, ReadRequest, format_names, format_of
from engine.progress import Monitor
from engine.project import Project
from engine.schema import PATTERN_KINDS, ROLES, ROW_VERDICTS, TEACHER_KINDS, Record, Teacher
from engine.teaching.import_labels import LabelImport, LabelReader, write_labels
from engine.teaching.import_marks import MarkImport, MarkLine, check_marks, write_marks
from engine.teaching.import_records import ImportReport, partly_done, write_teaching
from engine.teaching.teaching_files import TeachingLine
from engine.text import visible

T = TypeVar("T", bound=str)


@dataclass(frozen=True, slots=True)
class ImportChoices:
    """How files are read that do not say it themselves, as in `ReadRequest`. ``format``: None: as the folder says."""

    format: str | None = None
    suggestions: bool = False
    text: str = "text"
    pair: str = "text_pair"
    question: str | None = None


@dataclass(frozen=True, slots=True)
class ImportDone(Record):
    """What an import did; None where there was nothing of the kind. ``told``: what was not taken, a sentence each."""

    format: str
    labels: LabelImport | None
    marks: MarkImport | None
    teaching: tuple[ImportReport, ...]
    told: tuple[str, ...]


def import_folder(project: Project, path: Path, choices: ImportChoices, *, monitor: Monitor) -> ImportDone:
    """Import what a folder or file holds.

    Args:
        project: takes it.
        path: an export, or what another tool wrote.
        choices: how it is read.
        monitor: told how far placing and checking samples are.

    Raises:
        DataError: the format is not known, or a line is wrong; nothing is imported.
        RefusedRecord: a note holds a proof row; nothing is imported.
        ProjectError: there are marks, patterns or samples, and nothing has been discovered yet; nothing is imported.
        StoreError: there is no blind spot to teach; nothing is imported. Or records cannot be written.
    """
    name, incoming = _read(project, path, choices)
    reader = LabelReader(project, None)
    labels = [
        label for line in incoming.lines if line.kind == "labels" and (label := reader.label(line.values, line.where))
    ]
    mark_lines = [_mark(line) for line in incoming.lines if line.kind == "marks"]
    taught = _taught(incoming.lines)
    told = [*incoming.left_out]
    if judged := sum(line.kind == "judgements" for line in incoming.lines):
        what = f"left out: {counted(judged, 'line')} of judgements"
        told.append(f"{what}, which are about the review of the project that they are from")
    if reader.other_guideline:
        what = f"{counted(reader.other_guideline, 'label')} under a guideline that this project does not have"
        told.append(f"{what}, taken as given under none")
    discovery = project.discovered() if mark_lines or taught else None
    if discovery is not None and taught and not discovery.blind_spots:
        raise DataError("there is no blind spot to teach", where=str(project.root), hint="lower tau in blindspot.toml")
    marks = check_marks(project, discovery, mark_lines) if discovery else {}
    # Samples come first: their blind spots may take the encoder to find, and without it nothing is to be imported.
    done = list[Record]()
    with partly_done(done):
        for teacher, lines in taught.items():
            done.append(write_teaching(project, lines, teacher, monitor=monitor))
        if labels:
            done.append(write_labels(project, labels))
        if discovery and marks:
            done.append(write_marks(project, discovery, marks))
    return ImportDone(
        format=name,
        labels=next((one for one in done if isinstance(one, LabelImport)), None),
        marks=next((one for one in done if isinstance(one, MarkImport)), None),
        teaching=tuple(one for one in done if isinstance(one, ImportReport)),
        told=tuple(told),
    )


def _read(project: Project, path: Path, choices: ImportChoices) -> tuple[str, Incoming]:
    """The name of the format, and what is there."""
    if not path.exists():
        raise DataError("there is no such file or folder", where=str(path), hint="check the path")
    about = _export_of(path)
    name = choices.format or (about.format if about else None)
    if name is None:
        raise DataError(
            "its name does not tell which format it is", where=str(path), hint=f"say --from {' or '.join(_readable())}"
        )
    if name not in format_names() or (read := format_of(name).read) is None:
        what = f"files cannot be imported from the format {visible(name)!r}"
        raise DataError(what, where=str(path), hint=f"import one of {', '.join(_readable())}")
    incoming = read(
        ReadRequest(
            path,
            project.labels,
            choices.suggestions,
            choices.text,
            choices.pair,
            choices.question,
            escaped=about is not None and about.escaped,
        )
    )
    if not incoming.lines:
        why = f": {'; '.join(incoming.left_out)}" if incoming.left_out else ""
        raise DataError(f"there is nothing to import{why}", where=str(path), hint="name another file or folder")
    return name, incoming


def _export_of(path: Path) -> ExportFile | None:
    """The export that a folder is, or that a file is of; None: another tool's."""
    try:
        about = read_export_file(path if path.is_dir() else path.parent)
    except FileError as error:
        if path.is_dir():
            raise DataError(error.what, where=str(path), hint="name its format with --from") from error
        return None  # what lies beside a file may be called so as well
    return about if about and (path.is_dir() or path.name in about.files) else None


def _readable() -> list[str]:
    return [name for name in format_names() if format_of(name).read is not None]


def _mark(line: Line) -> MarkLine:
    return MarkLine(
        line.where,
        _required(line, "annotator"),
        _required(line, "id"),
        (_required(line, "text"), _text(line.values["text_pair"])),
        _one_of(line, "verdict", ROW_VERDICTS),
        _text(line.values["label"]),
    )


def _taught(lines: Sequence[Line]) -> dict[Teacher, list[TeachingLine]]:
    """Patterns, then samples, as lines of each teacher."""
    found: defaultdict[Teacher, list[TeachingLine]] = defaultdict(list)
    for kind in ("patterns", "samples"):
        for line in lines:
            if line.kind == kind:
                kind_of = _one_of(line, "teacher_kind", TEACHER_KINDS)
                teacher = Teacher(_required(line, "teacher"), kind_of, line.values["recorded"] is True)
                found[teacher].append(_pattern(line) if kind == "patterns" else _sample(line))
    return dict(found)


def _pattern(line: Line) -> TeachingLine:
    return TeachingLine(
        line.where,
        text=None,
        label="",
        role="target",
        text_pair=None,
        **_spot(line),
        pattern=_required(line, "text"),
        pattern_kind=_one_of(line, "kind", PATTERN_KINDS),
        group=("", _required(line, "id")),
    )


def _sample(line: Line) -> TeachingLine:
    pattern = _text(line.values["pattern_text"])
    return TeachingLine(
        line.where,
        text=_required(line, "text"),
        label=_required(line, "label"),
        role=_one_of(line, "role", ROLES),
        text_pair=_text(line.values["text_pair"]),
        **_spot(line),
        pattern=pattern,
        pattern_kind=_one_of(line, "pattern_kind", PATTERN_KINDS) if pattern else None,
        group=("", _required(line, "pattern")) if pattern else None,
    )


def _spot(line: Line) -> dict[str, str | None]:
    return {name: _text(line.values[name]) for name in ("blind_spot", "gold", "predicted")}


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def _required(line: Line, name: str) -> str:
    value = line.values[name]
    if value is None:
        raise DataError(f"the line has no `{name}`", where=line.where, hint="add it")
    return str(value)


def _one_of(line: Line, name: str, choices: Sequence[T]) -> T:
    value = _required(line, name)
    found = next((choice for choice in choices if choice == value), None)
    if found is None:
        hint = f"it must be one of {', '.join(map(str, choices))}"
        raise DataError(f"`{name}` is {visible(value)!r}", where=line.where, hint=hint)
    return found
