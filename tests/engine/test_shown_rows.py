"""The rows of a very large discovery: written beside it, read one by one, and refused if they are not the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from engine.errors import ProjectError
from engine.files import write_json
from engine.project import Project
from engine.schema import BlindSpot, Discovery, Prediction
from engine.shown_rows import ShownRow, in_memory, with_shown_rows, write_shown_rows
from tests.builders.discovery import discovery_of
from tests.builders.stream import stream_project

UUS, OTHERS = 40, 30


def shown() -> list[ShownRow]:
    """UUs u0, u1 ... with their neighbours o0, o1 ..., mixed; every tenth is read in part."""
    rows = []
    for number in range(UUS):
        said = Prediction(f"u{number}", f"wörds {number} " * 300, "negative", "positive", 0.9, (0.1, 0.9))
        read_to = (number,) if number % 10 == 0 else None
        rows.append(ShownRow(said, (f"o{number % OTHERS}", "o1"), (number / UUS, 0.5), read_to))
    for number in range(OTHERS):
        rows.insert(2 * number, ShownRow(Prediction(f"o{number}", "right", "negative", "negative", 0.8, (0.8, 0.2))))
    return rows


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return stream_project(tmp_path / "work")


def discovered(project: Project) -> tuple[Discovery, Discovery]:
    """A discovery that holds its rows, and the same as a project with a file of rows reads it."""
    folder = project.round_dir(1)
    spot = BlindSpot("B1", "negative", "positive", tuple(f"u{number}" for number in range(UUS)), 0.9, 0.5, ())
    whole = replace(discovery_of([spot]), **in_memory(shown()))
    beside = replace(discovery_of([spot]), rows_file=write_shown_rows(folder, "0" * 16, shown()))
    write_json(folder / "discovery.json", beside.for_file())
    found = project.discovery()
    assert found is not None
    return whole, found


def test_rows_in_a_file_of_their_own_are_those_of_a_discovery_that_holds_them(project: Project) -> None:
    whole, found = discovered(project)
    assert found.as_json() == whole.as_json()
    for name in ("predictions", "neighbours", "projection", "read_to"):
        held, read = getattr(whole, name), getattr(found, name)
        assert (list(read), len(read)) == (list(held), len(held))
        assert all(read[row] == held[row] for row in sorted(held, reverse=True))
        assert read.get("nobody") is None
        assert ("o3" in read) == ("o3" in held)
    kept = orjson.loads((project.round_dir(1) / "discovery.json").read_bytes())
    assert not kept.keys() & {"predictions", "neighbours", "projection", "read_to"}


def test_a_discovery_that_holds_its_rows_says_nothing_of_a_file() -> None:
    found = discovery_of([BlindSpot("B1", "negative", "positive", (), 0.9, 0.5, ())])
    assert found.for_file() == found.as_json()
    assert "rows_file" not in found.as_json()
    assert with_shown_rows(found, Path("nowhere")) is found


@pytest.mark.parametrize("name", ["rows-0000000000000000.jsonl", "rows-0000000000000000.index"])
def test_rows_that_are_missing_or_changed_are_told(project: Project, name: str) -> None:
    discovered(project)
    path = project.round_dir(1) / name
    data = path.read_bytes()
    path.write_bytes(data[:-9] + b"1" + data[-8:])
    with pytest.raises(
        ProjectError, match=rf"{name}: this file has changed since the discovery; delete discovery.json"
    ):
        project.discovery()
    path.unlink()
    with pytest.raises(ProjectError, match=rf"{name}: rows of the discovery are missing"):
        project.discovery()


def test_a_file_elsewhere_is_none_of_its_rows(project: Project) -> None:
    discovered(project)
    path = project.round_dir(1) / "discovery.json"
    values = orjson.loads(path.read_bytes())
    values["rows_file"]["name"] = "../../manifest.json"
    write_json(path, values)
    with pytest.raises(ProjectError, match="no file of its rows"):
        project.discovery()


def test_lines_that_are_no_rows_are_told_when_they_are_read(project: Project) -> None:
    folder = project.round_dir(1)
    odd = [ShownRow(Prediction(f"u{number}", "words", "negative", "positive", 0.9, ())) for number in range(3)]
    named = write_shown_rows(folder, "1" * 16, [replace(row, place=("here",)) for row in odd])  # type: ignore[arg-type]
    found = with_shown_rows(replace(discovery_of(), rows_file=named), folder)
    with pytest.raises(ProjectError, match=r"this file is damaged; delete discovery\.json"):
        found.projection["u1"]
