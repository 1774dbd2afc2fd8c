"""Reading a finished report, for the command, the app and scripts. Light: nothing is computed here.

A report that exists is complete: it is written last, atomically, and can be recomputed from the predictions beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from engine.errors import FileError, ProjectError
from engine.files import content_key, read_json, read_record
from engine.ids import checked_id, is_id
from engine.problems import leave_out
from engine.project import Project
from engine.proof.figures import FIGURES, interval
from engine.proof.report_checks import checked_report
from engine.proof.report_rows import figure_rows
from engine.proof.report_types import Report, ReportArm
from engine.schema import Record, Sample
from engine.shapes import fit

_FILE = "report.json"
FLIPS = "flips.json"  # of a proof folder
LEARNED = "samples.json"  # of a proof folder: which samples each model gets right

_PROVE_AGAIN = "restore the file, or make a new proof with `blindspot retrain`"


class Learned(TypedDict):
    """Which samples a model gets right, by `content`."""

    arm: str
    recipe: str
    seed: int
    right: list[str]


@dataclass(frozen=True, slots=True)
class ProofSummary:
    """One figure, ready to be shown: before (baseline), after (arm), the change and its interval."""

    name: str
    before: str
    after: str
    change: str
    interval: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFlip(Record):
    """A row whose label an arm changed in more than half of the seeds (`engine.proof.flipped_rows`), without its text.

    Attributes:
        arm, recipe: who changed it.
        split: ``pool`` or ``test``; proof rows are shown to nobody.
        fixed: from wrong to right; False: newly broken.
        seeds: how many agree.
        before, after: the label that most seeds give, with their mean confidence, 0..1.
    """

    arm: str
    recipe: str
    split: str
    id: str
    gold: str
    fixed: bool
    seeds: int
    before: str
    before_confidence: float
    after: str
    after_confidence: float

    @property
    def error_confidence(self) -> float:
        """How sure the model was that was wrong, before or after, 0..1."""
        return self.before_confidence if self.fixed else self.after_confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip(StoredFlip):
    """A flipped row with its text."""

    text: str
    text_pair: str | None


def flipped(project: Project, report: Report, arm: str, recipe: str) -> list[Flip]:
    """The rows that an arm flipped, those first on which the wrong model was most confident.

    Raises:
        ProjectError: the proof was made before flips were kept.
    """
    path = project.proofs_dir / checked_id("proof", report.id) / FLIPS
    if not path.is_file():
        raise ProjectError(f"proof {report.id} was made before flips were kept", hint="retrain to get a new one")
    stored: list[StoredFlip] = read_record(path, lambda values: fit(values, list[StoredFlip]), hint=_PROVE_AGAIN)
    found = [one for one in stored if (one.arm, one.recipe) == (arm, recipe)]
    discovery = project.discovery(report.round)
    texts: dict[tuple[str, str], tuple[str, str | None]] = {
        ("pool", row.id): (row.text, row.text_pair) for row in (discovery.predictions.values() if discovery else ())
    }
    if any(one.split == "test" for one in found):
        texts |= {("test", row.id): (row.text, row.text_pair) for row in project.examples("test")}
    shown = [(one, texts[one.split, one.id]) for one in found if (one.split, one.id) in texts]
    return [Flip(**one.as_json(), text=text, text_pair=pair) for one, (text, pair) in shown]


def content(sample: Sample) -> str:
    """What a sample is known by in a proof, which holds no text: rewritten, it is another one."""
    return content_key(sample.id, sample.text, sample.text_pair, sample.label)


def learned(project: Project, report: Report, arm: str, recipe: str, seed: int) -> frozenset[str]:
    """The samples, by `content`, that a model of a proof gets right; none in older proofs."""
    path = project.proofs_dir / checked_id("proof", report.id) / LEARNED
    names = {"arm": arm, "recipe": recipe, "seed": seed}
    if not path.exists():
        return frozenset()
    entries: list[Learned] = read_record(path, lambda values: fit(values, list[Learned]), hint=_PROVE_AGAIN)
    return frozenset(one for entry in entries if entry.items() >= names.items() for one in entry["right"])


def reports(project: Project) -> list[Report]:
    """All finished reports of a project, newest first; a damaged one is left out (`engine.problems`)."""
    found = []
    for path in project.report_files():
        try:
            found.append(_report(path))
        except FileNotFoundError:  # it was deleted this moment
            continue
        except FileError as error:
            leave_out(error)
    return sorted(found, key=lambda report: report.created, reverse=True)


def _report(path: Path) -> Report:
    return read_record(path, lambda values: checked_report(values, path.parent.name), hint=_PROVE_AGAIN)


def read_report(project: Project, proof_id: str | None = None) -> Report:
    """The report of that id, or the newest one.

    Raises:
        ProjectError: there is no finished proof, none of that id, or its report is damaged.
    """
    if proof_id is not None and is_id("proof", proof_id) and (project.proofs_dir / proof_id / _FILE).exists():
        return _report(project.proofs_dir / proof_id / _FILE)
    finished = reports(project)
    if not finished:
        for path in project.report_files():
            return _report(path)  # which is damaged, and says so
        raise ProjectError(
            "there is no finished proof yet",
            where=str(project.root),
            hint="make one with `blindspot retrain`",
        )
    if proof_id is None:
        return finished[0]
    known = ", ".join(report.id for report in finished)
    raise ProjectError(f"there is no finished proof {proof_id}", where=str(project.root), hint=f"use one of {known}")


def stored_report(project: Project, report: Report) -> dict[str, Any]:
    """The JSON values of a report as they stand in its file, for scripts: those of other versions are among them.

    Raises:
        FileNotFoundError, FileError: it cannot be read any more.
    """
    values: dict[str, Any] = read_json(project.proofs_dir / report.id / _FILE, hint=_PROVE_AGAIN)
    return values


def find_arm(report: Report, arm: str, recipe: str | None) -> ReportArm:
    """One arm of a report.

    Args:
        report: of a proof.
        arm: its name.
        recipe: how it was trained; None: the one that is proven, else `scratch`, else the first of its recipes.

    Raises:
        ProjectError: the report has no such arm and recipe.
    """
    found = [entry for entry in report.arms if entry.arm == arm and recipe in (None, entry.recipe)]
    if found:
        return min(found, key=lambda entry: (entry.verdict != "proven", entry.recipe != "scratch"))
    known = ", ".join(f"{entry.arm} ({entry.recipe})" for entry in report.arms)
    named = f"{arm} ({recipe})" if recipe else arm
    raise ProjectError(f"proof {report.id} has no arm {named}", hint=f"its arms are {known}")


def before_and_after(report: Report, arm: ReportArm, split: str) -> list[ProofSummary]:
    """The figures of an arm on ``proof`` or ``test`` beside the baseline's; empty if there is no such split."""
    rows = {(one.arm, one.recipe, one.measure): one for one in figure_rows(report) if one.split == split}
    lines = []
    for key, name, show in FIGURES:
        before, after = rows.get((*report.baseline.group, key)), rows.get((*arm.group, key))
        if before is None or after is None or after.change is None:  # a proof older than the measure
            continue
        moved = after.change
        bounds = interval(show, moved.low, moved.high)
        values = show(before.value.mean), show(after.value.mean), show(moved.mean, sign=True)
        lines.append(ProofSummary(name.format(tau=report.tau), *values, bounds))
    return lines
