"""Adding rows to the pool and the proof of a project: all of a batch at once or nothing, and no old row moves.

The new rows are written behind the end that the manifest knows of each split, where nobody reads; then the manifest is
replaced. So whoever reads meanwhile sees the splits as they were. A kill leaves bytes behind that end, which the next
addition cuts off, and the folder `splits/.adding`, which tells them from tampering.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import Unpack

from engine.data.batches import BATCHED, batches, checked_name, name_of_file, options_of_batch
from engine.data.checks import near_proof, refuse_unknown_labels
from engine.data.duplicates import ChainedTexts, Groups, Texts, TurnedTexts, link_near
from engine.data.left_out import LeftOutList, with_known_labels, with_own_ids, without_duplicates
from engine.data.options import FileChoices, refuse_unused
from engine.data.reading import FileNews, FileOptions, LeftOut, rows_of
from engine.data.row_hashes import as_bytes, as_texts, read_row_hashes
from engine.data.row_store import RowStore
from engine.data.splits import HALF, deal, link_shared_texts
from engine.errors import BlindspotError, DataError, ProjectError
from engine.files import extend, read_bytes, sha256_file, truncate, write_atomic, write_json
from engine.locks import acquire
from engine.manifest import HASH_BYTES, MANIFEST_FILE, Batch, Manifest, SplitEnd, SplitManifest
from engine.model.predictions_record import drop_parts, refuse_unfit_predictions
from engine.operations.create_project import tell_cut
from engine.operations.take_predictions import GivenFiles
from engine.progress import Monitor, Silent
from engine.project import READ_ONLY, Project
from engine.row_numbers import first_alike, places_among
from engine.schema import UNLABELLED
from engine.text import visible, without_surrogates
from engine.verify.seal import FORMER_MANIFEST, seal_manifest

if TYPE_CHECKING:
    from numpy import ndarray

_PATIENCE = 600.0  # seconds to wait for another one who adds: as long as a million rows take
_POOL, _PROOF = 1, 2  # sides that a new row has a near-duplicate or shared text on; both: 3


@dataclass(frozen=True, slots=True)
class Added:
    """What came of it.

    Attributes:
        batch: None if no row was new; then nothing has been written.
        read: rows of the file that could be used. skipped: of these, known already.
        left_out: rows that were not used; if a batch came of it, they are named in `file`.
        near_pool, near_proof: rows on that side because they nearly equal a row there, or share a text with one.
    """

    batch: Batch | None
    read: int
    skipped: int
    left_out: int = 0
    file: Path | None = None
    near_pool: int = 0
    near_proof: int = 0


def add_batch(
    root: Path,
    file: Path,
    *,
    name: str | None = None,
    proof_share: float | None = None,
    predictions: Path | None = None,
    monitor: Monitor | None = None,
    **choices: Unpack[FileChoices],
) -> Added:
    """Add the rows of a file that the project does not have yet.

    A row whose text is in train, pool or proof is skipped. One that nearly equals a row of the pool, or of the proof,
    goes to that side, and one that does so with both is left out. The others are split as at `init`.

    Args:
        root: the project folder.
        file: the rows; labels may be blank, and there need be no column of them.
        name: of the batch; default: that of the file.
        proof_share: of the rows that nothing holds to a side, 0..1; default: a half, as at `init`, and none where the
            proof was a file of its own.
        predictions: what the classifier says of the rows, where the project knows it by its predictions alone.
        monitor: is told of long steps, and of what the user should know about the data.
        choices: how the file is read (`engine.data.options.file_options`): columns that differ from the pool's, and
            labels that are mapped besides those of the pool's file; duplicates are also rows whose id the project has.

    Raises:
        DataError: the file cannot be used, or the name is taken.
        ModelError: predictions are missing, or not needed.
        ProjectError: there is no project, it has changed, or it cannot be written.
    """
    monitor = monitor or Silent()
    if proof_share is not None and not 0 <= proof_share <= 1:
        raise DataError(f"the share is {proof_share}", where="--proof-share", hint="it must be between 0 and 1")
    batch_name = checked_name(name_of_file(file) if name is None else name)
    project = Project.open(root)
    if project.read_only:
        raise ProjectError(READ_ONLY, where=str(project.root), hint="copy it to a place that you may write to")
    refuse_unfit_predictions(project, named=predictions is not None)
    with _alone(project, monitor):
        project = Project.open(root)  # as whoever was before us left it
        if not all(split in project.manifest.splits for split in BATCHED):
            raise ProjectError(
                "the project has no pool or no proof", where=str(project.root), hint="make one with `blindspot init`"
            )
        options, mapped = options_of_batch(project, file, **choices)
        if proof_share is None:
            proof_share = 0.0 if project.manifest.proof_origin == "file" else HALF
        _cut_back(project)  # what one that was killed has left
        try:
            addition = _Addition(
                project, file.expanduser(), batch_name, options, mapped, proof_share, predictions, monitor
            )
            added = addition.add()
        except BaseException:
            with suppress(BlindspotError, OSError):  # why it failed is told; the next one cuts back what is left
                _cut_back(project)
            raise
        shutil.rmtree(project.adding_dir, ignore_errors=True)  # not before the splits end where the manifest says
        return added


class _Addition:
    """The steps of one addition.

    Args:
        project: as it is before, while nobody else adds to it.
        file: the rows. name: of the batch.
        options: how the file is read. mapped: labels of the file that the user has mapped; each has to be in it.
        share: of the rows that nothing holds to a side, which become proof, 0..1.
        predictions: what the classifier says of the rows; None: it is run here.
        monitor: as in `add_batch`.
    """

    def __init__(
        self,
        project: Project,
        file: Path,
        name: str,
        options: FileOptions,
        mapped: tuple[str, ...],
        share: float,
        predictions: Path | None,
        monitor: Monitor,
    ) -> None:
        self.project, self.file, self.name, self.share = project, file, name, share
        self.options, self.mapped, self.predictions = options, mapped, predictions
        self.staging, self.monitor = project.adding_dir, monitor
        self.old = dict[str, RowStore]()
        self.skipped = 0

    def add(self) -> Added:
        """Do all of it; raises as `add_batch`."""
        left_out = LeftOutList(self.staging)
        rows, read = self._new_rows(left_out)
        if not len(rows):
            return Added(None, len(read), self.skipped, left_out.count)
        taken = next((batch for batch in batches(self.project) if batch.name == self.name), None)
        if taken and taken.source_sha256 != sha256_file(self.file):
            raise self._name_taken()
        for split in BATCHED:
            self.monitor.step(f"reading the {split} that is there", 0, 1)
            self.old[split] = RowStore.read(self.project.split_path(split), self.project.manifest.splits[split].size)
        rows = self._with_new_ids(rows, left_out)
        rows, sides, groups = self._beside_the_old(rows, left_out)
        if not len(rows):  # as of a batch that is given again: its rows that were left out come a second time
            return Added(None, len(read), self.skipped, left_out.count)
        if taken:
            raise self._name_taken()
        if self.predictions:
            self._keep_predictions(self.predictions, rows, read)
        else:
            tell_cut(self.project.settings, rows, self.name, self.monitor)
        free, in_proof = sides == 0, sides == _PROOF
        in_proof[free] = deal(groups[free], rows.labels[free], self.project.manifest.seed, self.share)
        parts = {"pool": rows.take(~in_proof), "proof": rows.take(in_proof)}
        listed = self.project.root / f"left-out-{self.name}.jsonl"
        left_out.write(listed)  # first: once the rows are known, nobody can find out again what was left out
        batch = self._write(parts, left_out.count)
        near_pool, near_proof = (int((sides == side).sum()) for side in (_POOL, _PROOF))
        listed_in = listed if left_out.count else None
        return Added(batch, len(read), self.skipped, left_out.count, listed_in, near_pool, near_proof)

    def _name_taken(self) -> DataError:
        what, hint = f"there is a batch {self.name} already", "name the new one otherwise with --name"
        return DataError(what, where=str(self.file), hint=hint)

    def _keep_predictions(self, predictions: Path, rows: RowStore, read: RowStore) -> None:
        """Keep what the classifier says of the new rows: first, as a row in a split needs its prediction."""
        given = GivenFiles([f"pool:{predictions}"], {"pool": self.file}, {"pool": self.options})
        labels, root = self.project.labels, self.project.root
        given.keep(root, {"pool": rows}, {"pool": read}, labels, batch=self.name, monitor=self.monitor)

    def _new_rows(self, left_out: LeftOutList) -> tuple[RowStore, RowStore]:
        """The rows of the file whose texts the project does not have, and all of them."""
        import numpy as np

        project, news = self.project, FileNews(left_out.add)
        found = rows_of(self.file, self.options, "pool", name=self.name, news=news, monitor=self.monitor)
        read = rows = RowStore.write(self.staging / "rows.jsonl", found, self.file)
        for sentence in news.notes:
            self.monitor.note(sentence)
        if self.options.skip_bad:
            rows = with_known_labels(rows, "pool", project.labels, left_out)
        refuse_unused(self.mapped, [news], rows.names)
        refuse_unknown_labels(rows, project.labels)
        there = np.concatenate([np.array(read_row_hashes(project, name).values) for name in ("train", *BATCHED)])
        known = places_among(there.astype(np.uint64), rows.hashes) >= 0
        self.skipped = int(known.sum())
        rows = with_own_ids(rows.take(~known), "pool", left_out, drop=self.options.drop_duplicates)
        if self.options.drop_duplicates and len(rows):
            rows = without_duplicates({"pool": rows}, left_out)["pool"]
        return rows, read

    def _with_new_ids(self, rows: RowStore, left_out: LeftOutList) -> RowStore:
        """The rows whose ids no other one has; one that a row of the project has is refused, or left out on request."""
        import numpy as np

        taken = places_among(np.concatenate([store.ids for store in self.old.values()]), rows.ids) >= 0
        places = np.flatnonzero(taken)
        for place, where in zip(places, rows.where_each(places), strict=True):
            name = visible(next(rows.examples([int(place)])).id)
            if not self.options.drop_duplicates:
                raise DataError(
                    f"the id {name!r} is also that of a row that the project has, with another text",
                    where=where,
                    hint="rename the column to have the rows numbered, or leave such rows out with --drop-duplicates",
                )
            left_out.add(LeftOut("pool", where, "the id is also that of a row that the project has"))
        return rows.take(~taken) if len(places) else rows

    def _beside_the_old(
        self, rows: RowStore, left_out: LeftOutList
    ) -> tuple[RowStore, ndarray[Any, Any], ndarray[Any, Any]]:
        """The rows that are linked to one side at most, the side that each is held to, and its group."""
        import numpy as np

        self.monitor.step("comparing with the rows that are there", 0, 1, rows=len(rows))
        pool, proof, pair = self.old["pool"], self.old["proof"], self.project.settings.task.pair
        turned: list[Texts] = [TurnedTexts(proof)] if pair else []
        numbers = np.arange(len(proof) * len(turned), dtype=np.uint64)  # turned rows have no hash: none equals one
        hashes = np.concatenate((pool.hashes, proof.hashes, numbers, rows.hashes))
        old = len(hashes) - len(rows)
        groups = _Sides(first_alike(hashes), old, len(pool))
        link_near(ChainedTexts(pool, proof, *turned, rows), groups, compared=old)
        if pair:
            none = np.stack((numbers, numbers), axis=1).astype(np.int64)  # the proof's texts stand there once already
            halves = (pool.hashes_of_halves(), proof.hashes_of_halves(), none, rows.hashes_of_halves())
            link_shared_texts(np.concatenate([half for half in halves if half is not None]), groups)
        leaders = groups.leaders()[old:]
        sides = np.zeros(len(hashes), np.uint8)
        np.bitwise_or.at(sides, leaders, groups.sides[old:])
        sides = sides[leaders]
        both = sides == _POOL | _PROOF
        for where in rows.where_each(np.flatnonzero(both)):
            reason = "it nearly equals, or shares a text with, rows of the pool and of the proof"
            left_out.add(LeftOut("pool", where, reason))
        return rows.take(~both), sides[~both], leaders[~both]

    def _write(self, parts: Mapping[str, RowStore], left_out: int) -> Batch:
        """Write the rows of each split behind its end, then the manifest that knows of them."""
        project, monitor = self.project, self.monitor
        before = sha256_file(project.root / MANIFEST_FILE)
        manifest = project.manifest
        if not manifest.batches:
            manifest = self._with_first_batch()
            monitor.step("writing the manifest", 0, 2)
            self._publish(manifest, 0)
        splits = dict(manifest.splits)
        for name, rows in parts.items():
            monitor.step(f"adding to {name}", 0, 1, rows=len(rows))
            splits[name] = self._extended(name, manifest.splits[name], rows)
        withheld = self._now_near_proof(splits)
        counts: Counter[str] = sum((rows.label_counts() for rows in parts.values()), Counter())
        batch = Batch(
            name=self.name,
            source=without_surrogates(str(self.file.resolve())),
            source_sha256=sha256_file(self.file),
            ends={name: SplitEnd(splits[name].rows, splits[name].size or 0, splits[name].sha256) for name in BATCHED},
            rows={name: len(rows) for name, rows in parts.items()},
            labels={label: counts[label] for label in project.labels if counts[label]},
            unlabelled=counts[UNLABELLED],
            skipped=self.skipped,
            left_out=left_out,
            withheld=len(manifest.withheld) + len(withheld),
            columns=self.options.columns.by_role,
            encoding=self.options.encoding,
            label_map=dict(self.options.labels),
        )
        manifest = replace(
            manifest,
            splits=splits,
            withheld=(*manifest.withheld, *withheld),
            batches=(*manifest.batches, batch),
        )
        monitor.step("writing the manifest", 1, 2)
        self._publish(manifest, len(manifest.batches) - 1)
        seal_manifest(project, before)
        return batch

    def _now_near_proof(self, splits: Mapping[str, SplitManifest]) -> tuple[str, ...]:
        """Hashes of pool rows, old and new, that must be withheld from teachers and were not before, by `init`'s rule.

        A new row near a withheld one is near the proof through it, and may link further old rows to it.
        """
        pool, proof = (RowStore.read(self.project.split_path(name), splits[name].size) for name in BATCHED)
        manifest = self.project.manifest
        self.monitor.step("comparing proof with pool", 0, 1, rows=len(pool))
        pair, one_file = self.project.settings.task.pair, manifest.proof_origin != "file"
        near = near_proof(pool, proof, pair=pair, one_file=one_file).pool
        known = set(manifest.withheld)
        return tuple(one for one in as_texts(pool.hashes[list(near)].tolist()) if one not in known)

    def _publish(self, manifest: Manifest, former: int) -> None:
        """Replace the manifest, and keep the one that had ``former`` batches."""
        path = self.project.root / MANIFEST_FILE
        write_atomic(self.project.root / FORMER_MANIFEST.format(former), read_bytes(path))
        write_json(path, manifest.as_json())

    def _with_first_batch(self) -> Manifest:
        """The manifest of a project older than batches, with all that is kept of one now."""
        project, manifest = self.project, self.project.manifest
        first = batches(project)[0]
        splits = {}
        for name, split in manifest.splits.items():
            data = as_bytes(read_row_hashes(project, name).values)
            write_atomic(project.hashes_path(name), data)
            splits[name] = replace(
                split,
                row_hashes=(),
                size=project.split_path(name).stat().st_size if split.size is None else split.size,
                hashes_sha256=sha256_file(project.hashes_path(name)),
            )
        return replace(manifest, splits=splits, batches=(first,))

    def _extended(self, name: str, split: SplitManifest, rows: RowStore) -> SplitManifest:
        """Write rows behind the end of a split; how the manifest is to describe it then."""
        if not len(rows):
            return split
        path, hashes = self.project.split_path(name), self.project.hashes_path(name)
        extend(path, split.size or 0, rows.raw())
        extend(hashes, split.rows * HASH_BYTES, [rows.hash_bytes()])
        counts = rows.label_counts() + Counter(split.labels)
        size = (split.size or 0) + int(rows.sizes.sum())
        return replace(
            split,
            sha256=sha256_file(path, size),
            rows=split.rows + len(rows),
            size=size,
            hashes_sha256=sha256_file(hashes, (split.rows + len(rows)) * HASH_BYTES),
            labels={label: counts[label] for label in self.project.labels if counts[label]},
            unlabelled=split.unlabelled + rows.unlabelled(),
        )


class _Sides(Groups):
    """Groups of new rows; of the old ones it is only kept on which side a new row has one.

    Args:
        leaders: as in `Groups`: the old pool, then the old proof, then the new rows.
        old: how many old ones there are. pool: how many of them are the pool's.

    Attributes:
        sides: for each row the sides of the old rows that it is linked to, uint8 ``(n,)``.
    """

    def __init__(self, leaders: ndarray[Any, Any], old: int, pool: int) -> None:
        import numpy as np

        super().__init__(leaders)
        self._old, self._pool = old, pool
        self.sides = np.zeros(len(leaders), np.uint8)

    def join(self, one: int, other: int) -> None:
        """Make one group of those of two new rows, or note the side of an old one."""
        first, second = sorted((one, other))
        if first >= self._old:
            super().join(first, second)
        elif second >= self._old:
            self.sides[second] |= _POOL if first < self._pool else _PROOF


def _cut_back(project: Project) -> None:
    """End splits and predictions where the manifest on the disk says; then the folder that shows it may go.

    Predictions that stayed would be those of the same rows when they are added with other ones.
    """
    if not project.adding_dir.is_dir():
        return
    project = Project.open(project.root)
    drop_parts(project.root, [batch.name for batch in batches(project)])
    for name, split in project.manifest.splits.items():
        for path, size in (
            (project.split_path(name), split.size),
            (project.hashes_path(name), split.rows * HASH_BYTES if split.hashes_sha256 else None),
        ):
            if size is not None and path.stat().st_size > size:
                truncate(path, size)
    shutil.rmtree(project.adding_dir, ignore_errors=True)


@contextmanager
def _alone(project: Project, monitor: Monitor) -> Iterator[None]:
    """Nobody else adds to the project meanwhile."""
    path = project.root / "splits" / "add.lock"
    lock = acquire(path)
    if lock is None:
        monitor.step("waiting for somebody else who adds rows", 0, 1)
        lock = acquire(path, patience=_PATIENCE)
    if lock is None:
        raise ProjectError(
            "somebody else has been adding rows to this project for ten minutes",
            where=str(project.root),
            hint="try again when they are done",
        )
    try:
        yield
    finally:
        os.close(lock)
