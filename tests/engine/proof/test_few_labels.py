"""Verdicts where proof rows lack labels: who is asked for which, and what is said after each look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.discovery.calibration import UNKNOWN
from engine.errors import FileError, ProjectError, StoreError
from engine.files import read_json, write_json
from engine.label_queue.open_queues import open_queues
from engine.label_queue.queue_files import new_queue, queues
from engine.label_queue.row_chooser import RowChooser
from engine.model.cleaned_models import KEEPS
from engine.operations.clean_project import list_parts
from engine.operations.history import history
from engine.operations.verdict_process import look_and_tell
from engine.project import SETTINGS_FILE, Project
from engine.proof.evaluate import evaluate
from engine.proof.imputation import KnownLabels, RowChanges, label_sets
from engine.proof.proof_labels import read_proof_labels
from engine.proof.proof_looks import ask_for_labels, take_looks
from engine.proof.report import read_report
from engine.proof.report_types import NOT_JUDGED, LabelsAsked
from engine.regression.promotion import promote
from engine.regression.suite_checks import check_promotions
from engine.schema import UNLABELLED, Teacher
from engine.settings import Settings, TaskSettings, change_setting
from engine.teaching.records import Teaching
from engine.verify.proof_checks import check_proof
from tests.builders.labels import ANN, GPT, by_llm, by_person, write_labels
from tests.builders.models import lay_out_model
from tests.builders.project import lay_out as lay_out_project
from tests.builders.proof import Gold, lay_out_proof
from tests.engine.proof.synthetic import gold_labels, model, scored
from tests.waiting import until

ROWS = 600
IDS = [f"h{place}" for place in range(ROWS)]
ARM = ("human", "scratch")
LABELS = ["neg", "pos"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose proof rows have no label."""
    rows = {
        name: [{"id": f"{name}{at}", "text": f"{name} {at}", "label": LABELS[at % 2]} for at in range(4)]
        for name in ("train", "pool")
    }
    rows["proof"] = [{"id": row, "text": f"text {row}", "label": UNLABELLED} for row in IDS]
    return lay_out_project(tmp_path / "work", rows, Settings(task=TaskSettings(labels=tuple(LABELS))))


@pytest.fixture(scope="module")
def gold() -> Gold:
    return gold_labels(ROWS)


def lay_out(
    project: Project,
    gold: Gold,
    *,
    known: Gold | None = None,
    better: float = 2.0,
    budget: int = 100,
) -> Path:
    """A proof of one arm whose proof rows have the labels ``known``; none by default. Test rows have theirs."""
    hidden = np.full(len(gold), UNKNOWN) if known is None else known
    return lay_out_proof(
        project.root,
        {("baseline", "scratch"): [model(gold, seed=0)], ARM: [model(gold, seed=0, skill=better)]},
        {"proof": hidden, "test": gold},
        labels=LABELS,
        margin=0.05,
        **({} if (hidden != UNKNOWN).all() else {"label_budget": budget}),
        before_report=lambda folder: ask_for_labels(project, folder, IDS),
    )


def asked(project: Project) -> list[str]:
    return [choice.row for choice in queues(project, "verdict")[-1].choices]


def answer(project: Project, gold: Gold, rows: Sequence[str]) -> None:
    right = {row: LABELS[label] for row, label in zip(IDS, gold, strict=True)}
    write_labels(project, ANN, [by_person(row, right[row], split="proof", queue="verdict") for row in rows])


def of(project: Project) -> LabelsAsked:
    found = read_report(project).labels_asked
    assert found is not None
    return found


def test_only_rows_that_can_change_a_verdict_are_asked_for(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold)
    take_looks(project, folder.name)
    base, arm = scored(model(gold, seed=0), gold), scored(model(gold, seed=0, skill=2.0), gold)
    size = RowChanges.of([arm], [base], 0.9).effect
    held = read_proof_labels(folder)
    assert set(held.order) == set(np.flatnonzero(size).tolist())
    assert 0 < len(held.order) < ROWS
    assert asked(project) == [IDS[place] for place in held.order[:20]]
    assert {choice.reason for choice in queues(project, "verdict")[0].choices} == {"can change a verdict"}


