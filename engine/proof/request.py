"""What a retrain is asked for, refused before a job is made of it if it cannot be done. Light."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.errors import ProjectError
from engine.figure import Figure
from engine.project import Project
from engine.proof.arms import ALL, BOTH, Arm, choose_arms, plan_runs, teaching_arms
from engine.proof.budget_matching import Equal
from engine.proof.controls import CONTROLS, control_arms, every_control, is_control, usable_pool
from engine.proof.recipes import AUTO, NO_CHOICE, RECIPES, USUAL
from engine.review.outcome import reviewed_samples
from engine.schema import TEACHER_KINDS, Record, Sample, TeacherKind
from engine.tau import refuse_new_tau, tau_of
from engine.teaching.labels import Labels
from engine.teaching.records import Records

# Of proof rows where others have none: with 30, a third of them wrong, the 95 % interval of the accuracy is +-.17.
FEWEST_LABELLED = 30


@dataclass(frozen=True, slots=True)
class RetrainRequest(Record):
    """What is to be trained and compared with the baseline.

    Attributes:
        arms: names of arms, controls among them (`engine.proof.controls`); none: every kind of teaching there is
            (`engine.proof.arms.choose_arms`).
        seeds: none: those of the settings.
        recipes: names (`engine.proof.recipes`); None: the usual ones.
        equal: cut the arms down to equal count or equal cost (`engine.proof.budget_matching`); None: all samples.
        reviewed: leave out samples that reviewers reject, and take their corrections.
        controls: compare with every control too.
    """

    arms: tuple[str, ...] | None = None
    seeds: tuple[int, ...] | None = None
    recipes: tuple[str, ...] | None = None
    equal: Equal | None = None
    reviewed: bool = False
    controls: bool = False


def arms_asked(
    project: Project,
    samples: Sequence[Sample],
    doubtful: Collection[str],
    request: RetrainRequest,
    *,
    costs: Mapping[TeacherKind, Figure] | None = None,
    labels: Mapping[str, str] | None = None,
) -> list[Arm]:
    """The arms to train, controls after the teaching.

    Args:
        project: gives pool, discovery and currency.
        samples: that may be trained on.
        doubtful: as `Records.doubtful_rows`.
        request: names the arms, whether they are cut down, and whether every control is wanted.
        costs: what all samples of a kind of teacher cost, for equal cost (`engine.costs.cost_book.costs_of_kinds`).
        labels: by pool row id the label that people agree on now.

    Raises:
        ProjectError: there is no such arm, nothing to make it of, or a cost is not known.
    """
    arms = request.arms or ()
    _refuse_unknown(arms, samples)
    named = [name for name in arms if is_control(name)]
    wanted = [name for name in arms if not is_control(name)] if arms else None
    found: list[Arm] = []
    if samples or wanted != []:
        found = choose_arms(samples, wanted, equal=request.equal, costs=costs, currency=project.settings.cost.currency)
    if named or request.controls:
        beside = found or (choose_arms(samples) if samples else [])  # controls alone match all that was taught
        chosen = every_control(beside) if request.controls else named
        found += control_arms(project, project.discovery(), chosen, beside, doubtful=doubtful, labels=labels)
    return found


def _refuse_unknown(arms: Sequence[str], samples: Sequence[Sample]) -> None:
    """Refuse names that are neither teaching nor a control, naming those that are."""
    teaching = teaching_arms(samples)
    known = [*teaching, *every_control([Arm(name, ()) for name in teaching])]
    for name in arms:
        if name in known:
            continue
        none_yet = name in (*TEACHER_KINDS, BOTH, ALL)
        what = f"arm `{name}` has no samples yet" if none_yet else f"there is no arm `{name}`"
        have = f"one of {', '.join(teaching)}, or " if teaching else ""
        raise ProjectError(what, hint=f"use {have}a control: {', '.join(known[len(teaching) :] or CONTROLS)}")


def refuse_retrain(
    project: Project, request: RetrainRequest, *, costs: Mapping[TeacherKind, Figure] | None = None
) -> None:
    """Refuse what `engine.proof.run.retrain` would refuse, but for what it must score or train to know.

    Raises:
        ProjectError: there is nothing to train with or to prove on, no such arm, recipe or seed, a cost is not known,
            or blind spots are needed that have not been discovered, or too few proof rows have a label.
        SettingsError: tau differs from that of the first proof, or of the blind spots.
    """
    refuse_new_tau(project)
    discovery = project.discovery()
    tau_of(project, discovery)
    if not project.has_split("proof"):
        raise ProjectError(
            "the project has no proof split", where=str(project.root), hint="make a new one with `blindspot init`"
        )
    proof = project.manifest.splits["proof"]
    refuse_few_labels(project, labelled=proof.labelled, rows=proof.rows)
    records = Records(project.teaching_dir)
    samples: Sequence[Sample] = records.samples()
    samples = reviewed_samples(project, records, samples) if request.reviewed else samples
    doubtful = records.doubtful_rows()
    labels = Labels(records).settled()
    found = arms_asked(project, samples, doubtful, request, labels=labels, costs=costs)
    wanted = USUAL if request.recipes is None else request.recipes
    plan_runs(project, found, seeds=request.seeds, recipes=[name for name in wanted if name != AUTO])
    if any(name == AUTO or RECIPES[name].keep for name in wanted):
        usable_pool(project, discovery, doubtful, labels)
    if AUTO in wanted and (discovery is None or len(discovery.blind_spots) < 2):
        raise ProjectError(NO_CHOICE, where=str(project.root), hint=f"name a recipe: {', '.join(RECIPES)}")


def refuse_few_labels(project: Project, *, labelled: int, rows: int) -> None:
    """Refuse a proof where rows of the proof split have no label and those that have one are too few to judge on.

    Raises:
        ProjectError: saying how many there are.
    """
    if labelled < min(rows, FEWEST_LABELLED):
        raise ProjectError(
            f"{labelled:,} of {rows:,} proof rows have a label, and a proof needs {FEWEST_LABELLED}",
            where=str(project.root),
            hint="make a project whose proof rows have labels (`blindspot init --proof`)",
        )


def refuse_quick(project: Project, arms: Sequence[str] | None) -> None:
    """Refuse what a quick look would refuse.

    Raises:
        ProjectError: there are no samples, no such arm, or no blind spots.
    """
    if not project.discovered().blind_spots:
        raise ProjectError("there are no blind spots to look at", where=str(project.root), hint="lower discovery.tau")
    choose_arms(Records(project.teaching_dir).samples(), arms or None)
