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
from tests.engine.discovery.world import LABELS, World

LATER = ("labelled", "row_labels", "flagged", "checked_flags")  # fields that older discoveries lack


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


def test_rows_that_were_asked_for_because_they_looked_wrong_are_not_set_against_the_confidence(
    world: World, stream: Project
) -> None:
    given = gold(world, 0, 3)
    random = discover(stream, labels=given, monitor=Silent())
    assert all(spot.excess is not None and spot.excess.q < 0.001 for spot in random.blind_spots)
    hunted = discover(stream, labels=given, looked_wrong=given, monitor=Silent())
    assert [spot.rows for spot in hunted.blind_spots] == [spot.rows for spot in random.blind_spots]
    assert [spot.excess for spot in hunted.blind_spots] == [None] * len(random.blind_spots)
    put_split(stream.root, "pool", world.rows)
    labelled = discover(Project.open(stream.root), labels=given, looked_wrong=given, monitor=Silent())
    assert all(spot.excess is not None for spot in labelled.blind_spots)


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
    assert found.key == content_key("discovery", 6, 1, splits, planted_project.labels, "first", 128, encoder, known)
    path = Path(planted_project.round_dir(1) / "discovery.json")
    old = {name: value for name, value in read_json(path).items() if name not in LATER}
    for spot in old["blind_spots"]:
        del spot["flagged"], spot["estimate"], spot["excess"]
    opened = Discovery.from_json(old)
    assert (opened.labelled, opened.row_labels, opened.n_labelled) == (None, {}, 112)
    assert (opened.flagged, opened.checked_flags) == ((), (0, 0))
    assert {(spot.flagged, spot.estimate, spot.excess) for spot in opened.blind_spots} == {((), None, None)}
    assert opened.errors == found.errors == 72


def said_by_llm(world: World, *wrong: str) -> dict[str, tuple[str, int]]:
    """An LLM that labels every row, surely and right but for these rows."""
    other = dict(zip(LABELS, reversed(LABELS), strict=True))
    return {row["id"]: (other[row["label"]] if row["id"] in wrong else row["label"], 3) for row in world.rows}


def sure(world: World, row: str) -> bool:
    first, second = world.logits[next(one["text"] for one in world.rows if one["id"] == row)]
    return 1 / (1 + np.exp(-abs(first - second))) >= 0.9


def test_rows_of_which_an_llm_says_another_label_are_flagged_and_nothing_more(world: World, stream: Project) -> None:
    said = said_by_llm(world, "ok-0", "ok-1") | {"t1-0": ("positive", 1), "t1-1": ("neutral", 3)}
    found = discover(stream, llm_labels=said, monitor=Silent())
    wrong = {row for row in ("ok-0", "ok-1") if sure(world, row)}
    assert set(found.flagged) == (set(world.theme) | wrong) - {"t1-1"}
    assert found.flagged[-1] == "t1-0", "the LLM's guesses come last"
    assert (found.uus, found.blind_spots, found.labelled, found.checked_flags) == ((), (), 0, (0, 0))
    assert set(found.predictions) == set(found.flagged)
    assert {one.label for one in found.predictions.values()} == {UNLABELLED}
    assert found.flagged_elsewhere == found.flagged
    assert Discovery.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_a_row_that_somebody_labelled_is_not_flagged(world: World, stream: Project) -> None:
    given = gold(world, 0)
    found = discover(stream, labels=given, llm_labels=said_by_llm(world), monitor=Silent())
    assert set(found.flagged) == set(world.theme) - set(given)
    assert set(found.uus) == set(given) & set(world.theme)
    right_row = {"t1-3": "negative"}  # somebody says that the model is right after all
    less = discover(stream, labels=given | right_row, llm_labels=said_by_llm(world), monitor=Silent())
    assert set(found.flagged) - set(less.flagged) == {"t1-3"}
    assert less.checked_flags == (12, 13)


def test_flags_near_a_blind_spot_belong_to_it_and_say_how_large_it_is(world: World, stream: Project) -> None:
    half = {row: label for row, label in gold(world, 0, 1).items() if row.startswith("ok") or int(row[3:]) < 8}
    found = discover(stream, labels=half, llm_labels=said_by_llm(world), monitor=Silent())
    assert found.checked_flags == (16, 16)
    theme = {spot.id: world.theme[spot.rows[0]] for spot in found.blind_spots}
    near = {spot.id: {world.theme[row] for row in spot.flagged} for spot in found.blind_spots}
    assert all(themes <= {theme[spot]} for spot, themes in near.items()), "of its own cell and theme"
    assert sum(len(spot.flagged) for spot in found.blind_spots) >= 3
    place = {row["id"]: world.place[row["text"]] for row in world.rows}
    for spot in found.blind_spots:
        centre = np.mean([place[row] for row in spot.rows], axis=0)
        close = [float(place[row] @ centre / np.linalg.norm(centre)) for row in (*spot.flagged, *spot.rows)]
        flags, own = close[: len(spot.flagged)], close[len(spot.flagged) :]
        assert flags == sorted(flags, reverse=True)
        assert all(value >= min(own) - 1e-5 for value in flags)
        assert spot.estimate is not None
        about, low, high = spot.estimate
        assert len(spot.rows) <= low <= about <= high <= len(spot.rows) + len(spot.flagged)
        assert about >= len(spot.rows) + 0.9 * len(spot.flagged) - 1, "every flag that was checked is a UU"
    nearby = {row for spot in found.blind_spots for row in spot.flagged}
    assert set(found.flagged_elsewhere) == set(found.flagged) - nearby


def test_wrong_flags_make_the_estimate_smaller(world: World, stream: Project) -> None:
    half = {row: label for row, label in gold(world, 0, 1).items() if row.startswith("ok") or int(row[3:]) < 8}
    right = [row for row in half if row.startswith("ok") and sure(world, row)]
    good = discover(stream, labels=half, llm_labels=said_by_llm(world), monitor=Silent())
    bad = discover(stream, labels=half, llm_labels=said_by_llm(world, *right), monitor=Silent())
    assert bad.checked_flags == (16, 16 + len(right))
    pairs = zip(good.blind_spots, bad.blind_spots, strict=True)
    flagged = [(one.estimate, other.estimate) for one, other in pairs if one.flagged]
    assert flagged
    assert all(one and other and other[1] <= one[1] and other[0] <= one[0] for one, other in flagged)


def test_nothing_is_estimated_from_an_llm_that_has_read_a_part(world: World, stream: Project) -> None:
    said = {row: label for row, label in said_by_llm(world).items() if not row.startswith("t5")}
    found = discover(stream, labels=gold(world, 0), llm_labels=said, monitor=Silent())
    assert [spot.estimate for spot in found.blind_spots] == [None] * len(found.blind_spots)
    alone = discover(stream, labels=gold(world, 0), monitor=Silent())
    assert [(spot.flagged, spot.estimate) for spot in alone.blind_spots] == [((), None)] * len(alone.blind_spots)
    assert alone.key != found.key
    assert [spot.rows for spot in alone.blind_spots] == [spot.rows for spot in found.blind_spots]


def test_blind_spots_have_words_where_hardly_a_right_row_is_labelled(world: World, stream: Project) -> None:
    few = {row: label for row, label in gold(world, 0, 3, right=False).items() if int(row[3:]) < 5}
    labels = few | {"ok-0": "negative"}
    found = discover(stream, labels=labels, llm_labels=said_by_llm(world), monitor=Silent())
    assert found.blind_spots
    for spot in found.blind_spots:
        assert f"theme{world.theme[spot.rows[0]]}" in spot.words
