"""`blindspot hunt`: a job that queues rows, and how a hunt goes."""

from __future__ import annotations

import io
from pathlib import Path

import orjson
import pytest

from engine.jobs import jobs
from engine.project import Project
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tests.builders.discovery import discovery_of, save_discovery
from tests.builders.hunt import GOLD, label, stream_with_model
from tui.cli import main


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return stream_with_model(tmp_path)


@pytest.mark.usefixtures("in_process_jobs")
def test_where_every_row_has_a_label_it_says_so(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    label(project, "ann", GOLD)
    assert main(["hunt", str(project.root)]) == 1
    assert "each row on which the model is confident has a label" in capsys.readouterr().err


def test_without_a_hunt_there_is_no_status(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hunt", str(project.root), "--status"]) == 1
    assert "begin one: `blindspot hunt" in capsys.readouterr().err


@pytest.mark.parametrize("budget", ["0", "-3", "many"])
def test_a_budget_is_a_number(project: Project, budget: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["hunt", str(project.root), f"--budget={budget}"])
    assert left.value.code == 2
    assert "is not a whole number from 1 on" in capsys.readouterr().err


@pytest.mark.usefixtures("in_process_jobs")
def test_a_hunt_from_its_beginning_to_its_status(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hunt", str(project.root), "--budget", "12"]) == 0
    told = capsys.readouterr().out
    assert "hunt-1: up to 12 of 90 rows on which the model is confident; the first 12 are chosen" in told
    assert f"next: blindspot label {project.root} --queue hunt-1" in told
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n2\n" * 5))
    assert main(["label", str(project.root), "--queue", "hunt", "--plain", "--labeller", "ann"]) == 0
    shown = capsys.readouterr().out
    assert not any(word in shown for word in ("random", "suspected", "wrong", "group"))
    assert shown.endswith(f"next: blindspot discover {project.root}\n")
    assert main(["hunt", str(project.root), "--status"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("hunt-1: 10 of 12 labels; ")
    assert "drawn at random" in told
    assert told.endswith(f"next: blindspot label {project.root} --queue hunt-1\n")
    assert main(["hunt", str(project.root), "--status", "--queue", "hunt-1", "--json"]) == 0
    status = orjson.loads(capsys.readouterr().out)
    assert (status["answered"], status["budget"], status["found"]["labels"]) == (10, 12, 10)
    assert sum(cell["uus"] for cell in status["cells"]) == status["found"]["uus"]
    assert main(["hunt", str(project.root), "--status", "--queue", "hunt-9"]) == 1
    assert "there is no hunt 'hunt-9'" in capsys.readouterr().err
    assert main(["hunt", str(project.root), "--budget", "5", "--json"]) == 0
    begun = orjson.loads(capsys.readouterr().out)
    assert begun.pop("sentence").startswith("hunt-2: up to 5 of 90 rows")
    assert begun == {"queue": "hunt-2", "budget": 5, "candidates": 90, "chosen": 5}
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n2\n"))
    assert main(["label", str(project.root), "--queue", "hunt-1", "--plain", "--labeller", "ann"]) == 0
    save_discovery(project.root, discovery_of())
    done = ["hunt", str(project.root), "--status", "--queue", "hunt-1"]
    capsys.readouterr()
    assert main(done) == 0
    assert capsys.readouterr().out.endswith(f"next: blindspot discover {project.root}\n")
    save_discovery(project.root, discovery_of(row_labels=Labels(Records(project.teaching_dir)).settled()))
    assert main(done) == 0
    assert capsys.readouterr().out.endswith(f"next: blindspot open {project.root}\n")


@pytest.mark.usefixtures("in_process_jobs")
def test_a_hunt_whose_job_was_killed_at_its_end_is_not_begun_twice(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    def begun() -> str:
        assert main(["hunt", str(project.root), "--budget", "12", "--json"]) == 0
        return str(orjson.loads(capsys.readouterr().out)["queue"])

    assert begun() == "hunt-1"
    events = project.root / "jobs" / "hunt-1" / "events.jsonl"
    events.write_bytes(b"".join(line for line in events.read_bytes().splitlines(True) if b'"done"' not in line[:60]))
    assert [one.state for one in jobs(project.root)] == ["killed"]
    assert [begun(), begun()] == ["hunt-1", "hunt-2"]
