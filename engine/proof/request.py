"""What a retrain is asked for, refused before a job is made of it if it cannot be done. Light."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.errors import ProjectError
from engine.figure import Figure
from engine.model.text_classifier import classifier_of, trainable
from engine.project import Project
from engine.proof.arms import ALL, BOTH, Arm, choose_arms, plan_runs, teaching_arms
from engine.proof.budget_matching import Equal
from engine.proof.controls import control_arms, every_control, is_control, usable_pool
from engine.proof.label_arms import (
    LABEL_ARMS,
    LABELS,
    LLM_LABELS,
    TrainableLabels,
    is_label_arm,
    label_arm_names,
    label_arms,
)
from engine.proof.recipes import AUTO, RECIPES, possible_recipes, usual_recipes
from engine.review.outcome import reviewed_samples
from engine.schema import TEACHER_KINDS, Discovery, Record, Sample, TeacherKind
from engine.tau import refuse_new_tau, tau_of
from engine.teaching.labels import Labels
from engine.teaching.records import Records

# Of proof rows where others have none: with 30, a third of them wrong, the 95 % interval of the accuracy is +-.17. With
# fewer, people are asked for labels after the training (`engine.proof.proof_looks`).
FEWEST_LABELLED = 30
# Of labels that `auto` chooses by: two recipes differ on a tenth to a fifth of them, which with 50 is 5 to 10 rows.
FEWEST_TO_CHOOSE = 50


@dataclass(frozen=True, slots=True)
class RetrainRequest(Record):
    """What is to be trained and compared with the baseline.

    Attributes:
        arms: names of arms, those of labels (`engine.proof.label_arms`) and controls (`engine.proof.controls`) among
            them; none: every kind of teaching there is (`engine.proof.arms.choose_arms`), and without any the labels.
        seeds: none: those of the settings.
        recipes: names (`engine.proof.recipes`); None: the usual ones.
        equal: cut the arms down to equal count or equal cost (`engine.proof.budget_matching`); None: all samples.
        reviewed: leave out samples that reviewers reject, and take their corrections.
        controls: compare with every control too.
        labeller: the LLM whose labels are meant; None: the only one.
    """

    arms: tuple[str, ...] | None = None
    seeds: tuple[int, ...] | None = None
    recipes: tuple[str, ...] | None = None
    equal: Equal | None = None
    reviewed: bool = False
    controls: bool = False
    labeller: str | None = None


def arms_asked(
    project: Project,
    samples: Sequence[Sample],
    doubtful: Collection[str],
    request: RetrainRequest,
    *,
    given: Labels,
    costs: Mapping[TeacherKind, Figure] | None = None,
    labels: Mapping[str, str] | None = None,
) -> list[Arm]:
    """The arms to train: teaching, then labels, then controls.

    Args:
        project: gives pool, discovery and currency.
        samples: that may be trained on.
        doubtful: as `Records.doubtful_rows`.
        request: names the arms, whether they are cut down, and whether every control is wanted.
        given: the labels of pool rows.
        costs: what all samples of a kind of teacher cost, for equal cost (`engine.costs.cost_book.costs_of_kinds`).
        labels: by pool row id the label that people agree on now, or did when blind spots were found.

    Raises:
        ProjectError: there is no such arm, nothing to make it of, or a cost is not known.
    """
    arms = request.arms or _labels_alone(samples, given)
    _refuse_unknown(arms, samples, given)
    named = [name for name in arms if is_control(name)]
    of_labels = [name for name in arms if is_label_arm(name)]
    wanted = [name for name in arms if name not in (*named, *of_labels)] if arms else None
    found: list[Arm] = []
    if samples or wanted != []:
        found = choose_arms(samples, wanted, equal=request.equal, costs=costs, currency=project.settings.cost.currency)
    taught = found or (choose_arms(samples) if samples else [])  # controls alone match all that was taught
    if of_labels:
        whole = {arm.name: arm for arm in (choose_arms(samples) if samples else ())}
        beside = list((whole | {arm.name: arm for arm in found}).values())
        found = found + label_arms(TrainableLabels(project, given, doubtful, request.labeller), of_labels, beside)
    if named or request.controls:
        chosen = every_control(taught) if request.controls else named
        found = found + control_arms(project, project.discovery(), chosen, taught, doubtful=doubtful, labels=labels)
    return found


def _labels_alone(samples: Sequence[Sample], given: Labels) -> tuple[str, ...]:
    """What is trained where no arm is named and nobody has taught: people's labels, else an LLM's."""
    if samples or not (given.people or given.llms):
        return ()
    return (LABELS,) if given.people else (LLM_LABELS,)


def _refuse_unknown(arms: Sequence[str], samples: Sequence[Sample], given: Labels) -> None:
    """Refuse names that are neither teaching, labels nor a control, naming those that are."""
    teaching = teaching_arms(samples)
    controls = every_control([Arm(name, ()) for name in teaching])
    for name in arms:
        if name in (*teaching, *label_arm_names(teaching), *controls):
            continue
        none_yet = name in (*TEACHER_KINDS, BOTH, ALL)
        what = f"arm `{name}` has no samples yet" if none_yet else f"there is no arm `{name}`"
        usable = [*teaching, *(LABEL_ARMS if given.people or given.llms else ())]
        have = f"one of {', '.join(usable)}, or " if usable else ""
        raise ProjectError(what, hint=f"use {have}a control: {', '.join(controls)}")


def refuse_retrain(
    project: Project, request: RetrainRequest, *, costs: Mapping[TeacherKind, Figure] | None = None
) -> None:
    """Refuse what `engine.proof.run.retrain` would refuse, but for what it must score or train to know.

    Raises:
        ModelError: the classifier cannot be retrained.
        ProjectError: there is nothing to train with or to prove on, no such arm, recipe or seed, a cost is not known,
            or blind spots are needed that have not been discovered.
        SettingsError: tau differs from that of the first proof, or of the blind spots.
    """
    classifier = trainable(project)
    refuse_new_tau(project)
    discovery = project.discovery()
    tau_of(project, discovery)
    for split, needed in (("proof", "to be judged on"), ("train", "to be trained with")):
        if split not in project.manifest.splits:
            what, hint = f"the project has no {split} split {needed}", "make a new one with `blindspot init`"
            raise ProjectError(what, where=str(project.root), hint=hint)
    records = Records(project.teaching_dir)
    samples: Sequence[Sample] = records.samples()
    samples = reviewed_samples(project, records, samples) if request.reviewed else samples
    doubtful = records.doubtful_rows()
    given = Labels(records)
    labels = given.settled()
    found = arms_asked(project, samples, doubtful, request, given=given, labels=labels, costs=costs)
    wanted = usual_recipes(classifier) if request.recipes is None else request.recipes
    plan_runs(project, found, seeds=request.seeds, recipes=[name for name in wanted if name != AUTO])
    by_spots = AUTO in wanted and any(arm.samples and not arm.labels for arm in found)
    if by_spots or any(name != AUTO and RECIPES[name].keep for name in wanted):
        usable_pool(project, discovery, doubtful, labels)
    if by_spots:
        refuse_few_spots(project, discovery)
    for arm in found if AUTO in wanted else ():
        refuse_few_to_choose(project, arm)


def refuse_few_spots(project: Project, discovery: Discovery | None) -> None:
    """Refuse `auto` for an arm of teaching, whose recipe is chosen by cross-validation over blind spots.

    Raises:
        ProjectError: there are fewer than two blind spots.
    """
    if discovery is None or len(discovery.blind_spots) < 2:
        raise ProjectError(
            "`auto` chooses by two blind spots or more, and there are fewer",
            where=str(project.root),
            hint=f"name a recipe: {', '.join(possible_recipes(classifier_of(project)))}",
        )


def refuse_few_to_choose(project: Project, arm: Arm) -> None:
    """Refuse `auto` for an arm of labels that has too few to hold some out.

    Raises:
        ProjectError: saying how many there are.
    """
    if arm.labels and len(arm.labels) < FEWEST_TO_CHOOSE:
        # All the way, 48 labels cost inference 2.7 points of test accuracy (tests/bench/README.md).
        careful = "average" if "average" in possible_recipes(classifier_of(project)) else "scratch"
        raise ProjectError(
            f"`auto` chooses by labels that are held out: it needs {FEWEST_TO_CHOOSE}, and arm `{arm.name}` has "
            f"{len(arm.labels)}",
            where=str(project.root),
            hint=f"label more, or name a recipe: {careful}",
        )


def refuse_quick(project: Project, arms: Sequence[str] | None) -> None:
    """Refuse what a quick look would refuse.

    Raises:
        ModelError: the classifier cannot be retrained.
        ProjectError: there are no samples, no such arm, or no blind spots.
    """
    trainable(project)
    discovered_spots(project)
    choose_arms(Records(project.teaching_dir).samples(), arms or None)


def discovered_spots(project: Project) -> Discovery:
    """The discovery of the round, which has blind spots for a quick look.

    Raises:
        ProjectError: nothing has been discovered yet, or no blind spot was found.
    """
    discovery = project.discovered()
    if not discovery.blind_spots:
        raise ProjectError("there are no blind spots to look at", where=str(project.root), hint="lower discovery.tau")
    return discovery
