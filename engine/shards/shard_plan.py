"""The plan of shards: which rows each has, where it lies, and which of them are whole.

``cache/shards/KEY/manifest.json`` names the arrays that are wanted and the shards; ``0007.in.parquet`` has the rows of
a shard, ``0007.parquet`` what was computed of them and ``0007.json`` its hash, written last. Everything is written
whole or not at all, and nothing is locked, so any number of machines may work on the same shards of a shared disk; two
that do the same one write the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import BlindspotError, FileError, ModelError, ProjectError
from engine.files import find_files, open_read, read_record, replacing, sha256_file, write_json
from engine.model.model_registry import ModelRef
from engine.project import Project
from engine.schema import Example, Record
from engine.settings import Precision
from engine.shards import SHARDS

PLAN = 1  # raised whenever shards are cut or written otherwise
MANIFEST = "manifest.json"

Array = NDArray[np.float32]
What = Literal["logits", "embeddings", "both"]


@dataclass(frozen=True, slots=True)
class Sweep(Record):
    """Arrays of the cache that are filled together, from the same rows.

    Attributes:
        what: logits of rows; embeddings of different texts; both in one pass over rows.
        arrays: the names of their files. rows: that each has.
    """

    what: What
    arrays: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Shard(Record):
    """Rows ``first`` to ``first + rows`` of a sweep.

    ``sha256``: of the file with its rows. ``first_id``, ``last_id``: of the pool rows that it begins and ends with.
    """

    sweep: int
    first: int
    rows: int
    sha256: str
    first_id: str
    last_id: str


@dataclass(frozen=True, slots=True)
class Manifest(Record):
    """All that a worker needs to know beside the settings and the weights.

    Attributes:
        created: seconds since 1970.
        model_key, encoder_key: name the weights; a worker finds them by the settings and compares.
        precision: that all workers compute in, whatever machine they are on.
        tau, temperature: what the scores are for (`engine.model.bf16_rescoring.UncertainRows`).
        sweeps, shards: what is to be computed.
    """

    created: float
    model_key: str
    encoder_key: str
    precision: Precision
    tau: float
    temperature: float
    sweeps: tuple[Sweep, ...]
    shards: tuple[Shard, ...]


@dataclass(frozen=True, slots=True)
class Finished(Record):
    """A shard that was computed.

    Attributes:
        sha256: of its Parquet file. rows_sha256: of the file with its rows. widths: columns of each array.
        made_by: kind of processor, precision and versions: equal ones give equal bits.
        seconds: that it took, without loading the model.
    """

    sha256: str
    rows_sha256: str
    widths: tuple[int, ...]
    made_by: str
    seconds: float


class ShardPlan:
    """A folder of shards with its manifest."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def read(cls, folder: Path) -> ShardPlan:
        """The plan of a folder.

        Raises:
            FileNotFoundError: there is none.
            FileError: it is damaged.
        """
        return cls(folder, read_record(folder / MANIFEST, _manifest, hint="delete the folder, and plan again"))

    def __len__(self) -> int:
        return len(self.manifest.shards)

    def is_whole(self, number: int) -> bool:
        """Whether a shard was computed, and its file is the one that was written then."""
        return self.finished(number) is not None

    def finished(self, number: int) -> Finished | None:
        """What is on record of a shard that is whole; None: it is to be computed."""
        try:
            made = read_record(self.folder / f"{number:04d}.json", Finished.from_json)
            right = made.rows_sha256 == self.manifest.shards[number].sha256
            return made if right and sha256_file(self.out(number)) == made.sha256 else None
        except (FileNotFoundError, FileError):
            return None

    def missing(self) -> list[int]:
        """The shards that are not whole."""
        return [number for number in range(len(self)) if not self.is_whole(number)]

    def out(self, number: int) -> Path:
        """The file of a shard."""
        return self.folder / f"{number:04d}.parquet"

    def name(self, number: int) -> str:
        """A shard in words, with the rows that it has."""
        shard = self.manifest.shards[number]
        what = "texts" if self.manifest.sweeps[shard.sweep].what == "embeddings" else "rows"
        places = f"{what} {shard.first + 1:,} to {shard.first + shard.rows:,} in the order of texts"
        return f"shard {number} of {len(self)} ({places}, from {shard.first_id} to {shard.last_id})"

    def failure(self, number: int, error: BlindspotError) -> ModelError:
        """Why a shard was not computed, with the rows that it has."""
        return ModelError(f"{self.name(number)}: {error.what}", where=error.where, hint=error.hint)

    def read_rows(self, number: int) -> tuple[list[Example], NDArray[np.intp]]:
        """The rows of a shard, without labels, and (rows,) the place of each one's right label (-1: it has none).

        Raises:
            FileError: the file is missing or is not the one that the manifest speaks of.
        """
        path, shard = self.folder / f"{number:04d}.in.parquet", self.manifest.shards[number]
        hint = "delete the folder, and plan again"
        if not path.is_file() or sha256_file(path) != shard.sha256:
            raise FileError("the rows of this shard are missing or have changed", where=str(path), hint=hint)
        table = read_table(path, shard.rows)
        pairs = table["text_pair"].to_pylist()
        rows = zip(table["id"].to_pylist(), table["text"].to_pylist(), pairs, strict=True)
        return [Example(name, text, "", pair) for name, text, pair in rows], table["gold"].to_numpy().astype(np.intp)

    def write_rows(self, number: int, rows: Sequence[Example], gold: NDArray[np.integer]) -> str:
        """Write the rows of a shard, and return the hash of the file."""
        import pyarrow as arrow

        columns = {
            "id": arrow.array([row.id for row in rows], arrow.string()),
            "text": arrow.array([row.text for row in rows], arrow.string()),
            "text_pair": arrow.array([row.text_pair for row in rows], arrow.string()),
            "gold": arrow.array(gold, arrow.int32()),
        }
        path = self.folder / f"{number:04d}.in.parquet"
        _write_table(path, columns)
        return sha256_file(path)

    def write_arrays(
        self, number: int, rows: Sequence[Example], arrays: Sequence[Array], *, made_by: str, seconds: float
    ) -> None:
        """Write what was computed of a shard: a column for each array, beside the ids of the rows.

        Args:
            number: of the shard.
            rows: that it has.
            arrays: what `columns` names, (rows, width) each.
            made_by: as in `Finished`.
            seconds: as in `Finished`.

        Raises:
            FileError: it cannot be written.
        """
        import pyarrow as arrow

        shard = self.manifest.shards[number]
        columns = {"id": arrow.array([row.id for row in rows], arrow.string())}
        for name, values in zip(self.columns(shard), arrays, strict=True):
            flat = arrow.array(np.ascontiguousarray(values).ravel())
            columns[name] = arrow.FixedSizeListArray.from_arrays(flat, values.shape[1])
        _write_table(self.out(number), columns)
        widths = tuple(values.shape[1] for values in arrays)
        made = Finished(sha256_file(self.out(number)), shard.sha256, widths, made_by, round(seconds, 2))
        write_json(self.folder / f"{number:04d}.json", made.as_json())

    def read_arrays(self, number: int, widths: Sequence[int]) -> list[Array]:
        """What was computed of a shard: what `columns` names, (rows, width) each.

        Args:
            number: of the shard.
            widths: columns of each array.

        Raises:
            FileError: the file is not what a shard is.
        """
        shard = self.manifest.shards[number]
        table = read_table(self.out(number), shard.rows)
        try:
            names = zip(self.columns(shard), widths, strict=True)
            found = [(table[name].combine_chunks().flatten().to_numpy(), width) for name, width in names]
            return [np.asarray(values, np.float32).reshape(shard.rows, width) for values, width in found]
        except (KeyError, ValueError, AttributeError) as error:
            raise _damaged(self.out(number)) from error

    def columns(self, shard: Shard) -> tuple[str, ...]:
        """The names of the columns of a shard's arrays."""
        what = self.manifest.sweeps[shard.sweep].what
        return ("logits", "embeddings") if what == "both" else (what,)


