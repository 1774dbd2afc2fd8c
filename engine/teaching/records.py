"""What all authors wrote, as typed records: every file is read, only one's own is written.

A row mark of one's own wins over those of others; among others the latest wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import StoreError
from engine.files import find_files
from engine.problems import leave_out
from engine.schema import (
    Application,
    Commitment,
    Discovery,
    Judgement,
    Pattern,
    Perturbation,
    RowLabel,
    RowMark,
    Sample,
    SpotState,
)
from engine.teaching.authors import default_author, file_stem
from engine.teaching.revisions import SCHEMAS, Log, RecordKind, Revision
from engine.teaching.store import Store
from engine.teaching.write_lock import PATIENCE

if TYPE_CHECKING:
    from engine.project import Project
    from engine.teaching.leaks import LeakCheck

Typed = RowMark | RowLabel | Pattern | Sample | SpotState | Commitment | Perturbation | Application | Judgement


@dataclass(frozen=True, slots=True)
class MarkedRow:
    """A row mark and whose it is."""

    mark: RowMark
    author: str


class Records:
    """Patterns, samples and marks of every author of a project.

    Args:
        folder: the project's teaching folder; it need not exist yet.

    Raises:
        StoreError: a file may not be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own: str | None = None
        self._logs: dict[str, Log] = {}
        self._typed: dict[tuple[str, str, str], tuple[Revision, Typed]] = {}
        self.refresh()

    def refresh(self) -> bool:
        """Take in what any process has written since; whether there was something.

        A file of another author that cannot be read is left out (`engine.problems`).

        Raises:
            StoreError: one's own file may not be read.
        """
        before = self.version
        if self._own is not None:
            self._logs[self._own].refresh()
        for path in find_files(self._folder, "[!.]*.json"):
            try:
                if path.stem not in self._logs:
                    self._logs[path.stem] = Log(path)
                elif path.stem != self._own:
                    self._logs[path.stem].refresh()
            except StoreError as error:
                leave_out(error)
        return self.version != before

    @property
    def version(self) -> tuple[tuple[str, int], ...]:
        """Equal versions mean equal records."""
        return tuple((stem, log.version) for stem, log in self._logs.items())

    @property
    def repairs(self) -> list[str]:
        """One sentence for each file that was damaged, lacks records or holds changed ones."""
        return [log.repair for log in self._logs.values() if log.repair]

    def patterns(self) -> tuple[Pattern, ...]:
        """All patterns, by author, each author's oldest first."""
        return tuple(record for _, _, record in self._records("pattern") if isinstance(record, Pattern))

    def samples(self) -> tuple[Sample, ...]:
        """All samples, by author, each author's oldest first."""
        return tuple(record for _, _, record in self._records("sample") if isinstance(record, Sample))

    def by_author(self, kind: RecordKind) -> Iterator[tuple[str, Typed]]:
        """All records of a kind with their authors' names, by author, each author's oldest first."""
        return ((revision.author, record) for revision, record in self.with_revisions(kind))

    def with_revisions(self, kind: RecordKind) -> Iterator[tuple[Revision, Typed]]:
        """All records of a kind, each with the revision that it stands in: who wrote it, and when."""
        return ((revision, record) for _, revision, record in self._records(kind))

    def marks(self) -> dict[str, MarkedRow]:
        """The mark that counts of each marked row, by row id."""
        found: dict[str, tuple[bool, str, MarkedRow]] = {}
        for stem, revision, record in self._records("mark"):
            if isinstance(record, RowMark):
                rank = (stem == self._own, revision.time, MarkedRow(record, revision.author))
                if record.row not in found or rank[:2] > found[record.row][:2]:
                    found[record.row] = rank
        return {row: rank[2] for row, rank in found.items()}

    def doubtful_rows(self) -> frozenset[str]:
        """Ids of the rows whose gold label counts as wrong or ambiguous."""
        return frozenset(row for row, marked in self.marks().items() if marked.mark.is_doubt)

    def perturbations(self) -> tuple[Perturbation, ...]:
        """All perturbed pairs, by author, each author's oldest first."""
        return tuple(record for _, _, record in self._records("perturbation") if isinstance(record, Perturbation))

    def authors(self) -> tuple[str, ...]:
        """The stem of every author's file."""
        return tuple(sorted(self._logs))

    def log(self, author: str) -> Log | None:
        """An author's file; ``author``: the name as its owner writes it, or the stem of the file. None: there is none.

        Raises:
            StoreError: the name is empty.
        """
        return self._logs.get(file_stem(author))

    def _records(self, kind: RecordKind, author: str | None = None) -> Iterator[tuple[str, Revision, Typed]]:
        for stem in sorted(self._logs) if author is None else [author]:
            for (found, record_id), revision in self._logs[stem].current.items():
                if found == kind:
                    yield stem, revision, self._record((stem, kind, record_id), revision)

    def _record(self, key: tuple[str, str, str], revision: Revision) -> Typed:
        known = self._typed.get(key)
        if known is None or known[0] is not revision:
            known = self._typed[key] = (revision, typed(revision))
        return known[1]


