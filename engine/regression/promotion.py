"""Making an arm's model the one that the next round discovers with. Light: it only writes down which model that is.

A model that was not proven is promoted only on purpose, and its verdict stays written beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.errors import ProjectError
from engine.files import write_json
from engine.guest import refuse_guests
from engine.ids import inside
from engine.jobs import without_jobs
from engine.model.cleaned_models import models_lock, refuse_cleaned
from engine.project import Project
from engine.proof.report import find_arm, read_report
from engine.proof.report_closed import closed_sentence
from engine.proof.report_types import NOT_JUDGED, JudgedModel, Report, ReportArm
from engine.regression.frozen_spots import begin_round, freeze, frozen_keys, suite
from engine.review.outcome import reviewed_samples
from engine.schema import Record, Sample
from engine.teaching.records import Records


@dataclass(frozen=True, slots=True)
class Promotion(Record):
    """What was promoted.

    Attributes:
        round: the round that it starts.
        name: of the model. path: its folder, relative to the project. key: content key of its weights.
        promoted_from: id of the proof. verdict: the one it was given there by then.
        frozen: ids of the blind spots that it froze. suite: content key of what was frozen of each.
        look: number of the latest look at people's labels of the proof's rows; None: these had their labels, or it was
            promoted before looks were kept.
    """

    round: int
    name: str
    path: str
    key: str
    promoted_from: str
    arm: str
    recipe: str
    seed: int
    verdict: str
    frozen: tuple[str, ...] = ()
    suite: dict[str, str] = field(default_factory=dict)
    look: int | None = None

    @property
    def judged(self) -> str:
        """How it was judged, as a part of a sentence; empty if it was proven."""
        return unproven(self.verdict)


def unproven(word: str) -> str:
    """That an arm with this verdict is not proven, as a part of a sentence; empty if it is."""
    if word == "proven":
        return ""
    return "has not been judged yet" if word == NOT_JUDGED else f"was judged `{word}`, not `proven`"


def promote(
    project: Project,
    *,
    arm: str,
    recipe: str | None = None,
    seed: int | None = None,
    proof_id: str | None = None,
    force: bool = False,
) -> Promotion:
    """Start the next round with the model of an arm.

    A round in which nothing was discovered yet is not left behind empty: its model is replaced, and so is what that
    froze. Blind spots that the arm and its model closed are frozen into the regression suite
    (`engine.regression.frozen_spots`).

    Args:
        project: with a finished proof.
        arm: name of the arm.
        recipe: how its model was trained; None: as `find_arm`.
        seed: which of its models; default: the first.
        proof_id: default: the newest proof.
        force: promote it whatever its verdict.

    Raises:
        ProjectError: there is no such proof, arm or seed, its model is gone, or it is not proven and not forced; or,
            forced or not, the report does not follow from its predictions.
        ModelError: the model is not the one that was judged, or was cleaned; or somebody else promotes or removes one.
        JobError: a job is running.
        GuestRefused: a guest asks for it.
    """
    from engine.verify.model_checks import refuse_changed
    from engine.verify.proof_checks import refuse_changed_report

    refuse_guests("promoting a model")
    # Else `clean` could remove the model after the look at it, and a job would go on with the model of another round:
    # a retrain asks for it with each of its runs.
    with models_lock(project), without_jobs(project.root):
        report = read_report(project, proof_id)
        entry = find_arm(report, arm, recipe)
        recipe = entry.recipe
        seed = report.seeds[0] if seed is None else seed
        model = _model(project, entry, seed)
        if (judged := unproven(report.verdict_of(entry))) and not force:
            raise ProjectError(
                f"arm {arm} ({recipe}) {judged}",
                where=f"proof {report.id}",
                hint="promote it all the same with --force",
            )
        refuse_changed_report(project, report.id)
        refuse_changed(project, project.root / model.path, model.key)
        number = project.round
        if number == 1 or project.discovery() is not None:
            number += 1
        begin_round(project, number)
        frozen = freeze(project, report, entry, seed, _samples(project, report))
        promotion = Promotion(
            round=number,
            name=model.name,
            path=model.path,
            key=model.key,
            promoted_from=report.id,
            arm=arm,
            recipe=recipe,
            seed=seed,
            verdict=report.verdict_of(entry),
            frozen=tuple(frozen),
            suite=frozen_keys(project, frozen),
            look=report.labels_asked.look if report.labels_asked else None,
        )
        write_json(project.round_dir(number) / "model.json", promotion.as_json())
    return promotion


def frozen_sentences(project: Project, done: Promotion) -> list[str]:
    """What of the closed blind spots is guarded from now on, and what is not, for people."""
    report = read_report(project, done.promoted_from)
    group = done.arm, done.recipe
    closed = [spot.id for spot in report.spots if any((one.group, one.word) == (group, "closed") for one in spot.arms)]
    told = []
    if done.frozen:
        told.append(f"Closed, and in the regression suite from now on: {', '.join(done.frozen)}.")
    if left := [spot for spot in closed if spot not in done.frozen]:
        but = f"Closed by the mean over seeds, but not by this model of seed {done.seed}, and so not in the suite"
        told.append(f"{but}: {', '.join(left)}.")
    if not closed:
        what = closed_sentence(find_arm(report, done.arm, done.recipe))
        then = "what was frozen before" if suite(project) else "nothing"
        told.append(f"{what[0].upper()}{what[1:]}: nothing is frozen, and `check` has {then} to check.")
    return told


def _samples(project: Project, report: Report) -> Sequence[Sample]:
    """The samples as the arms of a proof were trained on them."""
    records = Records(project.teaching_dir)
    samples = records.samples()
    return reviewed_samples(project, records, samples) if report.reviewed else samples


def _model(project: Project, entry: ReportArm, seed: int) -> JudgedModel:
    if str(seed) not in entry.models:
        raise ProjectError(
            f"arm {entry.arm} ({entry.recipe}) was not trained with seed {seed}",
            hint=f"its seeds are {', '.join(entry.models)}",
        )
    model = entry.models[str(seed)]
    path = inside(project.root, model.path)
    if not path.is_dir():
        refuse_cleaned(project, path)
        raise ProjectError(
            "the model's folder is gone",
            where=str(path),
            hint=f"train it again with `blindspot retrain {project.root}`",
        )
    return model
