"""Weights small enough to train in a second: two layers of 32, with a vocabulary of the words in the rows below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import BertProcessing
from transformers import BertConfig, BertForSequenceClassification, BertModel, PreTrainedTokenizerFast

from engine.files import sha256_file, write_json, write_jsonl
from engine.model.device import Compute
from engine.operations.outside_uses import outside_uses
from engine.project import Project
from engine.schema import Example
from engine.settings import (
    ComputeSettings,
    ModelSettings,
    ProofSettings,
    Settings,
    TaskSettings,
    TrainingSettings,
    write_settings,
)
from engine.trust import agree

LABELS = ("bad", "good")
GOOD, BAD = ("fine", "warm", "kind", "quick"), ("slow", "cold", "rude", "late")
THINGS = ("soup", "room", "waiter", "train", "bread", "bill", "coat", "desk")
CPU = Compute("cpu", "fp32", 1)


def rows(count: int) -> list[Example]:
    """Rows that a word decides, of several lengths."""
    made = []
    for number in range(count):
        word = (GOOD if number % 2 else BAD)[number // 2 % 4]
        filler = " and the " + THINGS[number // 3 % 8] if number % 5 == 0 else ""
        made.append(Example(f"r{number}", f"the {THINGS[number % 8]} was {word}{filler}", LABELS[number % 2]))
    return made


def tokenizer(*, pad: bool = True) -> PreTrainedTokenizerFast:
    """Words as tokens; without padding it is one of a decoder-only model."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "was", "and", *GOOD, *BAD, *THINGS]
    inner = Tokenizer(WordLevel({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
    inner.pre_tokenizer = Whitespace()
    special: dict[str, Any] = {"unk_token": "[UNK]", "eos_token": "[SEP]"}
    if pad:
        inner.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        special |= {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    names = ["input_ids", "token_type_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=inner, model_max_length=64, model_input_names=names, **special)


def config(**more: Any) -> BertConfig:
    """A very small BERT."""
    return BertConfig(
        vocab_size=23,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        pad_token_id=0,
        initializer_range=0.2,
        **more,
    )


def save(model: Any, folder: Path, words: PreTrainedTokenizerFast | None = None) -> Path:
    """Write a model and its tokenizer."""
    model.save_pretrained(folder)
    (words or tokenizer()).save_pretrained(folder)
    return folder


def classifier(folder: Path, names: Sequence[str] = LABELS, **more: Any) -> Path:
    """A classifier with random weights, always the same, whose outputs have these names."""
    torch.manual_seed(7)
    id2label = dict(enumerate(names))
    return save(BertForSequenceClassification(config(num_labels=len(names), id2label=id2label, **more)), folder)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base without a classification head."""
    torch.manual_seed(3)
    return save(BertModel(config()), tmp_path_factory.mktemp("weights") / "base")


@pytest.fixture(scope="session")
def good_bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of the labels in their order."""
    return classifier(tmp_path_factory.mktemp("weights") / "classifier")


def make_project(
    root: Path, *, base: Path, classifier: str = "", encoder: str = "all-MiniLM-L6-v2", train: int = 24, proof: int = 0
) -> Project:
    """A project as `blindspot init` leaves it."""
    splits = {}
    for name, count in ({"train": train, "pool": 12} | ({"proof": proof} if proof else {})).items():
        path = root / "splits" / f"{name}.jsonl"
        write_jsonl(path, [row.as_json() for row in rows(count)])
        splits[name] = {"sha256": sha256_file(path), "rows": count, "row_hashes": [], "source": "", "source_sha256": ""}
    write_json(root / "manifest.json", {"version": "0", "splits": splits, "proof_origin": "", "seed": 1})
    write_settings(
        root / "blindspot.toml",
        Settings(
            task=TaskSettings(labels=LABELS),
            model=ModelSettings(base=str(base), classifier=classifier, encoder=encoder),
            training=TrainingSettings(epochs=2, batch_size=4, learning_rate=1e-2),
            proof=ProofSettings(seeds=(5, 6)),
            compute=ComputeSettings(device="cpu", threads=1),
        ),
    )
    project = Project.open(root)
    agree(root, outside_uses(project))
    return project


@pytest.fixture
def small_project(tmp_path: Path, base: Path) -> Project:
    """A project that fine-tunes the small base."""
    return make_project(tmp_path / "work", base=base)


class Recorder:
    """A monitor that keeps everything."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int, dict[str, Any]]] = []
        self.notes: list[str] = []

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        self.steps.append((stage, done, total, facts))

    def note(self, message: str) -> None:
        self.notes.append(message)

    def stages(self) -> set[str]:
        return {stage for stage, *_ in self.steps}