def test_a_copy_of_the_baseline_needs_no_label(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold, better=1.0)
    take_looks(project, folder.name)
    assert (of(project).rows, of(project).certain, asked(project)) == (0, True, [])
    assert read_report(project).arms[0].verdict == "no change"


def test_looks_come_when_all_their_rows_are_labelled_and_end_when_the_word_is_certain(
    project: Project, gold: Gold
) -> None:
    folder = lay_out(project, gold)
    assert not take_looks(project, folder.name)
    assert (of(project).look, read_report(project).arms[0].verdict) == (0, "no change")
    answer(project, gold, asked(project)[:-1])
    assert not take_looks(project, folder.name)
    labels = 0
    while of(project).goes_on:
        labels = len(asked(project))
        answer(project, gold, asked(project))
        assert take_looks(project, folder.name)
    assert of(project).certain
    assert (of(project).answered, len(asked(project))) == (labels, labels)
    assert labels < of(project).rows
    report = read_report(project)
    assert report.arms[0].verdict == evaluate(lay_out(project, gold, known=gold))["arms"][0]["verdict"] == "proven"


def test_labels_in_another_order_in_the_settings_change_no_verdict(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold)
    take_looks(project, folder.name)
    answer(project, gold, asked(project))
    project.settings = replace(project.settings, task=replace(project.settings.task, labels=tuple(LABELS[::-1])))
    take_looks(project, folder.name)
    assert dict(read_proof_labels(folder).people) == {
        IDS.index(row): gold[IDS.index(row)] for row in asked(project)[:20]
    }


def test_what_is_not_judged_yet_is_told_so_and_later_labels_do_not_contradict_a_promotion(
    project: Project, gold: Gold
) -> None:
    folder = lay_out(project, gold)
    take_looks(project, folder.name)
    with pytest.raises(ProjectError, match=r"arm human \(scratch\) has not been judged yet; promote it all the same"):
        promote(project, arm="human")
    weights = lay_out_model(project, "human-scratch-13")
    assert [any(part.goes for part in list_parts(project, keep)) for keep in (KEEPS, ["baseline"])] == [False, True]
    for path in weights.iterdir():  # the model that was judged has none
        path.unlink()
    assert promote(project, arm="human", force=True).verdict == history(project)[0].judged[0].verdict == NOT_JUDGED
    while of(project).goes_on:
        answer(project, gold, asked(project))
        take_looks(project, folder.name)
    (weights / "config.json").touch()
    (found,) = check_promotions(project)
    assert (found.state, found.what) == (
        "ok",
        "human, scratch, seed 13: not judged yet; `proven` by labels that came since",
    )
    assert history(project)[1].promoted.startswith("human, scratch: not judged yet, proven by labels that came since; ")
    model_file = project.round_dir(2) / "model.json"
    write_json(model_file, read_json(model_file) | {"look": of(project).look})
    assert [found.state for found in check_promotions(project)] == ["changed"]


def test_a_look_is_taken_and_told_when_who_labels_leaves(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold)
    take_looks(project, folder.name)
    answer(project, gold, asked(project))
    told = look_and_tell(project, "verdict-1")
    assert of(project).look == 1
    assert told == f"human (scratch): {read_report(project).arms[0].verdict}. {of(project).sentence}"


def test_what_is_said_between_looks_changes_nothing(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold)
    take_looks(project, folder.name)
    before = (folder / "report.json").read_bytes()
    answer(project, gold, asked(project)[:7])
    take_looks(project, folder.name)
    assert (folder / "report.json").read_bytes() == before


