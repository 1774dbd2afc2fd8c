"""A whole discovery: over planted themes, where the right answer is known, and once with real weights."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from engine.discovery.pipeline import discover
from engine.errors import SettingsError, Stopped
from engine.files import content_key
from engine.model.model_registry import encoder_weights
from engine.operations.outside_uses import outside_uses
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.schema import Discovery, Teacher
from engine.settings import DiscoverySettings, write_settings
from engine.teaching.records import Teaching
from engine.teaching.writer import Annotator
from engine.trust import agree
from engine.verify.discovery_checks import check_discoveries
from tests.builders.monitor import Recorder
from tests.builders.tiny_bert import classifier
from tests.engine.discovery.world import LABELS, World, make_project, planted, texts

AGAIN = """
import sys
from pathlib import Path
from engine.discovery.pipeline import discover
from engine.progress import Silent
from engine.project import Project
found = discover(Project.open(Path(sys.argv[1])), monitor=Silent())
print(found.key, *{"torch", "transformers", "sentence_transformers", "sklearn", "scipy"} & set(sys.modules))
"""


def change(project: Project, **discovery: float | bool | str) -> Project:
    """The project with other discovery settings."""
    kept = DiscoverySettings(**{**project.settings.discovery.__dict__, **discovery})
    write_settings(project.root / SETTINGS_FILE, replace(project.settings, discovery=kept))
    return Project.open(project.root)


def groups(found: Discovery) -> dict[str, frozenset[str]]:
    return {spot.id: frozenset(spot.rows) for spot in found.blind_spots}


def whole(found: Discovery, uus: set[str], pool: dict[str, str]) -> None:
    """What every discovery promises. ``pool`` gives the gold label of each pool row."""
    assert sorted(found.uus) == sorted(uus)
    assert set(found.projection) == set(found.neighbours) == uus
    assert all(0 <= value <= 1 for place in found.projection.values() for value in place)
    for spot in found.blind_spots:
        assert len(spot.rows) >= 4
        assert {(found.predictions[row].label, found.predictions[row].predicted) for row in spot.rows} == {
            (spot.gold, spot.predicted)
        }
        assert spot.mean_confidence == pytest.approx(np.mean([found.predictions[row].confidence for row in spot.rows]))
        assert -1 <= spot.coherence <= 1
    for prediction in found.predictions.values():
        assert prediction.label == pool[prediction.id]
        assert prediction.confidence == max(prediction.probabilities)
        assert prediction.predicted == found.labels[int(np.argmax(prediction.probabilities))]
        wrong = prediction.predicted != prediction.label
        assert (prediction.id in uus) == (wrong and prediction.confidence >= found.tau)
    for near in found.neighbours.values():
        assert len(set(near)) == 3
        assert all(found.predictions[row].predicted == found.predictions[row].label for row in near)
    assert set(found.predictions) == uus | {row for near in found.neighbours.values() for row in near}
    assert Discovery.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_planted_themes_become_blind_spots(world: World, planted_project: Project) -> None:
    monitor = Recorder()
    found = discover(planted_project, monitor=monitor)
    whole(found, world.uus(), {row["id"]: row["label"] for row in world.rows})
    spot_of = {row: spot.id for spot in found.blind_spots for row in spot.rows}
    rows = sorted(spot_of)
    assert adjusted_rand_score([world.theme[row] for row in rows], [spot_of[row] for row in rows]) > 0.95
    assert len(found.scattered) <= 3
    assert [spot.id for spot in found.blind_spots] == [f"B{n}" for n in range(1, 7)]
    assert all(any(word.startswith("theme") for word in spot.words) for spot in found.blind_spots)
    assert monitor.stages == ["score", "embed", "labels", "cluster", "map", "words"]
    assert all(0 <= done <= total for _, done, total, _ in monitor.steps)
    assert planted_project.discovery() == found


def test_another_way_of_grouping_is_a_setting_and_the_usual_one_keeps_the_key_of_before(
    world: World, planted_project: Project
) -> None:
    settings = planted_project.root / SETTINGS_FILE
    written = settings.read_text()
    lines = [line for line in written.splitlines(keepends=True) if not line.startswith("clusterer")]
    settings.write_text("".join(lines))
    assert len(lines) < len(written.splitlines())
    before = Project.open(planted_project.root)
    usual = discover(before, monitor=Silent())
    known = {name: value for name, value in asdict(before.settings.discovery).items() if name != "clusterer"}
    splits = {name: split.sha256 for name, split in before.manifest.splits.items() if name in ("pool", "dev")}
    encoder = encoder_weights(before, monitor=Silent()).key
    assert usual.key == content_key("discovery", 6, 1, splits, before.labels, "first", 128, encoder, known)

    scored = world.scored
    settings.write_text(written)
    assert discover(Project.open(before.root), monitor=Silent()) == usual
    assert world.scored == scored

    found = discover(change(before, clusterer="kmeans"), monitor=Silent())
    assert found.key != usual.key
    whole(found, world.uus(), {row["id"]: row["label"] for row in world.rows})
    assert {frozenset(spot.rows) for spot in found.blind_spots} == {
        frozenset(row for row, theme in world.theme.items() if theme == number) for number in range(6)
    }


def test_accuracy_and_coverage_count_the_whole_pool(world: World, planted_project: Project) -> None:
    found = discover(planted_project, monitor=Silent())
    assert found.n_pool == len(world.rows) == 112
    assert found.accuracy == pytest.approx(40 / 112)
    chances = [1 / (1 + np.exp(-abs(first - second))) for first, second in world.logits.values()]
    assert found.coverage == pytest.approx(np.mean(np.array(chances) >= 0.9), abs=1e-3)
    assert (found.temperature, found.temperature_applied, found.uus_at_temperature) == (None, False, None)


def test_the_most_typical_row_comes_first(world: World, planted_project: Project) -> None:
    found = discover(planted_project, monitor=Silent())
    place = {row["id"]: world.place[row["text"]] for row in world.rows}
    for spot in found.blind_spots:
        centre = np.mean([place[row] for row in spot.rows], axis=0)
        close = [float(place[row] @ centre / np.linalg.norm(centre)) for row in spot.rows]
        assert close == pytest.approx(sorted(close, reverse=True), abs=1e-5)
        assert spot.coherence == pytest.approx(np.mean(close), abs=1e-4)


def test_neighbours_are_the_nearest_right_rows(world: World, planted_project: Project) -> None:
    found = discover(planted_project, monitor=Silent())
    place = {row["id"]: world.place[row["text"]] for row in world.rows}
    right = [row["id"] for row in world.rows if row["id"] not in world.uus()]
    for uu, near in found.neighbours.items():
        assert list(near) == sorted(right, key=lambda row: -float(place[uu] @ place[row]))[:3]


def test_nothing_changed_means_no_work(world: World, planted_project: Project) -> None:
    first = discover(planted_project, monitor=Silent())
    scored, monitor = world.scored, Recorder()
    again = discover(Project.open(planted_project.root), monitor=monitor)
    assert again == first
    assert world.scored == scored
    assert monitor.stages == []
    assert "nothing has changed" in monitor.notes[-1]


def test_very_many_rows_lie_beside_a_discovery_and_say_the_same(
    planted_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = discover(planted_project, monitor=Silent())
    path = planted_project.round_dir(1) / "discovery.json"
    path.unlink()
    monkeypatch.setattr("engine.discovery.spot_finding.IN_ONE_FILE", 0)
    second = discover(planted_project, monitor=Silent())
    assert "predictions" not in json.loads(path.read_bytes())
    assert second.as_json() == first.as_json()
    again = discover(planted_project, monitor=Silent())
    assert (again.as_json(), again.rows_file) == (first.as_json(), second.rows_file)
    assert [one.state for one in check_discoveries(planted_project)] == [
        "not checkable"
    ]  # a planted model has no scores


def test_shuffled_rows_give_the_same_result(world: World, planted_project: Project, tmp_path: Path) -> None:
    first = discover(planted_project, monitor=Silent())
    shuffled = list(world.rows)
    random.Random(4).shuffle(shuffled)
    other = make_project(tmp_path / "shuffled", shuffled)
    assert replace(discover(other, monitor=Silent()), key=first.key, splits=first.splits) == first


def test_a_changed_seed_keeps_groups_and_ids(planted_project: Project) -> None:
    first = discover(planted_project, monitor=Silent())
    second = discover(change(planted_project, seed=99), monitor=Silent())
    assert second.key != first.key
    assert groups(second) == groups(first)
    assert [spot.overlap for spot in second.blind_spots] == [1.0] * len(second.blind_spots)


def test_ids_survive_another_tau_and_its_way_back(planted_project: Project) -> None:
    first = discover(planted_project, monitor=Silent())
    strict = discover(change(planted_project, tau=0.97), monitor=Silent())
    assert 0 < len(strict.uus) < len(first.uus)
    assert groups(discover(change(planted_project, tau=0.9), monitor=Silent())) == groups(first)


def test_ids_survive_a_retrained_model(world: World, planted_project: Project) -> None:
    """70 % of the old UUs stay, one theme is healed, another comes."""
    first = discover(planted_project, monitor=Silent())
    healed = next(spot.id for spot in first.blind_spots if world.theme[spot.rows[0]] == 2)
    dice, text_of = random.Random(2), {row["id"]: row["text"] for row in world.rows}
    for row, theme in world.theme.items():
        if theme == 2 or dice.random() < 0.15:
            world.logits[text_of[row]] = world.logits[text_of[row]][::-1]
    newly = [row for row in world.rows if row["id"].startswith("ok") and row["label"] == "negative"][:9]
    for row in newly:
        world.logits[row["text"]] = (0.0, 4.0)
        noise = np.random.default_rng(len(row["text"])).normal(size=24)
        world.place[row["text"]] = (np.eye(24)[3] + 0.02 * noise).astype(np.float32)
    world.model_key = "second"
    planted_project.round_dir(2).mkdir(parents=True)
    (planted_project.round_dir(2) / "model.json").write_text("{}")  # as a promotion would
    second = discover(Project.open(planted_project.root), monitor=Silent())
    assert second.round == 2
    theme = {spot.id: world.theme[spot.rows[0]] for spot in first.blind_spots}
    kept = [spot for spot in second.blind_spots if spot.id in theme]
    assert {theme[spot.id] for spot in kept} == {0, 1, 3, 4, 5}
    assert all(theme[spot.id] == world.theme.get(row) for spot in kept for row in spot.rows)
    assert [spot.id for spot in second.retired] == [healed]
    assert [spot.id for spot in second.blind_spots if spot.id not in theme] == ["B7"]
    assert planted_project.discovery(1) == first


def test_marks_of_annotators_change_nothing(planted_project: Project) -> None:
    first = discover(planted_project, monitor=Silent())
    teaching = Teaching(planted_project.teaching_dir, "ann")
    annotator = Annotator(planted_project, first, teaching, Teacher("ann", "human"))
    row = first.blind_spots[0].rows[0]
    annotator.mark(row, "label wrong", first.predictions[row].predicted)
    assert discover(Project.open(planted_project.root), monitor=Silent()) == first


def test_a_model_without_uus_gives_an_empty_discovery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = planted(themes=1, size=0, right=12)
    world.install(monkeypatch)
    found = discover(make_project(tmp_path, world.rows), monitor=Silent())
    assert (found.uus, found.blind_spots, found.predictions, found.projection) == ((), (), {}, {})
    assert (found.accuracy, found.next_id) == (1.0, 1)
    assert Discovery.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_one_uu_is_scattered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = planted(themes=1, size=1, right=12)
    world.install(monkeypatch)
    found = discover(make_project(tmp_path, world.rows), monitor=Silent())
    assert found.scattered == ("t0-0",)
    assert found.projection == {"t0-0": (0.5, 0.5)}
    assert len(found.neighbours["t0-0"]) == 3


def test_a_model_that_is_always_wrong_has_no_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = planted(themes=2, size=9, right=0)
    world.install(monkeypatch)
    found = discover(make_project(tmp_path, world.rows), monitor=Silent())
    assert len(found.uus) == 18
    assert set(found.neighbours.values()) == {()}


@pytest.fixture
def overconfident(world: World, tmp_path: Path) -> Project:
    """A project with a dev split of which the model, equally sure everywhere, gets a quarter wrong."""
    text = texts(77)
    dev = [{"text": next(text), "label": LABELS[number % 4 == 0]} for number in range(40)]
    for row in dev:
        world.logits[row["text"]] = (3.5, 0.0)
    return make_project(tmp_path, world.rows, dev=dev)


def test_temperature_is_fitted_on_dev_and_shown_only(world: World, overconfident: Project) -> None:
    monitor = Recorder()
    found = discover(overconfident, monitor=monitor)
    assert found.temperature == pytest.approx(3.5 / np.log(3), rel=0.01)  # softmax is then .75, the accuracy on dev
    assert (found.temperature_applied, found.uus_at_temperature) == (False, 0)
    assert set(found.uus) == world.uus()
    assert any("temperature" in note for note in monitor.notes)


def test_temperature_is_applied_where_the_settings_say_so(overconfident: Project) -> None:
    plain = discover(overconfident, monitor=Silent())
    applied = discover(change(overconfident, apply_temperature=True, tau=0.72), monitor=Silent())
    assert applied.temperature_applied
    assert 0 < len(applied.uus) == applied.uus_at_temperature < len(plain.uus)
    assert min(applied.predictions[row].confidence for row in applied.uus) >= 0.72
    assert applied.accuracy == plain.accuracy


def test_a_temperature_without_dev_is_refused(planted_project: Project) -> None:
    with pytest.raises(SettingsError, match="dev split"):
        discover(change(planted_project, apply_temperature=True), monitor=Silent())


@pytest.mark.parametrize("stage", ["score", "embed", "cluster", "map"])
def test_a_stopped_discovery_leaves_nothing_behind(planted_project: Project, stage: str) -> None:
    with pytest.raises(Stopped):
        discover(planted_project, monitor=Recorder(lambda begun, _: begun == stage))
    assert planted_project.discovery() is None
    assert discover(planted_project, monitor=Silent()).blind_spots


def test_with_real_weights_and_again_without_torch(project: Project) -> None:
    settings = replace(project.settings, training=replace(project.settings.training, epochs=1))
    write_settings(project.root / SETTINGS_FILE, settings)
    project = Project.open(project.root)
    found = discover(project, monitor=Silent())
    gold = {row.id: row.label for row in project.examples("pool")}
    whole(found, set(found.uus), gold)
    assert found.n_pool == len(gold)
    assert found.temperature is not None
    command = [sys.executable, "-c", AGAIN, str(project.root)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == [found.key]


def test_rows_longer_than_the_model_reads_are_counted_and_the_place_is_kept(project: Project, tmp_path: Path) -> None:
    small = str(classifier(tmp_path / "weights", project.labels))
    model = replace(project.settings.model, classifier=small, encoder=small, max_length=16)
    write_settings(project.root / SETTINGS_FILE, replace(project.settings, model=model))
    agree(project.root, outside_uses(Project.open(project.root)))
    monitor = Recorder()
    found = discover(Project.open(project.root), monitor=monitor)
    texts = {row.id: row.text for row in project.examples("pool")}
    assert found.read_tokens == 16
    assert 0 < len(found.cut) < found.n_pool
    assert min(len(texts[row].split()) for row in found.cut) > 5
    assert set(found.read_to) == set(found.cut) & set(found.predictions)
    assert all(0 < end < len(texts[row]) for row, (end,) in found.read_to.items())
    assert any(
        f"{len(found.cut)} of {found.n_pool} pool rows are longer than the 16 tokens" in note for note in monitor.notes
    )


def test_where_nothing_is_found_lower_taus_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = planted(themes=3, size=9, right=40)
    world.install(monkeypatch)
    found = discover(make_project(tmp_path, world.rows, tau=0.999), monitor=Silent())
    assert (found.uus, found.errors) == ((), 27)
    assert sum(wrong for _, _, wrong in found.confidences) == 27
    assert sum(right for _, right, _ in found.confidences) == 40
    sure = sorted(
        (1 / (1 + np.exp(-abs(a - b))) for row in world.uus() for a, b in [_logits(world, row)]), reverse=True
    )
    for tau, uus in found.taus:
        assert uus == sum(value >= tau for value in sure)
    assert [uus >= wanted for (_, uus), wanted in zip(found.taus, (5, 20, 27), strict=False)] == [True] * len(
        found.taus
    )
    lower = discover(change(Project.open(tmp_path / "work"), tau=found.taus[0][0]), monitor=Silent())
    assert len(lower.uus) == found.taus[0][1]


def _logits(world: World, row: str) -> tuple[float, float]:
    return world.logits[next(one["text"] for one in world.rows if one["id"] == row)]
