"""Twenty blind spots, a server with faults, and the worker killed in the middle: nothing is asked or paid twice."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine import jobs
from engine.jobs.events import read_events
from engine.llm.call_log import read_calls
from engine.operations.job_records import TeachOptions
from engine.project import Project
from engine.schema import ROLES
from engine.teaching.records import Records
from tests.engine.llm.answers import good_answer
from tests.engine.llm.server import Fault, LlmServer, broken, busy, dripped, no_choices, no_usage, reset
from tests.engine.llm.spots import project_of, set_llm
from tests.waiting import until

SPOTS = 20
KEYS = ("sk-key-of-the-first-process", "sk-key-of-the-second-process")
PASSING = (lambda _: busy("0"), lambda _: broken(), reset, lambda _: no_choices())
"""Faults after which the same question must be asked again, from the good answer."""
ODD = (no_usage, dripped, lambda answer: f"Of course!\n```json\n{answer}\n```")
"""Answers that are good, though not as they should be."""
BAD = (
    lambda answer: answer[: len(answer) // 2],
    lambda _: "I would rather talk about the weather.",
    lambda answer: answer.replace('"negative"', '"dreadful"').replace('"patterns": ["', '"patterns": ["", "'),
)
"""Answers that must be mended, which takes a second turn."""


class Flaky:
    """Answers as its own dice say for each question, so that every run meets the same faults in any order.

    Attributes:
        answered: how often each question got an answer that must be paid, by its messages.
        waiting: whether a request is held because so many have been answered; it never gets an answer.
        faults: how many there were.
    """

    def __init__(self, hold_after: int) -> None:
        self._hold_after = hold_after
        self.server: LlmServer | None = None
        self._met: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.faults = 0
        self.waiting = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, request: dict[str, Any]) -> str | Fault:
        assert self.server
        if self.server.keys[-1] == f"Bearer {KEYS[0]}" and sum(self.answered.values()) >= self._hold_after:
            self.waiting.set()
            self.go_on.wait()
            return broken()  # to a process that was killed
        key, good = json.dumps(request["messages"]), good_answer(request)
        dice = random.Random(key)
        planned = dice.sample(PASSING, dice.choice((0, 0, 1, 2)))
        self._met[key] += 1
        if self._met[key] <= len(planned):
            self.faults += 1
            return planned[self._met[key] - 1](good)
        self.answered[key] += 1
        is_repair = len(request["messages"]) > 2
        if dice.random() < 0.2 and not is_repair:
            self.faults += 1
            return dice.choice(BAD)(good)
        return dice.choice(ODD)(good) if dice.random() < 0.3 else good


def paid(project: Project) -> int:
    """Calls of the log that brought an answer."""
    return sum(call.status in ("ok", "invalid") for call in read_calls(project.llm_dir / "calls.jsonl"))


def test_a_run_killed_in_the_middle_goes_on_without_asking_anything_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEYS[0])
    flaky = Flaky(hold_after=25)
    with LlmServer(flaky) as server:
        flaky.server = server
        project = set_llm(project_of(tmp_path / "work", SPOTS), model="tiny", base_url=server.base_url)
        job_id = jobs.start(project.root, TeachOptions())
        until(flaky.waiting.is_set)
        until(lambda: paid(project) == sum(flaky.answered.values()))
        events = read_events(project.jobs_dir / job_id / "events.jsonl")
        os.kill(next(event["pid"] for event in events if event["type"] == "started"), signal.SIGKILL)
        until(lambda: jobs.find_job(project.root, job_id).state == "killed")
        flaky.go_on.set()
        monkeypatch.setenv("OPENAI_API_KEY", KEYS[1])
        jobs.resume(project.root, job_id)
        until(lambda: jobs.find_job(project.root, job_id).state != "running")

    view = jobs.find_job(project.root, job_id)
    assert view.state == "done", view.message
    assert view.result["finished"] == SPOTS, view.result
    assert flaky.faults > 10
    assert set(flaky.answered.values()) == {1}
    assert paid(project) == sum(flaky.answered.values())
    records = Records(project.teaching_dir)
    per_spot = Counter((pattern.blind_spot, pattern.kind) for pattern in records.patterns())
    assert len(per_spot) == 2 * SPOTS
    assert set(per_spot.values()) == {1}
    roles = Counter((sample.blind_spot, sample.role) for sample in records.samples())
    quota = dict(zip(ROLES, (12, 6, 6), strict=True))
    assert roles == {(f"B{n}", role): count for n in range(1, SPOTS + 1) for role, count in quota.items()}
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [key for key in KEYS for content in files if key.encode() in content]
