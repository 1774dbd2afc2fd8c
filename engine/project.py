"""A project folder: where everything lives, and its rows, settings and discoveries.

It opens only while its splits are as the manifest has them (`engine.manifest`). Proof rows are not to be had here: only
`engine.data.proof_rows` reads them.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from pathlib import Path

import orjson

from engine.errors import FileError, ProjectError, SettingsError
from engine.files import find_files, identity, lines_of_file, read_record, sha256_file
from engine.manifest import HASH_BYTES, MANIFEST_FILE, Manifest, hashes_file, split_file
from engine.paths import SETTINGS_FILE as SETTINGS_FILE
from engine.paths import in_words, is_read_only
from engine.schema import Discovery, Example, SplitName
from engine.settings import Settings, read_settings
from engine.shown_rows import with_shown_rows
from engine.text import visible

READ_ONLY = "read-only: you may look, but nothing is written in this project"


def rows_by_id(lines: Iterable[bytes], ids: Collection[str]) -> dict[str, Example]:
    """Those rows of the lines of a split that have the ids, by id; no more lines are read than that takes.

    A line is looked at as a row only if it has one of the ids: a million lines take a second and not seven.
    """
    wanted, found = set(ids), dict[str, Example]()
    for line in lines if wanted else ():
        values = orjson.loads(line)
        if values["id"] in wanted:
            found[values["id"]] = Example.from_json(values)
            if len(found) == len(wanted):
                break
    return found


class Project:
    """An opened project folder."""

    def __init__(self, root: Path, settings: Settings, manifest: Manifest) -> None:
        self.root = root
        self.settings = settings
        self.manifest = manifest

    @classmethod
    def open(cls, root: Path, *, verify: bool = True) -> Project:
        """Open a project and make sure that its splits are the ones it was made with.

        Args:
            root: the project folder.
            verify: False only for who looks at damage itself (`blindspot doctor`).

        Raises:
            ProjectError: no project there, its manifest is damaged, or a split has changed.
            SettingsError: blindspot.toml has a mistake.
        """
        root = root.expanduser().resolve()
        with in_words(root, "read"):
            found = (root / SETTINGS_FILE).is_file() and (root / MANIFEST_FILE).is_file()
        if not found:
            raise ProjectError(
                "there is no Blindspot project in this folder",
                where=str(root),
                hint="name another folder, or make one with `blindspot init`",
            )
        path = root / MANIFEST_FILE
        while True:
            before = identity(path)
            try:
                manifest = read_record(path, Manifest.from_json)
            except FileError as error:
                raise ProjectError(
                    f"the manifest is damaged: {error.what}",
                    where=str(path),
                    hint="restore it, or make a new project with `blindspot init`",
                ) from error
            project = cls(root, read_settings(root / SETTINGS_FILE), manifest)
            try:
                if verify:
                    project.verify()
                return project
            except ProjectError:
                if identity(path) == before:  # else rows were added between one look and the other
                    raise

    def verify(self) -> None:
        """Refuse to go on when a split differs from the manifest, or has a label that the settings lack.

        Raises:
            ProjectError: naming the file. SettingsError: naming the label.
        """
        for name, split in self.manifest.splits.items():
            lost = sorted(set(split.labels).difference(self.labels)) if self.labels else []
            if lost:
                what = f"`task.labels` lacks {visible(repr(lost[0]))}, which rows of the {name} split have"
                hint = "write the labels as `blindspot init` had written them; for other labels make a new project"
                raise SettingsError(what, where=str(self.root / SETTINGS_FILE), hint=hint)
        for name in self.manifest.splits:
            self.verify_split(name)

    def verify_split(self, name: str) -> None:
        """Refuse a split that differs from the manifest.

        Raises:
            ProjectError: naming the file.
        """
        path = self.split_path(name)
        if not path.is_file():
            raise ProjectError(
                f"the {name} split is missing",
                where=str(path),
                hint="put the file back, or make a new project with `blindspot init`",
            )
        split = self.manifest.splits[name]
        changed = None if self._is_as_recorded(path, split.size, split.sha256) else path
        if not changed and split.hashes_sha256:
            hashes = self.hashes_path(name)
            if not (hashes.is_file() and self._is_as_recorded(hashes, split.rows * HASH_BYTES, split.hashes_sha256)):
                changed = hashes
        if changed:
            raise ProjectError(
                f"the {name} split has changed since the project was made",
                where=str(changed),
                hint="restore the file, or make a new project with `blindspot init`; "
                "results on changed data cannot be compared",
            )

    def _is_as_recorded(self, path: Path, size: int | None, sha256: str) -> bool:
        longer = size is not None and path.stat().st_size > size and not self.adding_dir.is_dir()
        return not longer and sha256_file(path, size) == sha256

    @cached_property
    def read_only(self) -> bool:
        """Whether this user, or this disk, lets nothing be written in the folder."""
        return is_read_only(self.root)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of every probability list."""
        return self.settings.task.labels

    def split_path(self, name: str) -> Path:
        """See `split_file`."""
        return split_file(self.root, name)

    def hashes_path(self, name: str) -> Path:
        """See `hashes_file`."""
        return hashes_file(self.root, name)

    @cached_property
    def adding_dir(self) -> Path:
        """There while rows are added, and after a kill of that: so long splits may be longer than the manifest says."""
        return self.root / "splits" / ".adding"

    def has_split(self, name: SplitName) -> bool:
        """Whether the project has that split."""
        return name in self.manifest.splits

    def examples(self, name: SplitName) -> list[Example]:
        """All rows of a split but proof, in file order.

        Raises:
            ProjectError: the split is proof, or does not exist.
        """
        return list(self.each_example(name))

    def each_example(self, name: SplitName) -> Iterator[Example]:
        """The rows of a split but proof, one after the other, so that memory does not grow with the split.

        Raises:
            ProjectError: as `examples`.
        """
        for line in self._lines(name):
            yield Example.from_json(orjson.loads(line))

    def rows(self, name: SplitName, ids: Collection[str]) -> dict[str, Example]:
        """Some rows of a split but proof, by id; those that it lacks are left out.

        Raises:
            ProjectError: as `examples`.
        """
        return rows_by_id(self._lines(name), ids)

    def _lines(self, name: SplitName) -> Iterator[bytes]:
        if name == "proof":
            raise ProjectError("proof rows are read by the evaluator alone", hint="use another split")
        if not self.has_split(name):
            raise ProjectError(
                f"the project has no {name} split", where=str(self.root), hint=f"make a project with --{name}"
            )
        return lines_of_file(self.split_path(name), self.manifest.splits[name].size)

    @cached_property
    def models_dir(self) -> Path:
        """Trained classifiers, a folder each, named by content key."""
        return self.root / "models"

    @cached_property
    def cache_dir(self) -> Path:
        """Predictions and embeddings by content key; may be deleted at any time."""
        return self.root / "cache"

    @cached_property
    def teaching_dir(self) -> Path:
        """One TinyDB file for each annotator, and their drafts."""
        return self.root / "teaching"

    @cached_property
    def jobs_dir(self) -> Path:
        """One folder for each background job."""
        return self.root / "jobs"

    @cached_property
    def previews_dir(self) -> Path:
        """One file a person: estimates of what their samples would change."""
        return self.root / "previews"

    @cached_property
    def quick_dir(self) -> Path:
        """One file for each quick look at what samples do."""
        return self.root / "quick"

    @cached_property
    def proofs_dir(self) -> Path:
        """One folder for each finished proof: predictions and report."""
        return self.root / "proofs"

    @cached_property
    def llm_dir(self) -> Path:
        """Every call of an LLM (`calls.jsonl`), and recorded answers that may be replayed (`recorded.jsonl`)."""
        return self.root / "llm"

    @cached_property
    def prompts_dir(self) -> Path:
        """The project's own prompt templates; one that is not there is the package's."""
        return self.root / "prompts"

    @cached_property
    def review_dir(self) -> Path:
        """Items of the blind review, and the key that shuffles their sides."""
        return self.root / "review"

    @cached_property
    def time_dir(self) -> Path:
        """One file a person: how long they were at work on what."""
        return self.root / "time"

    def round_dir(self, number: int) -> Path:
        """Discovery, and the model it used, of one round."""
        return self.root / "rounds" / f"{number:03d}"

    @property
    def round(self) -> int:
        """The current round: 1, and one more after each promotion."""
        number = 1  # each promotion makes the next folder: one whose number stands alone is no round
        while self._is_round(number + 1):
            number += 1
        return number

    def _is_round(self, number: int) -> bool:
        """Whether it was begun: a promotion that could not be written down leaves an empty folder, or none."""
        return any(os.path.lexists(self.round_dir(number) / name) for name in ("model.json", "discovery.json"))

    def discovery(self, number: int | None = None) -> Discovery | None:
        """What was discovered in a round (default: the current one); None before `blindspot discover`.

        Raises:
            ProjectError: the file is damaged.
        """
        folder = self.round_dir(number or self.round)
        hint = "delete it and run `blindspot discover` again"
        try:
            return with_shown_rows(read_record(folder / "discovery.json", Discovery.from_json, hint=hint), folder)
        except FileNotFoundError:
            return None

    def report_files(self) -> list[Path]:
        """The files of all finished reports, one a proof."""
        return find_files(self.proofs_dir, "[!.]*/report.json")

    def discovered(self) -> Discovery:
        """What was discovered in the current round, for what needs it.

        Raises:
            ProjectError: nothing has been discovered yet, or the file is damaged.
            SettingsError: the settings have another tau than it was made with.
        """
        from engine.tau import tau_of  # which reads projects

        found = self.discovery()
        if found is None:
            hint = "run `blindspot discover` on it"
            raise ProjectError("nothing has been discovered yet", where=str(self.root), hint=hint)
        tau_of(self, found)
        return found
