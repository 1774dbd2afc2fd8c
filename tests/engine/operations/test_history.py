from __future__ import annotations

import numpy as np
import pytest

from engine.files import write_json
from engine.monitoring.watched_batches import keep_watched
from engine.operations.history import JudgedArm, SpotChange, compare_rounds, history
from engine.project import Project
from engine.regression.promotion import Promotion, promote
from engine.schema import BlindSpot
from tests.builders.discovery import discovery_of, save_discovery
from tests.builders.watched import watched
from tests.engine.proof.synthetic import gold_labels, write_proof


def spot(name: str, rows: str, predicted: str = "y") -> BlindSpot:
    return BlindSpot(name, "x", predicted, tuple(rows), 0.95, 0.5, ())


def test_a_blind_spot_that_keeps_its_rows_is_kept_and_one_without_them_is_not_found_again() -> None:
    before = [spot("B1", "abcdef"), spot("B2", "ghij")]
    assert compare_rounds(before, [spot("B1", "abcdk"), spot("B3", "lmno")]) == SpotChange(
        kept=("B1",), not_found=("B2",), new=("B3",)
    )


def test_two_parts_are_a_split_and_two_sources_a_merger() -> None:
    assert compare_rounds([spot("B1", "abcdefgh")], [spot("B1", "abcd"), spot("B2", "efgh")]) == SpotChange(
        split=("B1=B1+B2",)
    )
    assert compare_rounds([spot("B1", "abcd"), spot("B2", "efgh")], [spot("B1", "abcdefgh")]) == SpotChange(
        merged=("B1+B2=B1",)
    )


def test_a_row_in_common_is_not_enough_and_another_direction_is_another_blind_spot() -> None:
    assert compare_rounds([spot("B1", "abcdefghij")], [spot("B2", "aklmnopqrs")]) == SpotChange(
        not_found=("B1",), new=("B2",)
    )
    assert compare_rounds([spot("B1", "abcd")], [spot("B2", "abcd", "z")]) == SpotChange(not_found=("B1",), new=("B2",))


def test_each_blind_spot_stands_in_one_place() -> None:
    before = [spot("B1", "abcdefgh"), spot("B2", "ijkl"), spot("B3", "mnop")]
    change = compare_rounds(before, [spot("B1", "abcd"), spot("B4", "efghijkl"), spot("B5", "qrst")])
    named = [*change.kept, *change.split, *change.merged, *change.not_found, *change.new]
    assert change.merged == ("B1+B2=B4",)
    assert change.not_found == ("B3",)
    assert change.new == ("B5",)
    assert len(named) == 3  # B1 of the later round is part of what was split, which the merger tells already


def test_closed_is_what_the_proof_shows_whatever_is_found_again() -> None:
    before = [spot("B1", "abcdefgh"), spot("B2", "ijkl"), spot("B3", "mnop")]
    change = compare_rounds(before, [spot("B1", "abcdq"), spot("B4", "rstu")], closed=["B1", "B2"])
    assert change == SpotChange(closed=("B1", "B2"), kept=("B1",), not_found=("B3",), new=("B4",))


def test_a_merger_under_another_id_closes_nothing() -> None:
    change = compare_rounds([spot("B1", "abcd"), spot("B7", "efghij")], [spot("B1", "abcdefghij")])
    assert (change.closed, change.merged) == ((), ("B1+B7=B1",))


def discovered(project: Project, number: int, *spots: BlindSpot) -> None:
    save_discovery(project, discovery_of(spots, round=number, labels=("neg", "pos"), n_pool=9))


@pytest.mark.parametrize(("right", "closed", "not_found"), [(True, ("B1",), ()), (False, (), ("B1",))])
def test_the_history_takes_closed_from_the_proof_that_was_promoted(
    project: Project, right: bool, closed: tuple[str, ...], not_found: tuple[str, ...]
) -> None:
    gold = gold_labels()
    wrong = np.zeros((len(gold), 2), dtype=np.float32)
    wrong[np.arange(len(gold)), 1 - gold] = 9.0
    arm = -wrong
    if not right:
        arm[:4] = wrong[:4]
    discovered(project, 1, spot("B1", "abcd"))
    ids = [row.id for row in project.examples("pool")[:4]]
    write_proof(project, baseline=[wrong], arms={("llm", "keep"): [arm]}, gold=gold, ids=ids)
    promote(project, arm="llm", recipe="keep")
    discovered(project, 2)
    first, second = history(project)
    assert second.change is not None
    assert (second.change.closed, second.change.not_found) == (closed, not_found)
    told = f"{len(closed)} of 1 blind spot closed{'' if closed else ' (1 open)'}"
    assert first.judged == (JudgedArm("aaaa1111", "llm", "keep", "proven", told),)
    assert second.promoted == f"llm, keep: proven; {told}"


def test_a_project_without_a_discovery_has_one_empty_round(project: Project) -> None:
    (only,) = history(project)
    assert (only.number, only.uus, only.change, only.promoted) == (1, None, None, "")


def test_what_was_watched_stands_with_the_round_of_its_model_each_batch_once(project: Project) -> None:
    for batch in (watched("week1"), watched("week2", 20, 2), watched("week1", 30, 3)):
        keep_watched(project, batch, lambda there: ("nothing worse", ()))
    (only,) = history(project)
    assert only.watched == (
        "week1: 2,000 rows, 30 with a label; nothing worse",
        "week2: 2,000 rows, 20 with a label; nothing worse",
    )


def test_a_promoted_round_says_what_it_starts_from(project: Project) -> None:
    made = Promotion(2, "m", "models/m", "k", "aaaa1111", "llm", "scratch", 13, "proven")
    write_json(project.round_dir(2) / "model.json", made.as_json())
    assert [one.promoted for one in history(project)] == ["", "llm, scratch: proven"]
