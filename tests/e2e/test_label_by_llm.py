"""A job in which an LLM labels, killed in the middle: no row is asked about, or paid, twice."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine import jobs
from engine.jobs.events import read_events
from engine.llm.call_log import CALLS_FILE, read_calls
from engine.operations.job_records import LabelOptions
from engine.project import Project
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tests.engine.llm.labels import asking_project, labelling, rows_of
from tests.engine.llm.server import Fault, LlmServer, broken
from tests.waiting import until

KEYS = ("sk-key-of-the-first-process", "sk-key-of-the-second-process")


class Holding:
    """Labels rows, and from a number of answers on holds the requests of the first process, which get no answer."""

    def __init__(self, hold_after: int) -> None:
        self._hold_after = hold_after
        self.server: LlmServer | None = None
        self.answered: Counter[str] = Counter()
        self.answers = 0
        self.waiting = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, request: dict[str, Any]) -> str | Fault:
        assert self.server
        if self.server.keys[-1] == f"Bearer {KEYS[0]}" and self.answers >= self._hold_after:
            self.waiting.set()
            self.go_on.wait()
            return broken()  # to a process that was killed
        self.answers += 1
        self.answered.update(row["text"] for row in rows_of(request))
        return str(labelling()(request))


def paid(project: Project) -> int:
    return sum(call.status == "ok" for call in read_calls(project.llm_dir / CALLS_FILE))


def test_a_run_killed_in_the_middle_goes_on_without_asking_about_a_row_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEYS[0])
    llm = Holding(hold_after=7)
    with LlmServer(llm) as server:
        llm.server = server
        project = asking_project(tmp_path / "work", server, rows=60, batch=4, votes=2)
        job_id = jobs.start(project.root, LabelOptions(rows="all"))
        until(llm.waiting.is_set)
        until(lambda: paid(project) == 7)
        events = read_events(project.jobs_dir / job_id / "events.jsonl")
        os.kill(next(event["pid"] for event in events if event["type"] == "started"), signal.SIGKILL)
        until(lambda: jobs.find_job(project.root, job_id).state == "killed")
        llm.go_on.set()
        monkeypatch.setenv("OPENAI_API_KEY", KEYS[1])
        jobs.resume(project.root, job_id)
        until(lambda: jobs.find_job(project.root, job_id).state != "running")
    view = jobs.find_job(project.root, job_id)
    assert view.state == "done", view.message
    assert view.result["sentence"].startswith("60 of 60 rows labelled by tiny"), view.result
    assert set(llm.answered.values()) == {2}  # its two readings
    assert paid(project) == llm.answers == 30
    labels = Labels(Records(project.teaching_dir)).llms["llm-tiny"]
    assert len(labels) == 60
