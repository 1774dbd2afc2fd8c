"""A proof where pool and proof rows have no label, or some of them; the models are very small and truly trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.data.pool_rows import labelled, pool_rows
from engine.data.proof_rows import judged_rows, read_proof
from engine.discovery.pipeline import discover
from engine.errors import ProjectError
from engine.files import read_json, write_json
from engine.label_queue.queue_files import queues
from engine.model.model_registry import current_model, predictions
from engine.operations.job_kinds import discover as discover_job
from engine.operations.job_records import DiscoverOptions
from engine.operations.outside_uses import outside_uses
from engine.operations.verdict_process import look
from engine.operations.verify_project import verify
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.proof.controls import control_arms
from engine.proof.recipes import RECIPES
from engine.proof.report import read_report
from engine.proof.request import FEWEST_LABELLED, RetrainRequest, refuse_retrain
from engine.proof.run import retrain
from engine.proof.training_sets import kept_rows
from engine.regression.promotion import promote
from engine.schema import UNLABELLED, Example, RowLabel, Sample, Teacher
from engine.settings import (
    ComputeSettings,
    DiscoverySettings,
    ModelSettings,
    ProofSettings,
    Settings,
    TaskSettings,
    TrainingSettings,
    write_settings,
)
from engine.teaching.records import Teaching
from engine.trust import agree
from engine.verify.seal import keep_seal
from tests.builders.labels import ANN, by_person, write_labels
from tests.builders.project import copy_project, lay_out, put_split
from tests.builders.rows import BAD, LABELS, THINGS, sentences
from tests.builders.tiny_bert import body

pytestmark = pytest.mark.xdist_group("unlabelled")  # what they share is made once

ROWS = {"train": 48, "pool": 60, "proof": 60, "test": 24}
WITH_LABEL = {"pool": 20, "proof": 40}
Row = dict[str, str]


def splits() -> dict[str, list[Row]]:
    """Rows that a word decides; the label of every third row of pool and proof is wrong, so that there are UUs."""
    made, first = {}, 0
    for name, count in ROWS.items():
        made[name] = [
            {
                "id": f"{name}-{number}",
                "text": text,
                "label": LABELS[good != (name in WITH_LABEL and number % 3 == 0)],
            }
            for number, (text, good) in enumerate(sentences()[first : first + count])
        ]
        first += count
    return made


def without_labels(rows: Sequence[Row], first: int) -> list[Row]:
    """The rows, of which only the first ones keep their label."""
    return [row if number < first else row | {"label": UNLABELLED} for number, row in enumerate(rows)]


def people(rows: Sequence[Row]) -> dict[str, str]:
    """What people said of pool rows 20 to 44, that is of most rows without a label."""
    return {row["id"]: row["label"] for row in rows[WITH_LABEL["pool"] : 45]}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a partly labelled pool and proof, in which blind spots were found and a person has taught."""
    folder = tmp_path_factory.mktemp("unlabelled")
    base = str(body(folder / "base"))
    settings = Settings(
        task=TaskSettings(labels=LABELS),
        model=ModelSettings(base=base, encoder=base),
        discovery=DiscoverySettings(tau=0.5),
        training=TrainingSettings(epochs=2, batch_size=4, learning_rate=1e-2),
        proof=ProofSettings(seeds=(5,), bootstrap=100),
        compute=ComputeSettings(device="cpu", threads=1),
    )
    rows = splits()
    given = {name: without_labels(some, WITH_LABEL.get(name, len(some))) for name, some in rows.items()}
    project = lay_out(folder / "work", given, settings)
    agree(project.root, outside_uses(project))
    found = discover(project, labels=people(rows["pool"]), monitor=Silent())
    spot = found.blind_spots[0]
    teaching = Teaching(project.teaching_dir, "ann")
    with teaching.store.edit("samples") as edit:
        for number in range(4):
            text = f"the {THINGS[number]} was {BAD[number]} at least {number} times"
            sample = Sample(f"S{number}@ann", spot.id, text, spot.gold, "target", Teacher("ann", "human"))
            edit.put("sample", sample.id, sample)
    keep_seal(project)
    return project.root


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Project:
    """A copy of it."""
    return copy_project(made, tmp_path / "work")


