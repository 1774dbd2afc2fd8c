"""A stream of any size with what a classifier says of each row, and an encoder of one layer: nothing takes long but us.

A text has 4 to 10 words of one of 200 topics and 2 to 6 others. Half of the rows have either label; a tenth is wrong at
.9 or more.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

from tests.bench.streams import words

TOPICS, OF_TOPIC, VOCABULARY, WRONG = 200, 30, 4_000, 0.1


def vocabulary() -> list[str]:
    """Words of the bundled rows."""
    return [word for word in sorted(set(words())) if word.isalpha()][:VOCABULARY]


def write_stream(path: Path, rows: int) -> Path:
    """A file with the columns text, label, predicted and confidence; the same for the same number of rows."""
    known, rng = vocabulary(), random.Random(13)
    topics = [rng.sample(known, OF_TOPIC) for _ in range(TOPICS)]
    with path.open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["text", "label", "predicted", "confidence"])
        for _ in range(rows):
            topic = rng.choices(rng.choice(topics), k=rng.randint(4, 10))
            text = " ".join([*topic, *rng.choices(known, k=rng.randint(2, 6))])
            label, is_uu = rng.randint(0, 1), rng.random() < WRONG
            sure = is_uu or rng.random() < 0.8
            confidence = rng.uniform(0.9, 0.999) if sure else rng.uniform(0.5, 0.9)
            table.writerow([text, f"l{label}", f"l{1 - label if is_uu else label}", f"{confidence:.4f}"])
    return path


def write_encoder(folder: Path) -> Path:
    """A sentence encoder with one layer of 64, random weights, always the same."""
    import torch
    from transformers import BertModel

    from tests.builders.tiny_bert import config, save, tokenizer

    known = vocabulary()
    torch.manual_seed(3)
    sizes = config(vocab_size=4 + len(known), hidden_size=64, num_hidden_layers=1, intermediate_size=64)
    return save(BertModel(sizes), folder, tokenizer(known))
