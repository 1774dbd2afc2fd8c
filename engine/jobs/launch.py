"""Starting, resuming and stopping jobs.

At most one job runs in a project: the launcher takes the project's lock and hands it to the process that it starts,
so there is no moment at which a second launcher could slip in.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.child import command, surroundings
from engine.errors import BlindspotError, JobError
from engine.files import open_append, remove, write_atomic
from engine.guest import refuse_guests
from engine.jobs.kind import JobOptions
from engine.jobs.spec import JobFiles, new_job
from engine.jobs.status import active_job, find_job
from engine.locks import acquire

WORKER = command("engine.operations.job_kinds")
_PATIENCE = 0.2  # seconds: on macOS, and in a version before, a look holds the lock for a moment
_LOGIND_CONF = (Path("/etc/systemd/logind.conf"), Path("/etc/systemd/logind.conf.d"))


def start(root: Path, options: JobOptions) -> str:
    """Start a job in its own session and return its id at once. One that cannot be started leaves nothing.

    Raises:
        JobError: another job is running in this project.
        FileError: its files cannot be written, as on a full disk.
        GuestRefused: a guest asks for it.
    """
    refuse_guests("starting a job")
    lock = _project_lock(root)
    try:
        files = new_job(root / "jobs", options.kind)
        try:
            alive = _alive(files)
            try:
                files.write_spec(options, created=time.time())  # the job is in the list now, and alive
                spawn(root, files, lock, alive)
            finally:
                os.close(alive)
        except (BlindspotError, OSError):
            shutil.rmtree(files.folder, ignore_errors=True)
            raise
    finally:
        os.close(lock)
    return files.folder.name


def resume(root: Path, job_id: str) -> None:
    """Start a job again that ended without its result; finished parts are not done again.

    Raises:
        JobError: no such job, it is running or already done, or another job is running.
        GuestRefused: a guest asks for it.
    """
    refuse_guests("going on with a job")
    view = find_job(root, job_id)
    if not view.resumable:
        raise JobError(f"job {job_id} {view.stands}", hint="only a failed, stopped or killed job can be resumed")
    lock = _project_lock(root)
    try:
        files = JobFiles(root / "jobs" / job_id)
        alive = _alive(files)
        try:
            remove(files.stop)
            spawn(root, files, lock, alive)
        finally:
            os.close(alive)
    finally:
        os.close(lock)


def stop(root: Path, job_id: str) -> None:
    """Ask a running job to stop; it does so at its next step and keeps what it has finished.

    Raises:
        JobError: no such job, or it is not running.
        GuestRefused: a guest asks for it.
    """
    refuse_guests("stopping a job")
    view = find_job(root, job_id)
    if view.state != "running":
        raise JobError(f"job {job_id} {view.stands}", hint="only a running job can be stopped")
    write_atomic(JobFiles(root / "jobs" / job_id).stop, b"")


@contextmanager
def without_jobs(root: Path) -> Iterator[None]:
    """No job runs in the project, and none can be started, before the block ends.

    Raises:
        JobError: one is running.
    """
    lock = _project_lock(root)
    try:
        yield
    finally:
        os.close(lock)


def _project_lock(root: Path) -> int:
    lock = acquire(root / "jobs" / "lock", patience=_PATIENCE)
    if lock is None:
        running = active_job(root)
        if running is None:
            what = "a job is starting or ending in this project, or a model is being promoted or removed"
            raise JobError(what, where=str(root), hint="try again in a moment")
        raise JobError(
            f"{running.id} is running in this project",
            where=str(root),
            hint=f"wait for it, or stop it with `blindspot jobs DIR --stop {running.id}`",
        )
    return lock


def _alive(files: JobFiles) -> int:
    alive = acquire(files.alive, patience=_PATIENCE)
    if alive is None:
        raise JobError(f"job {files.folder.name} is still ending", hint="try again in a moment")
    return alive


def spawn(root: Path, files: JobFiles, lock: int, alive: int) -> None:
    """Begin the process of a job, which takes the two locks over (descriptors) and outlives this process."""
    log = open_append(files.log)
    try:
        subprocess.Popen(
            [*beyond_log_out(), *WORKER, str(root.absolute()), files.folder.name, str(lock), str(alive)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(lock, alive),
            **surroundings(PYTHONUNBUFFERED="1"),
        )
    finally:
        os.close(log)


def beyond_log_out(conf: tuple[Path, ...] = _LOGIND_CONF) -> list[str]:
    """What stands before a command that is to outlive the session, where logind kills all processes at log-out.

    Args:
        conf: settings of logind: files, or folders of ``.conf`` files, of which later ones count.
    """
    files = [file for path in conf for file in (sorted(path.glob("*.conf")) if path.is_dir() else [path])]
    text = "\n".join(file.read_text(errors="replace") for file in files if file.is_file())
    settings = re.findall(r"(?mi)^\s*KillUserProcesses\s*=\s*(\w+)", text)
    if settings and settings[-1].lower() in ("yes", "true", "1", "on") and shutil.which("systemd-run"):
        return ["systemd-run", "--user", "--scope", "--quiet"]
    return []
