"""What each kind of job is asked for and what it makes. What it does: `engine.operations.job_kinds`.

They stay in the files of jobs, so each field of options has a default, and so has a field that is added to a result:
older jobs lack it. The results of ``teach``, ``judge`` and ``label`` are in `engine.llm.reports`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from typing_extensions import TypedDict

from engine.counted import counted
from engine.data.options import FileChoices
from engine.jobs.kind import JobOptions, ToldResult
from engine.monitoring.watched_batches import WatchWord
from engine.proof.request import RetrainRequest
from engine.schema import LabelledSplit, Record, Teacher
from engine.shards import SHARD_ROWS


@dataclass(frozen=True, slots=True)
class DiscoverOptions(JobOptions):
    """Find the blind spots of the current model.

    Attributes:
        tau: confidence from which on an error is a UU, 0..1; None: that of the settings. It is written there.
        teaching: files of teaching to import then. teacher: in whose name.
    """

    kind: ClassVar[str] = "discover"

    tau: float | None = None
    teaching: tuple[str, ...] = ()
    teacher: Teacher | None = None


@dataclass(frozen=True, slots=True)
class DiscoverResult(ToldResult):
    """What was found: the round, how many blind spots and UUs, at which tau.

    Attributes:
        cut_rows: pool rows that are longer than what the model reads.
        lower_taus: other values of tau, each with the number of UUs that it would give.
        new: ids of the blind spots that the discovery before in this round did not have; empty if there was none.
        flagged: rows that an LLM flags and nobody has labelled, but for withheld ones, which nobody is shown.
    """

    round: int
    blind_spots: int
    uus: int
    tau: float
    cut_rows: int = 0
    lower_taus: tuple[tuple[float, int], ...] = ()
    new: tuple[str, ...] = ()
    flagged: int = 0

    @property
    def sentence(self) -> str:
        """``round 1: 8 blind spots among 109 UUs at tau 0.9, new: B8; 2 flagged rows``."""
        new = f", new: {', '.join(self.new)}" if self.new else ""
        flagged = f"; {counted(self.flagged, 'flagged row')}" if self.flagged else ""
        spots, uus = counted(self.blind_spots, "blind spot"), counted(self.uus, "UU")
        return f"round {self.round}: {spots} among {uus} at tau {self.tau:g}{new}{flagged}"


@dataclass(frozen=True, slots=True)
class ShardOptions(JobOptions):
    """Plan the shards in which array jobs score and embed the pool. ``rows``: of a shard."""

    kind: ClassVar[str] = "shard"

    rows: int = SHARD_ROWS


@dataclass(frozen=True, slots=True)
class ShardResult(ToldResult):
    """The plan: how many shards, of how many rows and texts in all, and how many of them are whole."""

    shards: int
    rows: int
    whole: int

    @property
    def sentence(self) -> str:
        """What there is to be computed."""
        return f"{counted(self.shards, 'shard')} of {self.rows:,} rows and texts in all; {self.whole} whole"


@dataclass(frozen=True, slots=True)
class HuntOptions(JobOptions):
    """Begin a hunt. ``budget``: rows that people may be asked for, at least 1."""

    kind: ClassVar[str] = "hunt"

    budget: int = 200


@dataclass(frozen=True, slots=True)
class HuntResult(ToldResult):
    """The hunt: name of its queue, its budget, rows that it chooses among, and rows of the first batch."""

    queue: str
    budget: int
    candidates: int
    chosen: int

    @property
    def sentence(self) -> str:
        """What it will ask for."""
        return (
            f"{self.queue}: up to {self.budget} of {self.candidates:,} rows on which the model is confident; the first "
            f"{self.chosen} are chosen, the others while people label"
        )


@dataclass(frozen=True, slots=True)
class AuditOptions(JobOptions):
    """Draw an audit. ``labels``: rows that people are asked for, at least `engine.audit.draw.LEAST`."""

    kind: ClassVar[str] = "audit"

    labels: int = 100


@dataclass(frozen=True, slots=True)
class AuditResult(Record):
    """The audit: its queue, rows that it drew from, rows drawn, those of them that have an answer; in a sentence."""

    queue: str
    rows: int
    drawn: int
    answered: int
    sentence: str


@dataclass(frozen=True, slots=True)
class WatchOptions(JobOptions):
    """Watch a batch of rows from where the model is used.

    Attributes:
        file: path of its rows. name: of the batch; None: that of the file.
        predictions: path of what the classifier says of them; None: it is run.
        own_columns, label_map, encodings, skip_bad, drop_duplicates: how it is read
            (`engine.data.options.file_options`).
    """

    kind: ClassVar[str] = "watch"

    file: str = ""
    name: str | None = None
    own_columns: tuple[str, ...] = ()
    label_map: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ()
    skip_bad: bool = False
    drop_duplicates: bool = False
    predictions: str | None = None

    @property
    def choices(self) -> FileChoices:
        """How the file is read."""
        return FileChoices(
            own_columns=self.own_columns,
            label_map=self.label_map,
            encodings=self.encodings,
            skip_bad=self.skip_bad,
            drop_duplicates=self.drop_duplicates,
        )


@dataclass(frozen=True, slots=True)
class WatchResult(Record):
    """The batch that was watched, and what came of it, in a word and in a sentence."""

    batch: str
    word: WatchWord
    sentence: str


class Limits(TypedDict):
    """The limits of `LimitedOptions`, as all that calls an LLM takes them."""

    max_cost: float | None
    max_tokens: int | None
    since: float | None


@dataclass(frozen=True, slots=True)
class LimitedOptions(JobOptions):
    """Of a job that may call an LLM.

    Attributes:
        max_cost: in the currency of the prices. max_tokens: prompts and answers together. None: no limit.
        since: seconds since 1970; calls from then on count towards the limits too.
    """

    max_cost: float | None = None
    max_tokens: int | None = None
    since: float | None = None

    @property
    def limits(self) -> Limits:
        """The three as arguments."""
        return Limits(max_cost=self.max_cost, max_tokens=self.max_tokens, since=self.since)


@dataclass(frozen=True, slots=True)
class AskingOptions(LimitedOptions):
    """Of a job that asks an LLM of its own choice, or replays what one has answered.

    Attributes:
        replay: path of recorded answers to use instead of a server; empty: ask.
        model, base_url: instead of those of the settings; empty: as there.
    """

    replay: str | None = None
    model: str | None = None
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class TeachOptions(AskingOptions):
    """Let an LLM, or a recording of one, explain blind spots and write samples.

    Attributes:
        spots: ids of blind spots; None: all.
    """

    kind: ClassVar[str] = "teach"

    spots: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class JudgeOptions(LimitedOptions):
    """Let the LLM judge patterns on rows that their teachers have not seen.

    Attributes:
        patterns: their ids; none: all.
        refine: whether it rewords its own afterwards.
    """

    kind: ClassVar[str] = "judge"

    patterns: tuple[str, ...] | None = None
    refine: bool = False


@dataclass(frozen=True, slots=True)
class SearchOptions(LimitedOptions):
    """Search the pool for rows without a label that a pattern, some samples or a text describe.

    Attributes:
        pattern: its id; None: none. samples: ids. text: typed; text_pair: where rows are pairs.
        rows: how many to find.
        by_llm: ask the LLM then to which of them it applies.
        author: who searches.
    """

    kind: ClassVar[str] = "search"

    pattern: str | None = None
    samples: tuple[str, ...] = ()
    text: str = ""
    text_pair: str | None = None
    rows: int = 50
    by_llm: bool = False
    author: str = ""


@dataclass(frozen=True, slots=True)
class SearchResult(Record):
    """The search: key of what it found (`engine.teaching.found_rows`), and that in a sentence."""

    found: str
    sentence: str


@dataclass(frozen=True, slots=True)
class LabelOptions(AskingOptions):
    """Let an LLM, or a recording of one, label rows.

    Attributes:
        rows: ``confident``, ``all``, or a number of rows drawn at random. split: where they are.
    """

    kind: ClassVar[str] = "label"

    rows: str = "confident"
    split: LabelledSplit = "pool"


@dataclass(frozen=True, slots=True)
class CompareOptions(JobOptions):
    """Compare people and LLMs. ``own``: judgements of one's own work count too."""

    kind: ClassVar[str] = "compare"

    own: bool = False


