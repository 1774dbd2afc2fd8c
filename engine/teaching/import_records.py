"""Taking over patterns and samples from files: all of a file is checked first, and a second import adds nothing.

What is imported goes into a file of its own, named after the teacher, so it never mixes with what a person typed; it
is one action, undone as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import RefusedRecord, StoreError
from engine.progress import Monitor, Silent
from engine.project import Project
from engine.schema import ROLES, Discovery, Example, Pattern, Record, Role, Sample, Teacher
from engine.teaching.authors import IMPORT_PREFIX, known_name
from engine.teaching.record_factory import RecordFactory
from engine.teaching.records import Teaching
from engine.teaching.spot_matching import place
from engine.teaching.store import Edit
from engine.teaching.teaching_files import TeachingLine, read_teaching
from engine.text import clean, row_hash

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Refusal(Record):
    """A line that was not taken: file:line, the reason in general words, and the whole sentence."""

    where: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportReport(Record):
    """What an import did.

    Attributes:
        author: whose file took it. patterns, samples: added; samples by role.
        already: lines that this teacher had written before. refusals: lines that were not taken.
        refused: number of refusals by reason. placement: samples added by blind spot.
    """

    author: str
    patterns: int
    samples: dict[Role, int]
    already: int
    refused: dict[str, int]
    placement: dict[str, int]
    refusals: tuple[Refusal, ...]


def import_author(teacher: Teacher) -> str:
    """The author whose file takes what is imported from a teacher; never a person's."""
    return f"{IMPORT_PREFIX}{teacher.name}"


def original_author(author: str) -> str:
    """Whose records an author's file has: of an import, whoever they were imported from."""
    return author.removeprefix(IMPORT_PREFIX)


@contextmanager
def partly_done(done: Sized) -> Iterator[None]:
    """If records cannot be written after others of the same import were, the error says how to get the rest.

    Args:
        done: holds something as soon as some are written.
    """
    try:
        yield
    except StoreError as error:
        if len(done):
            error.hint = "mend that and import again: so far a part is imported, and it comes in once"
        raise


def import_teaching(
    project: Project, files: Sequence[Path], teacher: Teacher, *, monitor: Monitor | None = None
) -> ImportReport:
    """Import teaching files; lines that name no blind spot of this project go to the nearest one.

    Lines that are refused (duplicates, leaks, unknown labels) are counted and listed; they stop nothing.

    Args:
        project: must have been discovered.
        files: JSON lines, keys as in `engine.teaching.teaching_files`.
        teacher: stands in every pattern and sample.
        monitor: told how far the placing and checking are.

    Raises:
        DataError: a line is broken; nothing is imported.
        ProjectError: nothing has been discovered yet.
        StoreError: there is no blind spot to teach, or the records cannot be written.
        Stopped: the monitor asked to stop; nothing is imported.
    """
    lines = [line for path in files for line in read_teaching(path)]
    return write_teaching(project, lines, teacher, monitor=monitor or Silent())


def write_teaching(
    project: Project, lines: Sequence[TeachingLine], teacher: Teacher, *, monitor: Monitor
) -> ImportReport:
    """Import lines of one teacher; see `import_teaching`.

    Raises:
        ProjectError, StoreError, Stopped: as there.
    """
    discovery = project.discovered()
    if not discovery.blind_spots:
        raise StoreError("there is no blind spot to teach", where=str(project.root), hint="lower tau in blindspot.toml")
    teacher = replace(teacher, name=known_name(project.teaching_dir, teacher.name))
    teaching = Teaching.of(project, import_author(teacher))
    new = _unknown(lines, teaching, teacher)
    known = {pattern.text: pattern.blind_spot for pattern in teaching.own("pattern") if isinstance(pattern, Pattern)}

    def embed(examples: list[Example]) -> np.ndarray:
        from engine.model.model_registry import embeddings

        return embeddings(project, examples, monitor=monitor)

    spots = place(new, discovery, known, embed) if new else []
    with teaching.store.edit(f"import {len(new)} lines of {teacher.name}") as edit:
        teaching.refresh()
        left = _unknown(new, teaching, teacher)  # another import may have written since
        places = {line.where for line in left}
        importer = _Importer(project, discovery, teaching, teacher, edit)
        for done, (line, spot) in enumerate(zip(new, spots, strict=True), start=1):
            if line.where in places:
                importer.take(line, spot)
            monitor.step("check samples", done, len(new))
    return importer.report(already=len(lines) - len(left))


