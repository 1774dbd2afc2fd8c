"""`auto` for arms of labels, and a proof of them; the models are very small and truly trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine.discovery.pipeline import discover
from engine.errors import ProjectError, Stopped
from engine.files import checked, read_json, write_json
from engine.model.model_registry import ModelRef, current_model, predictions, trained
from engine.model.output_bias import held_out_predictions
from engine.model.side_by_side import Room
from engine.model.training_task import StartOfTraining, TrainingApart, TrainingTask
from engine.operations.outside_uses import outside_uses
from engine.operations.verify_project import verify
from engine.progress import Silent
from engine.project import Project
from engine.proof import label_selection, train_ahead
from engine.proof.arms import Arm, plan_runs
from engine.proof.held_out_labels import HeldOutOutcome, HeldOutTrial, outcomes
from engine.proof.label_selection import choose_by_labels
from engine.proof.proof_spec import RecipeChoice, read_spec
from engine.proof.recipes import ALL_ROWS, LABEL_RECIPES, MERGED_ALL, MERGED_ROWS, MERGED_UNLEARNED
from engine.proof.report import read_report
from engine.proof.request import FEWEST_TO_CHOOSE, RetrainRequest, arms_asked, refuse_retrain
from engine.proof.run import retrain
from engine.proof.training_labels import ONE_PART_FROM, PARTS, TrainingLabel, held_out_parts
from engine.proof.training_sets import training_set, training_task
from engine.schema import UNLABELLED, Example, RowLabel, Teacher
from engine.settings import (
    ComputeSettings,
    DiscoverySettings,
    LabellingSettings,
    ModelSettings,
    ProofSettings,
    Settings,
    TaskSettings,
    TrainingSettings,
)
from engine.teaching.labels import Labels
from engine.teaching.records import Records, Teaching
from engine.trust import agree
from engine.verify.seal import keep_seal
from tests.builders.monitor import Recorder
from tests.builders.project import copy_project, lay_out
from tests.builders.rows import LABELS, sentences
from tests.builders.tiny_bert import body

pytestmark = pytest.mark.xdist_group("labels")  # what they share is made once

ROWS = {"train": 48, "dev": 30, "test": 24, "proof": 40, "pool": 96}
Row = dict[str, str]


def splits() -> dict[str, list[Row]]:
    """Rows that a word decides; where the stream says `coat`, the label of pool and proof is the other one."""
    made, first = {}, 0
    for name, count in ROWS.items():
        flips = name in ("pool", "proof")
        made[name] = [
            {"id": f"{name}-{number}", "text": text, "label": LABELS[good != (flips and "coat" in text)]}
            for number, (text, good) in enumerate(sentences()[first : first + count])
        ]
        first += count
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose pool has no label but those of a person, 60, and of an LLM, all."""
    folder = tmp_path_factory.mktemp("labels")
    base = str(body(folder / "base"))
    settings = Settings(
        task=TaskSettings(labels=LABELS),
        model=ModelSettings(base=base, encoder=base),
        discovery=DiscoverySettings(tau=0.5),
        labelling=LabellingSettings(llm_floor=0.0),
        training=TrainingSettings(epochs=4, continue_epochs=1, batch_size=4, learning_rate=1e-2),
        proof=ProofSettings(seeds=(5,), bootstrap=100),
        compute=ComputeSettings(device="cpu", threads=1),
    )
    rows = splits()
    pool = [row | {"label": UNLABELLED} for row in rows["pool"]]
    project = lay_out(folder / "work", rows | {"pool": pool}, settings)
    agree(project.root, outside_uses(project))
    for name, kind, some in (("ann", "human", rows["pool"][:60]), ("gpt", "llm", rows["pool"])):
        teaching = Teaching(project.teaching_dir, name)
        with teaching.store.edit("labels") as edit:
            for row in some:
                teacher = Teacher(name, kind)  # type: ignore[arg-type]
                said = RowLabel(row["id"], row["label"], 3, teacher, "hunt", guideline=1)
                edit.put("label", said.key, said)
    discover(project, labels=Labels(Records(project.teaching_dir)).settled(), monitor=Silent())
    keep_seal(project)
    return project.root


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Project:
    return copy_project(made, tmp_path / "work")


