"""Flagged rows on the screens and in the commands: told, listed after the UUs, and never shown as labelled."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from engine.files import read_json, write_json
from engine.label_queue.queue_files import queues
from engine.project import Project
from engine.schema import UNLABELLED, Discovery, ErrorExcess, Prediction
from engine.teaching.evidence import seen_flags
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from engine.text import row_hash
from tests.builders.project import put_split
from tests.tui.app.opening import opened
from tests.tui.app.projects import write_project
from tui.cli import main
from tui.reporting.confidence_text import flags_sentence

LABELS = ("negative", "neutral", "positive")
NEAR, ELSEWHERE = ("flag-1", "flag-2"), ("flag-3",)
EXCESS = ErrorExcess(7, 5, 0.35, 1.2e-05, 0.0041)
NOT_CHECKED = "flagged by the LLM, not checked"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project where three rows without a label are flagged, two of them near B1."""
    root = write_project(tmp_path / "work")
    found = Project.open(root).discovered()
    flagged = {
        row: Prediction(row, f"Rather quiet here, room {row}.", UNLABELLED, "positive", 0.93, (0.03, 0.04, 0.93))
        for row in (*NEAR, *ELSEWHERE)
    }
    rows = [{"id": row.id, "text": row.text, "label": row.label} for row in (found.predictions | flagged).values()]
    put_split(root, "pool", rows)
    first, *others = found.blind_spots
    save(
        root,
        replace(
            found,
            blind_spots=(replace(first, flagged=NEAR, estimate=(8, 6, 8), excess=EXCESS), *others),
            predictions=found.predictions | flagged,
            flagged=(*ELSEWHERE, *NEAR),
            checked_flags=(9, 10),
            n_pool=len(rows),
            labelled=len(found.predictions),
            accuracy=None,
        ),
    )
    return root


def save(root: Path, found: Discovery) -> None:
    write_json(root / "rounds" / "001" / "discovery.json", found.as_json())


def test_list_tells_how_many_there_are(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", str(root)]) == 0
    out = capsys.readouterr().out
    assert "3 rows flagged by the LLM, not checked; of 10 such rows that have a label 9 are UUs" in out
    line = next(line for line in out.splitlines() if line.startswith("B1"))
    assert line.split()[:5] == ["B1", "6", "2", "8", "(6-8)"]
    assert main(["list", str(root), "--json"]) == 0
    values = orjson.loads(capsys.readouterr().out)
    assert values["totals"]["flagged"] == 3
    first = next(spot for spot in values["blind_spots"] if spot["id"] == "B1")
    assert (first["flagged"], first["estimate"]) == (2, [8, 6, 8])
    assert first["excess"] == EXCESS.as_json()
    manifest = root / "manifest.json"
    write_json(manifest, read_json(manifest) | {"withheld": [row_hash(f"Rather quiet here, room {NEAR[0]}.", None)]})
    project = Project.open(root)
    seen = len(seen_flags(project.discovered(), project.manifest.withheld))
    assert main(["list", str(root)]) == 0
    assert f"{seen} rows flagged" in capsys.readouterr().out
    told = flags_sentence(seen, project.discovered(), withheld=3 - seen)
    assert "2 rows flagged by the LLM, not checked (and 1 too close to proof rows to be shown); of 10" in told


def test_show_lists_them_after_the_uus_without_a_label(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(root), "B1"]) == 0
    out = capsys.readouterr().out
    assert "2 flagged rows near it; it holds about 8 (6 to 8) of the stream's rows" in out
    assert (
        "of 7 confident rows near it 5 are wrong where their confidence implies 0.35 (p < 0.001, q 0.004)"
        in " ".join(out.split())
    )
    assert f"6. flag-1  {NOT_CHECKED}, predicted positive 0.930" in out
    assert out.index("5. pool-1") < out.index("6. flag-1") < out.index("7. flag-2"), "one UU is held back"
    assert main(["show", str(root), "scattered"]) == 0
    assert f"2. flag-3  {NOT_CHECKED}" in capsys.readouterr().out
    assert main(["show", str(root), "B1", "--json"]) == 0
    values = orjson.loads(capsys.readouterr().out)
    assert [row["prediction"]["id"] for row in values["flagged"]] == list(NEAR)
    assert {row["prediction"]["label"] for row in values["flagged"]} == {UNLABELLED}
    assert not {row["prediction"]["id"] for row in values["evidence"]} & set(NEAR)


