"""The folder of an export: whole or not there, never in place of something else, with a card of what it holds."""

from __future__ import annotations

import csv
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DataError
from engine.exchange import export_folder
from engine.exchange.export_folder import ExportDone, export
from engine.exchange.export_tables import KINDS, Kind
from engine.project import Project
from engine.schema import RowLabel, Teacher
from engine.settings import Settings, TaskSettings
from tests.builders.labels import by_person, write_labels
from tests.builders.project import lay_out
from tests.engine.exchange.world import ANN, out_of
from tests.forks import leave

KIND: list[Kind] = ["labels"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("source") / "work"
    pool = [{"id": f"r{n}", "text": text, "label": ""} for n, text in enumerate(("=SUM(A1)", "+1 a\nb", "plain"))]
    proof = [{"id": "h0", "text": "held out", "label": ""}]
    settings = Settings(task=TaskSettings(labels=("negative", "po\x01sitive")))
    made = lay_out(root, {"pool": pool, "proof": proof}, settings)
    write_labels(made, ANN, [by_person(f"r{n}", "negative") for n in range(3)])
    write_labels(made, Teacher("b*b", "human"), [RowLabel("h0", "negative", 3, ANN, "audit", "proof")])
    return made


def write(project: Project, folder: Path, name: str = "jsonl", *, proof: bool = False, **more: bool) -> ExportDone:
    return export(out_of(project, KIND, proof=proof), name, folder, wanted=KIND, **more)


def test_an_export_is_replaced_only_if_that_is_said_and_nothing_else_lies_there(
    project: Project, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    write(project, folder)
    with pytest.raises(DataError, match=r"out: there is an export already; .* --force"):
        write(project, folder, "csv")
    write(project, folder, "csv", force=True)
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "export.json", "labels.csv"]
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"'notes.txt' lies in it, which is not of the export; move it away"):
        write(project, folder, force=True)
    assert (folder / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("force", [False, True])
def test_what_is_no_export_is_never_replaced(project: Project, tmp_path: Path, force: bool) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter").write_text("dear")
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "linked").symlink_to(tmp_path / "home")
    for name, sentence in (
        ("home", "the folder is not empty, and it is not an earlier export"),
        ("file", "a file of that name is there"),
        ("link", "this is a symbolic link"),
        ("linked", "this is a symbolic link"),
    ):
        with pytest.raises(DataError, match=sentence):
            write(project, tmp_path / name, force=force)
    with pytest.raises(DataError, match="the folder would lie in a project"):
        write(project, project.root / "exports" / "a", force=force)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "home", "link", "linked"]
    assert (tmp_path / "home" / "letter").read_text() == "dear"


@pytest.mark.parametrize("step", ["write_json", "publish"])
def test_a_killed_export_leaves_the_earlier_one_and_nothing_that_stays(
    project: Project, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    write(project, folder)
    if not (child := os.fork()):
        monkeypatch.setattr(export_folder, step, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        leave(lambda: bool(write(project, folder, "csv", force=True)) - 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    with pytest.raises(DataError, match="there is an export already"):
        write(project, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "export.json", "labels.jsonl"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("force", [False, True])
def test_another_export_that_came_there_meanwhile_stays(
    project: Project, tmp_path: Path, force: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, real = tmp_path / "out", export_folder.write_json
    if force:
        write(project, folder)

    def come(path: Path, value: Any) -> None:  # when this one is about to get its name
        monkeypatch.setattr(export_folder, "write_json", real)
        write(project, folder, force=force)
        if force:
            folder.rename(tmp_path / "moving")
        real(path, value)

    monkeypatch.setattr(export_folder, "write_json", come)
    with pytest.raises(DataError, match="another export is being put there at this moment; try again"):
        write(project, folder, "csv", force=force)
    (left,) = tmp_path.iterdir()
    assert sorted(path.name for path in left.iterdir()) == ["README.md", "export.json", "labels.jsonl"]


def test_an_empty_folder_and_one_that_is_not_there_are_filled(project: Project, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(project, tmp_path / "empty")
    write(project, tmp_path / "a" / "b")
    assert (tmp_path / "empty" / "labels.jsonl").is_file()
    assert (tmp_path / "a" / "b" / "README.md").is_file()


def test_a_format_that_cannot_express_something_leaves_nothing_behind(project: Project, tmp_path: Path) -> None:
    write(project, tmp_path / "out")
    with pytest.raises(DataError, match=r"the label 'po\\\\x01sitive' has a character that XML cannot hold"):
        write(project, tmp_path / "out", "label-studio", force=True)
    with pytest.raises(DataError, match="XML cannot hold"):
        write(project, tmp_path / "other", "label-studio")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "labels.jsonl").is_file()


def test_what_a_format_cannot_hold_is_said(project: Project, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="checklist cannot hold labels; say --what samples, or another --to"):
        write(project, tmp_path / "out", "checklist")
    with pytest.raises(DataError, match="there are no marks to export as jsonl"):
        export(out_of(project, ["marks"]), "jsonl", tmp_path / "out", wanted=["marks"])
    done = export(out_of(project, KINDS, proof=False), "prodigy", tmp_path / "out", wanted=KINDS)
    assert "there are no marks, samples, patterns, judgements that you may export" in done.told


def test_formulas_are_escaped_on_request_and_counted_otherwise(project: Project, tmp_path: Path) -> None:
    def cells(folder: Path) -> list[str]:
        with (folder / "labels.csv").open(encoding="utf-8-sig", newline="") as file:
            return [row["text"] for row in csv.DictReader(file)]

    plain = write(project, tmp_path / "plain", "csv")
    assert cells(tmp_path / "plain") == ["=SUM(A1)", "+1 a\nb", "plain"]
    assert [one for one in plain.told if one.startswith("2 cells would be read as a formula")]
    escaped = write(project, tmp_path / "escaped", "csv", escape_formulas=True)
    assert cells(tmp_path / "escaped") == ["'=SUM(A1)", "'+1 a\nb", "plain"]
    sentence = "2 cells that a spreadsheet would read as a formula got an apostrophe in front"
    assert sentence in escaped.told
    assert sentence[0].upper() + sentence[1:] in (tmp_path / "escaped" / "README.md").read_text()
    assert (tmp_path / "plain" / "labels.csv").read_bytes().startswith(b"\xef\xbb\xbfid,")


def test_the_card_says_who_wrote_what_and_what_proof_rows_are_not_for(project: Project, tmp_path: Path) -> None:
    write(project, tmp_path / "closed")
    write(project, tmp_path / "open", proof=True)
    closed, opened = ((tmp_path / name / "README.md").read_text() for name in ("closed", "open"))
    assert "Left out: 1 label of proof rows, or of rows that nearly equal one" in closed
    assert "one that was trained with any of them cannot be judged by them any more" in opened
    assert "cannot be judged" not in closed
    assert "By labeller: ann (human): 3; b\\*b (human): 1." in opened
    assert "By split: pool: 3; proof: 1." in opened
    assert "Labels of the task: negative, po\\\\x01sitive." in opened
