"""The list on the screen and `blindspot list` say the same of a blind spot, column by column."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.style import Style

from engine.project import Project
from engine.teaching.evidence import known_spot
from engine.teaching.records import Teaching
from engine.teaching.views import Board, SpotView
from tests.tui.app.projects import write_project
from tui.cli import main
from tui.terminal.glyphs import ASCII
from tui.themes import Ink
from tui.view_models.spot_columns import COLUMNS, IN_COMMAND, ON_SCREEN, shown
from tui.widgets.spot_rows import SpotRows

INK = Ink(*[Style()] * 7)
SPOT = SpotView("B1", "neg", "pos", 7, 9, 0.95, 0.5, ("manager", "booking"), "skipped", "too odd", 1, 12, {}, {})


def cells(line: str) -> list[str]:
    return re.split(r"  +", line.strip())


def test_the_command_and_the_screen_name_columns_alike_and_say_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(write_project(tmp_path / "work"))
    assert main(["mark", root, "B3", "--skip", "not mine", "--annotator", "ann"]) == 0
    project = Project.open(Path(root))
    board = Board(project, project.discovered(), Teaching.of(project, "ann"))
    row = known_spot(board.discovery, "B2").rows[0]
    assert main(["mark", root, row, "--verdict", "ambiguous", "--annotator", "ann"]) == 0
    capsys.readouterr()
    assert main(["list", root, "--annotator", "ann"]) == 0
    names, *printed = map(cells, capsys.readouterr().out.splitlines()[1:])
    assert names == [COLUMNS[name].name for name in shown(IN_COMMAND, [])]
    said = {row[0]: dict(zip(names, row, strict=True)) for row in printed}
    assert said["B2"]["UUs"] == "3/4"
    assert said["B3"]["state"] == "skipped: not mine"
    assert said["B1"]["gold -> said"] == "negative -> positive"

    board.refresh()
    rows = SpotRows(board.spots(), INK, ASCII)
    names = cells(rows.heading(200).plain)
    for index, spot in enumerate(rows.spots):
        seen = dict(zip(names, cells(rows.lines(index, 200)[0].plain), strict=True))
        for name in ("UUs", "gold -> said", "pat/sam"):
            assert seen[name] == said[spot.id][name]


def test_size_tells_what_marks_have_left_of_it_and_no_figure_is_cut() -> None:
    rows = SpotRows([SPOT, replace(SPOT, id="B2", size=1000, size_before=1234)], INK, ASCII, scattered=12345)
    lines = [cells(rows.lines(index, 100)[0].plain) for index in range(3)]
    assert cells(rows.heading(100).plain) == [COLUMNS[name].name for name in shown(ON_SCREEN, [])]
    assert lines[0] == ["B1", "7/9", "neg -> pos", "manager, booking", "1 / 12", "skipped: too ~"]
    assert lines[1][1] == "1000/1234"
    assert lines[2] == ["12345", "in no blind spot"]


def test_where_the_screen_is_narrow_the_words_go_before_the_direction_is_cut() -> None:
    rows = SpotRows(
        [replace(SPOT, gold="contradiction", predicted="entailment", status="untouched", reason="")], INK, ASCII
    )
    seen = {width: cells(rows.lines(0, width)[0].plain) for width in (100, 58, 50, 40)}
    assert seen[100] == ["B1", "7/9", "contradiction -> entailment", "manager, booking", "1 / 12", "untouched"]
    assert seen[58] == ["B1", "7/9", "contradiction -> entailment", "manage~", "untouched"]
    assert seen[50] == ["B1", "7/9", "contradiction -> entailment", "untouched"]
    assert seen[40] == ["B1", "7/9", "contra~ -> entail~", "untouched"]


def test_flags_have_a_column_where_an_llm_has_labelled_rows() -> None:
    spots = [replace(SPOT, flagged=12, estimate=(40, 30, 52)), replace(SPOT, id="B2")]
    rows = SpotRows(spots, INK, ASCII, flagged=3)
    assert cells(rows.heading(100).plain)[:4] == ["id", "UUs", "flags", "gold -> said"]
    assert cells(rows.lines(0, 100)[0].plain)[:3] == ["B1", "7/9", "12"]
    assert cells(rows.lines(2, 100)[0].plain) == ["0", "3", "in no blind spot"]
    assert COLUMNS["estimate"].text(spots[0]) == "40 (30-52)"
    assert COLUMNS["estimate"].text(spots[1]) == ""
    assert shown(IN_COMMAND, spots) == list(IN_COMMAND)
