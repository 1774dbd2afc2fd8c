"""What a run of the LLM as a teacher, as a judge of patterns, or as a labeller brought. Light."""

from __future__ import annotations

from dataclasses import dataclass

from engine.counted import counted
from engine.jobs.kind import ToldResult
from engine.llm.call_costs import CallTotals
from engine.schema import LabelledSplit, Role, Teacher
from engine.text import visible


@dataclass(frozen=True, slots=True)
class TeachReport(ToldResult):
    """What a run of the LLM teacher brought.

    Attributes:
        teacher, author: who answered, and in whose name the records are.
        blind_spots: of the run. finished: those with all three answers, now or before. already: those before.
        patterns, samples: new ones; samples by role.
        missing: samples that were asked for and are not there, by role: not answered, or refused.
        refused: samples that were not taken, by reason.
        failed: why a blind spot has not all its answers, by its id.
        unrecorded: blind spots that the recording does not know.
        stopped: why the run ended early; empty: it did not.
        calls: all calls of the run. cost: what they cost, None where that is not known. currency: of the cost.
    """

    teacher: Teacher
    author: str
    blind_spots: int
    finished: int
    already: int
    patterns: int
    samples: dict[Role, int]
    missing: dict[Role, int]
    refused: dict[str, int]
    failed: dict[str, str]
    unrecorded: tuple[str, ...]
    stopped: str
    calls: CallTotals
    cost: float | None
    currency: str

    @property
    def sentence(self) -> str:
        """In one sentence, what is there and what is missing."""
        parts = [f"{self.finished} of {self.blind_spots} blind spots answered by {visible(self.teacher.name)}"]
        if short := sum(self.missing.values()):
            parts.append(f"{short} samples missing")
        if self.failed:
            parts.append(f"no full answer for {', '.join(self.failed)}")
        if self.unrecorded:
            parts.append(f"not in the recording: {', '.join(self.unrecorded)}")
        return "; ".join([*parts, *([self.stopped] if self.stopped else [])])


@dataclass(frozen=True, slots=True)
class JudgeReport(ToldResult):
    """What one run has done.

    Attributes:
        judge: name of the LLM. judged, reworded: ids of patterns. before: judged in an earlier run.
        untestable: why a pattern has nothing to be tested on, by id. failed: why one got no answer, by id.
        stopped: why the run ended early; empty if it did not.
    """

    judge: str
    judged: tuple[str, ...]
    reworded: tuple[str, ...]
    before: tuple[str, ...]
    untestable: dict[str, str]
    failed: dict[str, str]
    stopped: str = ""

    @property
    def sentence(self) -> str:
        """What was done, and what is missing."""
        number = len(self.judged)
        parts = [f"{self.judge} judged {counted(number, 'pattern')}, reworded {len(self.reworded) or 'none'}"]
        parts += [f"judged before: {len(self.before)}"] if self.before else []
        parts += [f"without rows to be tested on: {len(self.untestable)}"] if self.untestable else []
        parts += [f"without an answer: {len(self.failed)} ({next(iter(self.failed.values()))})"] if self.failed else []
        parts += [f"stopped early: {self.stopped}"] if self.stopped else []
        return "; ".join(parts).rstrip(".") + "."


@dataclass(frozen=True, slots=True)
class LabelReport(ToldResult):
    """What a run of the LLM as a labeller brought.

    Attributes:
        teacher, author: who labelled, and in whose name the labels are. guideline: number of its version; 0: none.
        rows: that were asked for. labelled: in this run. already: before it, under this version.
        withheld: pool rows that nobody is shown, as they nearly equal a proof row.
        left_out: rows that got no label, by reason. certainties: labels of this run by certainty.
        stopped: why the run ended early; empty: it did not.
        calls: all calls of the run. cost: what they cost, None where that is not known. currency: of the cost.
        split: where the rows are.
    """

    teacher: Teacher
    author: str
    guideline: int
    rows: int
    labelled: int
    already: int
    withheld: int
    left_out: dict[str, int]
    certainties: dict[str, int]
    stopped: str
    calls: CallTotals
    cost: float | None
    currency: str
    split: LabelledSplit = "pool"

    @property
    def sentence(self) -> str:
        """In one sentence, what is there and what is missing."""
        done, which = self.labelled + self.already, "held-out rows" if self.split == "proof" else "rows"
        parts = [f"{done:,} of {self.rows:,} {which} labelled by {visible(self.teacher.name)}"]
        parts += [f"{self.already:,} of them before"] if self.already else []
        parts += [f"{sum(self.left_out.values()):,} left out"] if self.left_out else []
        return "; ".join([*parts, *([self.stopped] if self.stopped else [])])