def read_table(path: Path, rows: int) -> Any:
    """A Parquet file of so many rows.

    Raises:
        FileNotFoundError, FileError: it is not there, or is none.
    """
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    with open_read(path) as source:
        try:
            file = parquet.ParquetFile(source)
            if file.metadata.num_rows != rows:
                raise _damaged(path)
            return file.read()
        except (arrow.ArrowException, OSError) as error:
            raise _damaged(path) from error


def _write_table(path: Path, columns: dict[str, Any]) -> None:
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    with replacing(path) as out:
        parquet.write_table(arrow.table(columns), out, use_dictionary=False)


def _damaged(path: Path) -> FileError:
    return FileError("this is not the file of a shard", where=str(path), hint="delete it, and the shard is made again")


def _manifest(values: Any) -> Manifest:
    made = Manifest.from_json(values)
    for shard in made.shards:
        if not 0 <= shard.sweep < len(made.sweeps) or shard.rows < 1:
            raise ValueError(shard)
    for name in (name for sweep in made.sweeps for name in sweep.arrays):
        if name != Path(name).name or not name.endswith(".npy"):
            raise ValueError(name)
    return made


def plans(project: Project) -> Iterator[ShardPlan]:
    """The plans of a project that can be read, the latest first."""
    found = []
    for path in find_files(project.cache_dir / SHARDS, f"*/{MANIFEST}"):
        try:
            found.append(ShardPlan.read(path.parent))
        except (BlindspotError, FileNotFoundError):
            continue  # made anew by whoever needs it
    yield from sorted(found, key=lambda plan: plan.manifest.created, reverse=True)


def current_plan(project: Project, model: ModelRef, encoder_key: str) -> ShardPlan:
    """The latest plan for the models as they are.

    Raises:
        ProjectError: there is none.
    """
    for plan in plans(project):
        if (plan.manifest.model_key, plan.manifest.encoder_key) == (model.key, encoder_key):
            return plan
    raise ProjectError(
        "no shards are planned for the models that the settings name",
        where=str(project.root),
        hint=f"run `blindspot shard {project.root} --plan`",
    )
