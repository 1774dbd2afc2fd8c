"""A Python class of an installed package as a classifier: found by its entry point, run in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ModelError, SettingsError
from engine.model.model_registry import current_model, predictions
from engine.operations.classifier_check import check_classifier
from engine.operations.outside_uses import outside_uses
from engine.programs.new_settings import classifier_settings
from engine.progress import Silent
from engine.trust import agree
from tests.builders.programs import program_project
from tests.builders.rows import rows

CLASS = '''
import json

class Keywords:
    """Words that speak for the second label."""

    name = "keywords"
    labels = ["good", "bad"]
    continues = True

    def __init__(self, model, labels, pair):
        self.words = set(json.loads((model / "words.json").read_text())) if model else set()
        print("loaded")  # what is printed is no answer

    def probabilities(self, rows):
        return [(0.9, 0.1) if self.words & set(row.text.split()) else (0.1, 0.9) for row in rows]

    @staticmethod
    def train(rows, *, labels, pair, seed, start, out):
        good = {word for row in rows if row.label == "good" for word in row.text.split()}
        good -= {word for row in rows if row.label == "bad" for word in row.text.split()}
        (out / "words.json").write_text(json.dumps(sorted(good)))


class Plain:
    labels = ["bad", "good"]

    def __init__(self, model, labels, pair):
        pass

    def probabilities(self, rows):
        raise RuntimeError("no zebra")
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with two classes, and a third that cannot be imported."""
    folder = tmp_path / "site"
    info = folder / "zoo-1.2.dist-info"
    info.mkdir(parents=True)
    (folder / "zoo_classes.py").write_text(CLASS)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo\nVersion: 1.2\n")
    points = "keywords = zoo_classes:Keywords\nplain = zoo_classes:Plain\nbroken = zoo_gone:Keywords\n"
    (info / "entry_points.txt").write_text(f"[blindspot.classifiers]\n{points}")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.mark.usefixtures("package")
def test_a_class_is_trained_and_scored_with(tmp_path: Path) -> None:
    project = program_project(tmp_path / "work", score="class keywords", train="class keywords", continues=True)
    model = current_model(project, monitor=Silent())
    found = predictions(project, model, rows(8), split_key="x", monitor=Silent()).argmax(axis=1)
    assert [project.labels[place] for place in found] == [row.label for row in rows(8)]
    assert {finding.state for finding in check_classifier(project)} == {"ok"}


@pytest.mark.usefixtures("package")
def test_a_class_that_fails_is_told_as_a_program_is(tmp_path: Path) -> None:
    project = program_project(tmp_path / "work", score="class plain", train="")
    with pytest.raises(ModelError, match=r"RuntimeError: no zebra \(`class plain` ended with status 1\)"):
        predictions(project, current_model(project, monitor=Silent()), rows(2), split_key="x", monitor=Silent())


def test_the_question_names_class_and_package_and_a_new_version_is_another_classifier(
    tmp_path: Path, package: Path
) -> None:
    project = program_project(tmp_path / "work", score="class plain", train="", agreed=False)
    (use,) = outside_uses(project)
    assert use.sentence == "The Python class plain of zoo 1.2, installed here, would be run to score."
    agree(project.root, [use])
    before = current_model(project, monitor=Silent()).key
    (package / "zoo_classes.py").write_text(CLASS + "\n")
    assert current_model(project, monitor=Silent()).key != before
    assert outside_uses(project) == [use]  # what the person has installed is their own


@pytest.mark.usefixtures("package")
def test_settings_of_a_class_follow_from_what_it_can_do() -> None:
    def made(name: str) -> tuple[str, str, bool]:
        found = classifier_settings(score=None, train=None, class_name=name, model=None, continues=False)
        return found.score, found.train, found.continues

    assert made("keywords") == ("class keywords", "class keywords", True)
    assert made("plain") == ("class plain", "", False)
    with pytest.raises(SettingsError, match=r"`broken` of zoo 1\.2 cannot be imported"):
        made("broken")
    with pytest.raises(SettingsError, match=r"`zebra` in the entry point group .* there are broken, keywords, plain"):
        made("zebra")
