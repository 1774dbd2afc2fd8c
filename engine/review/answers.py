"""Which answers may be reviewed, and whose go against whose: what people have committed to, against what LLMs wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from engine.schema import Discovery, Pattern, Sample, Teacher
from engine.teaching.records import Records, Teaching
from engine.teaching.sealing import committed_records, decisions

if TYPE_CHECKING:
    from engine.review.items import ReviewSide

ItemKind = Literal["abstraction", "extrapolation", "anchors"]
ITEM_KINDS: tuple[ItemKind, ...] = get_args(ItemKind)


@dataclass(frozen=True, slots=True)
class TeacherAnswer:
    """All that one teacher gave to a blind spot and stands for."""

    blind_spot: str
    teacher: Teacher
    author: str
    evidence: str | None
    patterns: tuple[Pattern, ...]
    samples: tuple[Sample, ...]

    def has(self, kind: ItemKind) -> bool:
        """Whether it has work of that kind."""
        return bool(self.samples_of(None) if kind == "anchors" else self.patterns_of(kind))

    def patterns_of(self, kind: ItemKind) -> list[Pattern]:
        """Its patterns of a kind, oldest first."""
        return [pattern for pattern in self.patterns if pattern.kind == kind]

    def samples_of(self, pattern: Pattern | None) -> dict[str, list[Sample]]:
        """Its samples for a pattern by role; for None: its anchors."""
        found: defaultdict[str, list[Sample]] = defaultdict(list)
        for sample in self.samples:
            anchor = sample.role == "anchor"
            if anchor if pattern is None else not anchor and sample.pattern == pattern.id:
                found[sample.role].append(sample)
        return found


def answers(records: Records, spots: Sequence[str]) -> list[TeacherAnswer]:
    """Every answer to these blind spots that may be reviewed: what people have committed to, and what others wrote.

    An LLM's answer counts once it has samples, which are asked for last: an item of half an answer would stay so.
    """
    current: defaultdict[tuple[str, str], tuple[list[Pattern], list[Sample]]] = defaultdict(lambda: ([], []))
    for pattern in records.patterns():
        current[_author(pattern), pattern.blind_spot][0].append(pattern)
    for sample in records.samples():
        current[_author(sample), sample.blind_spot][1].append(sample)
    found = []
    for author in records.authors():
        decided = decisions(records, author)
        for spot in spots:
            if written := spot in decided and committed_records(records, author, spot):
                found += _by_teacher(spot, author, *written, kinds=("human",), evidence=decided[spot].evidence)
            found += _by_teacher(spot, author, *current[author, spot], kinds=("example", "llm"))
    return [answer for answer in found if answer.teacher.kind != "llm" or answer.samples]


def _seen(record: Pattern | Sample) -> str | None:
    """Hash of what its teacher had seen; a wording that followed a test has seen more than any hash tells."""
    return None if isinstance(record, Pattern) and record.refined else record.evidence


def _author(record: Pattern | Sample) -> str:
    """Stem of the file that the record is in."""
    return record.id.rpartition("@")[2]


def _by_evidence(
    patterns: tuple[Pattern, ...], samples: tuple[Sample, ...]
) -> list[tuple[tuple[Pattern, ...], tuple[Sample, ...]]]:
    """What an LLM wrote, apart for each evidence it was shown, oldest first: where that changed, it was asked anew."""
    parts = [
        (
            tuple(pattern for pattern in patterns if pattern.evidence == seen),
            tuple(sample for sample in samples if sample.evidence == seen),
        )
        for seen in dict.fromkeys(sample.evidence for sample in samples)
    ]
    return [part for part in parts if part[0]] or [(patterns, samples)]


def _by_teacher(
    spot_id: str,
    author: str,
    patterns: Sequence[Pattern],
    samples: Sequence[Sample],
    *,
    kinds: Sequence[str],
    evidence: str | None = None,
) -> list[TeacherAnswer]:
    made = []
    everything: tuple[Pattern | Sample, ...] = (*patterns, *samples)
    for teacher in dict.fromkeys(record.teacher for record in everything):
        if teacher.kind in kinds:
            own_patterns = tuple(pattern for pattern in patterns if pattern.teacher == teacher)
            own_samples = tuple(sample for sample in samples if sample.teacher == teacher)
            parts = [(own_patterns, own_samples)]
            if teacher.kind == "llm":
                parts = _by_evidence(own_patterns, own_samples)
            for part in parts:
                seen = {_seen(record) for records in part for record in records}
                known = evidence or (seen.pop() if len(seen) == 1 else None)
                made.append(TeacherAnswer(spot_id, teacher, author, known, *part))
    return made


def item_pairs(discovery: Discovery, records: Records) -> list[tuple[TeacherAnswer, TeacherAnswer]]:
    """For each blind spot every answer that is no LLM's with one of every LLM: to the same evidence, else its last."""
    there = answers(records, [spot.id for spot in discovery.blind_spots])
    by_llm: defaultdict[str, dict[tuple[str, str, str], list[TeacherAnswer]]] = defaultdict(dict)
    for answer in there:
        if answer.teacher.kind == "llm":
            by_llm[answer.blind_spot].setdefault(source_name(answer), []).append(answer)
    return [
        (one, next((other for other in given if other.evidence and other.evidence == one.evidence), given[-1]))
        for one in there
        if one.teacher.kind != "llm"
        for given in by_llm[one.blind_spot].values()
    ]


def is_own(source: TeacherAnswer | ReviewSide, teaching: Teaching) -> bool:
    """Whether this annotator wrote it, in their own file or in one that was imported under their name."""
    imported = source.teacher.kind == "human" and source.teacher.name == teaching.author
    return source.author == teaching.store.stem or imported


def source_name(source: TeacherAnswer | ReviewSide) -> tuple[str, str, str]:
    """What tells one side of a pair from another: file, name and kind of its teacher."""
    return source.author, source.teacher.name, source.teacher.kind
