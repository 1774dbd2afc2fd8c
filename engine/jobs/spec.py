"""What a job was asked to do, and where its files are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from engine import __version__
from engine.errors import JobError
from engine.files import read_json, write_json
from engine.schema import Record

JobKind = Literal["discover", "teach", "judge", "compare", "retrain", "check"]
JOB_KINDS: tuple[JobKind, ...] = get_args(JobKind)


@dataclass(frozen=True, slots=True)
class JobSpec(Record):
    """One job as it was asked for. ``created`` is seconds since the epoch."""

    id: str
    kind: JobKind
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
        if not files.spec.is_file():
            known = ", ".join(sorted(path.parent.name for path in jobs_dir.glob("*/spec.json"))) or "none yet"
            raise JobError(f"there is no job {job_id}", where=str(jobs_dir), mend=f"known jobs: {known}")
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
    def cancel(self) -> Path:
        """There when somebody has asked the job to stop."""
        return self.folder / "cancel"

    def read_spec(self) -> JobSpec:
        """What the job was asked to do."""
        return JobSpec(**read_json(self.spec))


def create_job(jobs_dir: Path, kind: JobKind, options: dict[str, Any], *, created: float) -> JobFiles:
    """Make the folder of a new job, numbered after the last one: ``discover-1``, ``retrain-2`` ..."""
    jobs_dir.mkdir(parents=True, exist_ok=True)
    number = max((int(path.name.rsplit("-", 1)[1]) for path in jobs_dir.glob("*-[0-9]*")), default=0) + 1
    files = JobFiles(jobs_dir / f"{kind}-{number}")
    files.folder.mkdir()
    write_json(files.spec, JobSpec(files.folder.name, kind, options, created).as_json())
    return files
