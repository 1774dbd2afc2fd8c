"""The LLM says of found rows whether what was searched for applies, against a real server on 127.0.0.1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.errors import StoreError
from engine.llm.call_log import CALLS_FILE, read_calls
from engine.llm.pattern_judge import judge_found
from engine.progress import Silent
from engine.project import Project
from engine.schema import Application
from engine.teaching.found_rows import FoundRow, FoundRows
from engine.teaching.records import Records
from engine.trust import NotTrusted
from tests.engine.llm.judges import asking, rows_of, says
from tests.engine.llm.server import LlmServer
from tests.engine.teaching.tested_patterns import WORDING, pattern_project, write


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return pattern_project(tmp_path / "work")


def found_rows(project: Project, count: int = 60, *, wording: str = WORDING, pattern: bool = True) -> FoundRows:
    rows = tuple(FoundRow(f"r{n}", f"Stream row {n} {'thanks' if n % 3 == 0 else ''}", 0.5) for n in range(count))
    name = write(project, "ann", text=wording).id if pattern else None
    return FoundRows("0" * 16, "ann", "2026-01-01", name, wording, {}, (), True, count, rows)


def test_rows_are_asked_about_in_parts_with_their_texts_alone(project: Project) -> None:
    found = found_rows(project)
    with LlmServer(says("thanks")) as server:
        judged = judge_found(asking(project, server), found, monitor=Silent())
        assert sorted(len(rows_of(one)) for one in server.requests) == [10, 25, 25]
        assert all(row.keys() == {"row", "text"} for one in server.requests for row in rows_of(one))
    assert {row.id for row in judged.rows if row.applies} == {f"r{n}" for n in range(0, 60, 3)}
    assert (judged.judge and judged.judge.name, judged.unasked) == ("m1", "")
    assert judged.sentence.endswith("; m1 finds that it applies to 20 of 60")
    calls = list(read_calls(project.llm_dir / CALLS_FILE))
    assert {(call.step, call.blind_spot, call.pattern) for call in calls} == {("judge", "B1", "P1@ann")}
    kept = [one for _, one in Records(project.teaching_dir).by_author("application") if isinstance(one, Application)]
    assert kept == [], "a pattern test's figures are of held-back rows alone"


def test_the_budget_ends_it_and_what_was_asked_counts(project: Project) -> None:
    found = found_rows(project, pattern=False, wording="Bitter thanks.")
    with LlmServer(says("thanks")) as server:
        judged = judge_found(asking(project, server, parallel=1), found, max_tokens=0, monitor=Silent())
        assert server.requests == []
        assert all(row.applies is None for row in judged.rows)
        assert "tokens" in judged.unasked
        assert judged.unasked in judged.sentence
        limit = int(judged.unasked.split("could take ")[1].split(";")[0].replace(",", ""))
        judged = judge_found(asking(project, server, parallel=1), found, max_tokens=limit, monitor=Silent())
    asked = [row.id for row in judged.rows if row.applies is not None]
    assert asked == [f"r{n}" for n in range(25)]
    assert judged.wanted == [f"r{n}" for n in range(0, 25, 3)]


def test_samples_alone_ask_nothing_that_could_apply(project: Project) -> None:
    found: Any = found_rows(project, pattern=False, wording="")
    with pytest.raises(StoreError, match="only a pattern or a text can apply to a row"):
        judge_found(project, found, monitor=Silent())


def test_nothing_leaves_without_the_persons_word(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with LlmServer(says("thanks")) as server:
        project = asking(project, server)
        monkeypatch.setenv("XDG_STATE_HOME", str(project.root / "nobody"))
        with pytest.raises(NotTrusted):
            judge_found(project, found_rows(project), monitor=Silent())
        assert server.requests == []
