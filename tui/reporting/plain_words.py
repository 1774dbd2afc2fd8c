"""The first lines of a report, for terminal, HTML, Markdown and screen alike: task and verdicts in plain words.

Figures are written as in the tables. Names are data: they are made visible here.
"""

from __future__ import annotations

from pathlib import Path

from engine.counted import counted
from engine.proof.controls import CONTROLS, TEMPERATURE
from engine.proof.figures import count, interval, share
from engine.proof.report_types import NOT_JUDGED, Report, ReportArm
from engine.text import visible

_FEW_LABELS = 4  # that are named
_TRAINED_WITH = {
    "human": "what people wrote",
    "llm": "what an LLM wrote",
    "both": "what people and an LLM wrote",
    "example": "the bundled examples",
    "all": "what all teachers wrote",
    "labels": "people's labels",
    "llm-labels": "an LLM's labels and people's",
    "random-n": "as many labels of random rows",
    **{name: says.partition(":")[0] for name, says in CONTROLS.items()},
}


def title(report: Report, project: Path) -> str:
    """The project, the round, and the verdict, of several arms how many are proven. ``project``: its folder."""
    words = [report.verdict_of(arm) for arm in report.arms]
    told = words[0] if len(words) == 1 else f"{words.count('proven')} of {counted(len(words), 'arm')} proven"
    return visible(f"{project.resolve().name}, round {report.round}: {told}")


def meaning(report: Report, arm: ReportArm) -> str:
    """What the verdict means; before there is one, what the figures are."""
    if report.verdict_of(arm) == NOT_JUDGED:
        return "These figures are a first guess: people's labels of the rows that can change the verdict decide."
    return arm.meaning


def task(report: Report) -> str:
    """What the labels are, on how many rows was judged, and what was compared; two sentences."""
    labels = [visible(label) for label in report.labels]
    told = f"one of {len(labels)} labels" if len(labels) > _FEW_LABELS else " or ".join(labels)
    rows = f"{report.rows.proof:,} proof rows"
    if report.labels_asked:
        rows += " (most of them without a label)"
    if report.rows.test:
        rows += f" and {report.rows.test:,} test rows"
    return (
        f"Task: texts labelled {told}; judged on {rows}, which no training saw. The baseline is trained without what "
        f"an arm adds; {counted(len(report.seeds), 'training')} of each."
    )


def labels_asked(report: Report) -> str:
    """Where a verdict from few labels stands, and what comes next; empty where proof rows have their labels."""
    return report.labels_asked.sentence if report.labels_asked else ""


def verdict(report: Report, arm: ReportArm) -> str:
    """What became of the confident errors and of accuracy, in a sentence; the word and what closed stand before it."""
    if report.labels_asked is not None:
        return _by_few_labels(report, arm)
    before, after = report.baseline.proof.uu_at_matched_coverage.mean, arm.proof.uu_at_matched_coverage.mean
    change = arm.proof.difference.uu_at_matched_coverage
    part = f", {100 * change.mean / before:+.0f} %" if before else ""
    bounds = f"{100 * report.interval:.4g} % interval {interval(count, change.low, change.high)}"
    split = "test" if arm.test and report.baseline.test else "proof"
    old, new = report.baseline.on(split), arm.on(split)
    assert old is not None, "a split that both have"
    assert new is not None, "a split that both have"
    return (
        f"{_who(arm.arm)} makes {count(after)} confident errors on proof where the baseline makes {count(before)}, at "
        f"the same coverage ({count(change.mean, sign=True)}{part}; {bounds}); accuracy on {split} "
        f"{share(old.accuracy.mean)} -> {share(new.accuracy.mean)}."
    )


def _by_few_labels(report: Report, arm: ReportArm) -> str:
    """The same by changes alone: how many errors there are in all is not known where most rows have no label."""
    assert report.labels_asked is not None, "who calls has looked"
    if report.verdict_of(arm) == NOT_JUDGED:
        return f"{_who(arm.arm)} has not been judged yet: no row that can change the verdict has a label."
    change = arm.proof.difference.uu_at_matched_coverage
    accuracy = arm.on("test") or arm.proof
    moved, split = accuracy.difference.accuracy, "test" if arm.test else "proof"
    many = f"{count(abs(change.mean))} {'fewer' if change.mean <= 0 else 'more'}"
    bounds = f"{100 * report.interval:.4g} % interval {interval(count, change.low, change.high)}"
    return (
        f"{_who(arm.arm)} makes {many} confident errors on proof than the baseline, at the same coverage ({bounds}); "
        f"accuracy on {split} {share(moved.mean, sign=True)} ({interval(share, moved.low, moved.high)})."
    )


def _who(arm: str) -> str:
    """The model of an arm, by what it was trained with."""
    if arm == TEMPERATURE:
        return "The baseline with its confidence rescaled"
    parts = [_TRAINED_WITH.get(name, f"`{visible(name)}`") for name in arm.split("+")]
    return f"The model trained with {' and '.join(parts)}"
