"""Labelling from the workbench: which rows, one key a row, conflicts with a reason, and back to where one was."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.guest import VARIABLE
from engine.label_queue.queue_files import Choice, new_queue
from engine.project import Project
from engine.schema import Teacher
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tests.builders.labels import by_person, write_labels
from tests.builders.stream import at_work, stream_project
from tests.tui.app.opening import opened


def labels(project: Project) -> Labels:
    return Labels(Records(project.teaching_dir))


async def test_a_key_leads_to_the_rows_and_leaving_leads_back(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=3)
    async with opened(project.root, annotator="ann") as driver:
        await driver.sees("The rows came without labels", "# label rows")
        await driver.press("number_sign")
        await driver.sees("work: random-1 -> labels of ann", "0 of 3 labelled", "1 negative", "2 positive")
        await driver.press("2", "1")
        await driver.sees("2 of 3 labelled")
        await driver.press("q")
        await driver.sees("2 rows of random-1 have your label. D looks for blind spots.")
        await driver.sees("They came without labels; 2 rows got one since.")
        await driver.press("number_sign", "u", "x", "q")
    assert sorted(labels(project).settled().values()) == ["positive"]


async def test_the_row_in_front_is_free_again_once_the_app_has_ended(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=3)
    async with opened(project.root, annotator="ann") as driver:
        await driver.press("number_sign")
        await driver.sees("0 of 3 labelled")
        assert list(project.root.rglob("queues/leases*/*.json"))
    assert not list(project.root.rglob("queues/leases*/*.json"))


async def test_where_there_are_several_queues_one_is_asked_and_a_conflict_needs_its_reason(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=2, people=2, proof=1)
    for name, label in (("ann", "positive"), ("ben", "negative")):
        write_labels(project, Teacher(name, "human"), [by_person("h0", label, split="proof", queue="audit")])
        one = at_work(project, name)
        one.session.label(label)
        one.close()
    (other,) = {"r0", "r1"} - labels(project).people.keys()
    new_queue(project, "hunt", budget=1, seed=1).append([Choice(other, "suspected")])
    async with opened(project.root, annotator="cleo") as driver:
        await driver.press("number_sign")
        await driver.sees(
            "Label which rows?",
            "hunt-1: rows where the model may well be wrong (1)",
            "conflict: rows on which people differ (1)",
            "proof-conflict: held-out rows people differ on (1)",
        )
        await driver.press("end", "up", "enter")
        await driver.sees("one said negative (sure)", "one said positive (sure)")
        assert "ann" not in driver.text
        await driver.press("1")
        await driver.sees("Why did they differ?")
        await driver.press("down", "enter")
        await driver.sees("All rows are labelled.")
        await driver.press("q")
    assert labels(project).conflicts() == []
    assert {one.reason for one in labels(project).decided.values()} == {"the guideline is unclear"}


async def test_agreement_is_shown_while_people_label_the_same_rows(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=24, people=2)
    one = at_work(project, "ann")
    for number in range(24):
        one.session.label(("positive", "negative")[number % 2])
    async with opened(project.root, annotator="ben") as driver:
        await driver.press("number_sign", *("2", "1") * 10)
        await driver.sees("alpha 1.00", "20 rows")


@pytest.mark.parametrize(("guest", "said"), [("", "`blindspot add` brings new rows."), ("1", "the link can add rows.")])
async def test_a_pool_with_all_its_labels_has_nothing_to_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guest: str, said: str
) -> None:
    monkeypatch.setenv(VARIABLE, guest)
    project = stream_project(tmp_path / "work", rows=1)
    at_work(project, "ann").session.label("positive")
    async with opened(project.root, annotator="ben") as driver:
        await driver.press("number_sign")
        await driver.sees("Every row has a label.", said)
