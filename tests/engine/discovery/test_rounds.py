from __future__ import annotations

from engine.discovery.rounds import Change, compare_rounds, history
from engine.files import write_json
from engine.project import Project
from engine.schema import BlindSpot


def spot(name: str, rows: str, predicted: str = "y") -> BlindSpot:
    return BlindSpot(name, "x", predicted, tuple(rows), 0.95, 0.5, ())


def test_a_blind_spot_that_keeps_its_rows_is_kept_and_one_without_them_is_closed() -> None:
    before = [spot("B1", "abcdef"), spot("B2", "ghij")]
    assert compare_rounds(before, [spot("B1", "abcdk"), spot("B3", "lmno")]) == Change(
        kept=("B1",), closed=("B2",), new=("B3",)
    )


def test_two_parts_are_a_split_and_two_sources_a_merger() -> None:
    assert compare_rounds([spot("B1", "abcdefgh")], [spot("B1", "abcd"), spot("B2", "efgh")]) == Change(
        split=("B1=B1+B2",)
    )
    assert compare_rounds([spot("B1", "abcd"), spot("B2", "efgh")], [spot("B1", "abcdefgh")]) == Change(
        merged=("B1+B2=B1",)
    )


def test_a_row_in_common_is_not_enough_and_another_direction_is_another_blind_spot() -> None:
    assert compare_rounds([spot("B1", "abcdefghij")], [spot("B2", "aklmnopqrs")]) == Change(closed=("B1",), new=("B2",))
    assert compare_rounds([spot("B1", "abcd")], [spot("B2", "abcd", "z")]) == Change(closed=("B1",), new=("B2",))


def test_each_blind_spot_stands_in_one_place() -> None:
    before = [spot("B1", "abcdefgh"), spot("B2", "ijkl"), spot("B3", "mnop")]
    change = compare_rounds(before, [spot("B1", "abcd"), spot("B4", "efghijkl"), spot("B5", "qrst")])
    named = [*change.kept, *change.split, *change.merged, *change.closed, *change.new]
    assert change.merged == ("B1+B2=B4",)
    assert change.closed == ("B3",)
    assert change.new == ("B5",)
    assert len(named) == 3  # B1 of the later round is part of what was split, which the merger tells already


def test_a_project_without_a_discovery_has_one_empty_round(project: Project) -> None:
    (only,) = history(project)
    assert (only.number, only.uus, only.change, only.promoted) == (1, None, None, "")


def test_a_promoted_round_says_what_it_starts_from(project: Project) -> None:
    write_json(project.round_dir(2) / "model.json",
               {"name": "m", "arm": "llm", "recipe": "scratch", "verdict": "proven"})  # fmt: skip
    assert [one.promoted for one in history(project)] == ["", "llm, scratch: proven"]
