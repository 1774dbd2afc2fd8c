"""What of the trained models goes, what stays whatever is asked for, and what a kill leaves."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.errors import FileError, JobError, ModelError
from engine.files import content_key, write_json
from engine.jobs import without_jobs
from engine.model.cleaned_models import cleaned_models, models_lock, refuse_cleaned
from engine.operations.clean_project import clean, list_parts
from engine.operations.job_records import RetrainOptions
from engine.project import SETTINGS_FILE, Project
from engine.regression.promotion import Promotion, promote
from tests.builders.discovery import discovery_of, save_discovery
from tests.builders.models import lay_out_model
from tests.engine.proof.synthetic import BASELINE, GOLD, ONE_PROVEN, write_proof


@pytest.fixture
def proved(project: Project) -> Project:
    """A project with a proof in which one arm is proven and another is not, and a model that no proof names."""
    write_proof(project, baseline=BASELINE, arms=ONE_PROVEN, gold=GOLD)
    for path in list(project.models_dir.iterdir()):
        lay_out_model(project, path.name)
    lay_out_model(project, "of-a-quick-look")
    return project


def going(project: Project, *keep: str, cache: bool = False) -> set[str]:
    parts = list_parts(project, keep, cache=cache) if keep else list_parts(project, cache=cache)
    return {Path(part.path).name for part in parts if part.goes}


def why(project: Project, name: str) -> str:
    return next(part.why for part in list_parts(project) if Path(part.path).name == name)


UNPROVEN = {"human-continue-13", "human-continue-14", "of-a-quick-look"}
BASELINES = {"baseline-scratch-13", "baseline-scratch-14"}
PROVEN = {"human-scratch-13", "human-scratch-14"}


def test_what_goes_is_told_with_why_and_what_it_frees(proved: Project) -> None:
    assert going(proved) == UNPROVEN
    assert going(proved, "promoted", "proven") == UNPROVEN | BASELINES
    assert going(proved, "baseline") == UNPROVEN | PROVEN
    part = next(part for part in list_parts(proved, ["promoted"]) if part.path == "models/baseline-scratch-14")
    assert part.why == "baseline, seed 14 of proof aaaa1111; later retrains need it"
    assert (part.bytes > 1_000_000, part.seconds) == (True, 41.2)
    assert why(proved, "human-continue-13") == "human (continue), seed 13 of proof aaaa1111: less confident only"
    assert why(proved, "of-a-quick-look") == "no proof names it"


def test_all_models_of_the_latest_proof_can_be_kept(proved: Project) -> None:
    before = {path.name for path in proved.models_dir.iterdir()}
    assert going(proved, "last") == {"of-a-quick-look"}
    later = {("llm", "scratch"): BASELINE}
    write_proof(
        proved, baseline=BASELINE, arms=later, gold=GOLD, created="2026-02-03T04:05:06+00:00", proof_id="bbbb2222"
    )
    for path in list(proved.models_dir.iterdir()):
        if path.name not in before:
            lay_out_model(proved, path.name)
    assert going(proved, "last") == UNPROVEN | PROVEN


def test_the_model_in_use_promoted_ones_and_those_of_the_settings_stay_whatever_is_asked(proved: Project) -> None:
    for number, name in ((2, "human-continue-13"), (3, "human-scratch-14")):
        made = Promotion(number, name, f"models/{name}", "k", "aaaa1111", "human", "scratch", 13, "no change")
        write_json(proved.round_dir(number) / "model.json", made.as_json())
    lay_out_model(proved, "discovered", sha256="d")
    key = content_key("discovered", "d")
    save_discovery(proved, discovery_of(round=3, labels=proved.labels, model_key=key))
    settings = proved.root / SETTINGS_FILE
    text = settings.read_text()
    settings.write_text(text.replace('classifier = ""', 'classifier = "models/baseline-scratch-13"', 1))
    named = Project.open(proved.root)
    assert named.settings.model.classifier
    left = {"human-continue-13", "human-scratch-14", "discovered", "baseline-scratch-13"}
    clean(named, ["promoted"])
    assert {path.name for path in named.models_dir.iterdir() if path.is_dir()} == left
    assert why(named, "human-continue-13") == "round 2 starts from it"


def test_what_blindspot_did_not_write_is_left_alone_and_no_link_is_followed(proved: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    shutil.copytree(proved.models_dir / "of-a-quick-look", outside / "of-a-quick-look")
    (proved.models_dir / "mine").mkdir()
    (proved.models_dir / "mine" / "thesis.txt").write_text("years of work")
    (proved.models_dir / "of-a-quick-look" / "notes.txt").write_text("why I looked")
    (proved.models_dir / "a-link").symlink_to(outside / "of-a-quick-look")
    (proved.models_dir / ".cleaned-link").symlink_to(outside)
    (proved.models_dir / "human-continue-13" / "also").symlink_to(outside)
    assert going(proved) == {"human-continue-14"}
    assert why(proved, "mine") == "left alone: it has no training.json, so Blindspot did not write it"
    assert why(proved, "of-a-quick-look") == "left alone: it holds notes.txt, which its training did not write"
    assert "symbolic link" in why(proved, "a-link")
    clean(proved, ["promoted"])
    assert (proved.models_dir / "mine" / "thesis.txt").read_text() == "years of work"
    assert (outside / "of-a-quick-look" / "model.safetensors").is_file()
    shutil.move(proved.models_dir, tmp_path / "elsewhere")
    proved.models_dir.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileError, match="symbolic link"):
        clean(proved, ["promoted"])


def test_nothing_is_removed_while_a_job_runs_or_while_a_record_cannot_be_read(proved: Project) -> None:
    with without_jobs(proved.root), pytest.raises(JobError, match="a model is being promoted or removed"):
        clean(proved)
    (proved.proofs_dir / "aaaa1111" / "report.json").write_text("{}")
    with pytest.raises(FileError, match="damaged"):
        clean(proved)
    assert len(list(proved.models_dir.iterdir())) == 7


def test_a_model_is_not_removed_while_one_is_promoted_nor_promoted_while_one_is_removed(
    proved: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.model.cleaned_models.PATIENCE", 0.0)
    with models_lock(proved):
        with pytest.raises(ModelError, match="somebody else is promoting or removing a model of this project; try"):
            clean(proved)
        with pytest.raises(ModelError, match="somebody else is promoting or removing a model"):
            promote(proved, arm="human")
    assert going(proved) == UNPROVEN
    assert proved.round == 1


def test_what_a_job_can_go_on_with_stays_unless_it_is_not_named(proved: Project) -> None:
    (proved.models_dir / "0123456789abcdef.partial").mkdir()
    (proved.models_dir / "0123456789abcdef.partial" / "checkpoint.safetensors").write_bytes(b"w")
    lay_out_model(proved, "fedcba9876543210")
    (proved.models_dir / "fedcba9876543210.partial").mkdir()  # a kill kept it from going when the model was there
    spec = {"id": "retrain-1", "kind": "retrain", "options": RetrainOptions().as_json(), "created": 1.0}
    write_json(proved.jobs_dir / "retrain-1" / "spec.json", spec)
    assert going(proved) == UNPROVEN - {"of-a-quick-look"} | {"fedcba9876543210.partial"}
    assert why(proved, "fedcba9876543210.partial") == "left by a training that has ended"
    assert "retrain-1 (killed) may need it" in why(proved, "of-a-quick-look")
    assert {"0123456789abcdef.partial", "of-a-quick-look"} <= going(proved, "promoted")
    clean(proved, ["promoted"])
    assert not list(proved.models_dir.glob("0123456789abcdef*"))


def test_a_kill_leaves_a_model_whole_or_away_and_the_next_clean_ends_it(proved: Project) -> None:
    child = os.fork()
    if not child:
        os.fwalk = lambda *_, **__: os._exit(9)  # type: ignore[assignment]
        try:
            clean(proved)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    away = cleaned_models(proved)
    assert len(away) == 1
    assert going(proved) == (UNPROVEN - set(away)) | {f".cleaned-{name}" for name in away}
    clean(proved)
    assert not going(proved)
    assert not list(proved.models_dir.glob(".cleaned-*"))
    assert set(cleaned_models(proved)) == UNPROVEN


def test_who_needs_a_model_that_was_cleaned_is_told_so_and_how_to_have_it_again(proved: Project) -> None:
    clean(proved)
    told = r"human-continue-13: this model was removed by `blindspot clean` on 20.*the same `blindspot retrain .*again"
    with pytest.raises(ModelError, match=told):
        promote(proved, arm="human", recipe="continue", force=True)
    with pytest.raises(ModelError, match=told):
        refuse_cleaned(proved, "models/human-continue-13")
    lay_out_model(proved, "human-continue-13")
    assert "human-continue-13" not in cleaned_models(proved)
    refuse_cleaned(proved, "models/human-continue-13")


def test_cached_arrays_go_only_where_that_is_asked(proved: Project) -> None:
    proved.cache_dir.mkdir(exist_ok=True)
    for name in ("logits-pool-1.npy", "mine.npy"):
        np.save(proved.cache_dir / name, np.zeros((2, 2), dtype=np.float32))
    (proved.cache_dir / "logits-pool-1.npy.sha256").write_text("x")
    assert "cache" not in going(proved)
    assert "cache" in going(proved, "promoted", cache=True)
    clean(proved, cache=True)
    assert [path.name for path in proved.cache_dir.iterdir()] == ["mine.npy"]
