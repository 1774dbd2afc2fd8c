"""Discoveries over a pool whose rows have no label, or some of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from engine.discovery.pipeline import discover
from engine.errors import ProjectError
from engine.files import content_key, read_json
from engine.model.model_registry import encoder_weights
from engine.progress import Silent
from engine.project import Project
from engine.schema import UNLABELLED, Discovery
from tests.builders.monitor import Recorder
from tests.builders.project import put_split
from tests.engine.discovery.world import World


def gold(world: World, *themes: int, right: bool = True) -> dict[str, str]:
    """The right labels of the UUs of some themes and, if wished, of the rows that the model gets right."""
    return {
        row["id"]: row["label"]
        for row in world.rows
        if (world.theme[row["id"]] in themes if row["id"] in world.theme else right)
    }


@pytest.fixture
def stream(world: World, planted_project: Project) -> Project:
    """The planted project, no pool row of which has a label."""
    put_split(planted_project.root, "pool", [{**row, "label": UNLABELLED} for row in world.rows])
    return Project.open(planted_project.root)


def test_without_any_label_nothing_is_wrong_and_nothing_right(world: World, stream: Project) -> None:
    monitor = Recorder()
    found = discover(stream, monitor=monitor)
    assert (found.uus, found.blind_spots, found.predictions, found.confidences, found.taus) == ((), (), {}, (), ())
    assert (found.accuracy, found.labelled, found.n_labelled, found.errors) == (None, 0, 0, 0)
    assert found.n_pool == len(world.rows)
    chances = [1 / (1 + np.exp(-abs(first - second))) for first, second in world.logits.values()]
    assert found.coverage == pytest.approx(np.mean(np.array(chances) >= 0.9), abs=1e-3)
    assert Discovery.from_json(json.loads(json.dumps(found.as_json()))) == found
    assert any("0 UUs among 0 of 112 rows that have a label" in note for note in monitor.notes)


def test_labels_of_some_rows_give_the_blind_spots_of_these_rows(world: World, stream: Project) -> None:
    given = gold(world, 0, 3)
    found = discover(stream, labels=given, monitor=Silent())
    assert set(found.uus) == {row for row, theme in world.theme.items() if theme in (0, 3)}
    assert {(spot.gold, spot.predicted) for spot in found.blind_spots} == {
        ("negative", "positive"),
        ("positive", "negative"),
    }
    right = {row["id"] for row in world.rows} - set(world.theme)
    for near in found.neighbours.values():
        assert set(near) <= right
        assert len(near) == 3
    assert (found.accuracy, found.labelled, found.row_labels) == (None, len(given), given)
    assert sum(wrong for _, _, wrong in found.confidences) == found.errors == 24
    assert sum(right for _, right, _ in found.confidences) == 40
    assert all(uus <= 24 for _, uus in found.taus)


def test_what_nobody_labelled_is_never_shown_as_right(world: World, stream: Project) -> None:
    labels = gold(world, 0, right=False) | {"ok-0": "negative"}
    found = discover(stream, labels=labels, monitor=Silent())
    assert set(found.neighbours.values()) == {("ok-0",)}
    none_right = discover(stream, labels=gold(world, 0, right=False), monitor=Silent())
    assert set(none_right.neighbours.values()) == {()}
    assert len(none_right.uus) == 12


def test_the_label_of_people_stands_above_that_of_the_split(world: World, planted_project: Project) -> None:
    before = discover(planted_project, monitor=Silent())
    row = before.blind_spots[0].rows[0]
    label = before.predictions[row].predicted
    found = discover(planted_project, labels={row: label, "not-there": label}, monitor=Silent())
    assert found.key != before.key
    assert set(before.uus) - set(found.uus) == {row}
    assert found.row_labels == {row: label}
    assert found.accuracy == pytest.approx(41 / 112)


def test_a_label_that_the_project_does_not_have_is_refused(stream: Project) -> None:
    with pytest.raises(ProjectError, match="pool row ok-1 was given the label `neutral`"):
        discover(stream, labels={"ok-1": "neutral"}, monitor=Silent())


def test_the_same_labels_again_mean_no_work_and_others_do(world: World, stream: Project) -> None:
    first = discover(stream, labels=gold(world, 0), monitor=Silent())
    scored = world.scored
    assert discover(stream, labels=dict(reversed(gold(world, 0).items())), monitor=Silent()) == first
    assert world.scored == scored
    assert discover(stream, labels=gold(world, 0, 1), monitor=Silent()).key != first.key


def test_without_labels_of_people_key_and_file_of_before_stand(planted_project: Project) -> None:
    found = discover(planted_project, labels={}, monitor=Silent())
    known = {name: value for name, value in asdict(planted_project.settings.discovery).items() if name != "clusterer"}
    splits = {name: split.sha256 for name, split in planted_project.manifest.splits.items() if name == "pool"}
    encoder = encoder_weights(planted_project, monitor=Silent()).key
    assert found.key == content_key("discovery", 5, 1, splits, planted_project.labels, "first", 128, encoder, known)
    path = Path(planted_project.round_dir(1) / "discovery.json")
    old = {name: value for name, value in read_json(path).items() if name not in ("labelled", "row_labels")}
    opened = Discovery.from_json(old)
    assert (opened.labelled, opened.row_labels, opened.n_labelled) == (None, {}, 112)
    assert opened.errors == found.errors == 72
