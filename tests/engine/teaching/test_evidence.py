"""Every teacher is shown the same rows; those held back follow from the texts alone and appear after the decision."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import StoreError
from engine.schema import Perturbation
from engine.teaching.evidence import evidence_for, evidence_of
from engine.teaching.views import Board
from engine.teaching.writer import Annotator
from engine.text import row_hash
from tests.engine.teaching.world import POOL


def perturb(annotator: Annotator, row: str, *, text: str = "Third visit, the same manager.", key: str = "none") -> str:
    """Write a perturbed pair as `engine.teaching.perturbations` does once the model has been asked."""
    with annotator.teaching.store.edit(f"perturb row {row}") as edit:
        made = Perturbation(edit.new_id("E"), row, text, "positive", 0.97, key)
        edit.put("perturbation", made.id, made)
    return made.id


def test_rows_held_back_are_shown_to_nobody_before_the_decision(held_back_annotator: Annotator) -> None:
    annotator = held_back_annotator
    board = Board(annotator.project, annotator.discovery, annotator.teaching)
    evidence = board.evidence_for("B1")
    spot = annotator.discovery.spot("B1")
    assert spot is not None
    (hidden,) = (row.id for row in evidence.held_back)
    assert len(spot.rows) == 5
    assert [row.id for row in evidence.rows] == [row for row in spot.rows if row != hidden]
    assert [row.prediction.id for row in board.evidence("B1")] == [row.id for row in evidence.rows]
    assert board.spot("B1").held_back == 1
    with pytest.raises(StoreError, match=f"row `{hidden}` is held back"):
        annotator.mark(hidden, "fine")
    annotator.decline("B1", "no idea")
    after = board.evidence("B1")
    assert [row.prediction.id for row in after] == list(spot.rows)
    assert [row.prediction.id for row in after if row.held_back] == [hidden]
    assert board.spot("B1").held_back == 0
    assert annotator.mark(hidden, "fine").row == hidden
    assert board.evidence_for("B1") == evidence, "what teachers are shown stays the same"


def test_the_order_of_rows_does_not_change_which_are_held_back(held_back_annotator: Annotator) -> None:
    found = held_back_annotator.discovery
    spot = found.blind_spots[0]
    turned = replace(found, blind_spots=(replace(spot, rows=spot.rows[::-1]),))
    assert evidence_of(turned, "B1", held_back=0.2).held_back == evidence_of(found, "B1", held_back=0.2).held_back
    assert evidence_of(turned, "B1", held_back=0.2).hash != evidence_of(found, "B1", held_back=0.2).hash


@pytest.mark.parametrize(("share", "held"), [(0.0, 0), (0.19, 0), (0.2, 1), (0.5, 2)])
def test_the_share_is_rounded_down(held_back_annotator: Annotator, share: float, held: int) -> None:
    assert len(evidence_of(held_back_annotator.discovery, "B1", held_back=share).held_back) == held


def test_a_small_blind_spot_holds_nothing_back(annotator: Annotator) -> None:
    assert evidence_of(annotator.discovery, "B1", held_back=0.5).held_back == ()  # four rows


def test_perturbed_pairs_of_all_teachers_are_evidence_for_all(annotator: Annotator, board: Board) -> None:
    plain = board.evidence_for("B1").hash
    first = perturb(annotator, "n1")
    assert [edit.id for edit in board.evidence("B1")[0].perturbations] == [first]
    assert board.evidence("B1")[1].perturbations == ()
    records, other = annotator.teaching, annotator.discovery
    assert evidence_for(annotator.project, other, records, "B1").hash == board.evidence_for("B1").hash != plain
    annotator.delete(first)
    assert board.evidence_for("B1").hash == plain
    annotator.undo()
    annotator.undo()
    assert board.evidence_for("B1").hash == plain


def test_a_pair_of_another_model_or_of_a_row_held_back_is_no_evidence(held_back_annotator: Annotator) -> None:
    annotator = held_back_annotator
    board = Board(annotator.project, annotator.discovery, annotator.teaching)
    plain = board.evidence_for("B1")
    perturb(annotator, "n1" if plain.held_back[0].id != "n1" else "n2", key="another model")
    perturb(annotator, plain.held_back[0].id)
    assert board.evidence_for("B1") == plain


def test_rows_that_nearly_equal_a_proof_row_are_shown_to_nobody_ever(held_back_annotator: Annotator) -> None:
    annotator = held_back_annotator
    withheld = tuple(row_hash(POOL[row][0]) for row in ("n2", "r1", "s1"))
    project = annotator.project
    project.manifest = replace(project.manifest, withheld=withheld)
    board = Board(project, annotator.discovery, annotator.teaching)
    annotator.decline("B1", "no idea")
    evidence = board.evidence_for("B1")
    assert evidence.held_back == (), "four rows are left: too few to hold one back"
    assert [row.id for row in evidence.rows] == ["n1", "n3", "n4", "n5"]
    assert [row.prediction.id for row in board.evidence("B1")] == ["n1", "n3", "n4", "n5"]
    assert [near.id for near in evidence.neighbours["n1"]] == ["r3"]
    assert [near.id for near in board.evidence("B1")[0].neighbours] == ["r3"]
    assert (board.spot("B1").withheld, board.spot("B1").size) == (1, 5)
    assert board.scattered() == []
    for row in ("n2", "r1", "s1"):
        with pytest.raises(StoreError, match="nearly equals a proof row"):
            annotator.mark(row, "fine")