def test_with_all_labels_the_figures_are_those_of_a_labelled_split(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold, better=1.6, budget=ROWS)
    answer(project, gold, IDS)
    take_looks(project, folder.name)
    report = read_json(folder / "report.json")
    plain = evaluate(lay_out(project, gold, known=gold, better=1.6))
    assert report["labels_asked"]["certain"]
    assert report["arms"][0]["proof"] == plain["arms"][0]["proof"]
    assert (report["arms"][0]["verdict"], report["arms"][0]["reason"]) == (
        plain["arms"][0]["verdict"],
        plain["arms"][0]["reason"],
    )


def test_an_llms_labels_leave_less_open(gold: Gold) -> None:
    base, arm = [scored(model(gold, seed=0), gold)], [scored(model(gold, seed=0, skill=1.3), gold)]
    changes, nobody = RowChanges.of(arm, base, 0.9), np.full(ROWS, UNKNOWN)
    drawn = np.zeros(ROWS, dtype=np.bool_)
    drawn[np.random.default_rng(1).choice(np.flatnonzero(changes.effect), 30, replace=False)] = True
    spreads = []
    for llm in (gold, nobody):
        known = KnownLabels(np.where(drawn, gold, UNKNOWN), llm, drawn, drawn * 0.5)
        sets = label_sets(known, arm, base, changes, sets=400, seed=3)
        spreads.append(changes.totals(sets)["uu_at_matched_coverage"].std())
    assert 0 < spreads[0] < spreads[1]


def test_an_llm_that_labels_after_the_training_counts_at_the_next_look(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold, better=1.3)
    take_looks(project, folder.name)
    said = [by_llm(row, LABELS[label], split="proof") for row, label in zip(IDS, gold, strict=True)]
    write_labels(project, GPT, said)
    assert set(read_proof_labels(folder).llm) == {UNKNOWN}
    answer(project, gold, asked(project))
    take_looks(project, folder.name)
    assert list(read_proof_labels(folder).llm) == gold.tolist()


def test_labels_that_nobody_gave_are_found(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold)
    take_looks(project, folder.name)
    answer(project, gold, asked(project))
    take_looks(project, folder.name)
    values = read_json(folder / "labels.json")
    place, label = values["people"][0]
    values["people"][0] = [place, 1 - label]
    write_json(folder / "labels.json", values)
    assert any("is not one that people gave" in finding.what for finding in check_proof(project, folder))


def test_labels_of_kind_example_stand_for_peoples_and_labels_of_pool_rows_do_not(project: Project, gold: Gold) -> None:
    folder, example = lay_out(project, gold), Teacher("bundled", "example")
    take_looks(project, folder.name)
    right = {row: LABELS[label] for row, label in zip(IDS, gold, strict=True)}
    given = [by_person(row, right[row], split="proof", teacher=example) for row in asked(project)]
    write_labels(project, example, given)
    assert take_looks(project, folder.name)
    assert not [finding for finding in check_proof(project, folder) if finding.bad]
    other = LABELS[1 - gold[IDS.index(given[0].row)]]
    write_labels(project, ANN, [by_person(given[0].row, other, split="pool")])
    values = read_json(folder / "labels.json")
    place = IDS.index(given[0].row)
    values["people"] = [[at, 1 - label if at == place else label] for at, label in values["people"]]
    write_json(folder / "labels.json", values)
    assert any("is not one that people gave" in finding.what for finding in check_proof(project, folder))


def test_a_label_that_the_project_does_not_have_is_told(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold)
    write_json(folder / "labels.json", read_json(folder / "labels.json") | {"people": [[0, 7]]})
    with pytest.raises(FileError, match="a label is not one of the project's"):
        evaluate(folder)
    assert any("is not one that people gave" in finding.what for finding in check_proof(project, folder))


