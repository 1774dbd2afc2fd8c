"""Rows left out on request (duplicates, unknown labels), with a list of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.data.reading import LeftOut, Source
from engine.schema import SPLITS, SplitName
from engine.text import row_hash

FILE = "left-out.jsonl"
"""Beside the splits: split, file and line, and why. It has no texts."""


def without_duplicates(splits: Mapping[SplitName, Source]) -> dict[SplitName, Source]:
    """The splits with each text once: in train before pool, pool before proof, proof before test and dev.

    So no row that is learned from is held out, and none of train is lost to a copy elsewhere.
    """
    seen: dict[str, tuple[str, str]] = {}
    kept: dict[SplitName, Source] = {}
    for name in (name for name in SPLITS if name in splits):
        source, rows, left_out = splits[name], [], list(splits[name].left_out)
        for index, example in enumerate(source.examples):
            key, place = row_hash(example.text, example.text_pair), source.where(index)
            twin, label = seen.setdefault(key, (place, example.label))
            if twin == place:
                rows.append(example)
            else:
                other = "" if label == example.label else ", which has another label"
                left_out.append(LeftOut(name, place, f"the text is also that of {twin}{other}"))
        kept[name] = replace(source.only(rows), left_out=left_out)
    return kept


def with_known_labels(source: Source, split: SplitName, labels: Sequence[str]) -> Source:
    """The source without the rows whose label train does not have."""
    known = [example for example in source.examples if example.label in labels]
    unknown = [
        LeftOut(split, source.where(index), f"train has no row labelled {example.label!r}")
        for index, example in enumerate(source.examples)
        if example.label not in labels
    ]
    return replace(source.only(known), left_out=[*source.left_out, *unknown])
