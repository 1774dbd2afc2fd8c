"""Grouping 2,000 UUs with distinctive words and a map against BERTopic with its defaults, on the same embeddings.

Both are warmed up once (BERTopic's libraries compile themselves), then run in turn; each is run again on the same rows
to see whether its groups are the same.
"""

from __future__ import annotations

import random
import time
from typing import Any

import numpy as np
import orjson

import sample_data
from engine.discovery.average_linkage import cluster_cell
from engine.discovery.keywords import distinctive_words
from engine.discovery.projection import project
from engine.model.device import choose_compute
from engine.model.encoder import Encoder
from engine.model.weights import find_weights
from engine.progress import Silent
from engine.schema import Example
from engine.settings import ComputeSettings
from tests.bench.measure import compare, options

RUNS = 3
BESIDE = 2_000  # other rows that words are distinctive against


def main() -> None:
    """Print seconds and ratio."""
    from bertopic import BERTopic

    rows = _rows((options.rows or 2_000) + BESIDE)
    uus, beside = rows[:-BESIDE], rows[-BESIDE:]
    compute = choose_compute(ComputeSettings())
    encoder = Encoder.load(find_weights("all-MiniLM-L6-v2").path, max_length=128, compute=compute)
    vectors = np.empty((len(uus), encoder.width), dtype=np.float32)
    for _ in encoder.embed([row.text for row in uus], vectors, monitor=Silent()):
        pass

    grouped: list[float] = []

    def ours() -> Any:
        began = time.perf_counter()
        labels = cluster_cell(vectors, min_size=4, seed=13)
        groups = [[uus[row] for row in np.flatnonzero(labels == number)] for number in range(labels.max() + 1)]
        words = distinctive_words(groups, beside)
        grouped.append(time.perf_counter() - began)
        return labels, words, project(vectors, seed=13)

    def theirs() -> Any:
        model = BERTopic()
        topics, _ = model.fit_transform([row.text for row in uus], vectors)
        return np.array(topics)

    theirs()
    mine, peers, found, topics = [], [], [], []
    for _ in range(RUNS):
        began = time.perf_counter()
        found.append(ours())
        mine.append(time.perf_counter() - began)
        began = time.perf_counter()
        topics.append(theirs())
        peers.append(time.perf_counter() - began)
    same = all(
        (labels == found[0][0]).all() and words == found[0][1] and (places == found[0][2]).all()
        for labels, words, places in found
    )
    compare(f"clustering {len(uus)} UUs, and words", grouped, "BERTopic, defaults", peers)
    compare(
        f"clustering {len(uus)} UUs, words and map",
        mine,
        "BERTopic, defaults (no map)",
        peers,
        goal=">= 5",
        ours_repeats=same,
        peer_repeats=all(np.array_equal(topics[0], other) for other in topics),
        groups=int(found[0][0].max() + 1),
        topics=int(topics[0].max() + 1),
        noise_of_peer=round(float((topics[0] == -1).mean()), 2),
    )


def _rows(count: int) -> list[Example]:
    paths = (
        [options.data / "sentiment" / f"{name}.jsonl" for name in ("pool", "train")]
        if options.data
        else [sample_data.FOLDER / "data" / f"{name}.jsonl" for name in ("pool", "train")]
    )
    found = [orjson.loads(line) for path in paths for line in path.open("rb")]
    random.Random(13).shuffle(found)
    return [
        Example(str(n), found[n % len(found)]["text"] + (f" ({n})" if n >= len(found) else ""), "x")
        for n in range(count)
    ]


if __name__ == "__main__":
    main()
