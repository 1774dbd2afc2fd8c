"""Who has labelled how many rows, how far they agree, how good each LLM's labels are, and what to do next. Light."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from engine.label_queue.guideline_use import GuidelineUse, guideline_use
from engine.label_queue.llm_quality import LlmQuality, Usability, llm_qualities, usability
from engine.labelling.label_agreement import LabelAgreement, agreement_between
from engine.labelling.texts import TextRow
from engine.project import Project
from engine.schema import UNLABELLED, Record, RowLabel, TeacherKind
from engine.teaching.labels import Labels
from engine.teaching.records import Records


@dataclass(frozen=True, slots=True)
class LabellerCount(Record):
    """One who labels. ``rows``: of the pool that have their label; ``unsure``: rows to which they gave none."""

    author: str
    kind: TeacherKind
    rows: int
    unsure: int


@dataclass(frozen=True, slots=True)
class CheckedLlm(Record):
    """An LLM's labels, and whether they may train."""

    quality: LlmQuality
    usability: Usability


@dataclass(frozen=True, slots=True)
class LabelOverview(Record):
    """The labels of a project.

    Attributes:
        rows: of the pool. unlabelled: of these, those that came without a label.
        settled: of these, those on whose label people agree, or that was decided.
        conflicts: rows of the pool on which people differ and nobody has decided.
        proof: settled rows of the proof part. proof_conflicts: as ``conflicts``, of the proof part.
        labellers: people, then LLMs.
        agreement: between people, on rows of the pool that two or more have labelled.
        llms: quality of each LLM's labels. guideline: labels by its versions.
    """

    rows: int
    unlabelled: int
    settled: int
    conflicts: int
    proof: int
    proof_conflicts: int
    labellers: tuple[LabellerCount, ...]
    agreement: LabelAgreement
    llms: tuple[CheckedLlm, ...]
    guideline: GuidelineUse


def label_overview(project: Project, records: Records) -> LabelOverview:
    """Draw up what is known of a project's labels.

    Raises:
        DataError: the guideline cannot be read.
    """
    labels, proof, floor = Labels(records), Labels(records, "proof"), project.settings.labelling.llm_floor
    pool = project.manifest.splits.get("pool")
    return LabelOverview(
        rows=pool.rows if pool else 0,
        unlabelled=pool.unlabelled if pool else 0,
        settled=len(labels.settled()),
        conflicts=len(labels.conflicts()),
        proof=len(proof.settled()),
        proof_conflicts=len(proof.conflicts()),
        labellers=_labellers(records),
        agreement=_agreement(labels),
        llms=tuple(CheckedLlm(one, usability(one, floor)) for one in llm_qualities(records, project.labels)),
        guideline=guideline_use(project, records),
    )


def disagreement_texts(project: Project, quality: LlmQuality) -> dict[str, TextRow]:
    """The texts of the pool rows on which an LLM and people differ, by id."""
    found = project.rows("pool", [one.row for one in quality.disagreements])
    return {row.id: TextRow(row.id, row.text, row.text_pair) for row in found.values()}


def _labellers(records: Records) -> tuple[LabellerCount, ...]:
    given, unsure = Counter[tuple[str, TeacherKind]](), Counter[tuple[str, TeacherKind]]()
    for author, record in records.by_author("label"):
        if isinstance(record, RowLabel) and record.split == "pool":
            counts = unsure if record.label == UNLABELLED else given
            counts[author, record.teacher.kind] += 1
    keys = sorted(given.keys() | unsure.keys(), key=lambda key: (key[1] == "llm", key[0]))
    return tuple(LabellerCount(*key, given[key], unsure[key]) for key in keys)


def _agreement(labels: Labels) -> LabelAgreement:
    said = {row: [one.given.label for one in given] for row, given in labels.people.items()}
    unsure = sum(label == UNLABELLED for given in said.values() for label in given)
    sure = {row: [label for label in given if label != UNLABELLED] for row, given in said.items()}
    return agreement_between({TextRow(row, "", None): given for row, given in sure.items()}, unsure=unsure)
