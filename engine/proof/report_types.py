"""The proof report as types: decoded once when it is read (`engine.proof.report`), built once by `evaluate`. Light.

A field with a default came later than the first version of the report, or is not said of every arm: where a report
lacks it, or says null, it has the default, and `as_json` leaves out what holds its default. Decoded by
`engine.shapes.fit`, the project's own decoder: importing pydantic costs every start 0.14 to 0.23 s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from engine.counted import counted
from engine.proof.budget_matching import BudgetLimit
from engine.proof.closed import ClosedWord
from engine.proof.training_labels import LabelSources
from engine.proof.verdict_rule import VerdictWord
from engine.schema import Record

Group = tuple[str, str]  # arm and recipe


class ReportPart(Record):
    """A part of a report."""

    __slots__ = ()

    def as_json(self) -> dict[str, Any]:
        """The part as JSON values; a field that holds its default is left out."""
        values = {one.name: (getattr(self, one.name), one.default) for one in fields(self)}  # type: ignore[arg-type]
        return {name: _json(value) for name, (value, default) in values.items() if value != default}


def _json(value: Any) -> Any:
    if isinstance(value, ReportPart):
        return value.as_json()
    if isinstance(value, (tuple, list)):
        return [_json(one) for one in value]
    return {key: _json(one) for key, one in value.items()} if isinstance(value, dict) else value


JUDGED = ("proof", "test")
"""The splits on which models are judged."""
NOT_JUDGED = "not judged yet"


@dataclass(frozen=True, slots=True)
class Estimate(ReportPart):
    """A figure: mean over seeds, bounds of its interval, and its value for each seed where that is kept."""

    mean: float
    low: float
    high: float
    per_seed: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures(ReportPart):
    """Every measure of a model on one split (`engine.proof.metrics`), or its change against the baseline."""

    accuracy: Estimate
    macro_f1: Estimate
    uu_at_tau: Estimate
    coverage: Estimate
    uu_at_matched_coverage: Estimate
    ece: Estimate
    aurc: Estimate | None = None
    excess_aurc: Estimate | None = None

    def named(self, name: str) -> Estimate | None:
        """The measure of that name (`engine.proof.metrics.METRICS`); None in a proof older than the measure."""
        found: Estimate | None = getattr(self, name)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin(ReportPart):
    """One bin of confidence: its upper end, its share of the rows, their mean confidence and accuracy; all 0..1."""

    to: float
    share: float
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFigures(Measures):
    """The measures of one arm on one split, and what is shown beside them.

    Attributes:
        difference: to the baseline; None in the baseline itself.
        by_label: accuracy among the rows of each gold label, 0..1; None for a label without rows.
        reliability: the bins behind ECE that have rows.
        risk_coverage: error rate among the most confident rows: (coverage, risk), both 0..1.
    """

    difference: Measures | None = None
    by_label: dict[str, float | None] | None = None
    reliability: tuple[ReliabilityBin, ...] | None = None
    risk_coverage: tuple[tuple[float, float], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmFigures(SplitFigures):
    """The figures of an arm that is compared with the baseline."""

    difference: Measures


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedModel(ReportPart):
    """A trained model: ``path`` is relative to the project, ``key`` the content key of its weights."""

    name: str
    path: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmEntry(ReportPart):
    """Something that is said of one arm and recipe."""

    arm: str
    recipe: str

    @property
    def group(self) -> Group:
        """Arm and recipe."""
        return self.arm, self.recipe


Entry = TypeVar("Entry", bound=ArmEntry)


def of_group(entries: Iterable[Entry], group: Group) -> Entry:
    """The entry of an arm and recipe; a report that was read has one for each of its arms.

    Raises:
        LookupError: there is none.
    """
    for one in entries:
        if one.group == group:
            return one
    raise LookupError(group)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBaseline(ArmEntry):
    """The training without teaching, over its seeds; `ReportArm` has the rest of what is said of an arm.

    Attributes:
        n_added, n_rows: samples, and all rows that were trained on. steps: of training.
        test: None where the project has no test split.
        models, temperatures: by seed.
    """

    n_added: int
    n_rows: int
    steps: int | None = None
    proof: SplitFigures
    test: SplitFigures | None
    models: dict[str, JudgedModel]
    temperatures: dict[str, float] = field(default_factory=dict)

    def on(self, split: str) -> SplitFigures | None:
        """The figures on ``proof`` or ``test``."""
        return self.proof if split == "proof" else self.test


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss(ReportPart):
    """A label or a blind spot for which an arm is worse than the baseline.

    Attributes:
        what: ``label`` or ``blind spot``. name: which. split: where. word: ``fell`` or ``may have fallen``.
        rows: of the label, or near the blind spot.
        before, after, change: accuracy, 0..1, of a label; right rows of a blind spot.
    """

    what: str
    name: str
    split: str
    word: str
    rows: int
    before: float
    after: float
    change: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportArm(ReportBaseline):
    """One arm and recipe, with the verdict on it.

    Attributes:
        verdict, reason, meaning: the word, the numbers behind it, and what the word means.
        mcnemar: p of equal accuracy, by split. churn: share of proof rows given another label than by the baseline.
        closed: how many blind spots there are (``of``), and how many have each word (`engine.proof.closed.WORDS`).
        worse: None in a proof made before evidence was kept.
        likely: where proof rows lack labels, the share of their likely sets of labels that give each word, 0..1.
    """

    proof: ArmFigures
    test: ArmFigures | None
    verdict: VerdictWord
    reason: str
    meaning: str
    mcnemar: dict[str, float] | None = None
    churn: float | None = None
    closed: dict[str, int] | None = None
    worse: tuple[Loss, ...] | None = None
    likely: dict[VerdictWord, float] | None = None

    def on(self, split: str) -> ArmFigures | None:
        """The figures on ``proof`` or ``test``."""
        return self.proof if split == "proof" else self.test


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotEntry(ReportPart):
    """Something that is said of one blind spot."""

    id: str
    gold: str
    predicted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCounts(ArmEntry):
    """Pool rows of a blind spot that an arm gets right and wrong, means over seeds. ``right``: ids, by all seeds."""

    fixed: float
    still_wrong: float
    right: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpot(SpotEntry):
    """The pool rows of a blind spot."""

    rows: int
    baseline: PoolCounts
    arms: tuple[PoolCounts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulRows(ReportPart):
    """Rows whose label an annotator doubts; ``right``: how many the baseline and each arm get right."""

    rows: int
    right: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolReport(ReportPart):
    """All blind spots in the pool: no proof, as its note says."""

    note: str
    blind_spots: tuple[PoolSpot, ...]
    marked: DoubtfulRows | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFates(ArmEntry):
    """What became of some proof rows, means over seeds."""

    fixed: float
    still_wrong: float
    newly_broken: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NearSpot(SpotEntry):
    """The proof rows whose nearest blind spot it is."""

    rows: int
    arms: tuple[RowFates, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenUUs(ReportPart):
    """Of all UUs of the baseline on proof (``of``), those near no blind spot (``uus``); means over seeds."""

    uus: float
    of: float
    arms: tuple[RowFates, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearReport(ReportPart):
    """Proof rows by their nearest blind spot."""

    blind_spots: tuple[NearSpot, ...]
    unseen: UnseenUUs


@dataclass(frozen=True, slots=True, kw_only=True)
class RightRows(ReportPart):
    """Rows that closing is asked of: how many, how many are right, and Wilson's interval of that share, 0..1."""

    of: int
    right: float
    low: float | None
    high: float | None
    per_seed: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearRightRows(RightRows):
    """All proof rows near a blind spot; ``before``: how many were right in the round's model."""

    before: int
    change: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotResult(ArmEntry):
    """What an arm made of a blind spot; parts as in `engine.proof.closed`. ``closed_by``: seeds that close it alone."""

    word: ClosedWord
    pool: RightRows
    wrong_before: RightRows
    right_before: RightRows
    near: NearRightRows
    closed_by: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSpot(SpotEntry):
    """A blind spot, and what the baseline and each arm made of it."""

    baseline: SpotResult
    arms: tuple[SpotResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts(ReportPart):
    """How many rows were judged; ``test`` is None where the project has no test split.

    ``unlabelled``: proof rows without a label, which were not judged.
    """

    proof: int
    test: int | None
    unlabelled: int = 0

    def on(self, split: str) -> int | None:
        """Those of ``proof`` or ``test``."""
        return self.proof if split == "proof" else self.test


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelsAsked(ReportPart):
    """Proof rows that people are asked to label, where these have too few labels for a verdict.

    Attributes:
        queue: that asks. rows: that can change a verdict. budget: of these, that people are asked for at most.
        look: number of the latest look at their labels, of ``looks``; 0 before the first.
        asked: rows that were asked for up to that look. answered: of these, with a label.
        next: rows that the next look takes beside those; 0 after the last.
        certain: whether further labels would hardly change a word, so that none is asked for.
        needed: about how many labels it takes until then, in all; None: more than the budget.
    """

    queue: str
    rows: int
    budget: int
    look: int
    looks: int
    asked: int
    answered: int
    next: int
    certain: bool
    needed: int | None = None

    @property
    def goes_on(self) -> bool:
        """Whether people are asked for further labels."""
        return not self.certain and self.look < self.looks

    @property
    def sentence(self) -> str:
        """Where it stands, and what comes next."""
        told = f"{counted(self.answered, 'label')} of the {self.rows:,} proof rows that can change a verdict"
        if not self.rows:
            return "No proof row can change the verdict: it needs no label."
        if self.certain:
            return f"The verdict is certain enough after {told}: no more are asked for."
        if self.look == self.looks:
            return f"All that were asked for are there, {told}. For a closer look raise `proof.labels` and retrain."
        probably = f"about {self.needed}" if self.needed else f"more than {self.budget}"
        return (
            f"The verdict has {told}; a decision probably takes {probably}. Label {self.next} more: "
            f"`blindspot label DIR --queue {self.queue}`, or # in the workbench."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFor(ReportPart):
    """The arms, recipes and controls that the command named; empty: the usual ones."""

    arms: tuple[str, ...]
    recipes: tuple[str, ...]
    controls: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(ReportPart):
    """A finished proof.

    Attributes:
        created: ISO time, UTC. seconds: that the proof took.
        interval: coverage of the intervals, 0..1, from ``bootstrap`` resamples.
        seed_noise: share of proof rows that two seeds of the baseline label differently; None with one seed.
        hashes: SHA-256 of each split. training: the settings of training.
        label_sources: by arm of labels of real rows, who gave them.
        pool, near: None without blind spots. blind_spots: None in a proof made before evidence was kept.
        labels_asked: None where proof rows have their labels.
    """

    id: str
    created: str
    seconds: float = 0.0
    round: int
    seeds: tuple[int, ...]
    labels: tuple[str, ...]
    tau: float
    apply_temperature: bool | None = None
    margin: float
    interval: float
    bootstrap: int
    rows: RowCounts
    notes: tuple[str, ...] = ()
    seed_noise: float | None = None
    hashes: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    equal: BudgetLimit | None = None
    reviewed: bool = False
    asked: AskedFor | None = None
    label_sources: dict[str, LabelSources] = field(default_factory=dict)
    baseline: ReportBaseline
    arms: tuple[ReportArm, ...]
    pool: PoolReport | None
    near: NearReport | None = None
    blind_spots: tuple[ReportSpot, ...] | None = None
    labels_asked: LabelsAsked | None = None

    def verdict_of(self, arm: ReportArm) -> str:
        """The verdict on an arm; `NOT_JUDGED` as long as it waits for labels and no row has one yet."""
        asked = self.labels_asked
        return NOT_JUDGED if asked is not None and asked.rows and not asked.answered else arm.verdict

    @property
    def spots(self) -> tuple[ReportSpot, ...]:
        """Its blind spots; none in a proof made before evidence was kept."""
        return self.blind_spots or ()