def arm_of(project: Project, name: str) -> Arm:
    records = Records(project.teaching_dir)
    return arms_asked(project, (), (), RetrainRequest(arms=(name,)), given=Labels(records))[0]


def chosen(project: Project, name: str, monitor: Recorder) -> tuple[RecipeChoice, Arm]:
    return choose_by_labels(project, arm_of(project, name), seed=5, monitor=monitor)


@dataclass(frozen=True)
class Tried:
    """A project in which `auto` has chosen for the arm of an LLM's labels, and what came of it."""

    project: Project
    monitor: Recorder
    choice: RecipeChoice
    arm: Arm


@pytest.fixture(scope="module")
def tried(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    project, monitor = copy_project(made, tmp_path_factory.mktemp("tried") / "work"), Recorder()
    return Tried(project, monitor, *chosen(project, "llm-labels", monitor))


def test_parts_hold_each_label_once_and_many_labels_are_held_out_once() -> None:
    def some(count: int) -> list[TrainingLabel]:
        return [TrainingLabel(Example(f"r{n}", f"text {n}", LABELS[n % 2]), "llm") for n in range(count)]

    parts = held_out_parts(some(90), {f"r{n}" for n in range(0, 90, 10)})
    assert sorted(one.row.id for part in parts for one in part) == sorted(one.row.id for one in some(90))
    assert [len(part) for part in parts] == [30] * PARTS
    for part in parts:
        assert sum(one.row.label == LABELS[0] for one in part) == pytest.approx(15, abs=1)
        assert sum(int(one.row.id[1:]) % 10 == 0 for one in part) == 3
    assert held_out_parts(some(90)[::-1], {f"r{n}" for n in range(0, 90, 10)}) == parts
    (one,) = held_out_parts(some(ONE_PART_FROM + 2), ())
    assert len(one) == pytest.approx((ONE_PART_FROM + 2) / PARTS, abs=1)


def test_auto_chooses_recipe_and_rows_by_labels_that_are_held_out(tried: Tried) -> None:
    project, choice, arm = tried.project, tried.choice, tried.arm
    on_unlearned_rows = {f"{recipe} on unlearned rows" for recipe in LABEL_RECIPES if recipe != "longer"}
    assert set(choice.errors) == {*LABEL_RECIPES, *on_unlearned_rows, "longer merged with unlearned rows"}
    assert (choice.parts, choice.rows) == (PARTS, ROWS["pool"])
    assert choice.errors_before is not None
    assert choice.accuracy_before is not None
    name = choice.recipe if choice.chosen_rows == ALL_ROWS else f"{choice.recipe} on {choice.chosen_rows} rows"
    margin = project.settings.proof.margin
    fit = [key for key in choice.errors if choice.accuracies[key] >= choice.accuracy_before - margin]
    assert name in fit
    expected = {key: max(0.0, choice.errors_before - choice.errors[key]) * choice.chances[key] for key in fit}
    parts = [key for key in fit if expected[key] >= 0.8 * max(expected.values()) and not key.startswith("continue")]
    assert expected[name] == pytest.approx(max(expected[key] for key in parts or fit), abs=0.05), "chances are rounded"
    assert expected[name] > 0
    assert len(arm.labels) == (ROWS["pool"] if choice.chosen_rows == ALL_ROWS else len(arm.samples))
    assert "train" in tried.monitor.stages
    again = Recorder()
    assert chosen(project, "llm-labels", again) == (choice, arm)
    assert "train" not in again.stages
    assert not list(project.cache_dir.glob("held-out-*/")), "no model is kept"


@pytest.mark.parametrize(
    ("saved", "changed", "better", "taken"),
    [
        ({"average": 8, "continue": 14}, {"continue": 6}, {}, "average"),
        ({"average": 8, "continue": 10}, {}, {}, "average"),
        ({"average": 7, "continue": 10}, {}, {}, "continue"),
        ({"average": 2, "continue": 60}, {"continue": 2}, {}, "continue"),
        ({"average": 8, "continue": 10}, {}, {"average": -1}, "continue"),
        ({"average": -2, "continue": -1}, {"continue": 6}, {}, "average"),
        ({"average": 8, "continue": 10}, {}, {"average": -2, "continue": -1, "others": -3}, "continue"),
    ],
    ids=[
        "as sure of accuracy",
        "a part is enough",
        "no part is enough",
        "worth the doubt",
        "loses accuracy",
        "none saves an error",
        "all lose accuracy",
    ],
)
def test_auto_weighs_saved_errors_by_the_chance_that_accuracy_is_seen_to_be_kept(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    saved: dict[str, int],
    changed: dict[str, int],
    better: dict[str, int],
    taken: str,
) -> None:
    dev, model = project.examples("dev"), current_model(project, seed=5, monitor=Silent())
    found = predictions(project, model, dev, split_key="dev", monitor=Silent()).argmax(axis=1)
    wrong = {place for place, row in enumerate(dev) if LABELS[found[place]] != row.label}
    right = [place for place in range(len(dev)) if place not in wrong]

    def outcome(name: str, before: float) -> HeldOutOutcome:
        gained = better.get(name, better.get("others", 0))
        lost = sorted(wrong)[changed.get(name, 0) // 2 :] + right[: changed.get(name, 0) // 2 - gained]
        return HeldOutOutcome(before - saved.get(name, -50), tuple(sorted(lost)))

    def told(_: Project, trials: Mapping[str, HeldOutTrial], *rest: object, **__: object) -> dict[str, HeldOutOutcome]:
        return {name: outcome(name, 100.0) for name in trials}

    monkeypatch.setattr(label_selection, "outcomes", told)
    monkeypatch.setattr(label_selection, "held_out_parts", lambda labels, _: [list(labels)])
    monkeypatch.setattr(label_selection, "errors_among_most_confident", lambda *_: 100.0)
    choice, _ = chosen(project, "labels", Recorder())
    assert choice.recipe == taken
    assert all(0 <= chance <= 1 for chance in choice.chances.values())
    assert choice.sentence.count("The chance that test will show accuracy to be kept: ") == 1


def trial(project: Project, rows: Sequence[Example], average: float = 1.0, output_bias: str = "") -> HeldOutTrial:
    start = current_model(project, monitor=Silent())
    changes = {"steps": 8, "average": average, "output_bias": output_bias}
    begin = StartOfTraining(start.name, str(start.path), start.key)
    return HeldOutTrial(TrainingTask(tuple(rows), 5, begin, changes=changes), work=32)


def merged(project: Project, rows: Sequence[Example], apart: Sequence[Example], output_bias: str = "") -> HeldOutTrial:
    alone = trial(project, rows, 0.5, output_bias)
    changes = alone.task.changes | {"merged_share": 0.25}
    task = replace(alone.task, changes=changes, apart=TrainingApart(tuple(apart), 4))
    return replace(alone, task=task, apart_work=16)


def weights(model: ModelRef) -> dict[str, torch.Tensor]:
    return load_file(str(checked(model.path) / "model.safetensors"))


def test_two_trainings_are_merged_by_adding_their_ways(project: Project) -> None:
    rows = [one.row for one in arm_of(project, "labels").labels]
    both = merged(project, rows, rows[:12])
    start = current_model(project, monitor=Silent())
    whole = trial(project, rows).task.run(project, Silent())
    apart = trained(project, rows[:12], seed=5, start=start, steps=4, monitor=Silent())
    first, second = weights(whole), weights(apart)
    monitor = Recorder()
    found = weights(both.task.run(project, monitor))
    for name, before in weights(start).items():
        expected = before + 0.5 * (first[name] - before) + 0.25 * (second[name] - before)
        torch.testing.assert_close(found[name], expected, msg=name)
    shares = [done / total for stage, done, total, *_ in monitor.steps if stage == "train"]
    assert shares == sorted(shares), "what comes first counts as nothing done"
    assert not list(project.cache_dir.glob("apart-*")), "its model is not kept"
    again = Recorder()
    assert weights(both.task.run(project, again)).keys() == found.keys()
    assert "train" not in again.stages


def test_a_merged_training_that_was_stopped_goes_on(project: Project) -> None:
    rows = [one.row for one in arm_of(project, "labels").labels]
    task = merged(project, rows, rows[:12]).task
    with pytest.raises(Stopped):
        task.run(project, Recorder(lambda stage, done: stage == "train" and done > 3))
    assert len(list(project.cache_dir.glob("apart-*"))) == 1
    monitor = Recorder()
    task.run(project, monitor)
    assert next(done for stage, done, *_ in monitor.steps if stage == "train") > 3, "neither begins anew"
    assert not list(project.cache_dir.glob("apart-*"))


def test_a_merged_trial_shares_its_trainings_with_others(project: Project) -> None:
    rows = [one.row for one in arm_of(project, "labels").labels]
    alone = merged(project, rows[20:], rows[20:32], "dev")
    assert alone.task.first
    trials = {"merged": alone, "whole": trial(project, rows[20:]), "apart": HeldOutTrial(alone.task.first, 16)}
    monitor = Recorder()
    shared = outcomes(project, trials, rows[:20], 20, monitor=monitor)
    assert [done for stage, done, *_ in monitor.steps if stage == "train"] == [*range(1, 9), *range(1, 5)]
    dev = project.examples("dev")
    made = alone.task.run(project, Silent())
    logits = predictions(project, made, [*rows[:20], *dev], split_key="all", monitor=Silent())
    gold = np.array([LABELS.index(row.label) for row in [*rows[:20], *dev]])
    assert shared["merged"].errors == (logits.argmax(axis=1) != gold)[:20].sum()
    assert not list(project.cache_dir.glob("held-out-*/")), "no model is kept"


def test_auto_may_merge_a_training_on_all_rows_with_one_on_unlearned_rows(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(_: Project, trials: Mapping[str, HeldOutTrial], *rest: object, **__: object) -> dict[str, HeldOutOutcome]:
        return {name: HeldOutOutcome(0.0 if "merged" in name else 5.0, ()) for name in trials}

    monkeypatch.setattr(label_selection, "outcomes", told)
    choice, arm = chosen(project, "llm-labels", Recorder())
    assert (choice.recipe, choice.chosen_rows) == ("longer", MERGED_ROWS)
    half = "recipe longer on all rows, half the way, and a quarter of the way of a training on unlearned rows alone"
    assert choice.sentence.startswith(half)
    assert {row.id for row in arm.apart} < {row.id for row in arm.samples}
    assert len(arm.labels) == ROWS["pool"]
    train, runs = project.examples("train"), plan_runs(project, [arm], seeds=[5], recipes=["head", "longer"])
    other, task = (training_task(project, run, train, [], stop=None, monitor=Silent()) for run in runs[1:])
    assert other.apart is None, "with another recipe it was not tried"
    assert task.apart
    assert {row.id for row in task.apart.rows} >= {row.id for row in arm.apart}
    assert (task.changes["average"], task.changes["merged_share"]) == (MERGED_ALL, MERGED_UNLEARNED)
    assert task.apart.steps * 4 < task.changes["steps"], "four passes fewer, over fewer rows"


def test_what_is_done_in_the_end_is_what_training_it_would_give(project: Project) -> None:
    rows = [one.row for one in arm_of(project, "labels").labels]
    ways = {"half": (0.5, ""), "whole": (1.0, ""), "half, biases fitted": (0.5, "dev")}
    trials = {name: trial(project, rows[20:], *way) for name, way in ways.items()}
    monitor = Recorder()
    shared = outcomes(project, trials, rows[:20], 20, monitor=monitor)
    assert [done for stage, done, *_ in monitor.steps if stage == "train"] == list(range(1, 9)), "trained once"
    dev, answers = project.examples("dev"), {}
    for name, (average, bias) in ways.items():
        alone = trained(
            project,
            rows[20:],
            seed=5,
            start=current_model(project, monitor=Silent()),
            steps=8,
            average=average,
            output_bias=bias,
            monitor=Silent(),
        )
        answers[name] = predictions(project, alone, [*rows[:20], *dev], split_key="all", monitor=Silent())
        gold = np.array([LABELS.index(row.label) for row in [*rows[:20], *dev]])
        said = answers[name].argmax(axis=1)
        if bias:
            said[20:] = held_out_predictions(answers["half"][20:], gold[20:])
        assert shared[name].errors == (said != gold)[:20].sum()
        assert shared[name].wrong == tuple(np.flatnonzero((said != gold)[20:]))
    shift = answers["half, biases fitted"] - answers["half"]
    assert shift.std(axis=0).max() < 1e-4 < np.abs(shift).min(), "the same for all rows"


def test_biases_are_fitted_after_arms_of_labels_that_go_on_from_the_current_model(project: Project) -> None:
    labelled = arm_of(project, "labels")
    written = Arm("human", labelled.samples)
    runs = plan_runs(project, [labelled, written], seeds=[5], recipes=["scratch", "continue", "three-quarters"])
    train = project.examples("train")
    fitted = {
        (run.arm.name, run.recipe)
        for run in runs
        if training_set(project, run, train, [], Silent()).changes.get("output_bias")
    }
    assert fitted == {("labels", "continue"), ("labels", "three-quarters")}


def test_trials_side_by_side_are_those_of_one_after_another_whoever_stops(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked_processes: None
) -> None:
    one, other, stopped = (copy_project(made, tmp_path / name) for name in ("one", "other", "stopped"))
    rows = [one.row for one in arm_of(one, "labels").labels]
    trials = {"few": trial(one, rows[30:]), "half": trial(one, rows[20:], 0.5), "whole": trial(one, rows[20:])}
    alone = outcomes(one, trials, rows[:20], 20, monitor=Silent())

    monkeypatch.setattr(train_ahead, "room_for", lambda *_: Room(processes=2, threads=1))
    monkeypatch.setattr(train_ahead, "LEAST_SECONDS", 0.0)
    monitor = Recorder()
    assert outcomes(other, trials, rows[:20], 20, monitor=monitor) == alone
    assert "training 2 models at a time, 1 CPU thread each" in monitor.notes
    assert monitor.stages[-1] == "train 2 models, 2 finished"

    with pytest.raises(Stopped):
        outcomes(stopped, trials, rows[:20], 20, monitor=Recorder(lambda stage, _: "1 finished" in stage))
    assert outcomes(stopped, trials, rows[:20], 20, monitor=Silent()) == alone
    for project in (other, stopped):
        assert not [path for path in project.cache_dir.glob("held-out-*") if path.suffix != ".json"], "no model is kept"


def test_a_proof_of_labels_says_what_it_was_trained_on_and_what_was_chosen(tried: Tried, tmp_path: Path) -> None:
    project = copy_project(tried.project.root, tmp_path / "work")
    asked = RetrainRequest(arms=("labels", "llm-labels"), recipes=("auto",))
    refuse_retrain(project, asked)
    path = retrain(project, asked, monitor=Silent())
    keep_seal(project)
    report, spec = read_report(project), read_spec(path.parent)
    assert [arm.arm for arm in report.arms] == ["labels", "llm-labels"]
    for arm in report.arms:
        sources, choice = report.label_sources[arm.arm], spec.recipes[arm.arm]
        assert (arm.recipe, arm.n_added) == (choice.recipe, sources.people + sources.llm)
        assert f"{arm.arm}: {sources.sentence}." in report.notes
        assert f"{arm.arm}: {choice.sentence}" in report.notes
    people = report.label_sources["labels"]
    assert (people.people, people.llm, people.labeller, people.guidelines) == (60, 0, "", {"people": (1,)})
    assert people.sentence == "60 labels by people (guideline 1)"
    assert report.label_sources["llm-labels"].labeller == "gpt"
    assert spec.recipes["labels"].parts == PARTS
    assert "chosen by 60 labels, each third of them held out in turn" in spec.recipes["labels"].sentence
    assert "by accuracy on dev" in spec.recipes["labels"].sentence
    assert read_json(path)["label_sources"]["labels"]["people"] == 60
    assert not [found for found in verify(project.root) if found.bad]


def test_without_dev_no_accuracy_is_looked_at_and_the_report_says_so(project: Project) -> None:
    manifest = read_json(project.root / "manifest.json")
    del manifest["splits"]["dev"]
    write_json(project.root / "manifest.json", manifest)
    choice, _ = chosen(Project.open(project.root), "labels", Recorder())
    assert (choice.accuracies, choice.accuracy_before) == ({}, None)
    assert choice.sentence.endswith("Without a dev split no accuracy was looked at.")


def test_auto_needs_enough_labels_to_hold_some_out_and_no_blind_spots(project: Project) -> None:
    teaching = Teaching(project.teaching_dir, "ann")
    with teaching.store.edit("take back") as edit:
        for number in range(FEWEST_TO_CHOOSE - 1, 60):
            edit.delete("label", f"pool-{number}")
    told = f"it needs {FEWEST_TO_CHOOSE}, and arm `labels` has 49; label more, or name a recipe: average"
    with pytest.raises(ProjectError, match=told):
        refuse_retrain(project, RetrainRequest(arms=("labels",), recipes=("auto",)))
    (project.round_dir(1) / "discovery.json").unlink()
    refuse_retrain(project, RetrainRequest(arms=("llm-labels",), recipes=("auto",)))
    with pytest.raises(ProjectError, match="blindspot discover"):
        refuse_retrain(project, RetrainRequest(arms=("llm-labels", "uus"), recipes=("auto",)))


def test_many_rows_are_seen_at_least_once_from_scratch(project: Project) -> None:
    many = Arm("llm-labels", tuple(Example(f"r{n}", f"text {n}", LABELS[n % 2]) for n in range(400)))
    runs = plan_runs(project, [many], seeds=[5], recipes=["scratch", "continue"])
    baseline, scratch, further = (run.steps for run in runs)
    assert baseline == 4 * 48 // 4
    assert scratch == (48 + 400) // 4, "one pass, as the steps of the baseline would end before it"
    assert further == (400 + 48) // 4, "as many passes as the settings say, all of train replayed"


def test_a_choice_of_before_reads_as_one_by_blind_spots() -> None:
    choice = RecipeChoice.from_json({"recipe": "keep", "errors": {"keep": 2.0, "head": 3.5}, "rows": 12})
    assert choice.sentence == "recipe keep, by cross-validation over the pool's blind spots (errors: keep 2, head 3.5)."


def test_a_choice_says_when_no_recipe_was_better_than_the_current_model() -> None:
    tried = {"continue": 27.0, "average": 25.0}
    choice = RecipeChoice("average", tried, 50, chosen_rows=ALL_ROWS, parts=PARTS, errors_before=25.0)
    assert choice.sentence.endswith("these labels do not say that a retrain helps.")
    better = replace(choice, errors=tried | {"average": 24.0})
    assert "No recipe" not in better.sentence
