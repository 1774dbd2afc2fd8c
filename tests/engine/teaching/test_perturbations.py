"""A perturbed pair is taken only if the very model that found the blind spots gets the edit right. Real weights."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ModelError, StoreError
from engine.files import write_json
from engine.teaching.perturbations import perturb
from engine.teaching.records import Records
from engine.teaching.views import Board
from engine.teaching.writer import Annotator
from tests.engine.teaching.world import POOL

EDIT = "Third visit, third friendly manager."


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier that knows nothing but always says the same."""
    import torch
    from transformers import BertForSequenceClassification

    from tests.builders.tiny_bert import config, save

    torch.manual_seed(0)
    names = {"id2label": {0: "negative", 1: "positive"}, "label2id": {"negative": 0, "positive": 1}}
    return save(BertForSequenceClassification(config(**names)), tmp_path_factory.mktemp("weights") / "model")


@pytest.fixture
def with_model(annotator: Annotator, weights: Path) -> Annotator:
    """The annotator of a project whose current model these weights are."""
    project = annotator.project
    shutil.copytree(weights, project.models_dir / "small")
    promoted = {"name": "small", "path": "models/small", "key": annotator.discovery.model_key}
    write_json(project.round_dir(1) / "model.json", promoted)
    return annotator


def says(annotator: Annotator, label: str) -> str:
    """What the model says of the edit; asked with a label, it is refused where that is another one."""
    try:
        perturb(annotator, "n1", text=EDIT, label=label)
    except StoreError as error:
        found = re.search(r"takes the edit for `(\w+)` \(0\.\d\d\), not for `(\w+)`", str(error))
        assert found is not None
        assert found[2] == label
        return found[1]
    annotator.undo()
    return label


def test_an_edit_is_kept_with_what_the_model_says_and_stands_beneath_its_row(
    with_model: Annotator, board: Board
) -> None:
    right = says(with_model, "negative")
    wrong = "positive" if right == "negative" else "negative"
    with pytest.raises(StoreError, match=f"not for `{wrong}`"):
        perturb(with_model, "n1", text=EDIT, label=wrong)
    made = perturb(with_model, "n1", text=f"  {EDIT} ", label=right)
    assert (made.text, made.label, made.model_key) == (EDIT, right, with_model.discovery.model_key)
    assert 0.5 <= made.confidence <= 1
    assert Records(with_model.project.teaching_dir).perturbations() == (made,)
    assert board.evidence("B1")[0].perturbations == (made,)
    with pytest.raises(StoreError, match="is there already"):
        perturb(with_model, "n1", text=EDIT, label=right)
    done = with_model.undo()
    assert done is not None
    assert done.note == "perturb row n1"
    assert board.evidence("B1")[0].perturbations == ()


def test_another_model_than_that_of_the_discovery_is_not_asked(with_model: Annotator) -> None:
    with_model.discovery = replace(with_model.discovery, model_key="another")
    with pytest.raises(ModelError, match="not the one that these blind spots were found with"):
        perturb(with_model, "n1", text=EDIT, label="negative")


def test_rows_that_no_teacher_sees_are_refused(held_back_annotator: Annotator) -> None:
    annotator = held_back_annotator
    board = Board(annotator.project, annotator.discovery, annotator.teaching)
    hidden = board.evidence_for("B1").held_back[0].id
    annotator.decline("B1", "no idea")
    for row, reason in (
        (hidden, "no teacher is shown"),
        ("s1", "no UU of a blind spot"),
        ("zz", "no UU of a blind spot"),
    ):
        with pytest.raises(StoreError, match=reason):
            perturb(annotator, row, text=EDIT, label="negative")


@pytest.mark.parametrize("text", ["x", "A wholly different sentence about boats.", POOL["n1"][0] + " and so on" * 9])
def test_another_text_is_no_minimal_edit_whatever_the_model_says_of_it(annotator: Annotator, text: str) -> None:
    with pytest.raises(StoreError, match=r"row n1: the edit keeps \d+% of the row's characters, .* at least 50%"):
        perturb(annotator, "n1", text=text, label="positive")