@dataclass(frozen=True, slots=True)
class CompareResult(ToldResult):
    """How many judgements of how many items of the review were compared."""

    judgements: int
    items: int

    @property
    def sentence(self) -> str:
        """What was compared."""
        return f"{counted(self.judgements, 'judgement')} of {counted(self.items, 'item')} compared"


@dataclass(frozen=True, slots=True)
class RetrainOptions(JobOptions, RetrainRequest):
    """Train the arms and judge them on held-out rows.

    ``quick``: a first look at pool and test rows instead, which takes ``arms`` alone.
    """

    kind: ClassVar[str] = "retrain"

    quick: bool = False


@dataclass(frozen=True, slots=True)
class RetrainResult(Record):
    """The proof: path of its report in the project."""

    report: str


@dataclass(frozen=True, slots=True)
class QuickResult(Record):
    """The quick look: path of what it found in the project, and that in a sentence."""

    quick: str
    sentence: str


@dataclass(frozen=True, slots=True)
class CheckOptions(JobOptions):
    """Run the regression suite. ``model``: folder or hub name of a classifier; None: the current one."""

    kind: ClassVar[str] = "check"

    model: str | None = None


@dataclass(frozen=True, slots=True)
class CheckResult(Record):
    """The check: path of its outcome in the project (`engine.regression.check_outcome`)."""

    check: str