def test_uus_are_those_that_the_split_or_people_labelled(project: Project) -> None:
    found = project.discovered()
    assert found.uus
    assert (found.labelled, found.n_pool, found.accuracy) == (45, 60, None)
    gold = {row.id: row.label for row in labelled(pool_rows(project, found.row_labels))}
    assert len(gold) == 45
    assert all(gold[row] == found.predictions[row].label for row in found.uus)


def test_controls_draw_among_labelled_rows(project: Project) -> None:
    found = project.discovered()
    gold = {row["id"]: row["label"] for row in splits()["pool"]}
    arms = {arm.name: arm.samples for arm in control_arms(project, found, ["uus", "pool-n", "pool", "anchors"], [])}
    assert {row.id for row in arms["pool"]} == {f"pool-{number}" for number in range(45)}
    assert {row.id for row in arms["uus"]} == set(found.uus)
    assert all(row.label == gold[row.id] for arm in arms.values() for row in arm)
    new = control_arms(project, found, ["pool"], [], labels={"pool-50": LABELS[0]})[0]
    assert {row.id for row in new.samples} - {row.id for row in arms["pool"]} == {"pool-50"}
    changed = {found.uus[0]: found.predictions[found.uus[0]].predicted}
    still = control_arms(project, found, ["uus"], [], labels=changed)[0]
    assert {row.id for row in still.samples} == set(found.uus[1:])


def test_only_rows_that_are_known_to_be_right_are_kept(project: Project) -> None:
    found = project.discovered()
    keeping = [name for name, recipe in RECIPES.items() if recipe.keep]
    kept = kept_rows(project, found, keeping, (), monitor=Silent())
    right = {row.id for row in labelled(pool_rows(project, found.row_labels))} - set(found.uus)
    assert {one.row.id for one in kept} <= right
    assert kept


def test_a_pool_without_any_label_gives_no_control(project: Project) -> None:
    put_split(project.root, "pool", without_labels(splits()["pool"], 0))
    bare = Project.open(project.root)
    empty = replace(bare.discovered(), row_labels={})
    with pytest.raises(ProjectError, match="no pool row has a label yet"):
        control_arms(bare, empty, ["pool"], [])


def test_where_too_few_proof_rows_have_a_label_people_are_asked_for_some(project: Project) -> None:
    put_split(project.root, "proof", without_labels(splits()["proof"], FEWEST_LABELLED - 1))
    few = Project.open(project.root)
    refuse_retrain(few, RetrainRequest())
    retrain(few, RetrainRequest(arms=("human",), recipes=("scratch",)), monitor=Silent())
    report = read_report(few)
    assert (report.rows.proof, report.rows.unlabelled) == (60, 31)
    assert report.labels_asked is not None
    asked = [choice.row for choice in queues(few, "verdict")[0].choices]
    gold = {row["id"]: row["label"] for row in splits()["proof"]}
    labelled_in_split = {row["id"] for row in splits()["proof"][: FEWEST_LABELLED - 1]}
    while report.labels_asked.goes_on:
        given = [by_person(row, gold[row], split="proof", queue="verdict") for row in asked]
        write_labels(few, ANN, given)
        assert look(few, report.id)
        report = read_report(few)
        assert report.labels_asked is not None
        asked = [choice.row for choice in queues(few, "verdict")[0].choices]
    assert len(asked) == len(set(asked))
    assert not labelled_in_split & set(asked)
    assert [finding for finding in verify(few.root) if finding.bad and finding.part.startswith("proof")] == []


def test_a_small_proof_split_all_of_whose_rows_have_a_label_is_taken_as_before(project: Project) -> None:
    put_split(project.root, "proof", splits()["proof"][:8])
    refuse_retrain(Project.open(project.root), RetrainRequest())


def test_a_proof_judges_on_the_labelled_rows_and_says_so(project: Project) -> None:
    arms = ("human", "uus", "pool-n", "temperature")
    request = RetrainRequest(arms=arms, recipes=("scratch", "keep"))
    path = retrain(project, request, monitor=Silent())
    report = read_report(project)
    assert (report.rows.proof, report.rows.test, report.rows.unlabelled) == (40, 24, 20)
    assert "40 of 60 proof rows have a label; the others were not judged." in report.notes
    assert {arm.arm for arm in report.arms} == set(arms)
    assert report.pool is not None
    assert sum(spot.rows for spot in report.pool.blind_spots) == sum(
        len(spot.rows) for spot in project.discovered().blind_spots
    )
    assert [row.id for row in judged_rows(project)] == [row.id for row in read_proof(project)[:40]]
    spec = read_json(path.parent / "spec.json")
    assert set(spec["row_labels"]) <= set(people(splits()["pool"]))
    promote(project, arm="human", force=True)
    keep_seal(project)
    assert [finding for finding in verify(project.root) if finding.bad] == []
    current_model(project, make=False, monitor=Silent())


