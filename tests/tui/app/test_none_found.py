"""Where nothing is found at tau: how sure the model is of its errors, and which tau would find some."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from engine.files import write_json
from engine.project import Project
from engine.schema import Discovery
from tests.tui.app.opening import opened
from tests.tui.app.projects import write_project
from tui.cli import main
from tui.reporting.confidence_text import confidence_lines
from tui.terminal.glyphs import ASCII

STEPS = tuple((round(0.05 * step, 2), 10 * step, 20 - step) for step in range(6, 20))


def empty(root: Path, **changes: object) -> Discovery:
    """A discovery at tau 0.9 that has found nothing, put in place of the project's."""
    found = Project.open(root).discovered()
    facts = {"n_pool": 500, "accuracy": 0.92, "confidences": STEPS, "taus": ((0.72, 5), (0.6, 23))} | changes
    found = replace(found, blind_spots=(), scattered=(), predictions={}, neighbours={}, projection={}, **facts)  # type: ignore[arg-type]
    write_json(root / "rounds" / "001" / "discovery.json", found.as_json())
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work")


def test_list_shows_the_histogram_and_suggests_a_tau(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty(root)
    assert main(["list", str(root)]) == 0
    out = capsys.readouterr().out
    assert "The model makes 40 errors on the pool's 500 rows, but none with confidence 0.9 (tau) or more." in out
    assert "0.95-1.00" in out
    assert "tau 0.72 gives 5 UUs, tau 0.6 gives 23 UUs" in out
    assert out.endswith(f"next: blindspot discover {root} --tau 0.72\n")
    assert main(["list", str(root), "--json"]) == 0
    facts = orjson.loads(capsys.readouterr().out)["discovery"]
    assert facts["taus"] == [[0.72, 5], [0.6, 23]]
    assert facts["confidences"][-1] == [0.95, 190, 1]


def test_without_any_error_it_says_so(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty(root, accuracy=1.0, taus=())
    assert main(["list", str(root)]) == 0
    out = capsys.readouterr().out
    assert "The model makes no error at all on the pool's 500 rows" in out
    assert "next:" not in out


NO_LABEL = "`blindspot label {root}` labels them; then discover again."


def test_without_any_label_it_says_what_to_do(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty(root, accuracy=None, labelled=0, confidences=(), taus=())
    assert main(["list", str(root)]) == 0
    out = capsys.readouterr().out
    assert "accuracy unknown: 0 of 500 pool rows have a label" in out
    assert out.endswith(NO_LABEL.format(root=root) + "\n")
    assert main(["list", str(root), "--json"]) == 0
    facts = orjson.loads(capsys.readouterr().out)["discovery"]
    assert (facts["accuracy"], facts["labelled"], facts["n_pool"]) == (None, 0, 500)
    assert main(["rounds", str(root)]) == 0
    assert "accuracy unknown: 0 of 500 pool rows have a label" in capsys.readouterr().out


def test_with_some_labels_errors_are_those_of_the_labelled_rows(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty(root, accuracy=None, labelled=280)
    assert main(["list", str(root)]) == 0
    wrong = sum(wrong for _, _, wrong in STEPS)
    assert f"The model makes {wrong} errors on the" in (out := capsys.readouterr().out)
    assert "of the pool's 500 rows that have a label" in out
    assert "tau 0.72 gives 5 UUs" in out


async def test_the_first_screen_says_that_no_row_has_a_label(root: Path) -> None:
    empty(root, accuracy=None, labelled=0, confidences=(), taus=())
    async with opened(root) as driver:
        await driver.sees("No blind spots")
        assert "U chooses 200 rows on which the model may well be wrong, and # labels them" in driver.words


async def test_the_list_says_how_many_rows_have_a_label(root: Path) -> None:
    found = Project.open(root).discovered()
    write_json(root / "rounds/001/discovery.json", replace(found, accuracy=None, labelled=7).as_json())
    async with opened(root) as driver:
        await driver.sees(f"7 of {found.n_pool} rows have a label")


def test_after_a_proof_no_other_tau_is_suggested(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty(root)
    report = {"id": "0000abcd", "tau": 0.9, "created": "2026-01-01T00:00:00+00:00"}
    write_json(root / "proofs" / "0000abcd" / "report.json", report)
    main(["list", str(root)])
    out = capsys.readouterr().out
    assert "tau is frozen at 0.9 by the first proof" in out
    assert "--tau" not in out


@pytest.mark.parametrize("ascii", [False, True])
async def test_the_first_screen_shows_it_too_in_80_columns(root: Path, ascii: bool) -> None:
    empty(root)
    async with opened(root, ascii=ascii) as driver:
        await driver.sees("No blind spots", "40 errors", "0.95-1.00", "tau 0.72 gives 5 UUs", "--tau 0.72")
        assert driver.text.isascii() is ascii


async def test_a_discovery_of_before_opens_without_it(root: Path) -> None:
    empty(root, confidences=(), taus=())
    async with opened(root) as driver:
        await driver.sees("No blind spots", "40 errors")


def test_low_confidences_share_the_first_line(root: Path) -> None:
    lines = confidence_lines(empty(root), ASCII)
    assert len(lines) == 11
    assert all(len(line) <= 62 for line in lines)
    assert lines[1].startswith("0.30-0.55")
    assert lines[-1].split()[:2] == ["0.95-1.00", "1"]
