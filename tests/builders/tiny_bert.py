"""Weights that train in a second: two layers of 32, with a vocabulary of the words in `tests.builders.rows`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import BertProcessing
from transformers import BertConfig, BertForSequenceClassification, BertModel, PreTrainedTokenizerFast

from engine.model.device import Compute
from engine.operations.outside_uses import outside_uses
from engine.project import Project
from engine.settings import (
    ComputeSettings,
    DiscoverySettings,
    ModelSettings,
    ProofSettings,
    Settings,
    TaskSettings,
    TrainingSettings,
)
from engine.trust import agree
from tests.builders.project import lay_out
from tests.builders.rows import LABELS, WORDS, rows

CPU = Compute("cpu", "fp32", 1)


def words_of(files: Iterable[Path]) -> list[str]:
    """All words of JSONL files, as a tokenizer splits them."""
    texts = [orjson.loads(line)["text"] for path in files for line in path.read_bytes().splitlines()]
    return sorted({word for text in texts for word, _ in Whitespace().pre_tokenize_str(text)})


def tokenizer(words: Sequence[str] = WORDS, *, pad: bool = True) -> PreTrainedTokenizerFast:
    """Words as tokens; without padding it is one of a decoder-only model."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words]
    inner = Tokenizer(WordLevel({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
    inner.pre_tokenizer = Whitespace()
    special: dict[str, Any] = {"unk_token": "[UNK]", "eos_token": "[SEP]"}
    if pad:
        inner.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        special |= {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    names = ["input_ids", "token_type_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=inner, model_max_length=64, model_input_names=names, **special)


def config(**more: Any) -> BertConfig:
    """A very small BERT, of those words unless told otherwise."""
    sizes: dict[str, Any] = {
        "vocab_size": 4 + len(WORDS),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
        "pad_token_id": 0,
        "initializer_range": 0.2,
    }
    return BertConfig(**sizes | more)


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


def body(folder: Path, words: Sequence[str] = WORDS) -> Path:
    """A base without a classification head, always the same."""
    torch.manual_seed(3)
    return save(BertModel(config(vocab_size=4 + len(words))), folder, tokenizer(words))


def untrained(folder: Path) -> Settings:
    """Settings of a project whose classifier, made in that folder, has random weights and is confident of each row."""
    weights = str(classifier(folder))
    return Settings(
        task=TaskSettings(labels=LABELS),
        model=ModelSettings(base=weights, classifier=weights, encoder=weights),
        discovery=DiscoverySettings(tau=0.5),
        compute=ComputeSettings(device="cpu", threads=1),
    )


def make_project(
    root: Path, *, base: Path, classifier: str = "", encoder: str = "all-MiniLM-L6-v2", train: int = 24, proof: int = 0
) -> Project:
    """A project of `rows`, whose settings train in a second; its weights are agreed to."""
    settings = Settings(
        task=TaskSettings(labels=LABELS),
        model=ModelSettings(base=str(base), classifier=classifier, encoder=encoder),
        training=TrainingSettings(epochs=2, batch_size=4, learning_rate=1e-2),
        proof=ProofSettings(seeds=(5, 6)),
        compute=ComputeSettings(device="cpu", threads=1),
    )
    counts = {"train": train, "pool": 12} | ({"proof": proof} if proof else {})
    project = lay_out(root, {name: [row.as_json() for row in rows(count)] for name, count in counts.items()}, settings)
    agree(root, outside_uses(project))
    return project
