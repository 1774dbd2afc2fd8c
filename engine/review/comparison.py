"""What a comparison of people and LLMs says, and whether it is still true.

Every figure that cannot be had is None and has its reason beside it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from engine.errors import FileError
from engine.files import content_key, read_record
from engine.project import Project
from engine.review.items import Items
from engine.schema import Pattern, Record, Sample, Teacher, TeacherKind
from engine.teaching.pattern_testing import Share
from engine.teaching.records import Records

# Raised whenever the same input would give other figures.
COMPARISON = 1


@dataclass(frozen=True, slots=True)
class WinRate(Record):
    """How often reviewers prefer the one's work to the LLM's.

    Attributes:
        one, other: names of two teachers, or, over all of them, the two kinds (``human``, ``llm``). kind: of ``one``.
        same_evidence: only items where both saw the same count in a headline; the others are told apart.
        items, judgements: that this is about.
        wins, losses, ties, neither: judgements for ``one``, against it, and for none.
        rate: wins / (wins + losses), 0..1, with the ends of its interval.
        method: of the interval: ``bootstrap`` over items; ``wilson`` over items where all go one way, as resamples of
            them cannot differ.
        reason: why there is no rate, or no interval; empty where there are both.
    """

    one: str
    other: str
    kind: TeacherKind
    overall: bool
    same_evidence: bool
    items: int
    judgements: int
    wins: int
    losses: int
    ties: int
    neither: int
    rate: float | None
    low: float | None
    high: float | None
    method: Literal["bootstrap", "wilson", ""]
    reason: str


@dataclass(frozen=True, slots=True)
class Acceptance(Record):
    """What reviewers make of a teacher's work; a sample or pattern that several judged counts once, by majority.

    Attributes:
        blind_spot: None: all of the teacher's. same_evidence: of the items that it was judged in.
        accepted, fixed, rejected: shares of the samples that were judged; None: none was.
        label_errors, natural, on_pattern: shares of the samples for which that was answered; None: it was for none.
        fits, precise, useful: shares of the patterns for which that was answered; None: it was for none.
    """

    teacher: Teacher
    blind_spot: str | None
    same_evidence: bool
    accepted: Share | None
    fixed: Share | None
    rejected: Share | None
    label_errors: Share | None
    natural: Share | None
    on_pattern: Share | None
    fits: Share | None
    precise: Share | None
    useful: Share | None


@dataclass(frozen=True, slots=True)
class Agreement(Record):
    """How far reviewers agree: ``kappa`` of two (Cohen), or ``alpha`` of all of them (Krippendorff, nominal).

    Attributes:
        reviewers: whom it is about. of: ``items`` (preferences) or ``samples`` (verdicts). n: judged by at least two.
        value: -1..1, 0 is chance; None with the reason.
    """

    measure: Literal["kappa", "alpha"]
    reviewers: tuple[str, ...]
    of: Literal["items", "samples"]
    n: int
    value: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Quality(Record):
    """Figures of samples that need no reviewer.

    Attributes:
        blind_spot: None: all of the teacher's.
        samples: how many. labels: how many of each label. balance: entropy of the labels over its greatest, 0..1.
        distinct_1, distinct_2: different words, and pairs of words, over all of them, 0..1; more samples, lower.
        near_duplicates: samples that nearly equal an earlier one of the same label (see `engine.data.duplicates`).
        spread: mean cosine distance between embeddings, 0..2. vendi: Vendi score of embeddings, 1..samples: so many
            wholly different samples would be as varied [Friedman and Dieng 2023, arXiv 2210.02410].
        novelty_text: mean of 1 - similarity to the most similar row of the evidence, by characters, 0..1.
        novelty_embedding: the same by cosine.
        equal: number of samples to which every teacher was cut down for the three below; None for a blind spot.
        distinct_2_equal, spread_equal, vendi_equal: means over draws of ``equal`` samples, to compare teachers by.
        reason: why a figure is None; empty where none is.
    """

    teacher: Teacher
    blind_spot: str | None
    samples: int
    labels: dict[str, int]
    balance: float
    distinct_1: float
    distinct_2: float
    near_duplicates: int
    spread: float | None
    vendi: float | None
    novelty_text: float | None
    novelty_embedding: float | None
    equal: int | None
    distinct_2_equal: float | None
    spread_equal: float | None
    vendi_equal: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class TeacherComparison(Record):
    """Everything that is known of who teaches better.

    Attributes:
        key: of all that it follows from; see `is_current`. own: whether judgements of one's own work count.
        embedded: whether the figures that need embeddings were asked for.
        reviewers: stems of their files. items: how many there are; judged: how many somebody has judged.
        judgements: that count. own_judgements: of one's own work, left out or not.
        left_out: numbers of `patterns` and `samples` of answers that are in no item, as there is no partner for them.
        wins: overall first, then by pair of teachers; same evidence first.
        wins_by_spot: overall by blind spot id, same evidence alone.
    """

    key: str
    own: bool
    embedded: bool
    reviewers: tuple[str, ...]
    items: int
    judged: int
    judgements: int
    own_judgements: int
    left_out: dict[str, int]
    wins: tuple[WinRate, ...]
    wins_by_spot: dict[str, WinRate]
    acceptance: tuple[Acceptance, ...]
    agreement: tuple[Agreement, ...]
    quality: tuple[Quality, ...]


def comparison_path(project: Project, *, own: bool = False) -> Path:
    """Where the comparison is."""
    return project.review_dir / ("comparison-own.json" if own else "comparison.json")


def read_comparison(project: Project, *, own: bool = False) -> TeacherComparison | None:
    """The last comparison; None where there is none that this version can read."""
    try:
        return read_record(comparison_path(project, own=own), TeacherComparison.from_json)
    except (FileNotFoundError, FileError):
        return None  # it can be made again at any time


def is_current(project: Project, comparison: TeacherComparison, records: Records | None = None) -> bool:
    """Whether nothing has changed since that would change a figure; ``records``: of the project, if at hand.

    Raises:
        StoreError: the items of the review are damaged.
    """
    return comparison.key == comparison_key(project, records, own=comparison.own, embed=comparison.embedded)


def comparison_key(project: Project, records: Records | None = None, *, own: bool, embed: bool) -> str:
    """Content key of all that a comparison follows from.

    Raises:
        StoreError: the items of the review are damaged.
    """
    records = records or Records(project.teaching_dir)
    discovery, settings = project.discovery(), project.settings
    written: tuple[Pattern | Sample, ...] = (*records.patterns(), *records.samples())
    return content_key(
        COMPARISON,
        own,
        embed,
        asdict(settings.proof),
        settings.model.encoder if embed else "",
        discovery.key if discovery else "",
        settings.teaching.held_back,
        [record.as_json() for record in written],
        [record.as_json() for record in records.perturbations()],
        [item.id for item in Items(project).all()],
        [[author, record.as_json()] for author, record in records.by_author("judgement")],
        [[author, record.as_json()] for author, record in records.by_author("commitment")],
    )
