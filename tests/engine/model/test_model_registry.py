from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ModelError, Stopped
from engine.files import sha256_file, write_json
from engine.model.model_registry import ModelRef, current_model, embeddings, predictions, scratch, trained
from engine.progress import Silent
from engine.project import Project
from engine.schema import Example
from tests.builders.monitor import Recorder
from tests.builders.rows import rows
from tests.builders.tiny_bert import classifier, make_project


def test_without_a_classifier_a_baseline_is_trained_once(small_project: Project) -> None:
    seen = Recorder()
    model = current_model(small_project, monitor=seen)
    assert model.path.parent == small_project.models_dir
    assert model.name.endswith("base + 24 rows (seed 5)")
    assert seen.stages == ["train"]
    assert any("sha256" in note for note in seen.notes)
    again = Recorder()
    assert current_model(small_project, monitor=again) == model
    assert again.stages == []


def test_the_baseline_is_the_model_that_a_proof_trains_with_the_first_seed(small_project: Project) -> None:
    baseline = current_model(small_project, monitor=Silent())
    start = scratch(small_project, monitor=Silent())
    seen = Recorder()
    assert (
        trained(small_project, small_project.examples("train"), seed=5, start=start, epochs=2, monitor=seen) == baseline
    )
    assert seen.steps == []
    assert trained(small_project, small_project.examples("train"), seed=6, monitor=Silent()).key != baseline.key


def test_an_interrupted_training_goes_on(small_project: Project) -> None:
    with pytest.raises(Stopped):
        current_model(small_project, monitor=Recorder(lambda _, done: done >= 4))
    assert len(list(small_project.models_dir.glob("*.partial"))) == 1
    seen = Recorder()
    current_model(small_project, monitor=seen)
    assert seen.steps[0][1:3] == (5, 12)


def test_training_may_go_on_from_a_trained_model(small_project: Project) -> None:
    first = current_model(small_project, monitor=Silent())
    second = trained(small_project, rows(8), seed=5, start=first, epochs=1, monitor=Silent())
    assert second.path != first.path
    assert second.name == f"{first.name} + 8 rows (seed 5)"


def test_predictions_are_computed_once(small_project: Project) -> None:
    model = current_model(small_project, monitor=Silent())
    pool = small_project.examples("pool")
    first = predictions(small_project, model, pool, split_key="pool", monitor=Silent())
    assert first.shape == (12, 2)
    assert first.dtype == np.float32
    seen = Recorder()
    np.testing.assert_array_equal(predictions(small_project, model, pool, split_key="pool", monitor=seen), first)
    assert seen.steps == []


def test_predictions_follow_the_rows_and_not_the_name_given_to_them(small_project: Project) -> None:
    model = current_model(small_project, monitor=Silent())
    pool = small_project.examples("pool")
    whole = predictions(small_project, model, pool, split_key="pool", monitor=Silent())
    turned = predictions(small_project, model, pool[::-1], split_key="pool", monitor=Silent())
    np.testing.assert_allclose(turned, whole[::-1], atol=1e-5)


