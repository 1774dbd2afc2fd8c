"""The scorer as a process: newest request first, one answer a line, and an end with who asked, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.project import Project
from engine.scorer import scorer_client as client
from engine.scorer.protocol import Request, ScorerAnswer, ScorerState, line_of, read_reply, read_request
from tests.builders.tiny_bert import make_project
from tests.engine.scorer.conftest import Heard
from tests.waiting import until

ROOT = Path(__file__).parents[3]
TEXT = "the soup was cold"


@pytest.fixture
def process(scored: Project, forked_processes: None) -> Iterator[subprocess.Popen[bytes]]:
    """The process itself, with its two pipes."""
    made = subprocess.Popen(
        [*client.WORKER, scored.root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True
    )
    with made:
        yield made
        made.kill()


def is_alive(pid: int) -> bool:
    """Whether it runs; one that has ended and was not waited for does not."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_a_request_that_was_overtaken_is_not_computed_and_each_place_has_its_own(
    process: subprocess.Popen[bytes],
) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    typed = [Request(number, TEXT + " and" * number, place="typed") for number in range(1, 4)]
    asked = [typed[0], Request(7, TEXT, place="start"), *typed[1:]]
    process.stdin.write(b"".join(map(line_of, asked)) + b"no JSON\n" + b'{"id": 9, "text": "x", "kind": "y"}\n')
    process.stdin.flush()
    replies: list[ScorerAnswer | ScorerState] = []
    while sum(isinstance(reply, ScorerAnswer) for reply in replies) < 6:
        replies.append(read_reply(process.stdout.readline()))
    assert [reply.name for reply in replies if isinstance(reply, ScorerState)] == ["loading", "ready"]
    answers = [reply for reply in replies if isinstance(reply, ScorerAnswer)]
    assert [answer.id for answer in answers if answer.overtaken] == [1, 2]
    assert {answer.id for answer in answers if answer.verdict} == {3, 7}
    errors = [answer.error for answer in answers if answer.error]
    assert len(errors) == 2
    assert errors[0].endswith("no JSON")
    assert errors[1].startswith("there is no kind of request called y")


def test_it_ends_when_its_input_ends_though_it_is_loading(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    assert read_reply(process.stdout.readline()) == ScorerState("loading")
    process.stdin.close()
    assert process.wait(timeout=60) == 0


def test_an_error_of_its_own_is_its_last_line_and_no_crash(scored: Project) -> None:
    with (
        Path("/dev/full").open("wb") as full,
        subprocess.Popen(
            [*client.WORKER, scored.root], stdin=subprocess.PIPE, stdout=full, stderr=subprocess.PIPE, cwd=ROOT
        ) as process,
    ):
        assert process.stderr is not None
        last = process.stderr.read().decode().splitlines()[-1]
        assert (process.wait(timeout=60), last) == (1, "OSError: [Errno 28] No space left on device")


@pytest.mark.usefixtures("forked_processes")
def test_it_is_loaded_before_anybody_asks_and_started_again_after_a_kill(heard: Heard, scored: Project) -> None:
    heard.scorer.start()
    assert heard.state().name == "loading"
    assert heard.state().name == "ready"
    first = heard.verdict(TEXT)
    assert first.label in scored.labels
    pid = heard.scorer.pid
    assert pid is not None
    assert os.getsid(pid) != os.getsid(0), "ctrl+c in the terminal must not reach it"
    assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0)
    os.kill(pid, signal.SIGKILL)
    assert heard.state() == ScorerState("failed", "The scorer was ended by SIGKILL; the next text starts it again.")
    assert heard.scorer.pid is None
    assert heard.verdict(TEXT) == first
    assert heard.scorer.pid not in (None, pid)


def test_it_stays_away_if_it_ends_twice_without_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "WORKER", (sys.executable, "-c", "raise SystemExit('out of luck')"))
    heard = Heard(tmp_path)
    heard.scorer.ask(TEXT)
    assert heard.state().message == "The scorer was ended with status 1 (out of luck); the next text starts it again."
    heard.scorer.ask(TEXT)
    assert heard.state().message.endswith("turn verdicts off and on to start it.")
    heard.scorer.ask(TEXT)
    heard.scorer.close()
    assert heard.scorer.pid is None
    assert heard.is_silent


def test_it_goes_with_an_app_that_was_killed(scored: Project) -> None:
    script = (
        "import sys, time; from pathlib import Path; from engine.scorer.scorer_client import Scorer\n"
        "scorer = Scorer(Path(sys.argv[1]), lambda message: print(scorer.pid or message, flush=True))\n"
        "scorer.start(); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(scored.root)]
    app = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert app.stdout is not None
        scorer = int(app.stdout.readline())
        assert is_alive(scorer)
        app.send_signal(signal.SIGKILL)
        until(lambda: not is_alive(scorer))
    finally:
        app.kill()
        app.communicate()


def test_a_model_that_is_not_there_is_told_with_each_answer_and_needs_no_torch(tmp_path: Path) -> None:
    heard = Heard(make_project(tmp_path / "work", base=tmp_path / "nothing").root)
    number = heard.scorer.ask(TEXT)
    assert "nothing" in heard.answer(number).error
    assert "libtorch" not in Path(f"/proc/{heard.scorer.pid}/maps").read_text()
    heard.scorer.close()


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b'{"id": "a", "text": "b"}', b'{"id": 1, "text": 2}'])
def test_what_is_no_request_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of its kinds
        read_request(line)
