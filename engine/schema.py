"""The records that cross module, thread and process borders: frozen, plain, the field's terms (see README).

Every record turns into JSON with `as_json` and back with its `from_json`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Protocol, get_args

from typing_extensions import Self

from engine.shapes import fit

SplitName = Literal["train", "pool", "proof", "test", "dev"]
LabelledSplit = Literal["pool", "proof"]
PatternKind = Literal["abstraction", "extrapolation"]
Role = Literal["target", "counter", "anchor"]
TeacherKind = Literal["human", "llm", "example"]
RowVerdict = Literal["label wrong", "ambiguous", "fine"]
SpotStatus = Literal["untouched", "in progress", "done", "skipped"]
Decision = Literal["committed", "declined"]
Preference = Literal["left", "right", "tie", "neither"]
SampleVerdict = Literal["accept", "reject", "fix"]
QueueKind = Literal["file", "random", "hunt", "audit", "verdict", "flagged", "pattern", "stale", "conflict"]

UNLABELLED = ""
"""The label of a row whose right label nobody has given."""

SPLITS: tuple[SplitName, ...] = get_args(SplitName)
LABELLED_SPLITS: tuple[LabelledSplit, ...] = get_args(LabelledSplit)
"""Whose rows people and LLMs label."""
PATTERN_KINDS: tuple[PatternKind, ...] = get_args(PatternKind)
ROLES: tuple[Role, ...] = get_args(Role)
TEACHER_KINDS: tuple[TeacherKind, ...] = get_args(TeacherKind)
ROW_VERDICTS: tuple[RowVerdict, ...] = get_args(RowVerdict)
QUEUE_KINDS: tuple[QueueKind, ...] = get_args(QueueKind)
SPOT_STATUSES: tuple[SpotStatus, ...] = get_args(SpotStatus)
PREFERENCES: tuple[Preference, ...] = get_args(Preference)
SAMPLE_VERDICTS: tuple[SampleVerdict, ...] = get_args(SampleVerdict)


class Record:
    """Turns a frozen dataclass into plain JSON values and back, nested records included; unknown keys are ignored."""

    __slots__ = ()

    def as_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Build the record from what `as_json` gave.

        Raises:
            WrongShape: a field is missing, or is not of its type.
        """
        return fit(values, cls)


class LabelledText(Protocol):
    """A text, or a pair of texts, with its right label."""

    @property
    def id(self) -> str:
        """Names it."""

    @property
    def text(self) -> str:
        """The text, or the first of two."""

    @property
    def label(self) -> str:
        """The right label."""

    @property
    def text_pair(self) -> str | None:
        """The second text where rows are pairs."""


@dataclass(frozen=True, slots=True)
class Example(Record):
    """One row of a split: a text, or a pair of texts, with its label, or `UNLABELLED`."""

    id: str
    text: str
    label: str
    text_pair: str | None = None

    @classmethod
    def of(cls, row: LabelledText) -> Example:
        """A prediction, a sample or the like without what else it says."""
        return cls(row.id, row.text, row.label, row.text_pair)


@dataclass(frozen=True, slots=True)
class Prediction(Record):
    """What the model says of one pool row. ``probabilities`` follow the order of the project's labels."""

    id: str
    text: str
    label: str
    predicted: str
    confidence: float
    probabilities: tuple[float, ...]
    text_pair: str | None = None


@dataclass(frozen=True, slots=True)
class ErrorExcess(Record):
    """Errors near a blind spot against those that the confidence there implies (`engine.discovery.error_excess`).

    Attributes:
        rows: pool rows near it with a label and a confidence >= tau. errors: those of them that are wrong.
        expected: how many would be if their confidence were right.
        p: probability of at least so many errors then, 0..1. q: the same over all blind spots.
    """

    rows: int
    errors: int
    expected: float
    p: float
    q: float


