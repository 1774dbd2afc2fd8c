"""A stranger's folder is data: no module of it runs, and no library takes its settings, wherever one stands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import jobs
from engine.project import Project
from tests.builders.tiny_bert import classifier, make_project
from tests.engine.proof.synthetic import gold_labels, model, write_proof
from tests.engine.scorer.conftest import Heard
from tests.terminals import Pty

MODULES = (
    "orjson",
    "numpy",
    "torch",
    "matplotlib",
    "transformers",
    "typing_extensions",
    "tqdm",
    "tomlkit",
    "textual",
    "evil",
    "engine/__init__",
    "engine/jobs/__init__",
    "multiprocessing/__init__",
    "signal",
    "random",
    "sitecustomize",
    "usercustomize",
)
BLINDSPOT = str(Path(sys.executable).with_name("blindspot"))


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Project]:
    """A project whose folder is full of modules that leave a mark if they run."""
    weights = classifier(tmp_path / "weights")
    project = make_project(tmp_path / "work", base=weights, classifier=str(weights), encoder=str(weights), proof=8)
    for name in MODULES:
        path = project.root / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r} + chr(10))\n")
    (project.root / "matplotlibrc").write_text("backend: module://evil\naxes.facecolor: 123456\nsvg.fonttype: none\n")
    yield project
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()


def blindspot(project: Project, *words: str, command: tuple[str, ...] = (BLINDSPOT,)) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run([*command, *words], cwd=project.root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which(BLINDSPOT), reason="the command is not installed")
def test_no_command_imports_from_the_current_folder(hostile: Project) -> None:
    blindspot(hostile, "discover", ".")
    assert [job.state for job in jobs.jobs(hostile.root)] == ["done"]
    blindspot(hostile, "list", ".")
    assert "good" in blindspot(hostile, "verdict", ".", "a text")


def test_nor_does_the_module_by_its_name(hostile: Project) -> None:
    module = (sys.executable, "-m", "tui")
    assert "no job" in blindspot(hostile, "jobs", ".", command=module).lower()


def test_a_report_is_drawn_without_the_settings_of_the_current_folder(hostile: Project, tmp_path: Path) -> None:
    gold = gold_labels(200)
    models = [model(gold, seed=seed) for seed in (13, 14)]
    write_proof(hostile, baseline=models, arms={("human", "scratch"): models}, gold=gold, test=False)
    module = (sys.executable, "-m", "tui")
    blindspot(hostile, "report", ".", "--html", str(tmp_path / "out.html"), command=module)
    page = (tmp_path / "out.html").read_text()
    assert "<svg" in page
    assert "#123456" not in page


@pytest.mark.skipif(not shutil.which(BLINDSPOT), reason="the command is not installed")
def test_the_workbench_imports_nothing_from_it(hostile: Project) -> None:
    command = ["sh", "-c", 'cd "$0" && exec "$1" open .', str(hostile.root), BLINDSPOT]
    with Pty(command, env={"XDG_STATE_HOME": os.environ["XDG_STATE_HOME"]}) as terminal:
        terminal.sees("No blind spots yet")


def test_the_scorer_imports_nothing_from_it(hostile: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hostile.root)
    heard = Heard(hostile.root)
    assert heard.verdict("a text").label in hostile.labels
    heard.scorer.close()