class Teaching(Records):
    """The records as one annotator sees them, with the store that takes theirs.

    Args:
        folder: the project's teaching folder; made on the first write.
        author: the annotator.
        patience: seconds to wait for another process that writes the same file.
        leaks: looks through what is to be written, see `of`.

    Raises:
        StoreError: the name is empty, or a file may not be read.
    """

    def __init__(
        self, folder: Path, author: str, *, patience: float = PATIENCE, leaks: LeakCheck | None = None
    ) -> None:
        self.store = Store(folder, author, patience=patience, leaks=leaks)
        self.author = self.store.author
        super().__init__(folder)
        self._own = self.store.stem

    @classmethod
    def of(cls, project: Project, author: str, *, patience: float = PATIENCE) -> Teaching:
        """The records of a project, into which no proof row can be written.

        Raises:
            StoreError: the name is empty, or a file may not be read.
        """
        from engine.teaching.leaks import LeakCheck

        return cls(project.teaching_dir, author, patience=patience, leaks=LeakCheck(project))

    @classmethod
    def of_person(cls, project: Project, author: str, *, patience: float = PATIENCE) -> Teaching:
        """The same for a person, to whom no LLM's answers are their own: under its name nothing of it were sealed.

        Raises:
            StoreError: as `of`, or the name is an LLM's.
        """
        teaching = cls.of(project, author, patience=patience)
        if teaching.is_llms and author != default_author():
            raise StoreError(
                f"{author} is an LLM, under whose name nobody looks or writes",
                where=str(teaching.store.path),
                hint="give the name of a person, or take its answers back with `blindspot undo`",
            )
        return teaching

    @property
    def is_llms(self) -> bool:
        """Whether all patterns, samples and labels in this annotator's file were given by an LLM."""
        bodies = (revision.body for revision in self.store.revisions if revision.body)
        return {body["teacher"]["kind"] for body in bodies if isinstance(body.get("teacher"), dict)} == {"llm"}

    def refresh(self) -> bool:
        """Take in what any process has written since; whether there was something.

        Raises:
            StoreError: a file may not be read.
        """
        self._logs.setdefault(self.store.stem, self.store)
        return super().refresh()

    @property
    def leaks(self) -> LeakCheck | None:
        """Looks through what is to be written."""
        return self.store.leaks

    def own(self, kind: RecordKind) -> Iterator[Typed]:
        """This annotator's records of a kind, oldest first."""
        return (record for _, _, record in self._records(kind, self.store.stem))

    def states(self) -> dict[str, SpotState]:
        """What this annotator set by hand (done, skipped), by blind spot id."""
        return {record.blind_spot: record for record in self.own("state") if isinstance(record, SpotState)}

    def own_id(self, name: str) -> str:
        """The full id of one's own pattern or sample: ``S3`` is ``S3@ann`` where ann is the annotator."""
        return name if "@" in name else f"{name}@{self.store.stem}"

    def is_own(self, record_id: str) -> bool:
        """Whether this annotator wrote the pattern or sample."""
        return record_id.endswith(f"@{self.store.stem}")


def typed(revision: Revision) -> Typed:
    """The record of a revision that is no deletion, of a kind that this version knows."""
    record: Typed = SCHEMAS[revision.kind].from_json(revision.body or {})  # type: ignore[assignment]
    return record


def lost_spots(project: Project, found: Discovery) -> str:
    """One sentence about earlier blind spots that somebody has written about and ``found`` lacks; empty if none."""
    records = Records(project.teaching_dir)
    written = {one.blind_spot for one in records.patterns()} | {one.blind_spot for one in records.samples()}
    gone = [spot.id for spot in found.retired if spot.id in written]
    if not gone:
        return ""
    return f"written about, but not found any more: {', '.join(gone)}; what was written stays, and so do their ids"