@dataclass(frozen=True, slots=True)
class BlindSpot(Record):
    """A cluster of UUs inside one confusion cell.

    Attributes:
        id: ``B1``, ``B2`` ...; keeps its number across re-runs and rounds, and is never given away again.
        rows: ids of its UUs, most typical first.
        mean_confidence: mean confidence of its rows, 0..1.
        coherence: mean cosine of its rows to their centre, -1..1; higher is tighter.
        words: distinctive words, strongest first (log-odds, `engine.discovery.keywords`).
        overlap: share (Jaccard, 0..1) of rows in common with the blind spot of that id before; None if new.
        flagged: ids of the flagged rows near it, nearest first (`engine.discovery.flags`). They are suspected UUs that
            nobody has labelled, not to be confused with `Discovery.suspects`, UUs whose gold label is suspect.
        estimate: how many UUs it holds in the pool, found or not, and the bounds of an interval of 95 %; None where no
            LLM has read the rows.
        excess: None where there is no row to tell by, and in older discoveries.
    """

    id: str
    gold: str
    predicted: str
    rows: tuple[str, ...]
    mean_confidence: float
    coherence: float
    words: tuple[str, ...]
    overlap: float | None = None
    flagged: tuple[str, ...] = ()
    estimate: tuple[int, int, int] | None = None
    excess: ErrorExcess | None = None


@dataclass(frozen=True, slots=True)
class RowsFile(Record):
    """The file with the rows of a very large discovery (`engine.shown_rows`).

    Attributes:
        name: of the file, beside the discovery. sha256: of it. index_sha256: of the one that says where its lines are.
        counts: rows of ``predictions``, ``neighbours``, ``projection`` and ``read_to``.
    """

    name: str
    sha256: str
    index_sha256: str
    counts: tuple[int, ...]


_IN_ROWS_FILE = ("predictions", "neighbours", "projection", "read_to")


@dataclass(frozen=True, slots=True)
class Discovery(Record):
    """All that one discovery found.

    Attributes:
        key: content key of all that the result depends on; an equal key means nothing is computed again.
        round: 1 for the first model, one more after each promotion.
        model: name of the classifier that was scored, with ``model_key`` naming its weights.
        labels: the project's labels, in the order of every ``probabilities`` tuple.
        accuracy: on the pool, 0..1; None where rows of it have no label: those that were labelled may have been chosen
            because they looked wrong. coverage: share of pool rows with confidence >= tau, 0..1.
        temperature: fitted on dev, None without dev. uus_at_temperature: UU count had it been applied.
        predictions: of UUs, their neighbours and flagged rows only, by row id.
        neighbours: for each UU the ids of the nearest pool rows that the model gets right, nearest first.
        scattered: ids of UUs that belong to no blind spot.
        projection: for each UU its place on the map, both coordinates 0..1.
        next_id: number of the next new blind spot.
        retired: blind spots of earlier discoveries that this one lacks; if their rows come back, so does the id.
        suspects: ids of UUs whose gold label is suspect, the most suspect first (`engine.discovery.label_errors`).
        confidences: for each step of confidence its lower end and how many right and wrong rows lie in it, of those
            that have a label (`engine.discovery.calibration.histogram`).
        taus: other values of tau, highest first, each with the number of UUs that it would give.
        read_tokens: tokens of a row that the model reads; 0 where that is not known.
        cut: ids of the pool rows that have more. read_to: for those of them in ``predictions`` how many characters of
            the text, or of both texts, it reads.
        splits: sha256 of each split that it was made from; empty in older ones.
        labelled: pool rows that have a label; None in older ones, when all rows had one.
        row_labels: by pool row id the labels that people had given; they stand above the split's.
        flagged: ids of all rows of which an LLM says another label than the model, that is sure of its own, and that
            nobody has labelled: those first of whose label the LLM is surest. Their predictions are `UNLABELLED`.
        checked_flags: of the rows that would be flagged and have a label, how many are UUs, and how many there are.
        rows_file: where ``predictions``, ``neighbours``, ``projection`` and ``read_to`` are read from when they are
            asked for; None: the discovery holds them itself.
    """

    key: str
    round: int
    model: str
    model_key: str
    tau: float
    labels: tuple[str, ...]
    n_pool: int
    accuracy: float | None
    coverage: float
    temperature: float | None
    temperature_applied: bool
    uus_at_temperature: int | None
    blind_spots: tuple[BlindSpot, ...]
    scattered: tuple[str, ...]
    predictions: Mapping[str, Prediction]
    neighbours: Mapping[str, tuple[str, ...]]
    projection: Mapping[str, tuple[float, float]]
    next_id: int = 1
    retired: tuple[BlindSpot, ...] = ()
    suspects: tuple[str, ...] = ()
    splits: dict[str, str] = field(default_factory=dict)
    confidences: tuple[tuple[float, int, int], ...] = ()
    taus: tuple[tuple[float, int], ...] = ()
    read_tokens: int = 0
    cut: tuple[str, ...] = ()
    read_to: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    labelled: int | None = None
    row_labels: dict[str, str] = field(default_factory=dict)
    flagged: tuple[str, ...] = ()
    checked_flags: tuple[int, int] = (0, 0)
    rows_file: RowsFile | None = None

    def as_json(self) -> dict[str, Any]:
        """All of it, rows that lie in a file of their own too."""
        held = replace(
            self,
            predictions=dict(self.predictions),
            neighbours=dict(self.neighbours),
            projection=dict(self.projection),
            read_to=dict(self.read_to),
        )
        values = asdict(held)
        del values["rows_file"]
        return values

    def for_file(self) -> dict[str, Any]:
        """What its file holds: without rows that lie in one of their own."""
        if self.rows_file is None:
            return self.as_json()
        values = asdict(replace(self, predictions={}, neighbours={}, projection={}, read_to={}))
        return {name: value for name, value in values.items() if name not in _IN_ROWS_FILE}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Discovery:
        """Build it from what `as_json` or `for_file` gave; of the latter without rows.

        Raises:
            WrongShape: as of any record.
        """
        if isinstance(values, dict) and values.get("rows_file") is not None:
            values = {name: {} for name in _IN_ROWS_FILE} | values
        return fit(values, cls)

    @property
    def n_labelled(self) -> int:
        """Pool rows that have a label."""
        return self.n_pool if self.labelled is None else self.labelled

    @property
    def errors(self) -> int:
        """Pool rows that the model gets wrong, at any confidence, of those that have a label."""
        if self.accuracy is None:
            return sum(wrong for _, _, wrong in self.confidences)
        return round((1 - self.accuracy) * self.n_pool)

    @property
    def uus(self) -> tuple[str, ...]:
        """Ids of all UUs: those in blind spots, then the scattered ones."""
        return tuple(row for spot in self.blind_spots for row in spot.rows) + self.scattered

    def beside(self, uus: Iterable[str]) -> list[str]:
        """Ids of the rows beside some UUs that the model gets right, each once."""
        return list(dict.fromkeys(near for uu in uus for near in self.neighbours.get(uu, ())))

    @property
    def flagged_elsewhere(self) -> tuple[str, ...]:
        """Ids of the flagged rows that are near no blind spot."""
        near = {row for spot in self.blind_spots for row in spot.flagged}
        return tuple(row for row in self.flagged if row not in near)

    @property
    def applied_temperature(self) -> float:
        """What logits were divided by before tau was applied; 1 unless confidence was calibrated."""
        return self.temperature if self.temperature_applied and self.temperature else 1.0

    def spot(self, spot_id: str) -> BlindSpot | None:
        """The blind spot of that id, or None."""
        return next((spot for spot in self.blind_spots if spot.id == spot_id), None)


