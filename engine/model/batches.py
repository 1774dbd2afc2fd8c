"""Tokenizing rows, batching them by length, and the seeded order of batches in training."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from engine.arrays import Ints
from engine.schema import Example

Tokens = dict[str, list[int]]

# Rows of one bucket are sorted by length before they are cut into batches: long enough that a batch holds rows of
# nearly one length, short enough that batches differ between epochs (the factor of transformers' grouped sampler).
BUCKET_BATCHES = 50


def tokenise(tokenizer: Any, examples: Sequence[Example], max_length: int) -> list[Tokens]:
    """Tokenise texts, or pairs as pairs, cut to ``max_length`` tokens (of a pair the longer text is cut first)."""
    if not examples:
        return []
    texts = [example.text for example in examples]
    pairs = [example.text_pair for example in examples] if examples[0].text_pair is not None else None
    encoded = tokenizer(texts, pairs, truncation=True, max_length=max_length, padding=False)
    return [{name: values[row] for name, values in encoded.items()} for row in range(len(texts))]


class SharedTokens:
    """Tokens of rows that were asked for before: the seeds and arms of a job have most rows in common.

    10,000 rows take 0.7 s to tokenise, which a proof of 15 runs would spend 15 times.
    """

    def __init__(self) -> None:
        self._key: object = None
        self._rows: dict[tuple[str, str | None], Tokens] = {}

    def get(
        self, key: object, examples: Sequence[Example], make: Callable[[list[Example]], list[Tokens]]
    ) -> list[Tokens]:
        """Tokens of examples; ``make`` tokenises those that are new. Only the rows of the last ``key`` are kept."""
        if key != self._key:
            self._key, self._rows = key, {}
        new = {(row.text, row.text_pair): row for row in examples if (row.text, row.text_pair) not in self._rows}
        self._rows.update(zip(new, make(list(new.values())), strict=True))
        return [self._rows[row.text, row.text_pair] for row in examples]


def collate(tokenizer: Any, rows: Sequence[Tokens], device: str) -> dict[str, torch.Tensor]:
    """Pad rows to their longest: every tensor is (rows, longest)."""
    padded = tokenizer.pad({name: [row[name] for row in rows] for name in rows[0]}, return_tensors="pt")
    return {name: tensor.to(device) for name, tensor in padded.items()}


def scoring_batches(lengths: Ints, token_budget: int) -> Iterator[Ints]:
    """Row numbers, longest first, in batches of at most ``token_budget`` tokens with padding (at least one row).

    A batch that is at least half full ends where the length changes, so that most batches need no padding.
    Longest first: what does not fit into memory fails at once, and the estimate of the time left errs upwards.
    """
    order = np.argsort(-lengths, kind="stable")
    ordered = lengths[order]
    ends = np.append(np.flatnonzero(np.diff(ordered)) + 1, len(ordered))  # of the rows of each length
    start = 0
    while start < len(order):
        longest = max(1, int(ordered[start]))
        full = start + max(1, token_budget // longest)
        half = start + max(1, token_budget // (2 * longest))
        place = np.searchsorted(ends, half)
        end = int(min(full, ends[place])) if place < len(ends) else len(order)
        yield order[start:end]
        start = end


def training_batches(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Row numbers of one epoch, shuffled, in batches of similar length; a function of its arguments alone."""
    dice = random.Random(f"{seed}/{epoch}")
    order = list(range(len(lengths)))
    dice.shuffle(order)
    batches: list[list[int]] = []
    bucket = batch_size * min(BUCKET_BATCHES, max(1, len(order) // (4 * batch_size)))
    for start in range(0, len(order), bucket):
        rows = sorted(order[start : start + bucket], key=lambda row: lengths[row], reverse=True)
        batches += [rows[first : first + batch_size] for first in range(0, len(rows), batch_size)]
    dice.shuffle(batches)
    return batches
