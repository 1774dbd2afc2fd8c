"""What a job was asked to do, and where its files are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import __version__
from engine.errors import JobError
from engine.files import find_files, read_record, write_json
from engine.ids import is_id
from engine.jobs.kind import JobOptions
from engine.schema import Record


@dataclass(frozen=True, slots=True)
class JobSpec(Record):
    """One job as it was asked for. ``options`` are JSON, of the record of its kind; ``created``: seconds since 1970."""

    id: str
    kind: str
    options: dict[str, Any]
    created: float
    version: str = __version__


@dataclass(frozen=True, slots=True)
class JobFiles:
    """The files of one job."""

    folder: Path

    @classmethod
    def of(cls, jobs_dir: Path, job_id: str) -> JobFiles:
        """The files of a job that exists.

        Raises:
            JobError: there is no such job.
        """
        files = cls(jobs_dir / job_id)
        if not is_id("job", job_id) or not files.spec.is_file():
            known = ", ".join(path.parent.name for path in find_files(jobs_dir, "*/spec.json")) or "none yet"
            raise JobError(f"there is no job {job_id}", where=str(jobs_dir), hint=f"known jobs: {known}")
        return files

    @property
    def spec(self) -> Path:
        """What was asked for."""
        return self.folder / "spec.json"

    @property
    def events(self) -> Path:
        """Append-only, one JSON object a line."""
        return self.folder / "events.jsonl"

    @property
    def log(self) -> Path:
        """Everything that the process printed."""
        return self.folder / "log.txt"

    @property
    def alive(self) -> Path:
        """Locked for as long as the process lives."""
        return self.folder / "alive"

    @property
    def reserve(self) -> Path:
        """Room on the disk for the job's last event, given up when it is written."""
        return self.folder / "reserve"

    @property
    def stop(self) -> Path:
        """There when somebody has asked the job to stop; jobs of version 0.1.0 look for this name."""
        return self.folder / "cancel"

    def read_spec(self) -> JobSpec:
        """What the job was asked to do.

        Raises:
            FileError: the file is damaged, or of another job.
        """
        return read_record(self.spec, self._build, hint="delete the folder")

    def _build(self, values: dict[str, Any]) -> JobSpec:
        spec = JobSpec.from_json(values)
        if spec.id != self.folder.name or not is_id("job", spec.id) or spec.id.rpartition("-")[0] != spec.kind:
            raise ValueError(spec.id)
        return spec

    def write_spec(self, options: JobOptions, *, created: float) -> None:
        """Write what the job is to do; from then on it is one."""
        write_json(self.spec, JobSpec(self.folder.name, options.kind, options.as_json(), created).as_json())


def new_job(jobs_dir: Path, kind: str) -> JobFiles:
    """The folder of a new job, numbered after the last one: ``discover-1``, ``retrain-2`` ..."""
    numbers = [int(path.name.rpartition("-")[2]) for path in find_files(jobs_dir, "*-*") if is_id("job", path.name)]
    return JobFiles(jobs_dir / f"{kind}-{max(numbers, default=0) + 1}")