@dataclass(frozen=True, slots=True)
class Teacher(Record):
    """Who wrote something. ``human`` only for what a person typed; bundled examples are ``example``.

    ``recorded``: an LLM's answer that was replayed from a file rather than asked for.
    """

    name: str
    kind: TeacherKind
    recorded: bool = False

    @property
    def title(self) -> str:
        """The kind in words: ``human``, ``llm``, ``llm, recorded``."""
        return f"{self.kind}, recorded" if self.recorded else self.kind


@dataclass(frozen=True, slots=True)
class Pattern(Record):
    """A teacher's hypothesis about a blind spot: why these rows fail, or what else should fail.

    Attributes:
        evidence: hash of the evidence its teacher had seen; None where that is not known (imports).
        refined: whether it was reworded after a test with counter-examples; that is done once.
        rewords: id of the pattern that it is a new wording of, where that one was handed in and stays as it is.
    """

    id: str
    blind_spot: str
    kind: PatternKind
    text: str
    teacher: Teacher
    evidence: str | None = None
    refined: bool = False
    rewords: str | None = None


@dataclass(frozen=True, slots=True)
class Sample(Record):
    """A synthetic labelled text written for a pattern (an anchor needs none). ``evidence`` as in `Pattern`."""

    id: str
    blind_spot: str
    text: str
    label: str
    role: Role
    teacher: Teacher
    text_pair: str | None = None
    pattern: str | None = None
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class RowMark(Record):
    """An annotator's word on a row's gold label. ``label`` is the right one where the verdict is ``label wrong``."""

    row: str
    verdict: RowVerdict
    label: str | None = None

    @property
    def is_doubt(self) -> bool:
        """Whether the row's gold label is not to be counted on: wrong, or ambiguous."""
        return self.verdict != "fine"


