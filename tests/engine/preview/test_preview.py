"""Estimates of what samples would change: a tiny real model, kept records, and what a retrain made of them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.errors import ProjectError
from engine.files import read_json, write_json
from engine.model.layer_freezing import freeze, layers_of
from engine.model.training_plan import ALL_BUT_HEAD
from engine.preview.record import Preview, checked, keep, mean_error, previews, sentence
from engine.project import Project
from engine.proof.report import read_report
from engine.proof.report_types import Report
from engine.schema import Teacher
from engine.scorer.protocol import ScorerAnswer
from engine.scorer.resident import Resident
from engine.scorer.scorer_client import Scorer
from engine.teaching.records import Teaching
from engine.teaching.writer import Annotator
from tests.builders.tiny_bert import classifier
from tests.engine.proof.synthetic import gold_labels, model, write_proof
from tests.tui.app.projects import write_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A discovered project whose model is a tiny classifier."""
    root = write_project(tmp_path / "work", live_verdict=True)
    classifier(root / "models" / "tiny", ("negative", "neutral", "positive"))
    write_json(root / "rounds" / "001" / "model.json", {"name": "tiny", "path": "models/tiny", "key": "m1"})
    return Project.open(root)


def write_samples(project: Project, author: str = "ann", count: int = 3) -> None:
    teaching = Teaching(project.teaching_dir, author)
    annotator = Annotator(project, project.discovered(), teaching, Teacher(author, "human"))
    things = ("kettle", "garden", "ferry", "violin", "harbour")
    for thing in things[:count]:
        annotator.write_sample("B1", text=f"What a splendid {thing} they sold to us.", label="negative", role="target")


def estimate(project: Project, author: str = "ann", spot: str = "B1") -> Preview:
    (*between, made) = Resident(project.root).preview(spot, author)
    assert between
    assert set(between) == {None}
    assert made is not None
    return made


def test_an_estimate_is_of_ones_own_samples_and_is_kept(project: Project) -> None:
    write_samples(project)
    write_samples(project, "bea", count=5)
    made = estimate(project)
    assert (made.blind_spot, made.author, made.model_key, made.samples, made.rows) == ("B1", "ann", "m1", 3, 6)
    assert set(made.right) == set(project.discovered().blind_spots[0].rows)
    assert all(0 <= chance <= 1 for chance in made.right.values())
    assert previews(project) == [made]
    again = estimate(project)
    assert again.right == made.right  # equal input gives equal steps
    assert estimate(project, "bea").right != made.right


def test_the_model_itself_stays_as_it_is(project: Project) -> None:
    write_samples(project)
    resident = Resident(project.root)
    before = resident.verdict("they sold bread")
    list(resident.preview("B1", "ann"))
    assert resident.verdict("they sold bread") == before


def test_without_samples_there_is_nothing_to_estimate(project: Project) -> None:
    with pytest.raises(ProjectError, match="ann has no samples for B1"):
        estimate(project)
    write_samples(project)
    with pytest.raises(ProjectError, match="ann has no samples for B9"):
        estimate(project, spot="B9")


@pytest.mark.usefixtures("forked_processes")
def test_the_process_answers_what_is_typed_between_the_steps(project: Project) -> None:
    write_samples(project)
    told: list[ScorerAnswer] = []
    done = threading.Event()

    def hear(message: object) -> None:
        if isinstance(message, ScorerAnswer):
            told.append(message)
            if message.preview is not None:
                done.set()

    scorer = Scorer(project.root, hear)
    try:
        asked = scorer.preview("B1", "ann")
        typed = scorer.ask("they sold bread")
        assert done.wait(60)
    finally:
        scorer.close()
    found = {answer.id: answer for answer in told}
    assert found[asked].preview == previews(project)[-1]
    assert found[typed].verdict is not None
    assert [answer.id for answer in told].index(typed) < [answer.id for answer in told].index(asked)


def report(project: Project, fixed: float, *, arm: str = "human") -> Report:
    """A finished proof in which an arm gets so many UUs of B1 right."""
    gold = gold_labels(40)
    logits = [model(gold, seed=1)]
    path = write_proof(project, baseline=logits, arms={(arm, "scratch"): logits}, gold=gold) / "report.json"
    made: dict[str, Any] = read_json(path)
    made |= {"created": "2026-11-20T10:00:10+00:00", "seconds": 5.0}
    made["pool"]["blind_spots"][0]["arms"][0]["fixed"] = fixed
    write_json(path, made)
    return read_report(project)


BEFORE = 1795168805.0 - 60  # 2026-11-20 10:00:05 UTC, when the retrain began, less a minute


def preview(time: float, *, flips: int = 4, key: str = "m1", author: str = "ann") -> Preview:
    return Preview(time, author, "B1", key, 3, 6, flips, {})


def test_the_last_estimate_before_a_retrain_is_held_against_it(project: Project) -> None:
    assert mean_error(project) is None
    for made in (preview(BEFORE - 9, flips=1), preview(BEFORE), preview(BEFORE + 500, flips=6)):
        keep(project, made)
    keep(project, preview(BEFORE, flips=2, author="bea"))
    found = checked(project, report(project, 2.5))
    assert [(one.preview.author, one.preview.flips, one.flipped, one.error) for one in found] == [
        ("ann", 4, 2.5, 1.5),
        ("bea", 2, 2.5, -0.5),
    ]
    assert sentence(found) == (
        "Estimated while writing, and in brackets what human came to: B1 4 (2.5), B1 2 (2.5); 1.0 UUs off on average."
    )
    assert mean_error(project) == 1.0


def test_estimates_of_another_model_or_for_no_arm_of_people_are_not_held_against_it(project: Project) -> None:
    keep(project, preview(BEFORE, key="another"))
    assert checked(project, report(project, 2.5)) == []
    keep(project, preview(BEFORE))
    assert checked(project, report(project, 2.5, arm="llm")) == []
    assert sentence([]) == ""


def test_a_torn_line_is_passed_over(project: Project) -> None:
    keep(project, preview(BEFORE))
    with (project.previews_dir / "ann.jsonl").open("ab") as file:
        file.write(b'{"time": 1')
    assert previews(project) == [preview(BEFORE)]


def test_freezing_leaves_the_highest_layers_and_what_follows_them(project: Project) -> None:
    from engine.errors import SettingsError
    from engine.model.classifier import Classifier
    from engine.model.device import Compute

    def start() -> torch.nn.Module:
        started = Classifier.start(
            project.models_dir / "tiny", labels=project.labels, seed=1, max_length=16, compute=Compute("cpu", "fp32", 1)
        )
        return started.model  # type: ignore[no-any-return]

    def trained(layers: int) -> set[str]:
        model = start()
        freeze(model, layers)
        names = {name for name, weight in model.named_parameters() if weight.requires_grad}
        assert {name.split(".")[3] for name in names if "encoder.layer" in name} == {
            str(n) for n in range(layers_of(model)) if layers != ALL_BUT_HEAD and n >= layers
        }
        assert not model.bert.embeddings.training or layers == 0  # no dropout in what is frozen
        return names

    assert len(trained(0)) == len(dict(start().named_parameters()))
    assert not any("embeddings" in name for name in trained(1))
    assert all("pooler" in name or "classifier" in name for name in trained(ALL_BUT_HEAD))
    assert any("pooler" in name for name in trained(ALL_BUT_HEAD))
    with pytest.raises(SettingsError, match="3 layers are to be frozen, and the model has 2"):
        freeze(start(), 3)
