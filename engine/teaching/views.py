"""What an annotator sees of a round: blind spots with their counts, evidence with its marks, progress.

Everything follows from a `Discovery` and the records; nothing is computed that a model would be needed for. What other
teachers answered, and the rows held back, appear once the annotator has decided (see `engine.teaching.sealing`).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, get_args

from engine.project import Project
from engine.schema import (
    ROLES,
    BlindSpot,
    Commitment,
    Decision,
    Discovery,
    ErrorExcess,
    Pattern,
    Perturbation,
    Prediction,
    Record,
    Role,
    RowMark,
    Sample,
    SpotState,
    SpotStatus,
)
from engine.teaching.evidence import (
    Evidence,
    Parts,
    edits_of,
    evidence_for,
    held_back_of,
    is_withheld,
    known_spot,
    neighbours_of,
    parts_of,
)
from engine.teaching.labels import Labels
from engine.teaching.records import MarkedRow, Teaching
from engine.teaching.sealing import decisions, is_open

SortKey = Literal["id", "size", "confidence", "coherence", "status"]
SORT_KEYS: tuple[SortKey, ...] = get_args(SortKey)
_ARROW = re.compile(r"\s*->\s*")
_SENTENCE = re.compile(r".*?[.!?](?=\s|$)")  # the first of a text, if it ends
_URGENCY: dict[SpotStatus, int] = {"in progress": 0, "untouched": 1, "skipped": 2, "done": 3}


@dataclass(frozen=True, slots=True)
class SpotView(Record):
    """One blind spot in the list.

    Attributes:
        size: UUs without those marked label wrong or ambiguous; size_before: with them.
        mean_confidence: of the rows when they were found, 0..1. coherence: -1..1.
        status: as set by hand, else as the decision says (committed: done, declined: skipped), else ``in progress``
            once this annotator has written or marked something there.
        reason: why it was skipped.
        patterns, samples: by this annotator, and by all teachers once there is a decision.
        written: this annotator's samples by role.
        quota: how many samples of each role are asked of one teacher, for the patterns this annotator has.
        decision: this annotator's, which is final; None: not yet.
        sealed: others have answered, and it cannot be seen before the decision. to_review: it cannot be seen before
            this annotator has judged it in the blind review.
        held_back: rows that cannot be seen yet. withheld: rows that nobody sees, as they nearly equal a proof row.
        flagged: rows near it that an LLM flags and nobody has labelled since, but for withheld ones.
        estimate, excess: as in `BlindSpot`.
        title: the first sentence of an abstraction, this annotator's own or else an LLM's, once there is a decision and
            the pattern may be seen; empty until then. The words stand for it where it is empty.
    """

    id: str
    gold: str
    predicted: str
    size: int
    size_before: int
    mean_confidence: float
    coherence: float
    words: tuple[str, ...]
    status: SpotStatus
    reason: str
    patterns: int
    samples: int
    written: dict[Role, int]
    quota: dict[Role, int]
    overlap: float | None = None
    decision: Decision | None = None
    sealed: bool = False
    to_review: bool = False
    held_back: int = 0
    withheld: int = 0
    flagged: int = 0
    estimate: tuple[int, int, int] | None = None
    excess: ErrorExcess | None = None
    title: str = ""

    @property
    def direction(self) -> str:
        """``gold -> predicted``."""
        return f"{self.gold} -> {self.predicted}"


@dataclass(frozen=True, slots=True)
class EvidenceRow(Record):
    """One UU, or a flagged row, as a person sees it: what the model says, the mark that counts, rows it gets right.

    ``perturbations``: minimal edits of it that the model gets right. ``held_back``: seen only since the decision.
    ``suspect``: the rest of the pool speaks against its gold label, and nobody has marked it yet.
    ``read_to``: characters of its text, or of both its texts, that the model reads; empty if it reads them whole.
    ``flagged``: no UU, but suspected to be one: an LLM says another label, nobody has checked it, it has no gold label.
    """

    prediction: Prediction
    neighbours: tuple[Prediction, ...]
    mark: RowMark | None = None
    marked_by: str | None = None
    perturbations: tuple[Perturbation, ...] = ()
    held_back: bool = False
    suspect: bool = False
    read_to: tuple[int, ...] = ()
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Totals(Record):
    """Figures over all blind spots: UUs found, UUs left after marks, and how far this annotator has come.

    ``flagged``: rows that an LLM flags and nobody has labelled, but for withheld ones.
    """

    uus: int
    uus_after_marks: int
    blind_spots: int
    done: int
    skipped: int
    in_progress: int
    patterns: int
    samples: int
    flagged: int = 0


class Board:
    """A round as one annotator sees it. Call `refresh` to take in what other processes wrote.

    Args:
        project: gives the quotas.
        discovery: of the round.
        teaching: the records, and the annotator.
        to_judge: gives the blind spots whose answers the annotator has still to judge blind (`engine.review.blinding`).
    """

    def __init__(
        self,
        project: Project,
        discovery: Discovery,
        teaching: Teaching,
        *,
        to_judge: Callable[[Project, Discovery, Teaching], Collection[str]] = lambda *_: (),
    ) -> None:
        self.project = project
        self.discovery = discovery
        self.teaching = teaching
        self._to_judge = to_judge
        self._version: object = None
        self._marks: dict[str, MarkedRow] = {}
        self._own_marks: set[str] = set()
        self._suspects = frozenset(discovery.suspects)
        self._states: dict[str, SpotState] = {}
        self._patterns: dict[str, list[Pattern]] = {}
        self._samples: dict[str, list[Sample]] = {}
        self._decisions: dict[str, Commitment] = {}
        self._sealed: set[str] = set()
        self._labelled: frozenset[str] = frozenset()
        self._labels_since: int | None = None  # counted when it is asked for: 70 ms for 30,000 labels
        self._unjudged: Collection[str] = ()
        self._withheld = project.manifest.withheld
        self._parts: dict[str, Parts] = {}

    def refresh(self) -> bool:
        """Take in what any process has written since; whether there was something.

        Raises:
            StoreError: a file may not be read.
        """
        return self.teaching.refresh()

    def spots(self) -> list[SpotView]:
        """All blind spots in the order they were found."""
        self._index()
        return [self._view(spot) for spot in self.discovery.blind_spots]

    def spot(self, spot_id: str) -> SpotView:
        """One blind spot.

        Raises:
            StoreError: there is no such blind spot.
        """
        self._index()
        return self._view(known_spot(self.discovery, spot_id))

    def evidence(self, spot_id: str, *, first: int | None = None) -> list[EvidenceRow]:
        """The rows of a blind spot that this annotator may see, most typical first: all once there is a decision.

        ``first``: no more than so many, which takes no longer where there are thousands.

        Raises:
            StoreError: there is no such blind spot.
        """
        self._index()
        spot, known, withheld = known_spot(self.discovery, spot_id), self.discovery.predictions, self._withheld
        parts = self._parts_of(spot)
        held_back = frozenset(parts.held_back)
        hidden = frozenset(parts.withheld) | (frozenset() if spot_id in self._decisions else held_back)
        seen = list(islice((row for row in spot.rows if row not in hidden), first))
        edits = edits_of(seen, self.teaching.perturbations(), self.discovery)
        return [
            self._row(
                known[row], neighbours_of(row, self.discovery, withheld=withheld), edits.get(row, ()), row in held_back
            )
            for row in seen
        ]

    def evidence_for(self, spot_id: str) -> Evidence:
        """What every teacher is shown of a blind spot before answering, with its hash.

        Raises:
            StoreError: there is no such blind spot.
        """
        return evidence_for(self.project, self.discovery, self.teaching, spot_id)

    def scattered(self, *, first: int | None = None) -> list[EvidenceRow]:
        """The UUs that belong to no blind spot, but for those that are withheld; ``first``: as in `evidence`."""
        self._index()
        known, withheld = self.discovery.predictions, self._withheld
        found = (
            self._row(known[row], neighbours_of(row, self.discovery, withheld=withheld))
            for row in self.discovery.scattered
            if not is_withheld(known[row], withheld)
        )
        return list(islice(found, first))

    def flagged(self, spot_id: str) -> list[EvidenceRow]:
        """The flagged rows near a blind spot that nobody has labelled since, nearest first, but for withheld ones.

        Raises:
            StoreError: there is no such blind spot.
        """
        return self._flagged(known_spot(self.discovery, spot_id).flagged)

    def flagged_elsewhere(self) -> list[EvidenceRow]:
        """The flagged rows near no blind spot, the surest first, but for withheld ones and those labelled since."""
        return self._flagged(self.discovery.flagged_elsewhere)

    def every_flagged(self) -> list[EvidenceRow]:
        """All flagged rows: those near no blind spot first, as only they can make a new one."""
        near = [row for spot in self.discovery.blind_spots for row in self.flagged(spot.id)]
        return [*self.flagged_elsewhere(), *near]

    def _flagged(self, ids: Iterable[str]) -> list[EvidenceRow]:
        self._index()
        return [replace(self._row(self.discovery.predictions[row], ()), flagged=True) for row in self._seen(ids)]

    def _seen(self, ids: Iterable[str]) -> list[str]:
        """Those of the rows that are not withheld, and that nobody has labelled since they were flagged."""
        known, withheld = self.discovery.predictions, self._withheld
        return [row for row in ids if row not in self._labelled and not is_withheld(known[row], withheld)]

    def patterns(self, spot_id: str) -> list[Pattern]:
        """The patterns for a blind spot that this annotator may see."""
        self._index()
        return list(self._patterns.get(spot_id, ()))

    def samples(self, spot_id: str) -> list[Sample]:
        """The samples for a blind spot that this annotator may see."""
        self._index()
        return list(self._samples.get(spot_id, ()))

    def totals(self) -> Totals:
        """Figures over all blind spots, scattered rows included."""
        views = self.spots()
        status = Counter(view.status for view in views)
        uus = self.discovery.uus
        return Totals(
            uus=len(uus),
            uus_after_marks=self._counted(uus),
            blind_spots=len(views),
            done=status["done"],
            skipped=status["skipped"],
            in_progress=status["in progress"],
            patterns=sum(view.patterns for view in views),
            samples=sum(view.samples for view in views),
            flagged=len(self._seen(self.discovery.flagged)),
        )

    def _index(self) -> None:
        if self._version == self.teaching.version:
            return
        self._marks = self.teaching.marks()
        self._states = self.teaching.states()
        self._decisions = decisions(self.teaching, self.teaching.author)
        self._patterns, self._samples, self._sealed = defaultdict(list), defaultdict(list), set()
        self._unjudged = ()
        if self._decisions:  # without one nothing of others is shown in any case, and asking takes 3 ms
            self._unjudged = self._to_judge(self.project, self.discovery, self.teaching)
        for pattern in self.teaching.patterns():
            if self._may_see(pattern):
                self._patterns[pattern.blind_spot].append(pattern)
        for sample in self.teaching.samples():
            if self._may_see(sample):
                self._samples[sample.blind_spot].append(sample)
        self._labels_since = None
        if self.discovery.flagged:
            self._labelled = frozenset(Labels(self.teaching).people)
        self._own_marks = {record.row for record in self.teaching.own("mark") if isinstance(record, RowMark)}
        self._version = self.teaching.version

    @property
    def unjudged(self) -> Collection[str]:
        """Blind spots where this annotator has still to judge blind what others wrote."""
        self._index()
        return self._unjudged

    @property
    def labels_since(self) -> int:
        """On how many pool rows what people say has changed since the discovery: another one would see it."""
        self._index()
        if self._labels_since is None:
            self._labels_since = Labels(self.teaching).changed_since(self.discovery.row_labels)
        return self._labels_since

    def _may_see(self, record: Pattern | Sample) -> bool:
        if self.teaching.is_own(record.id):
            return True
        if record.blind_spot not in self._decisions:
            self._sealed.add(record.blind_spot)
        return is_open(record.blind_spot, self._decisions, self._unjudged)

    def _view(self, spot: BlindSpot) -> SpotView:
        patterns, samples = self._patterns.get(spot.id, []), self._samples.get(spot.id, [])
        own_patterns = sum(self.teaching.is_own(pattern.id) for pattern in patterns)
        written = Counter(sample.role for sample in samples if self.teaching.is_own(sample.id))
        asked, times = self.project.settings.teaching, max(1, own_patterns)
        begun = own_patterns or written or not self._own_marks.isdisjoint(spot.rows)
        state, decided = self._states.get(spot.id), self._decisions.get(spot.id)
        status: SpotStatus = "in progress" if begun else "untouched"
        reason = ""
        if state:
            status, reason = state.status, state.reason
        elif decided:
            status, reason = ("done", "") if decided.decision == "committed" else ("skipped", decided.reason)
        held_back, withheld = self._hidden(spot)
        return SpotView(
            id=spot.id,
            gold=spot.gold,
            predicted=spot.predicted,
            words=spot.words,
            overlap=spot.overlap,
            size=self._counted(spot.rows),
            size_before=len(spot.rows),
            mean_confidence=spot.mean_confidence,
            coherence=spot.coherence,
            status=status,
            reason=reason,
            decision=decided.decision if decided else None,
            sealed=spot.id in self._sealed,
            to_review=decided is not None and spot.id in self._unjudged,
            held_back=0 if decided else held_back,
            withheld=withheld,
            flagged=len(self._seen(spot.flagged)),
            estimate=spot.estimate,
            excess=spot.excess,
            title=self._title(patterns) if decided else "",
            patterns=len(patterns),
            samples=len(samples),
            written={role: written[role] for role in ROLES},
            quota={"target": asked.targets * times, "counter": asked.counters * times, "anchor": asked.anchors},
        )

    def _parts_of(self, spot: BlindSpot) -> Parts:
        if spot.id not in self._parts:
            share = self.project.settings.teaching.held_back
            self._parts[spot.id] = parts_of(spot, self.discovery, held_back=share, withheld=self._withheld)
        return self._parts[spot.id]

    def _hidden(self, spot: BlindSpot) -> tuple[int, int]:
        """How many rows of a blind spot are held back, and withheld: without a look at texts where none is withheld."""
        if self._withheld:
            parts = self._parts_of(spot)
            return len(parts.held_back), len(parts.withheld)
        return held_back_of(len(spot.rows), self.project.settings.teaching.held_back), 0

    def _title(self, patterns: Sequence[Pattern]) -> str:
        """The first sentence of the pattern that names the blind spot; ``patterns``: those that may be seen."""
        before = {pattern.rewords for pattern in patterns}
        said = [one for one in patterns if one.kind == "abstraction" and one.id not in before]
        own = [one for one in said if self.teaching.is_own(one.id)]
        chosen = next(iter([*own, *(one for one in said if one.teacher.kind == "llm")]), None)
        if chosen is None:
            return ""
        first = _SENTENCE.match(chosen.text)
        return first[0] if first else chosen.text

    def _row(
        self,
        row: Prediction,
        near: tuple[Prediction, ...],
        edits: tuple[Perturbation, ...] = (),
        held_back: bool = False,
    ) -> EvidenceRow:
        marked = self._marks.get(row.id)
        mark, marked_by = (marked.mark, marked.author) if marked else (None, None)
        suspect = marked is None and row.id in self._suspects
        read_to = self.discovery.read_to.get(row.id, ())
        return EvidenceRow(row, near, mark, marked_by, edits, held_back, suspect, read_to)

    def _counted(self, rows: Iterable[str]) -> int:
        return sum(row not in self._marks or not self._marks[row].mark.is_doubt for row in rows)


def sort_spots(spots: Iterable[SpotView], key: SortKey) -> list[SpotView]:
    """Sort for the list: largest, surest or tightest first; by status, what is in progress first.

    Spots that are equal in that stay in the order of their ids.
    """
    ranks: dict[SortKey, Callable[[SpotView], float]] = {
        "id": lambda view: 0.0,
        "size": lambda view: -view.size,
        "confidence": lambda view: -view.mean_confidence,
        "coherence": lambda view: -view.coherence,
        "status": lambda view: _URGENCY[view.status],
    }
    return sorted(spots, key=lambda view: (ranks[key](view), int(view.id[1:])))


def filter_spots(spots: Iterable[SpotView], *, text: str = "", status: SpotStatus | None = None) -> list[SpotView]:
    """Keep the spots of that status whose id, direction, words and title contain every word of ``text`` (any case).

    ``negative -> positive``, with spaces or not, stands for that direction.
    """
    wanted = _ARROW.sub("->", text.casefold()).split()
    kept = []
    for view in spots:
        direction = _ARROW.sub("->", view.direction.casefold())
        places = [view.id.casefold(), direction, *(word.casefold() for word in (*view.words, view.title))]
        if (status is None or view.status == status) and all(any(word in place for place in places) for word in wanted):
            kept.append(view)
    return kept