def test_what_has_no_gold_label_cannot_be_marked(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mark", str(root), "flag-1", "--verdict", "fine", "--annotator", "ann"]) == 1
    assert "row `flag-1` has no label yet" in capsys.readouterr().err
    assert main(["perturb", str(root), "flag-1", "--text", "Loud.", "--label", "negative", "--annotator", "ann"]) == 1
    assert "flag-1" in capsys.readouterr().err


def test_teachers_are_shown_the_uus_alone(root: Path) -> None:
    from engine.teaching.evidence import evidence_for
    from engine.teaching.records import Records

    project = Project.open(root)
    found = project.discovered()
    before = replace(found, blind_spots=tuple(replace(spot, flagged=()) for spot in found.blind_spots), flagged=())
    shown = evidence_for(project, found, Records(project.teaching_dir), "B1")
    assert not {row.id for row in (*shown.rows, *shown.held_back)} & set(NEAR)
    assert shown.hash == evidence_for(project, before, Records(project.teaching_dir), "B1").hash


async def test_list_and_evidence_on_the_screen(root: Path) -> None:
    async with opened(root, size=(120, 40)) as driver:
        await driver.sees("flags", "about 8 (6 to 8) of the stream's")
        preview = " ".join(str(driver.screen.query_one("#preview").text).split())
        assert "5 of 7 near it wrong, 0.35 expected, q 0.004" in preview
        await driver.press("enter")
        await driver.sees("2 of them flagged", "room flag-1", "flagged")
        await driver.press("end")
        await driver.sees(NOT_CHECKED, "row flag-2")
        await driver.press("f")
        await driver.sees("it has no gold label that could be marked")
        await driver.press("slash")
        await driver.paste("flagged")
        await driver.sees("2 of ")
        assert "Well, that was certainly" not in driver.text


async def test_those_near_no_blind_spot_stand_with_the_scattered_rows(root: Path) -> None:
    async with opened(root, size=(120, 40)) as driver:
        await driver.sees("in no blind spot")
        await driver.press("end")
        await driver.sees("1 of them is flagged by the LLM")
        await driver.press("enter")
        await driver.sees("In no blind spot", "1 of them flagged", "room flag-3")


async def test_without_any_label_flagged_rows_can_be_read_and_the_next_step_is_told(root: Path) -> None:
    found = Project.open(root).discovered()
    bare = {row: found.predictions[row] for row in found.flagged}
    nothing = {"blind_spots": (), "scattered": (), "neighbours": {}, "projection": {}, "confidences": ()}
    save(root, replace(found, predictions=bare, labelled=0, checked_flags=(0, 0), **nothing))  # type: ignore[arg-type]
    async with opened(root, size=(120, 40)) as driver:
        await driver.sees("in no blind spot", "No pool row has a label yet, and only")
        await driver.press("enter")
        await driver.sees("3 rows, 3 of them flagged", "room flag-1", "room flag-3")


async def test_one_key_leads_to_labelling_the_flagged_rows_blind(root: Path) -> None:
    async with opened(root, annotator="ann") as driver:
        await driver.sees("flags")
        await driver.press("enter")
        await driver.sees("2 of them flagged")
        await driver.press("exclamation_mark")
        await driver.sees("work: flagged-1 -> labels of ann", "0 of 2 labelled", "Rather quiet here, room flag-1.")
        assert "flagged by" not in driver.text
        await driver.press("3", "q")
        await driver.sees("1 row of flagged-1 has your label. Back in the list D looks", "1 of them flagged")
        await driver.press("exclamation_mark")
        await driver.sees("1 of 2 labelled", "room flag-2")
        await driver.press("1", "q")
        await driver.sees("2 rows of flagged-1 have your label.")
        assert "flagged," not in driver.text
        await driver.press("exclamation_mark")
        await driver.sees("No row near it is flagged")
    project = Project.open(root)
    (queue,) = queues(project)
    assert [(one.row, one.chance) for one in queue.choices] == [(row, None) for row in NEAR]
    said = Labels(Records(project.teaching_dir)).people
    assert {row: (one.given.label, one.given.queue) for row, (one,) in said.items()} == {
        "flag-1": ("positive", "flagged"),
        "flag-2": ("negative", "flagged"),
    }


async def test_the_key_that_labels_offers_all_flagged_rows_and_then_says_what_is_next(root: Path) -> None:
    async with opened(root, annotator="ann") as driver:
        await driver.sees("29 of 32 rows have a label   3 flagged: #")
        assert "new: D" not in driver.text
        await driver.press("number_sign")
        await driver.sees("Label which rows?", "flagged: rows where LLM and model differ (3)", "random")
        await driver.press("enter")
        await driver.sees("work: flagged-1 -> labels of ann", "0 of 3 labelled", "room flag-3")
        await driver.press("3", "1", "q")
        await driver.sees("2 rows of flagged-1 have your label. D looks for blind spots again.", "2 new: D")
        await driver.press("number_sign")
        await driver.sees("flagged-1: rows where LLM and model differ (1)")
        assert "flagged: rows" not in driver.text
        await driver.press("enter", "u", "q")
        await driver.sees("1 new: D")
    (queue,) = queues(Project.open(root))
    assert [one.row for one in queue.choices] == [*ELSEWHERE, *NEAR]


async def test_labels_that_a_discovery_has_seen_are_not_new(root: Path) -> None:
    async with opened(root, annotator="ann") as driver:
        await driver.press("number_sign", "enter", "3", "q")
        await driver.sees("1 new: D")
    save(root, replace(Project.open(root).discovered(), row_labels={"flag-3": "positive"}))
    async with opened(root, annotator="ann") as driver:
        await driver.sees("flags")
        assert "new: D" not in driver.text


def test_the_command_queues_flagged_rows_once(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def label(*words: str, answers: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(answers))
        status = main(["label", str(root), "--plain", "--annotator", "ann", *words])
        out, err = capsys.readouterr()
        return status, out + err

    assert "1 of 2 labelled\n" in label("--flagged", "B1", answers="1\n")[1]
    assert "0 of 1 labelled\n" in label("--flagged", "scattered")[1]
    assert "2 of 2 labelled\n" in label("--flagged", "B1", answers="2\n")[1]
    assert [one.spec.name for one in queues(Project.open(root))] == ["flagged-1", "flagged-2"]
    assert "1 of 1 labelled\n" in label("--flagged", "all", answers="1\n")[1]
    status, said = label("--flagged", "all")
    assert (status, "there is no row to be labelled" in said) == (1, True)
    with pytest.raises(SystemExit):
        label("--flagged", "all", "--queue", "random")
