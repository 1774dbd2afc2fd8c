"""A project of a stranger that links out of itself: no command follows, and what lies outside stays as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.files import read_json, write_json
from engine.project import Project
from tests.engine.proof.synthetic import gold_labels, model, write_proof
from tests.engine.teaching.world import make_project
from tui.cli import main

LINKS = (
    "teaching",
    "teaching/ann.json",
    "teaching/.ann.lock",
    "teaching/bob.json",
    "jobs",
    "jobs/lock",
    "jobs/discover-1",
    "jobs/discover-1/spec.json",
    "llm",
    "llm/calls.jsonl",
    "llm/recorded.jsonl",
    "time",
    "time/ann.jsonl",
    "previews",
    "previews/ann.jsonl",
    "rounds",
    "rounds/001",
    "rounds/001/discovery.json",
    "rounds/002",
    "splits",
    "splits/pool.jsonl",
    "suite",
    "suite/B1.json",
    "review",
    "review/items.jsonl",
    "review/.lock",
    "review/key",
    "proofs",
    "proofs/aaaa1111",
    "proofs/aaaa1111/report.json",
    "models",
    "cache",
    "prompts",
    "prompts/task.txt",
    "quick",
    "checks",
    "manifest.json",
    "blindspot.toml",
)
COMMANDS = (
    ("list",),
    ("show", "B1"),
    ("mark", "n1", "--verdict", "fine"),
    ("describe", "B1", "--kind", "abstraction", "--text", "irony"),
    ("sample", "B1", "--text", "A text of ours.", "--label", "negative", "--role", "anchor"),
    ("commit", "B1"),
    ("undo",),
    ("review",),
    ("costs",),
    ("rounds",),
    ("report",),
    ("jobs",),
    ("teach", "--write-prompts"),
    ("promote", "--arm", "human", "--force"),
    ("check",),
    ("discover", "--detach"),
    ("flips", "--arm", "human"),
    ("jobs", "--stop", "discover-1"),
    ("jobs", "--resume", "discover-1"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a proof and a job, which no test changes."""
    made = make_project(tmp_path_factory.mktemp("links") / "work")
    gold = gold_labels(200)
    models = [model(gold, seed=seed) for seed in (13, 14)]
    write_proof(made, baseline=models, arms={("human", "scratch"): models}, gold=gold, test=False)
    job = {"id": "discover-1", "kind": "discover", "options": {}, "created": 1.0, "version": "0"}
    write_json(made.jobs_dir / "discover-1" / "spec.json", job)
    return made


@pytest.fixture
def project(made: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr("engine.jobs.launch.WORKER", ("true",))
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    return Project.open(shutil.copytree(made.root, tmp_path / "work"))


@pytest.mark.parametrize("link", LINKS)
def test_nothing_outside_is_read_or_written_through_a_link(
    project: Project, tmp_path: Path, link: str, capfd: pytest.CaptureFixture[str]
) -> None:
    outside, inside = tmp_path / "outside", project.root / link
    if inside.exists():
        shutil.move(inside, outside)
    elif "." in inside.name.strip("."):
        outside.write_bytes(b'{"secret": 1}\n')
    else:
        outside.mkdir()
    inside.parent.mkdir(parents=True, exist_ok=True)
    inside.symlink_to(outside)
    before = content(outside)
    for command, *words in COMMANDS:
        main([command, str(project.root), *words])
    text = "".join(capfd.readouterr())
    assert "Traceback" not in text
    assert "secret" not in text
    assert content(outside) == before


@pytest.mark.parametrize("bad", ["../../x", "/tmp/x", "", "..", "x\0y"])
@pytest.mark.parametrize("where", ["report", "spot", "model", "job"])
def test_no_id_of_a_file_leads_out_of_the_project(
    project: Project, tmp_path: Path, where: str, bad: str, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = project.proofs_dir / "aaaa1111"
    report, spec = read_json(folder / "report.json"), read_json(folder / "spec.json")
    if where == "report":
        report["id"] = spec["id"] = bad
    elif where == "spot":
        report["pool"]["blind_spots"][0]["id"] = spec["blind_spots"][0]["id"] = bad
        report["arms"][0]["verdict"] = "proven"
    elif where == "model":
        report["arms"][0]["models"] = {"13": {"name": "m", "path": bad, "key": "k"}}
    else:
        job = project.jobs_dir / "discover-1" / "spec.json"
        write_json(job, read_json(job) | {"id": bad})
    write_json(folder / "report.json", report)
    write_json(folder / "spec.json", spec)
    before = content(tmp_path, but=project.root)
    for command, *words in COMMANDS:
        main([command, str(project.root), *words])
    assert "Traceback" not in "".join(capfd.readouterr())
    assert content(tmp_path, but=project.root) == before


def content(top: Path, *, but: Path | None = None) -> dict[str, bytes]:
    """Every file and folder below a place, with what is in it."""
    found = [top, *(path for path in top.rglob("*") if but is None or not path.is_relative_to(but))]
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in found if not path.is_symlink()}