def of_header(shape: str, descr: str = "<f4") -> bytes:
    """A file of the format with a header that says so, and 96 bytes."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(96)


def of_array(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


DAMAGES = {
    "empty": b"",
    "no array": b"not an array",
    "cut": b"\x93NUMPY\x01\x00",
    "10^12 rows": of_header("(1000000000000, 2)"),
    "pickled": of_header("(12, 2)", "|O"),
    "another width": of_array(np.zeros((12, 3), dtype=np.float32)),
    "another length": of_array(np.zeros((13, 2), dtype=np.float32)),
    "not finite": of_array(np.full((12, 2), np.nan, dtype=np.float32)),
    "other values": of_array(np.ones((12, 2), dtype=np.float32)),
    "another type": of_array(np.zeros((12, 2), dtype=np.int64)),
    "another dimension": of_array(np.zeros(12, dtype=np.float32)),
}


# Other values could be true; `blindspot verify` finds them, as what was discovered does not follow.
HASHED = [(name, True) for name in DAMAGES if name != "other values"]


@pytest.mark.parametrize(("damage", "hashed"), [*((name, False) for name in DAMAGES), *HASHED])
def test_a_damaged_cache_is_computed_again_and_that_is_said(damage: str, hashed: bool, small_project: Project) -> None:
    """Also where the hash beside it was changed with it."""
    model = current_model(small_project, monitor=Silent())
    pool = small_project.examples("pool")
    first = predictions(small_project, model, pool, split_key="pool", monitor=Silent())
    (cached,) = small_project.cache_dir.glob("*.npy")
    whole = cached.read_bytes()
    cached.write_bytes(DAMAGES[damage])
    if hashed:
        cached.with_name(cached.name + ".sha256").write_text(sha256_file(cached))
    seen = Recorder()
    np.testing.assert_array_equal(predictions(small_project, model, pool, split_key="pool", monitor=seen), first)
    assert cached.read_bytes() == whole
    assert f"{cached.name} in the cache is damaged, and is made again" in seen.notes


SECOND_RUN = """
import sys
from pathlib import Path
from engine.model.model_registry import current_model, embeddings, predictions
from engine.progress import Silent
from engine.project import Project
project = Project.open(Path(sys.argv[1]))
pool = project.examples("pool")
model = current_model(project, monitor=Silent())
predictions(project, model, pool, split_key="pool", monitor=Silent())
embeddings(project, pool, monitor=Silent())
print([name for name in ("torch", "transformers", "sentence_transformers", "sklearn") if name in sys.modules])
"""


def test_a_second_run_imports_no_torch(small_project: Project) -> None:
    model = current_model(small_project, monitor=Silent())
    pool = small_project.examples("pool")
    predictions(small_project, model, pool, split_key="pool", monitor=Silent())
    vectors = embeddings(small_project, pool, monitor=Silent())
    assert vectors.shape == (12, 384)
    done = subprocess.run(
        [sys.executable, "-c", SECOND_RUN, str(small_project.root)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_users_classifier_is_taken_as_it_is(base: Path, tmp_path: Path) -> None:
    given = classifier(tmp_path / "mine", ("GOOD", "bad"))
    project = make_project(tmp_path / "work", base=base, classifier=str(given))
    seen = Recorder()
    model = current_model(project, monitor=seen)
    assert (model.name, model.path) == (str(given), given)
    assert seen.steps == []
    assert predictions(project, model, project.examples("pool"), split_key="pool", monitor=Silent()).shape == (12, 2)


def test_a_folder_in_the_settings_may_be_relative_to_the_project(base: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path / "work", base=base, classifier="mine")
    given = classifier(project.root / "mine")
    assert current_model(project, monitor=Silent()).path == given


def test_a_checkpoint_without_a_head_is_fine_tuned(base: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path / "work", base=Path("/nowhere"), classifier=str(base))
    seen = Recorder()
    assert current_model(project, monitor=seen).path.parent == project.models_dir
    assert seen.stages == ["train"]


def test_a_promoted_model_is_the_model_of_its_round(small_project: Project) -> None:
    model = trained(small_project, rows(8), seed=9, monitor=Silent())
    record = {"name": "arm example", "path": f"models/{model.path.name}", "key": model.key, "round": 2}
    write_json(small_project.round_dir(2) / "model.json", record)
    assert current_model(small_project, monitor=Silent()) == ModelRef("arm example", model.path, model.key)


@pytest.mark.parametrize("path", ["/usr", "../../elsewhere", "models/link"])
def test_a_promoted_model_outside_the_project_is_refused(small_project: Project, tmp_path: Path, path: str) -> None:
    small_project.models_dir.mkdir()
    (small_project.models_dir / "link").symlink_to(tmp_path)
    write_json(small_project.round_dir(2) / "model.json", {"name": "arm", "path": path, "key": "k"})
    with pytest.raises(ModelError, match="lies outside the project; promote again"):
        current_model(small_project, monitor=Silent())


def test_a_promoted_model_that_is_gone_is_said_so(small_project: Project) -> None:
    write_json(small_project.round_dir(2) / "model.json", {"name": "arm", "path": "models/gone", "key": "k"})
    with pytest.raises(ModelError, match="models/gone: the promoted model is gone"):
        current_model(small_project, monitor=Silent())


def test_no_rows_need_no_model(small_project: Project) -> None:
    assert len(embeddings(small_project, [], monitor=Silent())) == 0
    model = current_model(small_project, monitor=Silent())
    assert predictions(small_project, model, [], split_key="none", monitor=Silent()).shape == (0, 2)


def test_embeddings_follow_the_texts(small_project: Project) -> None:
    one = embeddings(small_project, [Example("a", "warm soup", "good")], monitor=Silent())
    seen = Recorder()
    np.testing.assert_array_equal(embeddings(small_project, [Example("b", "warm soup", "bad")], monitor=seen), one)
    assert seen.steps == []


def test_rows_that_repeat_have_the_embedding_of_their_text(
    small_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ["warm soup", "cold soup", "warm soup", "burnt bread", "cold soup"]
    pool = [Example(str(place), text, "good") for place, text in enumerate(said)]
    in_memory = embeddings(small_project, pool, monitor=Silent())
    alone = embeddings(small_project, [pool[0], pool[1], pool[3]], monitor=Silent())
    np.testing.assert_array_equal(in_memory, alone[[0, 1, 0, 2, 1]])
    monkeypatch.setattr("engine.model.model_registry.MAPPED_BYTES", 0)
    np.testing.assert_array_equal(embeddings(small_project, pool, monitor=Silent()), in_memory)
