"""The guideline of a project: what each label means, in words, with its versions. Light.

`guidelines.md` is what its owner edits. Whoever labels reads the version that stands there; a text that has not been
seen before is kept as the next version in `guidelines/`, so that each label can say under which it was given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.errors import DataError, FileError
from engine.files import content_key, find_files, read_text, write_atomic
from engine.locks import holding
from engine.project import Project
from engine.schema import UNLABELLED, RowLabel

FILE = "guidelines.md"
_FOLDER = "guidelines"
LONGEST = 1 << 20  # bytes
_PATIENCE = 5.0  # seconds to wait for another process that keeps a version
_HEADING = re.compile(r"#{1,6}\s+(.*)")


@dataclass(frozen=True, slots=True)
class Guideline:
    """One version; ``number`` is 1 for the first, 0 where there is none, and its text is empty then."""

    number: int
    text: str


NONE = Guideline(0, "")


def guideline_of(project: Project) -> Guideline:
    """The guideline as it stands now; a new text becomes the next version.

    Raises:
        DataError: the file cannot be read, or the version cannot be kept.
    """
    path = project.root / FILE
    try:
        text = read_text(path, limit=LONGEST).strip()
    except FileNotFoundError:
        return NONE
    except FileError as error:
        raise DataError(
            f"the guideline cannot be read ({error.reason})", where=str(path), hint="save it as UTF-8"
        ) from error
    if not text:
        return NONE
    known = _last(project)
    if known.text == text:
        return known
    if project.read_only:
        return Guideline(known.number + 1, text)
    return _keep(project, text)


def versions(project: Project) -> list[Guideline]:
    """All versions that are kept, the first first.

    Raises:
        DataError: one of them cannot be read.
    """
    found = []
    for path in find_files(project.root / _FOLDER, "[0-9]*.md"):
        if path.stem.isdecimal():
            try:
                found.append(Guideline(int(path.stem), read_text(path, limit=LONGEST)))
            except FileError as error:
                raise DataError(error.what, where=str(path), hint="restore the file") from error
    return sorted(found, key=lambda one: one.number)


def guideline_hash(guideline: Guideline, labels: Sequence[str]) -> str:
    """Content key of what labels mean: equal in all projects with these labels and this text, whatever its number."""
    return content_key("guideline", guideline.text, *labels)


def stale_labels(old: str, new: str, labels: Sequence[str]) -> tuple[str, ...]:
    """The labels whose meaning an edit has touched: those whose section has changed; all, if anything else has.

    A section starts at a heading that holds the label's name as words of its own, and ends at the next heading.
    """
    before, after = _sections(old, labels), _sections(new, labels)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    if "" in changed:
        return tuple(labels)
    return tuple(label for label in labels if label in changed)


def is_stale(label: RowLabel, now: Guideline, texts: Mapping[int, str], labels: Sequence[str]) -> bool:
    """Whether an edit since may have made a label wrong: its meaning was touched, or it is none.

    Args:
        label: as it was given.
        now: the guideline as it stands.
        texts: of the versions that are kept, by number.
        labels: the project's.
    """
    if label.guideline >= now.number:
        return False
    return label.label == UNLABELLED or label.label in stale_labels(texts.get(label.guideline, ""), now.text, labels)


def _sections(text: str, labels: Sequence[str]) -> dict[str, str]:
    """The text under the heading of each label, and under the empty name what stands elsewhere."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            title = heading[1]
            named = [label for label in labels if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", title, re.IGNORECASE)]
            name = named[0] if len(named) == 1 else ""
        if line.strip():
            found.setdefault(name, []).append(line.strip())
    return {name: "\n".join(lines) for name, lines in found.items()}


def _last(project: Project) -> Guideline:
    return (versions(project) or [NONE])[-1]


def _keep(project: Project, text: str) -> Guideline:
    folder = project.root / _FOLDER
    try:
        taken = DataError("another process keeps a version of the guideline", where=str(folder), hint="try again")
        with holding(folder / ".lock", taken, patience=_PATIENCE):
            last = _last(project)
            if last.text == text:  # somebody else has kept it meanwhile
                return last
            new = Guideline(last.number + 1, text)
            write_atomic(folder / f"{new.number:03d}.md", text.encode())
            return new
    except FileError as error:
        raise DataError(
            f"the guideline's new version cannot be kept ({error.reason})", where=error.where, hint="free disk space"
        ) from error
