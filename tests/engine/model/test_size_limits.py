"""Folders of weights that ask for more than they hold, or hide a pickle where nobody looks, are refused unloaded."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.errors import ModelError
from engine.model.classifier import Classifier
from engine.model.encoder import Encoder
from engine.model.size_limits import refuse_unfit
from tests.builders.rows import LABELS
from tests.builders.tiny_bert import CPU, classifier


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return classifier(tmp_path / "model")


def change(path: Path, **values: Any) -> None:
    path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | values))


def load(folder: Path) -> Classifier:
    return Classifier.load(folder, labels=LABELS, max_length=16, compute=CPU)


@pytest.mark.parametrize("key", ["num_hidden_layers", "hidden_size", "vocab_size", "intermediate_size"])
def test_a_configuration_larger_than_the_weights_is_refused_before_it_is_obeyed(folder: Path, key: str) -> None:
    refuse_unfit(folder)
    change(folder / "config.json", **{key: 10_000_000})
    with pytest.raises(ModelError, match=rf"`{key}` of its config.json is 10000000, and its weights have 1 to \d+"):
        load(folder)


@pytest.mark.parametrize(
    "damage", [b"", b"\xff" * 8, (2).to_bytes(8, "little") + b"[]", (9).to_bytes(8, "little") + b"{}"]
)
def test_a_damaged_header_gives_a_sentence(folder: Path, damage: bytes) -> None:
    (folder / "model.safetensors").write_bytes(damage)
    with pytest.raises(ModelError, match=r"the folder is damaged|cannot be loaded"):
        load(folder)


ODD = [
    {"hidden_size": "x"},
    {"num_attention_heads": 0},
    {"model_type": []},
    {"id2label": [1]},
    {"hidden_act": {"a": 1}},
]


@pytest.mark.parametrize("values", [*ODD, {"num_hidden_layers": -1}, {"num_hidden_layers": 0}])
def test_a_configuration_of_any_other_kind_gives_a_sentence(folder: Path, values: dict[str, Any]) -> None:
    change(folder / "config.json", **values)
    with pytest.raises(ModelError):
        load(folder).logits([], monitor=None)  # type: ignore[arg-type]


def test_a_module_in_a_folder_without_a_number_is_not_opened(folder: Path) -> None:
    hidden = folder / "pool"
    hidden.mkdir()
    (hidden / "pytorch_model.bin").write_bytes(b"\x80\x04N.")
    kinds = {"": "Transformer", "pool": "Dense"}
    (folder / "modules.json").write_bytes(
        orjson.dumps(
            [
                {"idx": place, "name": str(place), "path": name, "type": f"sentence_transformers.models.{kind}"}
                for place, (name, kind) in enumerate(kinds.items())
            ]
        )
    )
    for name in ("pool", "../pool", "/pool", "1_Dense/../pool"):
        (folder / "modules.json").write_bytes(
            (folder / "modules.json").read_bytes().replace(b'"pool"', orjson.dumps(name))
        )
        with pytest.raises(ModelError, match=r"modules.json names the folder"):
            Encoder.load(folder, max_length=16, compute=CPU)


def test_the_models_of_before_fit(folder: Path, base: Path, tmp_path: Path) -> None:
    for path in (folder, base, Path(shutil.copytree(folder, tmp_path / "copy"))):
        refuse_unfit(path)
