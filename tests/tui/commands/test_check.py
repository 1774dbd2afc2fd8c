"""The regression suite run as in CI: a real classifier, the exit status and the JUnit file."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from engine import jobs
from engine.data.proof_rows import read_proof
from engine.files import write_json
from engine.model.training import train
from engine.progress import Silent
from engine.project import Project
from engine.regression.frozen_spots import FrozenCase, FrozenSpot, suite_dir
from engine.regression.promotion import promote
from tests.builders.rows import rows
from tests.builders.tiny_bert import CPU, body, make_project
from tests.engine.model.test_training import plan
from tests.engine.proof.synthetic import write_proof
from tests.test_library_page import PAGES, examples
from tui.cli import main, parser_for

pytestmark = pytest.mark.xdist_group("check")  # what they share is made once


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base without a classification head."""
    return body(tmp_path_factory.mktemp("weights") / "base")


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier that gets every row right."""
    return train(plan(base), rows(44), out=tmp_path_factory.mktemp("trained") / "model", compute=CPU, monitor=Silent())


@pytest.fixture
def frozen(tmp_path: Path, base: Path) -> Project:
    """A project with two frozen blind spots; every case of B2 asks for the wrong label."""
    project = make_project(tmp_path / "work", base=base)
    found = rows(16)
    flipped = {"bad": "good", "good": "bad"}
    for name, labels in (("B1", {"bad": "bad", "good": "good"}), ("B2", flipped)):
        cases = tuple(
            FrozenCase(row.id, "row" if number < 12 else "sample", row.text, labels[row.label])
            for number, row in enumerate(found)
        )
        spot = FrozenSpot(name, "bad", "good", 1, "aaaa1111", "llm", "scratch", cases)
        write_json(suite_dir(project) / f"{name}.json", spot.as_json())
    return project


@pytest.mark.usefixtures("in_process_jobs")
def test_a_blind_spot_that_is_open_again_fails_the_check(
    frozen: Project, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junit = tmp_path / "out.xml"
    assert main(["check", str(frozen.root), "--model", str(trained), "--junit", str(junit)]) == 1
    out = capsys.readouterr().out
    assert "B1   its rows hold (frozen before proof rows were counted, so not shown to be closed" in out
    assert "12 of 12 rows right (76 to 100 %), at least 90 % must be\n" in out
    assert "4 of 4 samples right (51 to 100 %), at least 80 % must be\n" in out
    assert "B2   OPEN AGAIN\n" in out
    assert "0 of 12 rows right (0 to 24 %), at least 90 % must be: fails\n" in out
    assert "r0: bad (" in out
    cases = {case.get("name"): case for case in ElementTree.parse(junit).iter("testcase")}
    assert set(cases) == {"B1 rows", "B1 samples", "B2 rows", "B2 samples"}
    failed = {name for name, case in cases.items() if case.find("failure") is not None}
    assert failed == {"B2 rows", "B2 samples"}
    failure = cases["B2 rows"].find("failure")
    assert failure is not None
    assert len((failure.text or "").splitlines()) == 12


RUN_PYTEST = [sys.executable, "-c", "import pytest, sys; sys.exit(pytest.main(sys.argv[1:]))"]


@pytest.mark.usefixtures("in_process_jobs", "forked_processes")
def test_the_tests_that_the_docs_advise_fail_for_a_blind_spot_that_is_open_again(
    frozen: Project, trained: Path, tmp_path: Path
) -> None:
    """In a fork, as pytest inside of pytest would load numpy twice."""
    (example,) = examples("regression-suite.md")
    (tmp_path / "test_spots.py").write_text(example)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "new").symlink_to(trained)
    words = ["-p", "no:cacheprovider", "-p", "no:xdist", "-rA", "-q", f"--rootdir={tmp_path}", "test_spots.py"]
    done = subprocess.run([*RUN_PYTEST, *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "PASSED test_spots.py::test_blind_spot_is_still_closed[B1]" in done.stdout
    assert "FAILED test_spots.py::test_blind_spot_is_still_closed[B2]" in done.stdout
    assert "AssertionError: B2 is open again\n" in done.stdout
    assert "0 of 12 rows right (0 to 24 %), at least 90 % must be: fails" in done.stdout
    assert "r0: bad (" in done.stdout


def test_the_workflow_that_the_docs_advise_names_commands_as_they_are() -> None:
    (workflow,) = examples("regression-suite.md", "yaml")
    (words,) = re.findall(r"run: blindspot (.*)", workflow)
    asked = parser_for(words.split()).parse_args(words.split())
    assert (asked.model, asked.junit) == ("runs/new", Path("blindspot.xml"))
    assert f"path: {asked.junit}" in workflow


@pytest.mark.usefixtures("in_process_jobs")
def test_what_holds_passes_and_json_has_every_case(
    frozen: Project, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (suite_dir(frozen) / "B2.json").unlink()
    assert main(["check", str(frozen.root), "--model", str(trained), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["holds"] is True
    assert [(one["blind_spot"], one["origin"], one["right"]) for one in found["checked"]] == [
        ("B1", "row", 12),
        ("B1", "sample", 4),
    ]


def test_a_base_without_a_head_is_refused(frozen: Project, base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(frozen.root), "--model", str(base)]) == 1
    assert "no classification head" in capsys.readouterr().err
    assert jobs.jobs(frozen.root) == []


@pytest.mark.parametrize("name", ["/nowhere/at/all", "./nope", "~/nope", "", "README.md"])
def test_a_model_that_is_not_there_is_refused_before_a_job_is_made(
    frozen: Project, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "README.md").write_text("no model")
    monkeypatch.chdir(tmp_path)
    assert main(["check", str(frozen.root), "--model", name]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert jobs.jobs(frozen.root) == []


def test_without_a_closed_blind_spot_there_is_nothing_to_check(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junit = tmp_path / "out.xml"
    assert main(["check", str(project.root), "--junit", str(junit)]) == 3
    assert capsys.readouterr().out.startswith("nothing to check: no blind spot has been closed yet")
    (case,) = ElementTree.parse(junit).iter("testcase")
    assert case.find("skipped") is not None
    assert case.find("failure") is None
    assert main(["check", str(project.root), "--json"]) == 3
    assert json.loads(capsys.readouterr().out) == {
        "model": None,
        "status": "nothing to check",
        "holds": None,
        "checked": [],
    }
    assert jobs.jobs(project.root) == []


def test_the_help_says_what_every_exit_status_means(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    words = capsys.readouterr().out
    for line in ("0  every blind spot", "1  one is open again", "2  wrong usage", "3  no blind spot has been closed"):
        assert line in words


@pytest.fixture
def counted(tmp_path: Path, base: Path) -> Project:
    """A project with a proof that closed a blind spot of four pool rows, with all proof rows near it."""
    project = make_project(tmp_path / "work", base=base, proof=20)
    gold = np.array([project.labels.index(row.label) for row in read_proof(project)])
    right = np.zeros((len(gold), 2), dtype=np.float32)
    right[np.arange(len(gold)), gold] = 9
    ids = [row.id for row in project.examples("pool")[:4]]
    write_proof(
        project, baseline=[-right], arms={("llm", "scratch"): [right]}, gold=gold, test=False, near=len(gold), ids=ids
    )
    assert promote(project, arm="llm", force=True).frozen == ("B1",)
    return project


def held_out(project: Project) -> set[str]:
    """Texts that only proof rows have."""
    texts = {row.text for row in read_proof(project)} - {row.text for row in project.examples("pool")}
    assert texts
    return texts


@pytest.mark.usefixtures("in_process_jobs")
def test_proof_rows_near_a_closed_blind_spot_are_asked_too_and_their_texts_stay_where_they_are(
    counted: Project, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(counted.root), "--model", str(trained), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "holds"
    rows = len(read_proof(counted))
    assert {one["origin"]: (one["right"], one["cases"]) for one in found["checked"]} == {
        "row": (4, 4),
        "proof row, wrong before": (rows, rows),
        "proof row near it": (rows, rows),
    }
    places = [counted.root / name for name in ("suite", "checks", "jobs")]
    written = b"".join(path.read_bytes() for place in places for path in place.rglob("*") if path.is_file())
    assert not [text for text in held_out(counted) if text.encode() in written]


@pytest.mark.usefixtures("in_process_jobs")
def test_a_model_that_gets_the_proof_rows_wrong_has_opened_it_again(
    counted: Project, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weak = shutil.copytree(trained, tmp_path / "weak")
    settings = json.loads((weak / "config.json").read_text())
    settings["id2label"] = dict(zip(settings["id2label"], reversed(settings["id2label"].values()), strict=True))
    settings["label2id"] = {name: int(place) for place, name in settings["id2label"].items()}
    (weak / "config.json").write_text(json.dumps(settings))
    junit = tmp_path / "out.xml"
    assert main(["check", str(counted.root), "--model", str(weak), "--junit", str(junit)]) == 1
    out = capsys.readouterr().out
    assert "B1   OPEN AGAIN\n" in out
    assert "0 of 4 rows right (0 to 49 %), at least 80 % must be: fails\n" in out
    assert re.search(r"proof rows \(wrong before\) right \(0 to \d+ %\), at least 80 % must be: fails\n", out)
    assert main(["check", str(counted.root), "--model", str(trained)]) == 0
    assert "B1   still closed\n" in capsys.readouterr().out
    assert not [text for text in held_out(counted) if text in out + junit.read_text()]


@pytest.mark.usefixtures("in_process_jobs")
def test_a_check_elsewhere_needs_of_the_project_what_the_docs_name(
    counted: Project, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (PAGES / "regression-suite.md").read_text(encoding="utf-8")
    (named,) = re.findall(r"`check` needs (.*?) of the project, but none of its trained", page, re.DOTALL)
    for name in re.findall(r"`([^`]+)`", named):
        source, target = counted.root / name, tmp_path / "elsewhere" / name
        target.parent.mkdir(exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))  # of a machine that knows nothing of the project
    assert main(["check", str(tmp_path / "elsewhere"), "--model", str(trained)]) == 0


@pytest.mark.usefixtures("in_process_jobs")
def test_a_proof_that_is_gone_is_named(counted: Project, trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(counted.proofs_dir)
    assert main(["check", str(counted.root), "--model", str(trained)]) == 1
    assert "proof aaaa1111, which closed B1, is gone" in capsys.readouterr().err