def label_key(split: SplitName, row_id: str) -> str:
    """Names the label of a row among the records of its author."""
    return row_id if split == "pool" else f"{split}/{row_id}"


@dataclass(frozen=True, slots=True)
class RowLabel(Record):
    """What a labeller, a person or an LLM, says the right label of a row is; of a conflict, what was decided.

    Attributes:
        row: its id. split: where the row is. label: `UNLABELLED` where the labeller is unsure.
        certainty: 3 sure, 2 likely, 1 a guess, 0 unsure.
        teacher: the labeller.
        queue: why the row was asked for; ``file``: the label was imported. overlap: somebody else was asked for it too.
        chance: of being drawn, 0..1; None where it was not drawn at random.
        guideline: version of the guideline that the labeller had; 0: there was none.
        seconds: from when the row was shown until its label, without idle time; 0: not known.
        note: in the labeller's words. reason: why a conflict was decided so.
    """

    row: str
    label: str
    certainty: int
    teacher: Teacher
    queue: QueueKind
    split: SplitName = "pool"
    chance: float | None = None
    guideline: int = 0
    seconds: float = 0.0
    overlap: bool = False
    note: str = ""
    reason: str = ""

    @property
    def key(self) -> str:
        """Names its record among those of its author: rows of two splits may have one id."""
        return label_key(self.split, self.row)


@dataclass(frozen=True, slots=True)
class SpotState(Record):
    """Where an annotator stands with a blind spot; ``reason`` says why it was skipped."""

    blind_spot: str
    status: SpotStatus
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Commitment(Record):
    """A teacher's last word on a blind spot before the others' answers are shown: theirs stands, or they give none.

    It is final: what was seen cannot be unseen.

    Attributes:
        evidence: hash of what they had seen. reason: why they declined.
        handed_in: the patterns and samples that they had written there, which stay: id and number of the revision.
            None: written by a version that did not list them.
    """

    blind_spot: str
    decision: Decision
    evidence: str
    reason: str = ""
    handed_in: dict[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Perturbation(Record):
    """A perturbed pair: a UU (``row``) beside its minimal edit, which the model gets right.

    Evidence for everybody, so it is no sample. ``label`` is the right one of the edit and what the model
    ``model_key`` predicts, with that confidence (0..1).
    """

    id: str
    row: str
    text: str
    label: str
    confidence: float
    model_key: str
    text_pair: str | None = None


@dataclass(frozen=True, slots=True)
class Application(Record):
    """Whether a judge finds that a pattern, in the wording ``text``, applies to a row that its teacher had not seen.

    ``is_uu``: whether the row was a UU of the model that was tested then; None: not on record.
    """

    pattern: str
    text: str
    row: str
    applies: bool
    judge: Teacher
    is_uu: bool | None = None


@dataclass(frozen=True, slots=True)
class SampleJudgement(Record):
    """A reviewer's answers about one sample; ``text``, ``text_pair`` and ``label`` mend it where the verdict is fix.

    ``right_label``, ``natural`` and ``fits`` (its pattern) are None where they were not answered.
    """

    verdict: SampleVerdict
    right_label: bool | None = None
    natural: bool | None = None
    fits: bool | None = None
    text: str | None = None
    text_pair: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class SideJudgement(Record):
    """A reviewer's answers about one side: about its pattern, and one entry for each of its samples in their order.

    None is what was not answered, and a sample that was not judged.
    """

    samples: tuple[SampleJudgement | None, ...]
    fits: bool | None = None
    precise: bool | None = None
    useful: bool | None = None


@dataclass(frozen=True, slots=True)
class Judgement(Record):
    """A reviewer's blind verdict on one item of the review, by side: who wrote which is not in it. It is final.

    ``own``: one of the sides is the reviewer's own work.
    """

    item: str
    preference: Preference
    left: SideJudgement
    right: SideJudgement
    own: bool = False


@dataclass(frozen=True, slots=True)
class Drafts(Record):
    """What an annotator has typed and not yet committed, and where they were: restored when the app opens."""

    fields: dict[str, str] = field(default_factory=dict)
    place: dict[str, Any] = field(default_factory=dict)
