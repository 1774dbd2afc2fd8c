"""Jobs as real detached processes: they survive, die visibly, resume, are stopped, and never run twice."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine import jobs
from engine.errors import FileError, JobError
from engine.jobs import launch
from engine.jobs.events import EventLog, EventType, read_events
from engine.jobs.job_process import JobMonitor
from engine.locks import acquire, is_held
from engine.project import Project
from tests import leftovers
from tests.engine.jobs import slow_worker
from tests.engine.jobs.slow_worker import FOREVER, WORKER, CountOptions, CountResult, RetrainCountOptions
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("forked_processes")

REAL_WORKER = (sys.executable, slow_worker.__file__)
"""An interpreter of its own."""


@pytest.fixture(autouse=True)
def _slow_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)


@pytest.fixture
def running(project: Project) -> tuple[Project, str]:
    """A project with a job that counts until somebody stops it."""
    job_id = jobs.start(project.root, CountOptions(to=FOREVER))
    until(lambda: jobs.find_job(project.root, job_id).done > 0)
    return project, job_id


def pid_of(project: Project, job_id: str) -> int:
    events = read_events(project.jobs_dir / job_id / "events.jsonl")
    return [event["pid"] for event in events if event["type"] == "started"][-1]


def state_is(project: Project, job_id: str, state: str) -> Callable[[], bool]:
    return lambda: jobs.find_job(project.root, job_id).state == state


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can be longer than 10 bytes; empty ones can be made, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_counting_job_ends_with_the_tests_however_they_end(project: Project) -> None:
    script = (
        "import os, sys, time; from pathlib import Path; from engine import jobs; from engine.jobs import launch\n"
        "from tests.engine.jobs.slow_worker import CountOptions\n"
        "os.environ['BLINDSPOT_TESTS'] = f'{os.getpid()}-of-others'; launch.WORKER = tuple(sys.argv[2:])\n"
        "print(jobs.start(Path(sys.argv[1]), CountOptions()), flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(project.root), *WORKER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as others:
        assert others.stdout is not None
        job_id = others.stdout.readline().strip()
        others.kill()
    try:
        until(lambda: jobs.active_job(project.root) is None, seconds=20)
    finally:
        if jobs.active_job(project.root) is not None:
            jobs.stop(project.root, job_id)


def test_a_counting_job_that_nobody_stops_is_found_among_what_the_tests_left(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "WORKER", REAL_WORKER)
    job_id = jobs.start(project.root, CountOptions(to=FOREVER))
    until(lambda: jobs.find_job(project.root, job_id).done > 0)
    pid = pid_of(project, job_id)
    found = {one: line for one, line in leftovers.bearers().items() if one == pid}
    assert "slow_worker.py" in found[pid]
    leftovers.end(found)
    until(lambda: pid not in leftovers.bearers())


def test_a_job_for_which_the_disk_has_no_room_leaves_nothing(project: Project) -> None:
    with full_disk(), pytest.raises(FileError, match=r"spec\.json: this cannot be written \(File too large\)"):
        jobs.start(project.root, CountOptions(to=5))
    assert [path.name for path in project.jobs_dir.iterdir()] == ["lock"]
    job_id = jobs.start(project.root, CountOptions(to=5))
    assert job_id == "discover-1"
    until(state_is(project, job_id, "done"))


def test_a_job_of_which_the_process_cannot_be_started_leaves_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(launch, "WORKER", (str(tmp_path / "no python"),))
    with pytest.raises(FileNotFoundError):
        jobs.start(project.root, CountOptions(to=5))
    assert [path.name for path in project.jobs_dir.iterdir()] == ["lock"]
    assert jobs.active_job(project.root) is None


def test_a_job_runs_to_its_end_and_tells_what_it_made(project: Project) -> None:
    job_id = jobs.start(project.root, CountOptions(to=5))
    events = list(jobs.follow(project.root, job_id))
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "started"
    assert events[-1]["type"] == "done"
    view = jobs.find_job(project.root, job_id)
    assert view.state == "done"
    assert view.made(CountResult) == CountResult(started_at=0, counted=5)
    assert jobs.active_job(project.root) is None


def test_the_time_left_is_told_once_it_is_measured_and_neither_waiting_nor_warm_up_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = 100.0
    monkeypatch.setattr("engine.jobs.job_process.time.monotonic", lambda: clock)
    monitor = JobMonitor(EventLog(tmp_path / "events"), tmp_path / "cancel")
    for second in range(61):  # nothing for 20 s, a slow part, then 2 parts a second
        clock = 100.0 + second
        monitor.step("train", 0 if second < 20 else 1 if second < 24 else 2 * second - 46, 100)
    told = [event["eta"] for event in read_events(tmp_path / "events")]
    assert told[:30] == [None] * 30
    assert told[30:] == [(100 - (2 * second - 46)) / 2 for second in range(30, 61)]
    clock = 200.0
    monitor.step("train", 0, 80)
    assert [event["eta"] for event in read_events(tmp_path / "events")][-1] is None


def test_a_second_job_is_refused_while_one_runs(running: tuple[Project, str]) -> None:
    project, job_id = running
    with pytest.raises(JobError, match=job_id):
        jobs.start(project.root, RetrainCountOptions(to=1))
    jobs.stop(project.root, job_id)
    until(state_is(project, job_id, "stopped"))
    assert [view.id for view in jobs.jobs(project.root)] == [job_id]


def test_of_many_launchers_at_once_one_wins(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "WORKER", REAL_WORKER)  # a fork from one of many threads may find a lock held for ever

    def try_start(_: int) -> str | None:
        try:
            return jobs.start(project.root, CountOptions(to=FOREVER))
        except JobError:
            return None

    with ThreadPoolExecutor(8) as pool:
        started = [job_id for job_id in pool.map(try_start, range(8)) if job_id]
    assert len(started) == 1
    until(lambda: jobs.find_job(project.root, started[0]).done > 0)
    jobs.stop(project.root, started[0])
    until(state_is(project, started[0], "stopped"))


def test_a_killed_job_shows_as_killed_and_resumes_where_it_was(running: tuple[Project, str]) -> None:
    project, job_id = running
    os.kill(pid_of(project, job_id), signal.SIGKILL)
    until(state_is(project, job_id, "killed"), seconds=10)
    reached = int((project.root / "place").read_text())
    spec = project.jobs_dir / job_id / "spec.json"
    spec.write_text(spec.read_text().replace(str(FOREVER), str(reached + 3)))
    jobs.resume(project.root, job_id)
    until(state_is(project, job_id, "done"))
    assert jobs.find_job(project.root, job_id).result["started_at"] == reached
    attempts = [event["attempt"] for event in jobs.follow(project.root, job_id) if event["type"] == "started"]
    assert attempts == [1, 2]


def test_a_stopped_job_keeps_what_it_has_and_goes_on(running: tuple[Project, str]) -> None:
    project, job_id = running
    jobs.stop(project.root, job_id)
    until(state_is(project, job_id, "stopped"))
    reached = int((project.root / "place").read_text())
    assert reached > 0
    log = project.root / "jobs" / job_id / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"stopped"', b'"cancelled"'))  # as version 0.1.0 writes it
    assert jobs.find_job(project.root, job_id).state == "stopped"
    jobs.resume(project.root, job_id)
    until(lambda: int((project.root / "place").read_text()) > reached)
    jobs.stop(project.root, job_id)
    until(state_is(project, job_id, "stopped"))


@pytest.mark.parametrize("sign", [signal.SIGHUP, signal.SIGTERM])
def test_hang_up_is_ignored_and_terminate_is_a_wish_to_stop(running: tuple[Project, str], sign: signal.Signals) -> None:
    project, job_id = running
    os.kill(pid_of(project, job_id), sign)
    if sign is signal.SIGTERM:
        until(state_is(project, job_id, "stopped"))
        return
    reached = jobs.find_job(project.root, job_id).done
    until(lambda: jobs.find_job(project.root, job_id).done > reached)
    jobs.stop(project.root, job_id)
    until(state_is(project, job_id, "stopped"))


def test_a_job_outlives_the_process_that_started_it(project: Project) -> None:
    code = (
        "import sys; from pathlib import Path; from engine.jobs import launch\n"
        "from tests.engine.jobs.slow_worker import CountOptions\n"
        f"launch.WORKER = {WORKER!r}\n"
        f"print(launch.start(Path({str(project.root)!r}), CountOptions(to=300)))"
    )
    starter = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    job_id = starter.stdout.strip()
    until(state_is(project, job_id, "done"))


def test_room_is_kept_for_the_end_of_a_job_whose_disk_is_full(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = EventLog.append

    def append(log: EventLog, kind: EventType, **values: Any) -> None:
        if kind == "failed" and [*project.jobs_dir.glob("*/reserve")]:
            raise FileError("this cannot be written (No space left on device)", hint="free disk space")
        real(log, kind, **values)

    monkeypatch.setattr(EventLog, "append", append)
    job_id = jobs.start(project.root, CountOptions(to=1, fail="user"))
    until(state_is(project, job_id, "failed"))
    assert jobs.find_job(project.root, job_id).message == "the shelf is empty; fill it."


def test_an_end_that_cannot_be_written_where_it_is_looked_for_stands_in_the_log(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = EventLog.append

    def append(log: EventLog, kind: EventType, **values: Any) -> None:
        if kind == "failed":
            raise FileError("this cannot be written (No space left on device)", hint="free disk space")
        real(log, kind, **values)

    monkeypatch.setattr(EventLog, "append", append)
    job_id = jobs.start(project.root, CountOptions(to=1, fail="user"))
    until(state_is(project, job_id, "killed"))
    told = "the shelf is empty; fill it.\nthis cannot be written (No space left on device); free disk space.\n"
    assert (project.jobs_dir / job_id / "log.txt").read_text() == told


def test_a_user_error_is_one_sentence_and_a_defect_names_the_log(project: Project) -> None:
    first = jobs.start(project.root, CountOptions(to=1, fail="user"))
    until(state_is(project, first, "failed"))
    assert jobs.find_job(project.root, first).message == "the shelf is empty; fill it."
    second = jobs.start(project.root, CountOptions(to=1, fail="bug"))
    until(state_is(project, second, "failed"))
    message = jobs.find_job(project.root, second).message
    assert "ZeroDivisionError" in message
    assert "a defect" in (project.jobs_dir / second / "log.txt").read_text()


def test_a_job_whose_file_asks_for_nonsense_fails_in_a_sentence_and_unknown_keys_do_not_count(project: Project) -> None:
    job_id = jobs.start(project.root, CountOptions(to=1, fail="user"))
    until(state_is(project, job_id, "failed"))
    spec = project.jobs_dir / job_id / "spec.json"
    spec.write_text(spec.read_text().replace('"user"', "7"))
    jobs.resume(project.root, job_id)
    until(lambda: "damaged" in jobs.find_job(project.root, job_id).message)
    until(state_is(project, job_id, "failed"))
    message = jobs.find_job(project.root, job_id).message
    assert message == "what a discover job was asked for is damaged: `fail` is not a text; start a new one."
    spec.write_text(spec.read_text().replace('"fail": 7', '"of_a_later_version": 7'))
    jobs.resume(project.root, job_id)
    until(state_is(project, job_id, "done"))


def test_unknown_and_unfit_jobs_are_refused_with_the_reason(project: Project) -> None:
    with pytest.raises(JobError, match="no job retrain-9"):
        jobs.find_job(project.root, "retrain-9")
    job_id = jobs.start(project.root, CountOptions(to=1))
    until(state_is(project, job_id, "done"))
    with pytest.raises(JobError, match="is done"):
        jobs.resume(project.root, job_id)
    with pytest.raises(JobError, match="is done"):
        jobs.stop(project.root, job_id)


def test_a_look_at_a_lock_takes_none_makes_none_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "alive"
    assert not is_held(path)
    assert not path.exists()
    held = acquire(path)
    assert held is not None
    assert is_held(path)
    child = subprocess.Popen(["sleep", "60"], pass_fds=(held,))
    os.close(held)
    assert is_held(path)
    child.kill()
    child.wait()
    assert not is_held(path)
    path.chmod(0o400)
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            is_held(path)

    with ThreadPoolExecutor(4) as lookers:
        for _ in range(4):
            lookers.submit(look)
        refused = 0
        for _ in range(2000):
            if (lock := acquire(path)) is None:
                refused += 1
            else:
                os.close(lock)
        done.set()
    assert refused == 0


def test_a_damaged_job_is_left_out_of_the_list(project: Project) -> None:
    job_id = jobs.start(project.root, CountOptions(to=1))
    until(state_is(project, job_id, "done"))
    for number, spec in enumerate((b"{}", b"[]", b"{", b"\xff", b'{"id": "../x"}'), start=2):
        folder = project.jobs_dir / f"discover-{number}"
        folder.mkdir()
        (folder / "spec.json").write_bytes(spec)
    (project.jobs_dir / "discover-9").mkdir()
    os.mkfifo(project.jobs_dir / "discover-9" / "spec.json")
    with (project.jobs_dir / job_id / "events.jsonl").open("ab") as log:
        log.write(b'[]\n{}\n{"type": [], "seq": 1, "time": 1}\n{"type": "progress", "seq": 9, "time": 1}\n')
    assert [(view.id, view.state) for view in jobs.jobs(project.root)] == [(job_id, "done")]


def test_a_torn_event_is_passed_over_and_numbers_go_on(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    EventLog(path).append("note", message="first")
    with path.open("ab") as log:
        log.write(b'{"seq": 2, "type": "no')
    EventLog(path).append("note", message="second")
    assert [(event["seq"], event["message"]) for event in read_events(path)] == [(1, "first"), (2, "second")]


def test_a_job_escapes_logind_where_logind_kills_all_at_log_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "systemd-run"
    tool.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    conf = tmp_path / "logind.conf"
    conf.write_text("[Login]\n#KillUserProcesses=yes\n")
    assert launch.beyond_log_out((conf,)) == []
    conf.write_text("[Login]\nKillUserProcesses=yes\n")
    assert launch.beyond_log_out((conf,))[0] == "systemd-run"
