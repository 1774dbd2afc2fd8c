"""Pool rows that a pattern, samples or a text have found: the record of a search, kept in the project. Light.

There is one file for each wording: the same search again replaces it, and what an LLM has said of its rows stays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.counted import counted
from engine.errors import FileError, StoreError
from engine.files import content_key, find_files, read_record, write_json
from engine.problems import leave_out
from engine.project import Project
from engine.schema import Pattern, Record, Sample, Teacher
from engine.teaching.pattern_testing import find_pattern, visible_pattern
from engine.teaching.records import Records, Teaching
from engine.teaching.sealing import decision
from engine.text import row_hash

_FOLDER = "found-rows"


@dataclass(frozen=True, slots=True)
class FoundRow(Record):
    """A pool row that had no label when it was found.

    Attributes:
        similarity: mean cosine to what was searched by, less the mean cosine to the whole pool; -2..2.
        applies: whether an LLM finds that the pattern, or the text, applies to it; None: it was not asked.
    """

    id: str
    text: str
    similarity: float
    text_pair: str | None = None
    applies: bool | None = None


@dataclass(frozen=True, slots=True)
class FoundRows(Record):
    """What a search has found.

    Attributes:
        key: names it and its file; of what was searched by, in its wording.
        author: who searched. created: when (UTC, ISO 8601).
        pattern: its id; None: there was none. wording: of the pattern, or the text that was typed; empty: neither.
        samples: hashes of the texts of the samples that were searched by, by id: those named, and the targets of the
            pattern. evidence: ids of the UUs that were searched by. by_text: the wording itself was searched by too.
        candidates: rows without a label that there were. rows: the nearest of them, nearest first.
        judge: the LLM that said what applies. unasked: why it did not say it of all rows; empty: it did.
    """

    key: str
    author: str
    created: str
    pattern: str | None
    wording: str
    samples: dict[str, str]
    evidence: tuple[str, ...]
    by_text: bool
    candidates: int
    rows: tuple[FoundRow, ...]
    judge: Teacher | None = None
    unasked: str = ""

    @property
    def searched_by(self) -> str:
        """What was compared with the rows, in words."""
        parts = [counted(len(self.samples), "sample")] if self.samples else []
        parts += [f"{counted(len(self.evidence), 'UU')} of the evidence"] if self.evidence else []
        return " and ".join([*parts, *(["its text"] if self.by_text else [])])

    @property
    def name(self) -> str:
        """What was searched for, in a few words."""
        if self.pattern is not None:
            return f"pattern {self.pattern}"
        return f"sample {', '.join(self.samples)}" if self.samples else "a text"

    @property
    def wanted(self) -> list[str]:
        """Ids of the rows to be labelled: those that the LLM finds it applies to, or all if it was asked of none."""
        judged_rows = [row for row in self.rows if row.applies is not None]
        return [row.id for row in self.rows if row.applies or not judged_rows]

    @property
    def sentence(self) -> str:
        """What was found, in one sentence."""
        found = f"{len(self.rows):,} of {self.candidates:,} rows without a label found for {self.name}"
        answers = [row.applies for row in self.rows if row.applies is not None]
        judged = f"; {self.judge.name} finds that it applies to {sum(answers)} of {len(answers)}" if self.judge else ""
        return f"{found}, by {self.searched_by}{judged}{f'; {self.unasked}' if self.unasked else ''}"


def nothing_to_find(project: Project) -> str | None:
    """Why a search would find no row, as a clause; None if some pool row came without a label."""
    return None if project.manifest.splits["pool"].unlabelled else "every pool row came with a label"


def search_key(pattern: Pattern | None, named: Sequence[Sample], text: str, text_pair: str | None) -> str:
    """The key of a search: for a pattern, the samples that were named, or a text."""
    about = [pattern.id, pattern.text] if pattern else [text, text_pair]
    return content_key("found rows", about, sorted((one.id, *map(str, (one.text, one.text_pair))) for one in named))


def keep_found(project: Project, found: FoundRows) -> FoundRows:
    """Write what was found; what an LLM said of the same rows before is taken over.

    Raises:
        StoreError: it cannot be written.
    """
    path = _path(project, found.key)
    before = _read(path) if path.is_file() else None
    if before is not None and before.judge is not None:
        said = {row.id: row.applies for row in before.rows}
        rows = [replace(row, applies=said.get(row.id)) if row.applies is None else row for row in found.rows]
        if any(row.applies is not None for row in rows):
            found = replace(found, rows=tuple(rows), judge=found.judge or before.judge)
    try:
        write_json(path, found.as_json())
    except FileError as error:
        raise StoreError(
            f"what was found cannot be kept ({error.reason})", where=str(path), hint="free disk space"
        ) from error
    return found


def searches(project: Project) -> list[FoundRows]:
    """All that was found, the latest first; a damaged file is left out (`engine.problems`)."""
    kept = (_read(path) for path in find_files(project.root / _FOLDER, "[0-9a-f]*.json"))
    return sorted((one for one in kept if one is not None), key=lambda one: one.created, reverse=True)


def found_before(project: Project, key: str) -> FoundRows | None:
    """What a search of that key has found; None: nobody has searched so."""
    path = _path(project, key)
    return _read(path) if path.is_file() else None


def visible_searches(project: Project, teaching: Teaching, *, unjudged: Collection[str] = ()) -> list[FoundRows]:
    """The searches that an annotator may see, the latest first: none by what is sealed from them, no text of others."""

    def may_see(found: FoundRows) -> bool:
        try:
            if found.pattern is not None:
                visible_pattern(teaching, found.pattern, unjudged=unjudged)
            elif found.samples:
                for name in found.samples:
                    visible_sample(teaching, name, unjudged=unjudged)
            else:
                return found.author == teaching.author
        except StoreError:  # deleted since, or not to be seen yet
            return found.author == teaching.author
        return True

    return [found for found in searches(project) if may_see(found)]


def find_sample(records: Records, sample_id: str) -> Sample:
    """The sample of that id.

    Raises:
        StoreError: there is none.
    """
    found = next((sample for sample in records.samples() if sample.id == sample_id), None)
    if found is None:
        raise StoreError(f"there is no sample `{sample_id}`", hint="take an id that `blindspot show` prints")
    return found


def visible_sample(teaching: Teaching, name: str, *, unjudged: Collection[str] = ()) -> Sample:
    """The sample of that name, if the annotator may see it: ``S3`` for one's own.

    Raises:
        StoreError: there is none, or it is sealed; the two are not told apart.
    """
    full = teaching.own_id(name)
    if not teaching.is_own(full):
        spots = {one.id: one.blind_spot for one in teaching.samples()}
        spot = spots.get(full)
        if spot is None or decision(teaching, spot) is None or spot in unjudged:
            hint = "take an id that `blindspot show` prints; others' are shown after `blindspot commit` and the review"
            raise StoreError(f"there is no sample `{name}`", hint=hint)
    return find_sample(teaching, full)


def why_stale(records: Records, found: FoundRows) -> str:
    """Why what was found is out of date, as a clause; empty if it is not."""
    if found.pattern is not None:
        try:
            now = find_pattern(records, found.pattern)
        except StoreError:
            return f"{found.pattern} was deleted since"
        new = next((one.id for one in records.patterns() if one.rewords == found.pattern), None)
        if now.text != found.wording or new is not None:
            return f"{found.pattern} was reworded since{f', as {new}' if new else ''}"
    now_by_id = {one.id: row_hash(one.text, one.text_pair) for one in records.samples()}
    changed = [name for name, hashed in found.samples.items() if now_by_id.get(name) != hashed]
    return f"{', '.join(changed)} was changed or deleted since" if changed else ""


def _path(project: Project, key: str) -> Path:
    return project.root / _FOLDER / f"{key}.json"


def _read(path: Path) -> FoundRows | None:
    try:
        return read_record(path, FoundRows.from_json, hint="delete it and search again")
    except FileError as error:
        leave_out(error)
        return None
