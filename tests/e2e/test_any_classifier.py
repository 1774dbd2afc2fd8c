"""A classifier of keywords, as two programs: from `init` to a promoted model and its check, by the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.model.hugging_face import HuggingFace
from engine.operations.outside_uses import outside_uses
from engine.project import Project
from engine.trust import agree
from tests import leftovers
from tests.builders.programs import SCORE, command, write_programs
from tests.builders.tiny_bert import body, words_of
from tui.cli import main

Run = pytest.CaptureFixture[str]


@pytest.fixture
def work(tmp_path: Path, tiny_files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with programs and data, in which a project was made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    write_programs(tmp_path)
    encoder = body(tmp_path / "encoder", words_of(tiny_files.values()))
    files = [word for name, path in tiny_files.items() for word in (f"--{name}", str(path))]
    columns = ["--text", "text", "--label", "label", "--tau", "0.5", "--encoder", str(encoder)]
    programs = ["--score", command("score.py"), "--train-with", command("train.py"), "--continues"]
    assert main(["init", "work", *files, *columns, *programs]) == 0
    return tmp_path / "work"


def said(capsys: Run, *words: str) -> str:
    """What a command writes; it must succeed."""
    capsys.readouterr()
    assert main(list(words)) == 0
    return capsys.readouterr().out


@pytest.mark.usefixtures("in_process_jobs")
def test_from_init_to_a_promoted_model_and_its_check(work: Path, capsys: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HuggingFace, "load", None)  # only the program answers
    root = str(work)
    assert "all is well" in said(capsys, "doctor", root, "--classifier")
    found = json.loads(said(capsys, "discover", root, "--json"))
    row = next(iter(found["predictions"].values()))
    verdict = json.loads(said(capsys, "verdict", root, row["text"], "--json"))
    assert verdict["model"].endswith("train.py + 64 rows (seed 13)")
    assert (verdict["key"], verdict["label"]) == (found["model_key"], row["predicted"])
    assert verdict["confidence"] == pytest.approx(row["confidence"], abs=1e-4)

    spot = found["blind_spots"][0]
    for text in ("a zebra crossed the road twice", "my gnu sang of the tax office"):
        said(capsys, "sample", root, spot["id"], "--label", spot["gold"], "--role", "target", "--text", text)
    assert main(["retrain", root, "--recipe", "average"]) == 1
    assert "recipe `average` works on weights, and this classifier is a program" in capsys.readouterr().err
    assert main(["preview", root, spot["id"]]) == 1
    assert "this classifier is a program" in capsys.readouterr().err
    assert "Quick look" in said(capsys, "retrain", root, "--quick")
    report = json.loads(said(capsys, "retrain", root, "--arm", "uus", "--seeds", "3,4", "--json"))
    assert [(arm["recipe"], arm.get("steps")) for arm in report["arms"]] == [("scratch", None), ("continue", None)]
    assert "uus, scratch" in said(capsys, "report", root)

    said(capsys, "promote", root, "--arm", "uus", "--force")
    promoted = json.loads((work / "rounds" / "002" / "model.json").read_text())
    assert main(["check", root, "--json"]) == (0 if promoted["frozen"] else 3)
    capsys.readouterr()
    assert json.loads(said(capsys, "discover", root, "--json"))["model_key"] == promoted["key"]
    said(capsys, "verify", root)

    (work.parent / "score.py").write_text(SCORE + "\n")
    assert main(["discover", root]) == 1
    assert "nobody on this machine has agreed to this" in capsys.readouterr().err
    agree(work, outside_uses(Project.open(work)))
    assert json.loads(said(capsys, "discover", root, "--json"))["model_key"] != promoted["key"]
    assert not leftovers.bearers()


def test_a_strangers_project_runs_nothing(work: Path, capsys: Run) -> None:
    mark = work.parent / "ran"
    for name in ("score.py", "train.py"):
        (work.parent / name).write_text(f"open({str(mark)!r}, 'w')\n")
    for words in (["discover"], ["doctor", "--classifier"], ["hunt", "--budget", "3"], ["audit", "--labels", "30"]):
        assert main([words[0], str(work), *words[1:]]) == 1
        assert "blindspot trust" in capsys.readouterr().err
    assert main(["doctor", str(work)]) == 1
    assert "PROBLEM  classifier" in capsys.readouterr().out
    assert not mark.exists()