def _unknown(lines: Sequence[TeachingLine], teaching: Teaching, teacher: Teacher) -> list[TeachingLine]:
    """The lines that this teacher has not written before, here or in an import."""
    written = {
        (row_hash(sample.text, sample.text_pair), sample.label)
        for sample in teaching.samples()
        if sample.teacher == teacher or teaching.is_own(sample.id)
    }
    said = {
        pattern.text for pattern in teaching.patterns() if pattern.teacher == teacher or teaching.is_own(pattern.id)
    }

    def is_known(line: TeachingLine) -> bool:
        if line.text is None:
            return clean(line.pattern or "") in said
        return (row_hash(line.text, line.text_pair), line.label) in written

    return [line for line in lines if not is_known(line)]


class _Importer:
    """Takes lines one by one into an open edit, and counts."""

    def __init__(
        self, project: Project, discovery: Discovery, teaching: Teaching, teacher: Teacher, edit: Edit
    ) -> None:
        self._discovery = discovery
        self._author = teaching.author
        self._edit = edit
        self._factory = RecordFactory(project, teaching, teacher)
        self._samples = list(teaching.samples())
        self._patterns = {
            (pattern.blind_spot, pattern.text): pattern.id
            for pattern in teaching.own("pattern")
            if isinstance(pattern, Pattern)
        }
        self._taken: list[Sample] = []
        self._described = 0
        self._refusals: list[Refusal] = []

    def take(self, line: TeachingLine, spot_id: str) -> None:
        """Write the line's sample, if it has one, and its pattern if that is new, or count why not."""
        try:
            if line.text is None:
                self._pattern(line, spot_id)
            else:
                self._sample(line, line.text, spot_id)
        except RefusedRecord as refused:
            self._refusals.append(Refusal(line.where, refused.reason, str(refused)))

    def _sample(self, line: TeachingLine, text: str, spot_id: str) -> None:
        spot = self._discovery.spot(spot_id)
        assert spot is not None, "lines are placed in blind spots of this discovery"
        checked = self._factory.check_sample(
            spot_id,
            text=text,
            label=line.label,
            role=line.role,
            text_pair=line.text_pair,
            gold=line.gold or spot.gold,
            predicted=line.predicted or spot.predicted,
            beside=self._samples,
        )
        sample = self._factory.sample(self._edit, checked, pattern=self._pattern(line, spot_id))
        self._samples.append(sample)
        self._taken.append(sample)

    def _pattern(self, line: TeachingLine, spot_id: str) -> str | None:
        if line.pattern is None or line.pattern_kind is None:
            return None
        text = clean(line.pattern)
        if (spot_id, text) not in self._patterns:
            pattern = self._factory.pattern(self._edit, spot_id, line.pattern_kind, text)
            self._patterns[spot_id, text] = pattern.id
            self._described += 1
        return self._patterns[spot_id, text]

    def report(self, already: int) -> ImportReport:
        """What was done."""
        roles = Counter(sample.role for sample in self._taken)
        return ImportReport(
            author=self._author,
            patterns=self._described,
            samples={role: roles[role] for role in ROLES},
            already=already,
            refused=dict(Counter(refusal.reason for refusal in self._refusals).most_common()),
            placement=dict(Counter(sample.blind_spot for sample in self._taken).most_common()),
            refusals=tuple(self._refusals),
        )
