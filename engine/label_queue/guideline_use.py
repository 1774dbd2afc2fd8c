"""Under which version of the guideline rows were labelled, and what its last edit has made stale. Light."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from engine.labelling.guidelines import guideline_of, is_stale, stale_labels, versions
from engine.project import Project
from engine.schema import Record, RowLabel
from engine.teaching.records import Records


@dataclass(frozen=True, slots=True)
class VersionUse(Record):
    """One version. ``people``, ``llms``: labels of pool rows that they gave under it. ``lines``: of its text."""

    number: int
    lines: int
    people: int
    llms: int


@dataclass(frozen=True, slots=True)
class GuidelineUse(Record):
    """The guideline and the labels given under it.

    Attributes:
        now: number of the version that stands; 0: there is no guideline.
        versions: all that are kept, and 0 where rows were labelled without one.
        touched: labels whose meaning the last edit has touched.
        stale: by person, how many of their labels an edit may have made wrong.
        earlier: by LLM, how many of its labels are of an earlier version.
    """

    now: int
    versions: tuple[VersionUse, ...]
    touched: tuple[str, ...]
    stale: dict[str, int]
    earlier: dict[str, int]


def guideline_use(project: Project, records: Records) -> GuidelineUse:
    """Count the labels of pool rows by version.

    Raises:
        DataError: the guideline or a version cannot be read.
    """
    now, kept = guideline_of(project), versions(project)
    texts = {one.number: one.text for one in kept}
    people, llms = Counter[int](), Counter[int]()
    stale, earlier = Counter[str](), Counter[str]()
    for author, record in records.by_author("label"):
        if not isinstance(record, RowLabel) or record.split != "pool":
            continue
        if record.teacher.kind == "llm":
            llms[record.guideline] += 1
            earlier[author] += 0 < record.guideline < now.number  # 0: imported, from under nobody knows which
        else:
            people[record.guideline] += 1
            stale[author] += is_stale(record, now, texts, project.labels)
    without = [0] if people[0] or llms[0] else []
    found = [
        VersionUse(number, len(texts.get(number, "").splitlines()), people[number], llms[number])
        for number in [*without, *texts]
    ]
    return GuidelineUse(
        now=now.number,
        versions=tuple(found),
        touched=stale_labels(texts.get(now.number - 1, ""), now.text, project.labels) if now.number > 1 else (),
        stale={author: count for author, count in stale.items() if count},
        earlier={author: count for author, count in earlier.items() if count},
    )
