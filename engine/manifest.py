"""The manifest of a project: what its splits, and the batches of rows that came into them, must be; where they lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.schema import Record

MANIFEST_FILE = "manifest.json"
"""In the project's folder."""

HASH_BYTES = 8
"""Of a row in a split's file of hashes."""


def split_file(root: Path, name: str) -> Path:
    """A project's own copy of a split: JSON lines with id, text, label and, for pairs, text_pair."""
    return root / "splits" / f"{name}.jsonl"


def hashes_file(root: Path, name: str) -> Path:
    """The hashes of a split's rows, `HASH_BYTES` each (`engine.data.row_hashes`)."""
    return root / "splits" / f"{name}.hashes"


@dataclass(frozen=True, slots=True)
class SplitManifest(Record):
    """One split as it is now.

    Attributes:
        sha256: of the project's own copy, `splits/<name>.jsonl`.
        rows: number of rows. unlabelled: rows without a label.
        source: the user's file it came from; source_sha256: its hash then. Of rows added later `Batch` has them.
        row_hashes: hash of each row's normalised text, in file order; where there are none they are in
            `splits/<name>.hashes`, 8 bytes each, and hashes_sha256 is that file's (`engine.data.row_hashes`).
        labels: rows of each label, so that nobody reads proof rows to count them.
        columns, encoding, label_map: how the source was read; columns are empty in older manifests.
        size: bytes of the copy that are the split; what lies behind is of an `add` that was killed or is at work
            (`Project.adding_dir`), and is not read. None, as in manifests older than `add`: all.
    """

    sha256: str
    rows: int
    source: str
    source_sha256: str
    row_hashes: tuple[str, ...] = ()
    labels: dict[str, int] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    encoding: str | None = None
    label_map: dict[str, str] = field(default_factory=dict)
    unlabelled: int = 0
    size: int | None = None
    hashes_sha256: str = ""

    @property
    def labelled(self) -> int:
        """Rows that have a label."""
        return self.rows - self.unlabelled


@dataclass(frozen=True, slots=True)
class SplitEnd(Record):
    """Where a split ended after a batch: its rows, its bytes, and the sha256 of these."""

    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Batch(Record):
    """Rows that came into the project together.

    Attributes:
        name: of its own. source, source_sha256: the user's file, and its hash then.
        ends: where pool and proof ended after it.
        rows: rows of it in pool and proof. labels: rows of each label among them; unlabelled: rows without one.
        skipped: rows of the source that were known already. left_out: rows that were not used for another reason.
        withheld: so many entries of `Manifest.withheld` were there after it.
        columns, encoding, label_map: how the source was read.
    """

    name: str
    source: str
    source_sha256: str
    ends: dict[str, SplitEnd]
    rows: dict[str, int]
    labels: dict[str, int]
    unlabelled: int
    skipped: int = 0
    left_out: int = 0
    withheld: int = 0
    columns: dict[str, str] = field(default_factory=dict)
    encoding: str | None = None
    label_map: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest(Record):
    """What the project was made from: its splits, and how pool and proof were split.

    ``withheld``: row hashes of the pool rows that no teacher is shown, as they nearly equal a proof row.
    ``batches``: in the order in which they came, the one of `init` first; empty before any was added to a project of
    before there were batches. ``one_label``: as `engine.data.reading.FileOptions`, of all files.
    """

    version: str
    splits: dict[str, SplitManifest]
    proof_origin: str
    seed: int
    columns: dict[str, str] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()
    batches: tuple[Batch, ...] = ()
    one_label: str = ""

    def batch_at(self, split: str, sha256: str) -> Batch | None:
        """The last batch of the time when a split had that hash; None if it never had, or there were no batches."""
        known = (
            batch for batch in reversed(self.batches) if split in batch.ends and batch.ends[split].sha256 == sha256
        )
        return next(known, None)

    def batch_of(self, split: str, place: int) -> str:
        """Name of the batch that the row in that place of pool or proof came with; empty if that is not kept.

        Places are counted from 0, in file order, which is that of `Project.examples`.
        """
        found = (batch.name for batch in self.batches if split in batch.ends and place < batch.ends[split].rows)
        return next(found, "")

    def batches_then(self, hashes: Mapping[str, str]) -> str:
        """In words, after which batch splits had these hashes; empty if none has come since."""
        then = [batch for split, sha256 in hashes.items() if (batch := self.batch_at(split, sha256))]
        first = min(then, key=self.batches.index, default=None)
        late = first is not None and any(first.ends[split].rows < self.splits[split].rows for split in first.ends)
        return f"; made when the pool had the batches up to {first.name}" if first and late else ""

    def rows_then(self, split: str, sha256: str) -> int | None:
        """How many rows a split had when its hash was that; None if it never was."""
        now = self.splits.get(split)
        if now and now.sha256 == sha256:
            return now.rows
        batch = self.batch_at(split, sha256)
        return batch.ends[split].rows if batch else None