def test_the_job_takes_the_labels_that_people_have_given(project: Project) -> None:
    before = project.discovered()
    teaching, row = Teaching(project.teaching_dir, "ann"), splits()["pool"][50]
    with teaching.store.edit("label") as edit:
        for one in (splits()["pool"][place] for place in (*range(WITH_LABEL["pool"], 45), 50)):
            edit.put("label", one["id"], RowLabel(one["id"], one["label"], 3, Teacher("ann", "human"), "random"))
    job = discover_job(project, DiscoverOptions(), Silent())
    found = project.discovered()
    assert job.uus == len(found.uus)
    assert found.row_labels == {**before.row_labels, row["id"]: row["label"]}
    assert found.labelled == before.n_labelled + 1


def test_the_job_flags_rows_by_what_llms_said_and_never_counts_it_as_gold(project: Project) -> None:
    before = project.discovered()
    shown, model = splits()["pool"][46:], current_model(project, make=False, monitor=Silent())
    logits = predictions(project, model, [Example.from_json(row) for row in shown], split_key="some", monitor=Silent())
    said = [LABELS[place] for place in logits.argmax(axis=1)]
    other = [LABELS[1 - LABELS.index(label)] for label in said]
    for name, labels, certainty in (("agrees", said, 1), ("doubts", other, 3)):
        teaching, llm = Teaching(project.teaching_dir, name), Teacher(name, "llm")
        with teaching.store.edit("label") as edit:
            for row, label in zip(shown, labels, strict=True):
                edit.put("label", row["id"], RowLabel(row["id"], label, certainty, llm, "file"))
    discover_job(project, DiscoverOptions(), Silent())
    found = project.discovered()
    assert set(found.flagged) == {row["id"] for row in shown}
    assert found.uus == tuple(row for row in found.uus if row not in found.row_labels)
    assert found.labelled == WITH_LABEL["pool"] < before.n_labelled
    assert {found.predictions[row].label for row in found.flagged} == {UNLABELLED}


def test_a_scan_in_bf16_finds_the_same_and_is_made_once_for_all_labels(project: Project) -> None:
    exact = project.discovered()
    said = {row["id"]: (label, 3) for row in splits()["pool"][46:] for label in LABELS if label != row["label"]}
    flagged = discover(project, labels=exact.row_labels, llm_labels=said, monitor=Silent())
    compute = replace(project.settings.compute, precision="bf16")
    write_settings(project.root / SETTINGS_FILE, replace(project.settings, compute=compute))
    scanned = Project.open(project.root)
    (scanned.round_dir(1) / "discovery.json").unlink()
    found = discover(scanned, labels=exact.row_labels, llm_labels=said, monitor=Silent())
    assert set(found.uus) == set(exact.uus)
    assert set(found.flagged) == set(flagged.flagged)
    for row in (*found.uus, *found.flagged):
        assert found.predictions[row].confidence == pytest.approx(flagged.predictions[row].confidence, abs=2e-6)
    scans = {path.name for path in scanned.cache_dir.glob("logits-pool-*.npy")}
    discover(scanned, labels={**exact.row_labels, "pool-50": LABELS[0]}, monitor=Silent())
    assert {path.name for path in scanned.cache_dir.glob("logits-pool-*.npy")} == scans
    assert not [one for one in verify(project.root) if one.bad and one.part.startswith("discovery")]


def test_labels_of_people_that_were_changed_in_the_discovery_are_found(project: Project) -> None:
    path = project.round_dir(1) / "discovery.json"
    values = read_json(path)
    row = next(iter(values["row_labels"]))
    values["row_labels"][row] = LABELS[1 - LABELS.index(values["row_labels"][row])]
    write_json(path, values)
    assert any(finding.bad and finding.part == "discovery of round 1" for finding in verify(project.root))
