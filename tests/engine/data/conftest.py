from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest

from engine.data.left_out import LeftOutList, with_own_ids
from engine.data.reading import FileNews, FileOptions, LeftOut, rows_of
from engine.data.row_store import RowStore
from engine.files import read_lines
from engine.schema import Example, SplitName

_WORDS = ("kettle", "harbour", "violet", "lantern", "copper", "meadow", "thunder", "basket", "orchard", "window")


def sentence(rng: random.Random, words: int = 12) -> str:
    """A text that nearly equals no other one."""
    return " ".join(rng.choice(_WORDS) + str(rng.randrange(1000)) for _ in range(words))


def examples(
    count: int, *, seed: int = 0, labels: tuple[str, ...] = ("bad", "good"), pair: bool = False
) -> list[Example]:
    """Rows that have nothing in common, labels in turn."""
    rng = random.Random(seed)
    return [
        Example(f"r{number}", sentence(rng), labels[number % len(labels)], sentence(rng) if pair else None)
        for number in range(count)
    ]


def as_rows(rows: list[Example]) -> list[dict[str, str]]:
    """The rows as a user's file has them."""
    return [{key: value for key, value in row.as_json().items() if value is not None} for row in rows]


def write_jsonl(path: Path, rows: list[Any]) -> Path:
    """Write one JSON value a line."""
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


@dataclass(frozen=True, slots=True)
class Source:
    """All that reading a file gives."""

    examples: list[Example]
    rows: RowStore
    left_out: list[LeftOut]
    told: list[str]
    mapped: set[str]


def read_source(path: Path, options: FileOptions, split: SplitName) -> Source:
    """Read a file as `init` reads one."""
    left_out: list[LeftOut] = []
    news = FileNews(left_out.append)
    with TemporaryDirectory() as folder:
        rows = RowStore.write(Path(folder) / "rows.jsonl", rows_of(path, options, split, news=news), path)
        repeated = LeftOutList(Path(folder))
        own = with_own_ids(rows, split, repeated, drop=options.drop_duplicates)
        repeated.write(Path(folder) / "left-out.jsonl")
        left_out += [LeftOut.from_json(orjson.loads(line)) for line in read_lines(Path(folder) / "left-out.jsonl")]
        return Source(list(own.examples()), own, left_out, news.notes, news.mapped)


def store(folder: Path, rows: list[Example]) -> RowStore:
    """Rows on the disk, each with its number as its line."""
    return RowStore.write(folder / "rows.jsonl", enumerate(rows, start=1), folder / "source.jsonl")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Well-formed files of five splits that share no row."""
    folder = tmp_path / "files"
    folder.mkdir()
    sizes = {"train": 24, "pool": 20, "proof": 12, "test": 10, "dev": 8}
    return {
        name: write_jsonl(folder / f"{name}.jsonl", as_rows(examples(size, seed=seed)))
        for seed, (name, size) in enumerate(sizes.items())
    }
