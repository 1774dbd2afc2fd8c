"""A verdict is what a discovery says of the same text, of the model that is the current one now; nothing is made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.discovery.pipeline import discover
from engine.errors import BlindspotError, ModelError, ProjectError, SettingsError
from engine.files import read_json, sha256_file, write_json, write_jsonl
from engine.model.weights import find_weights
from engine.operations.outside_uses import outside_uses
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.scorer.protocol import ScorerState
from engine.scorer.resident import Resident
from engine.settings import write_settings
from engine.trust import agree
from tests.builders.rows import rows
from tests.builders.tiny_bert import classifier, make_project


def change(project: Project, **sections: dict[str, object]) -> Project:
    """The project with other settings, to which the person has agreed."""
    settings = project.settings
    for name, values in sections.items():
        settings = replace(settings, **{name: replace(getattr(settings, name), **values)})  # type: ignore[arg-type]
    write_settings(project.root / SETTINGS_FILE, settings)
    project = Project.open(project.root)
    agree(project.root, outside_uses(project))
    return project


def add_dev(project: Project) -> None:
    """A dev split, to fit a temperature on."""
    path = project.root / "splits" / "dev.jsonl"
    write_jsonl(path, [row.as_json() for row in rows(10)])
    manifest = read_json(project.root / "manifest.json")
    manifest["splits"]["dev"] = manifest["splits"]["train"] | {"sha256": sha256_file(path), "rows": 10}
    write_json(project.root / "manifest.json", manifest)


@pytest.mark.parametrize("calibrated", [False, True])
def test_a_verdict_equals_what_the_discovery_says_of_the_row(scored: Project, calibrated: bool) -> None:
    add_dev(scored)
    project = change(scored, discovery={"tau": 0.5, "apply_temperature": calibrated, "min_size": 2})
    found = discover(project, monitor=Silent())
    resident = Resident(project.root)
    assert found.uus
    for row in (found.predictions[uu] for uu in found.uus):
        said = resident.verdict(row.text)
        assert said.label == row.predicted
        assert said.confidence == pytest.approx(row.confidence, abs=1e-4)
        assert said.probabilities == pytest.approx(row.probabilities, abs=1e-4)
        assert said.key == found.model_key
    assert (found.applied_temperature != 1.0) == calibrated


def test_after_tau_was_edited_there_is_no_verdict_until_they_are_found_anew(scored: Project) -> None:
    add_dev(scored)
    project = change(scored, discovery={"tau": 0.5, "min_size": 2})
    discover(project, monitor=Silent())
    resident = Resident(project.root)
    first = resident.verdict("the soup was cold")
    for edit, says in (({"tau": 0.6}, "is 0.6, but"), ({"tau": 0.5, "apply_temperature": True}, "found with false")):
        edited = change(project, discovery=edit)
        with pytest.raises(SettingsError, match=f"{says}.*run `blindspot discover`"):
            resident.verdict("the soup was cold")
        discover(edited, monitor=Silent())
        assert resident.verdict("the soup was cold").key == first.key


def test_a_temperature_that_no_discovery_has_fitted_to_the_model_is_asked_for(scored: Project) -> None:
    add_dev(scored)
    project = change(scored, discovery={"apply_temperature": True})
    resident = Resident(project.root)
    with pytest.raises(ModelError, match="no temperature has been fitted"):
        resident.verdict("the soup was cold")
    discover(project, monitor=Silent())
    assert resident.verdict("the soup was cold").label in project.labels


def test_after_a_promotion_the_other_model_answers(scored: Project, tmp_path: Path) -> None:
    told: list[ScorerState] = []
    resident = Resident(scored.root, told.append)
    before = resident.verdict("the soup was cold")
    other = classifier(scored.models_dir / "other", names=("good", "bad"))  # the same weights, the other way round
    promoted = {"name": "other", "path": str(other), "key": "k2"}
    write_json(scored.round_dir(2) / "model.json", promoted)
    after = resident.verdict("the soup was cold")
    assert (after.model, after.key) == ("other", "k2")
    assert after.label != before.label
    assert after.confidence == pytest.approx(before.confidence)
    assert [state.name for state in told] == ["loading", "ready", "loading", "ready"]
    assert (told[1].key, told[3].key) == (before.key, "k2")


def test_what_changes_nothing_loads_nothing(scored: Project) -> None:
    told: list[ScorerState] = []
    resident = Resident(scored.root, told.append)
    resident.follow()
    (scored.models_dir / "another").mkdir(parents=True)
    change(scored, teaching={"targets": 2})
    resident.follow()
    assert [state.name for state in told] == ["loading", "ready"]


def test_a_model_that_is_not_there_is_neither_trained_nor_fetched(small_base: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path / "work", base=small_base)
    resident = Resident(project.root)
    with pytest.raises(ModelError, match="has not been trained yet; run `blindspot discover`"):
        resident.verdict("the soup was cold")
    assert not project.models_dir.exists()
    with pytest.raises(ModelError, match="not on this machine yet"):
        find_weights("nobody/has-this", fetch=False)
    weights = classifier(tmp_path / "later")
    change(project, model={"classifier": str(weights)})
    assert resident.verdict("the soup was cold").label in project.labels


@pytest.fixture
def small_base(tmp_path: Path) -> Path:
    import torch
    from transformers import BertModel

    from tests.builders.tiny_bert import config, save

    torch.manual_seed(3)
    return save(BertModel(config()), tmp_path / "base")


def test_a_project_that_turned_verdicts_off_gives_none_and_follows_its_setting(scored: Project) -> None:
    resident = Resident(scored.root)
    resident.follow()
    change(scored, teaching={"live_verdict": False})
    with pytest.raises(SettingsError, match="turned off in this project") as refused:
        resident.verdict("the soup was cold")
    assert "live_verdict = true" in str(refused.value)
    change(scored, teaching={"live_verdict": True})
    assert resident.verdict("the soup was cold").label in scored.labels


@pytest.mark.parametrize(("pair", "second"), [(False, "a second text"), (False, ""), (True, None)])
def test_a_text_that_is_no_row_of_the_project_is_refused(scored: Project, pair: bool, second: str | None) -> None:
    change(scored, task={"pair": pair})
    with pytest.raises(ProjectError, match=f"rows of this project are {'pairs' if pair else 'single texts'}"):
        Resident(scored.root).verdict("the soup was cold", second)


def test_a_mistake_in_the_settings_is_told_and_can_be_mended(scored: Project) -> None:
    resident = Resident(scored.root)
    path = scored.root / SETTINGS_FILE
    right = path.read_text()
    path.write_text(right.replace("tau = 0.9", "tau = 9"))
    with pytest.raises(BlindspotError, match=r"`discovery\.tau` is 9"):
        resident.follow()
    path.write_text(right)
    resident.follow()
