"""Projects of any size for benchmarks: real bundled rows, repeated with a number so that no two are equal."""

from __future__ import annotations

from pathlib import Path

import orjson

import sample_data
from engine.operations.create_project import create_project


def large_project(root: Path, *, rows: int) -> Path:
    """A project with that many pool rows, and the bundled train rows; returns its folder."""
    bundled = [orjson.loads(line) for line in (sample_data.FOLDER / "data" / "pool.jsonl").open("rb")]
    pool = root.with_suffix(".pool.jsonl")
    with pool.open("wb") as out:
        for number in range(rows):
            row = bundled[number % len(bundled)]
            text = row["text"] if number < len(bundled) else f"{row['text']} ({number})"
            out.write(orjson.dumps({"id": f"p{number}", "text": text, "label": row["label"]}) + b"\n")
    data = sample_data.FOLDER / "data"
    create_project(
        root,
        train=data / "train.jsonl",
        pool=pool,
        proof=data / "proof.jsonl",
        test=data / "test.jsonl",
        text="text",
        label="label",
    )
    return root
