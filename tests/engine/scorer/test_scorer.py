"""The scorer as the app uses it: a real process, a real (tiny) model, and what may happen to either."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.discovery.confidence import score
from engine.model.library import current_model, predictions
from engine.progress import Silent
from engine.project import Project
from engine.schema import Example
from engine.scorer.client import ENDED, GAVE_UP, Scorer
from tests.engine.model.conftest import LABELS, base, small_project  # noqa: F401
from tests.waiting import until

Told = queue.Queue[dict[str, Any]]


@pytest.fixture
def trained(small_project: Project) -> Project:  # noqa: F811
    current_model(small_project, monitor=Silent())
    return small_project


@pytest.fixture
def told() -> Told:
    return queue.Queue()


@pytest.fixture
def scorer(trained: Project, told: Told) -> Iterator[Scorer]:
    made = Scorer(trained.root, told.put)
    yield made
    made.close()


def next_of(told: Told, name: str) -> dict[str, Any]:
    """The next message with that key; those before it are dropped."""
    while name not in (message := told.get(timeout=60)):
        pass
    return message


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_verdict_is_what_the_model_predicts(trained: Project, scorer: Scorer, told: Told) -> None:
    rows = trained.examples("pool")
    scorer.start()
    assert [next_of(told, "state")["state"] for _ in range(2)] == ["loading", "ready"]
    model = current_model(trained, monitor=Silent())
    logits = predictions(trained, model, rows, split_key="pool", monitor=Silent())
    exact = score(logits, np.zeros(len(rows), dtype=np.intp))
    for number, row in enumerate(rows):
        asked = scorer.ask("verdict", text=row.text, text_pair=None)
        answer = next_of(told, "id")
        assert answer["id"] == asked
        assert answer["label"] == LABELS[exact.predicted[number]]
        assert answer["confidence"] == pytest.approx(float(exact.confidence[number]), abs=1e-4)
        assert answer["probabilities"] == pytest.approx(exact.probabilities[number].tolist(), abs=1e-4)


def test_a_question_that_was_overtaken_is_not_answered(scorer: Scorer, told: Told) -> None:
    asked = [scorer.ask("verdict", text=f"the soup was {number}", text_pair=None) for number in range(40)]
    answers = [next_of(told, "id")["id"]]
    while answers[-1] != asked[-1]:
        answers.append(next_of(told, "id")["id"])
    assert answers == sorted(answers)
    assert len(answers) < len(asked)  # all came while the model was being loaded


def test_a_missing_model_is_a_sentence_and_is_not_trained(small_project: Project, told: Told) -> None:  # noqa: F811
    scorer = Scorer(small_project.root, told.put)
    scorer.ask("verdict", text="the soup was warm", text_pair=None)
    assert next_of(told, "message")["message"] == (
        f"{small_project.root}: the model of this round is not trained yet; run `blindspot discover` on it."
    )
    scorer.close()
    assert not small_project.models_dir.exists()


def test_a_killed_scorer_is_said_and_started_again(scorer: Scorer, told: Told) -> None:
    scorer.ask("verdict", text="the soup was warm", text_pair=None)
    next_of(told, "id")
    for sentence in (ENDED, GAVE_UP):
        scorer.start()
        until(lambda: scorer.pid)
        assert scorer.pid is not None
        os.kill(scorer.pid, signal.SIGKILL)
        assert next_of(told, "message") == {"state": "ended", "message": sentence}
    scorer.ask("verdict", text="the soup was cold", text_pair=None)
    assert scorer.pid is None
    scorer.close()
    asked = scorer.ask("verdict", text="the soup was cold", text_pair=None)
    assert next_of(told, "id")["id"] == asked


def test_closing_ends_the_process_and_ctrl_c_does_not(scorer: Scorer, told: Told) -> None:
    scorer.ask("verdict", text="the soup was warm", text_pair=None)
    next_of(told, "id")
    pid = scorer.pid
    assert pid is not None
    os.kill(pid, signal.SIGINT)
    scorer.ask("verdict", text="the soup was cold", text_pair=None)
    next_of(told, "id")
    assert scorer.pid == pid
    scorer.close()
    assert not alive(pid)


APP = """
import sys, threading
from pathlib import Path
from engine.scorer.client import Scorer
answered = threading.Event()
scorer = Scorer(Path(sys.argv[1]), lambda told: answered.set() if "id" in told else None)
scorer.ask("verdict", text="the soup was warm", text_pair=None)
answered.wait()
print(scorer.pid, flush=True)
threading.Event().wait()
"""


def test_it_does_not_outlive_an_app_that_is_killed(trained: Project) -> None:
    with subprocess.Popen([sys.executable, "-c", APP, str(trained.root)], stdout=subprocess.PIPE, text=True) as app:
        assert app.stdout is not None
        pid = int(app.stdout.readline())
        assert alive(pid)
        app.kill()
    until(lambda: not alive(pid))


def test_a_pair_is_scored_as_a_pair(tmp_path: Path, trained: Project, scorer: Scorer, told: Told) -> None:
    scorer.ask("verdict", text="the soup", text_pair="was warm")
    found = next_of(told, "id")["confidence"]
    pair = Example("p", "the soup", LABELS[0], "was warm")
    logits = predictions(trained, current_model(trained, monitor=Silent()), [pair], split_key="p", monitor=Silent())
    assert found == pytest.approx(float(score(logits, np.zeros(1, dtype=np.intp)).confidence[0]), abs=1e-4)
