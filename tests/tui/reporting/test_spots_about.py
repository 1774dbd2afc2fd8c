"""What a report says its blind spots are about: rows that the annotator may see, and every text only ever text."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.files import read_json, write_json
from engine.project import Project
from engine.proof.report import read_report
from engine.proof.report_types import Report
from engine.schema import ErrorExcess, Pattern, Teacher
from engine.teaching.records import Teaching
from engine.teaching.views import Board
from engine.teaching.writer import Annotator
from tests.builders.discovery import save_discovery
from tests.engine.proof.synthetic import gold_labels, model, write_proof
from tests.tui.app.projects import PROOF, SPOTS, write_project
from tui.reporting.html_page import page
from tui.reporting.markdown import markdown
from tui.reporting.spots_about import spots_about

GOLD = gold_labels()
TEXTS = SPOTS["negative", "positive"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a proof over its blind spot B1, and an excess of errors there."""
    root = write_project(tmp_path / "work")
    project = Project.open(root)
    found = project.discovered()
    first, *others = found.blind_spots
    excess = ErrorExcess(7, 5, 0.35, 1.2e-05, 0.0041)
    save_discovery(project, replace(found, blind_spots=(replace(first, excess=excess), *others)))
    arms = {("human", "scratch"): [model(GOLD, seed=1, noise=2.5, skill=3.5)]}
    folder = write_proof(
        project, baseline=[model(GOLD, seed=1, noise=2.5, skill=2.0)], arms=arms, gold=GOLD, ids=first.rows[:4]
    )
    stored = read_json(folder / "report.json")
    for spot in (*stored["blind_spots"], *stored["pool"]["blind_spots"], *stored["near"]["blind_spots"]):
        spot |= {"gold": "negative", "predicted": "positive"}
    write_json(folder / "report.json", stored)
    return project


def board(project: Project, name: str = "ann") -> Board:
    return Board(project, project.discovered(), Teaching.of(project, name))


class Words(HTMLParser):
    """The text of a page, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def html(report: Report, project: Project) -> Words:
    found = Words()
    found.feed(page(report, [], project.root, spots_about(report, board(project))))
    return found


def test_words_excess_and_three_rows_stand_in_every_form(project: Project) -> None:
    report = read_report(project)
    about = spots_about(report, board(project))["B1"]
    assert (about.title, about.words, len(about.rows)) == ("", "quiet, room, experience", 3)
    assert about.headline == about.words
    shown, text = html(report, project), markdown(report, [], project.root, {"B1": about})
    for told in ("quiet, room, experience", TEXTS[0], "positive 0.99, gold negative", "their confidence implies 0.35"):
        assert told in shown.text
        assert told in text.replace("\\", "")
    assert "blockquote" in shown.tags


def test_rows_that_are_held_back_withheld_or_doubted_are_no_examples_and_proof_rows_never(project: Project) -> None:
    report, seen = read_report(project), board(project)
    hidden = set(SPOTS["negative", "positive"]) - {row.prediction.text for row in seen.evidence("B1")}
    assert hidden, "a row is held back"
    teacher = Annotator(project, project.discovered(), seen.teaching, Teacher("ann", "human"))
    first = seen.evidence("B1")[0].prediction
    teacher.mark(first.id, "ambiguous")
    teacher.decline("B1", "too odd")
    seen = board(project)
    assert {row.prediction.text for row in seen.evidence("B1")} == set(TEXTS), "the decision shows what was held back"
    shown = html(report, project).text
    assert not [text for text in (*hidden, first.text, *PROOF) if text in shown]


def test_a_pattern_gives_the_title_to_those_alone_who_may_read_it(project: Project) -> None:
    report = read_report(project)
    ann = Teaching.of(project, "ann")
    said = Pattern("P1@ann", "B1", "abstraction", "Irony <b>as</b> praise. More.", Teacher("ann", "human"))
    with ann.store.edit("pattern") as edit:
        edit.put("pattern", said.id, said)
    Annotator(project, project.discovered(), ann, Teacher("ann", "human")).commit("B1")
    assert spots_about(report, board(project, "ann"))["B1"].title == "Irony <b>as</b> praise."
    assert spots_about(report, board(project, "ben"))["B1"].title == ""
    shown = html(report, project)
    assert "B1 negative -> positive: Irony <b>as</b> praise." in shown.text
    assert "b" not in shown.tags


def test_long_and_hostile_rows_are_cut_and_shown_as_text(project: Project) -> None:
    found = project.discovered()
    evil = "\x1b[31m<script>alert(1)</script> [link](http://x) | `a` \u202e " + "long " * 200
    rows = {name: replace(row, text=evil) for name, row in found.predictions.items()}
    save_discovery(project, replace(found, predictions=rows))
    report = read_report(project)
    about = spots_about(report, board(project))
    assert all(len(row.text) < 300 for row in about["B1"].rows)
    shown = html(report, project)
    assert "script" not in shown.tags
    assert "\x1b" not in shown.text
    assert "\u202e" not in shown.text
    text = markdown(report, [], project.root, about)
    assert not re.search(r"(?<!\\)[<>`]|(?<!\\)\](?=\()|(?<!\\)://", text)


def test_another_round_or_another_blind_spot_of_that_id_says_nothing(project: Project) -> None:
    report = read_report(project)
    assert spots_about(report, None) == {}
    assert spots_about(replace(report, round=2), board(project)) == {}
    found = project.discovered()
    first, *others = found.blind_spots
    save_discovery(project, replace(found, blind_spots=(replace(first, predicted="neutral"), *others)))
    assert spots_about(report, board(project)) == {}