@pytest.mark.parametrize(
    "changed", [{"llm": []}, {"order": [ROWS]}, {"order": [3, 3]}, {"people": [[-1, 0]]}, {"look": 9}, {"budget": -5}]
)
def test_labels_that_no_proof_has_are_told_as_damage(
    project: Project, gold: Gold, changed: dict[str, list[int] | int]
) -> None:
    folder = lay_out(project, gold)
    write_json(folder / "labels.json", read_json(folder / "labels.json") | changed)
    with pytest.raises(FileError, match="damaged"):
        take_looks(project, folder.name)
    ask_for_labels(project, folder, IDS)
    assert not take_looks(project, folder.name)


def test_a_file_of_the_proof_that_is_gone_is_named(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold)
    take_looks(project, folder.name)
    answer(project, gold, asked(project))
    (folder / "gold-proof.npy").unlink()
    with pytest.raises(StoreError, match=r"gold-proof\.npy of the proof is gone"):
        take_looks(project, folder.name)


def test_labels_in_the_name_of_other_rows_are_found(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold)
    take_looks(project, folder.name)
    write_json(folder / "labels.json", read_json(folder / "labels.json") | {"ids": IDS[::-1]})
    assert any("not of the rows of the proof split" in finding.what for finding in check_proof(project, folder))


def test_a_report_that_hides_that_labels_lack_is_found(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold)
    report = read_json(folder / "report.json")
    write_json(folder / "report.json", {name: value for name, value in report.items() if name != "labels_asked"})
    assert any("does not say" in finding.what for finding in check_proof(project, folder))


def test_known_labels_stand_in_every_set_and_others_follow_the_labelled_rows(gold: Gold) -> None:
    base, arm = [scored(model(gold, seed=0), gold)], [scored(model(gold, seed=0, skill=2.0), gold)]
    dice = np.random.default_rng(1)
    llm = np.where(dice.random(ROWS) < 0.1, 1 - gold, gold)
    changes = RowChanges.of(arm, base, 0.9)
    drawn = (changes.effect > 0) & (dice.random(ROWS) < 0.5)
    known = KnownLabels(np.where(drawn, gold, UNKNOWN), llm, drawn, drawn * 0.5)
    sets = label_sets(known, arm, base, changes, sets=200, seed=3)
    assert (sets[:, drawn] == gold[drawn]).all()
    others = ~drawn & (changes.effect > 0)
    differ = (sets[:, others] != llm[others]).mean()
    assert differ == pytest.approx((gold != llm)[drawn].mean(), abs=0.06)
    assert len(np.unique(sets[:, others], axis=0)) > 100


def test_a_process_looks_while_people_label(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold)
    take_looks(project, folder.name)
    first = len(asked(project))
    chooser = RowChooser(project.root, "verdict-1", "verdict")
    try:
        answer(project, gold, asked(project))
        until(lambda: of(project).look == 1)
        until(lambda: len(asked(project)) > first or not chooser.is_choosing)
        assert chooser.take_problem() == ""
        assert of(project).goes_on == (len(asked(project)) > first)
    finally:
        chooser.close()


def test_a_row_is_asked_of_one_person_and_of_nobody_once_the_word_is_certain(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold)
    change_setting(project.root / SETTINGS_FILE, "labelling", "overlap", 1.0)
    shared = Project.open(project.root)
    take_looks(shared, folder.name)
    while of(shared).goes_on:
        answer(shared, gold, asked(shared))
        take_looks(shared, folder.name)
    assert not [name for name, _ in open_queues(shared, Teaching.of(shared, "ben")) if name.startswith("verdict")]


def test_a_lost_queue_is_made_again_and_asks_for_the_same_rows(project: Project, gold: Gold) -> None:
    folder = lay_out(project, gold)
    take_looks(project, folder.name)
    rows = asked(project)
    new_queue(project, "verdict", split="proof", budget=1, seed=1, facts={"proof": "other"})
    queues(project, "verdict")[0].path.unlink()
    take_looks(project, folder.name)
    assert asked(project) == rows
    assert of(project).queue == queues(project, "verdict")[-1].spec.name
