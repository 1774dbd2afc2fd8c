from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.project import Project
from engine.schema import Pattern, RowMark
from engine.settings import read_settings, write_settings
from engine.teaching.evidence import evidence_for
from engine.teaching.pattern_testing import (
    PatternResult,
    PatternTest,
    decided_patterns,
    find_pattern,
    hand_in,
    not_rewordable,
    open_pattern,
    pattern_test_of,
    results,
    reword,
    wilson,
)
from engine.teaching.records import Records, Teaching
from engine.teaching.writer import Annotator
from engine.text import row_hash
from tests.builders.discovery import save_discovery
from tests.engine.teaching.tested_patterns import ANN, MODEL, WORDING, decide, held_back, pattern_project, write


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return pattern_project(tmp_path / "work")


def hold_back(project: Project, share: float) -> Project:
    """The project with another share of rows held back."""
    path = project.root / "blindspot.toml"
    settings = read_settings(path)
    write_settings(path, replace(settings, teaching=replace(settings.teaching, held_back=share)))
    return Project.open(project.root)


def pattern_test(project: Project, pattern: Pattern) -> PatternTest:
    discovery = project.discovery()
    assert discovery is not None
    return pattern_test_of(project, discovery, Records(project.teaching_dir), pattern)


def found(project: Project, pattern: Pattern) -> list[PatternResult]:
    discovery = project.discovery()
    assert discovery is not None
    return results(project, discovery, Records(project.teaching_dir), pattern)


def judge(project: Project, pattern: Pattern, *, applies: set[str], author: str = "ann") -> None:
    """The author says that the pattern applies to these rows and to no other."""
    tested = pattern_test(project, pattern)
    answers = {case.row.id: case.row.id in applies for case in tested.cases}
    hand_in(Teaching(project.teaching_dir, author), tested, answers, ANN)


def first_pattern(project: Project) -> Pattern:
    return find_pattern(Records(project.teaching_dir), "P1@ann")


def test_it_holds_held_back_rows_and_as_many_right_ones_that_no_teacher_was_shown(project: Project) -> None:
    project = hold_back(project, 0.4)
    tested = pattern_test(project, write(project, "ann"))
    uus = {case.row.id for case in tested.cases if case.is_uu}
    right = [case.row for case in tested.cases if not case.is_uu]
    assert uus == set(held_back(project))
    assert len(uus) == len(right) == 4
    assert all(row.label == row.predicted for row in right)
    discovery = project.discovery()
    assert discovery is not None
    evidence = evidence_for(project, discovery, Records(project.teaching_dir), "B1")
    shown = {row.id for row in evidence.rows} | {near.id for rows in evidence.neighbours.values() for near in rows}
    assert not shown & {case.row.id for case in tested.cases}
    near = {row for uu in uus for row in discovery.neighbours[uu]} - shown
    assert near <= {row.id for row in right}


def test_a_near_row_of_the_gold_label_is_the_harder_test_and_comes_first(project: Project) -> None:
    project = hold_back(project, 0.1)
    (hidden,) = held_back(project)
    pattern, discovery = write(project, "ann"), project.discovery()
    assert discovery is not None
    known = discovery.predictions
    rows = {name: replace(known[like], id=name, text=name) for name, like in {"q1": "g1", "q2": "n1"}.items()}
    near = discovery.neighbours | {hidden: ("q1", "q2")}
    found_more = replace(discovery, predictions=known | rows, neighbours=near)
    tested = pattern_test_of(project, found_more, Records(project.teaching_dir), pattern)
    assert {case.row.id for case in tested.cases} == {hidden, "q2"}


def test_the_order_of_the_rows_tells_nothing_and_differs_from_pattern_to_pattern(project: Project) -> None:
    project = hold_back(project, 0.5)
    orders = [[case.row.id for case in pattern_test(project, write(project, "ann")).cases] for _ in range(4)]
    assert orders[0] == [case.row.id for case in pattern_test(project, first_pattern(project)).cases]
    assert len({tuple(order) for order in orders}) == 4
    sorts = {tuple(row[0] == "u" for row in order) for order in orders}
    assert len(sorts) > 1


def test_precision_and_recall_count_what_the_judge_said(project: Project) -> None:
    project = hold_back(project, 0.5)
    pattern = write(project, "ann")
    tested = pattern_test(project, pattern)
    uus = [case.row.id for case in tested.cases if case.is_uu]
    right = [case.row.id for case in tested.cases if not case.is_uu]
    judge(project, pattern, applies={*uus[:4], right[0]})
    (result,) = found(project, pattern)
    assert result.precision is not None
    assert result.recall is not None
    assert (result.precision.hits, result.precision.n) == (4, 5)
    assert (result.recall.hits, result.recall.n) == (4, 5)
    assert result.precision.low < 0.8 < result.precision.high
    assert {case.row.id for case in result.wrong} == {uus[4], right[0]}
    assert (result.author, result.judge, result.text) == ("ann", ANN, WORDING)


def test_a_pattern_that_applies_to_nothing_has_no_precision(project: Project) -> None:
    pattern = write(project, "ann")
    judge(project, pattern, applies=set())
    (result,) = found(project, pattern)
    assert result.precision is None
    assert result.recall is not None
    assert result.recall.value == 0


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (1, 2), (4, 5), (20, 20), (7, 20)])
@pytest.mark.parametrize("coverage", [0.5, 0.95])
def test_intervals_are_those_of_scipy(hits: int, n: int, coverage: float) -> None:
    from scipy.stats import binomtest

    expected = binomtest(hits, n).proportion_ci(coverage, method="wilson")
    share = wilson(hits, n, coverage)
    assert (share.low, share.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize(
    ("spot", "share", "reason"),
    [
        ("B2", 0.5, "none of the 4 rows of B2 is held back: too few for a share of 0.5"),
        ("B1", 0.05, "none of the 10 rows of B1 is held back: too few for a share of 0.05"),
        ("B7", 0.2, "B7 is not a blind spot of this round"),
    ],
)
def test_where_there_is_nothing_to_test_on_the_reason_is_said(
    project: Project, spot: str, share: float, reason: str
) -> None:
    project = hold_back(project, share)
    pattern = write(project, "ann", spot=spot)
    tested = pattern_test(project, pattern)
    assert tested.cases == ()
    assert reason in tested.reason
    with pytest.raises(StoreError, match="cannot be tested"):
        hand_in(Teaching(project.teaching_dir, "ann"), tested, {}, ANN)


def test_rows_whose_label_is_wrong_do_not_count(project: Project) -> None:
    pattern, hidden = write(project, "ann"), held_back(project)
    judge(project, pattern, applies=set(hidden))
    teaching = Teaching(project.teaching_dir, "bob")
    with teaching.store.edit("mark") as edit:
        edit.put("mark", hidden[0], RowMark(hidden[0], "label wrong", "positive"))
    (result,) = found(project, pattern)
    assert result.recall is not None
    assert (result.recall.hits, result.recall.n) == (1, 1)
    assert hidden[0] not in {case.row.id for case in pattern_test(project, pattern).cases}
    with teaching.store.edit("mark") as edit:
        edit.put("mark", hidden[1], RowMark(hidden[1], "ambiguous"))
    assert "marked as label wrong or ambiguous" in pattern_test(project, pattern).reason


def test_rows_that_nearly_equal_a_proof_row_are_shown_to_no_judge(project: Project) -> None:
    project = hold_back(project, 0.5)
    pattern, discovery = write(project, "ann"), project.discovery()
    assert discovery is not None
    first = pattern_test(project, pattern)
    near = [next(case.row for case in first.cases if case.is_uu == is_uu) for is_uu in (True, False)]
    manifest = replace(project.manifest, withheld=tuple(row_hash(row.text) for row in near))
    guarded = Project(project.root, project.settings, manifest)
    cases = pattern_test_of(guarded, discovery, Records(project.teaching_dir), pattern).cases
    assert len(cases) == len(first.cases) - 2
    assert not {row.id for row in near} & {case.row.id for case in cases}


def test_all_rows_are_judged_at_once_and_only_once(project: Project) -> None:
    pattern = write(project, "ann")
    tested, teaching = pattern_test(project, pattern), Teaching(project.teaching_dir, "ann")
    answers = {case.row.id: True for case in tested.cases}
    first = tested.cases[0].row.id
    with pytest.raises(StoreError, match=f"1 of 4 rows have no answer; say for {first} whether"):
        hand_in(teaching, tested, {row: yes for row, yes in answers.items() if row != first}, ANN)
    with pytest.raises(StoreError, match="row `n1` is not of this test"):
        hand_in(teaching, tested, answers | {"n1": True}, ANN)
    assert found(project, pattern) == []
    hand_in(teaching, tested, answers, ANN)
    with pytest.raises(StoreError, match="judged this wording already"):
        hand_in(teaching, tested, dict.fromkeys(answers, False), ANN)
    assert teaching.store.next_undo().note == "describe"  # what was revealed is not undone


def test_a_reworded_pattern_is_tested_on_no_row_that_it_has_seen_and_the_old_figures_stay(project: Project) -> None:
    pattern = write(project, "ann")
    judge(project, pattern, applies={case.row.id for case in pattern_test(project, pattern).cases})
    teaching = Teaching(project.teaching_dir, "ann")
    new = reword(teaching, pattern, "  Thanks for something bad. ", found(project, pattern))
    assert (new.text, new.refined, new.id) == ("Thanks for something bad.", True, pattern.id)
    assert find_pattern(Records(project.teaching_dir), pattern.id) == new
    (old,) = found(project, new)
    assert old.text == WORDING
    assert "no row is left that it has not seen" in pattern_test(project, new).reason
    assert "reworded before" in str(not_rewordable(teaching, new, found(project, new)))
    teaching.store.undo()
    assert find_pattern(Records(project.teaching_dir), pattern.id) == pattern


def test_the_new_wording_of_a_pattern_that_was_handed_in_stands_beside_it_and_is_undone_by_itself(
    project: Project,
) -> None:
    pattern = write(project, "ann")
    decide(project, "ann")
    judge(project, pattern, applies=set())
    teaching = Teaching(project.teaching_dir, "ann")
    new = reword(teaching, pattern, "Thanks for something bad.", found(project, pattern))
    assert (new.id, new.rewords, new.refined) == ("P2@ann", "P1@ann", True)
    assert find_pattern(Records(project.teaching_dir), "P1@ann") == pattern
    assert [result.text for result in found(project, new)] == [WORDING]
    assert pattern_test(project, new).cases == (), "no row is left that it has not seen"
    for again in (pattern, new):
        assert "reworded before" in str(not_rewordable(teaching, again, found(project, again)))
    annotator = Annotator(project, project.discovered(), teaching, ANN)
    changed = annotator.describe(new.blind_spot, new.kind, "Thanks for what went wrong.", replaces=new.id)
    assert (changed.id, changed.rewords, changed.refined) == (new.id, "P1@ann", True)
    assert annotator.undo() is not None
    undone = teaching.store.undo()
    assert undone is not None
    assert undone.note == "reword P1@ann after a test"
    assert teaching.store.undo() is None
    assert not_rewordable(teaching, pattern, found(project, pattern)) is None


def test_rows_beyond_the_first_twenty_are_left_for_the_new_wording(project: Project) -> None:
    discovery = project.discovery()
    assert discovery is not None
    (first, *_), rows = discovery.blind_spots, dict(discovery.predictions)
    for i in range(90):
        rows[f"m{i}"] = replace(rows["u1"], id=f"m{i}", text=f"Thanks for nothing, room {i}.")
        rows[f"k{i}"] = replace(rows["n1"], id=f"k{i}", text=f"Room {i} was foul.")
    spot = replace(first, rows=(*first.rows, *(f"m{i}" for i in range(90))))
    found_more = replace(discovery, blind_spots=(spot,), predictions=rows)
    pattern, records = write(project, "ann"), Records(project.teaching_dir)
    project = hold_back(project, 0.3)
    tested = pattern_test_of(project, found_more, records, pattern)
    assert len(tested.cases) == 40
    teaching = Teaching(project.teaching_dir, "ann")
    hand_in(teaching, tested, {case.row.id: True for case in tested.cases}, ANN)
    new = reword(teaching, pattern, "Another wording.", results(project, found_more, teaching, pattern))
    again = pattern_test_of(project, found_more, teaching, new)
    assert sum(case.is_uu for case in again.cases) == 10
    assert not {case.row.id for case in again.cases} & {case.row.id for case in tested.cases}


def test_only_ones_own_pattern_with_a_counter_example_is_reworded(project: Project) -> None:
    decide(project, "ann")
    own, other = write(project, "ann"), write(project, "llm-m1", teacher=MODEL)
    teaching = Teaching(project.teaching_dir, "ann")
    with pytest.raises(StoreError, match="has not been tested yet"):
        reword(teaching, own, "x", found(project, own))
    judge(project, own, applies=set(held_back(project)))
    with pytest.raises(StoreError, match="has no counter-example"):
        reword(teaching, own, "x", found(project, own))
    judge(project, other, applies=set())
    with pytest.raises(StoreError, match="is another's"):
        reword(teaching, other, "x", found(project, other))
    judge(project, own, applies=set(), author="bob")
    for text, says in (("  ", "needs a wording"), (WORDING, "needs another wording")):
        with pytest.raises(StoreError, match=says):
            reword(teaching, own, text, found(project, own))


def test_nobody_sees_held_back_rows_or_others_patterns_before_a_decision(project: Project) -> None:
    write(project, "ann")
    write(project, "llm-m1", teacher=MODEL)
    teaching = Teaching(project.teaching_dir, "ann")
    with pytest.raises(StoreError, match="held back from you until you have handed in your answer"):
        open_pattern(teaching, "P1")
    with pytest.raises(StoreError, match="there is no pattern `P1@llm-m1`; take an id"):
        open_pattern(teaching, "P1@llm-m1")
    with pytest.raises(StoreError, match="there is no pattern `P9@llm-m1`; take an id"):
        open_pattern(teaching, "P9@llm-m1")
    assert decided_patterns(teaching) == []
    decide(project, "ann")
    teaching.refresh()
    assert open_pattern(teaching, "P1").id == "P1@ann"
    assert open_pattern(teaching, "P1@llm-m1").teacher == MODEL
    assert [pattern.id for pattern in decided_patterns(teaching)] == ["P1@ann", "P1@llm-m1"]


def test_a_changed_wording_needs_a_new_test_and_an_undone_change_gives_the_figures_back(project: Project) -> None:
    pattern = write(project, "ann")
    judge(project, pattern, applies=set())
    discovery, teaching = project.discovery(), Teaching(project.teaching_dir, "ann")
    assert discovery is not None
    changed = Annotator(project, discovery, teaching, ANN).describe("B1", "abstraction", "Other.", replaces=pattern.id)
    assert [result.text for result in found(project, changed)] == [WORDING]
    assert pattern_test(project, changed).cases == ()
    teaching.store.undo()
    assert found(project, first_pattern(project))[0].text == WORDING


def test_figures_of_a_test_stay_when_a_later_model_gets_its_rows_right(project: Project) -> None:
    pattern, hidden = write(project, "ann"), held_back(project)
    judge(project, pattern, applies={hidden[0]})
    before = found(project, pattern)[0]
    discovery = project.discovery()
    assert discovery is not None
    known = dict(discovery.predictions)
    known[hidden[0]] = replace(known[hidden[0]], predicted="negative")
    del known[hidden[1]]
    spot = replace(discovery.blind_spots[0], rows=tuple(r for r in discovery.blind_spots[0].rows if r not in hidden))
    save_discovery(project, replace(discovery, blind_spots=(spot, *discovery.blind_spots[1:]), predictions=known))
    after = found(project, pattern)[0]
    assert (after.precision, after.recall) == (before.precision, before.recall)
    assert {case.row.id: case.is_uu for case in after.cases}[hidden[0]] is True
    assert hidden[1] not in {case.row.id for case in after.cases}


def test_a_reviewer_is_told_of_no_pattern_that_they_have_still_to_judge_blind(project: Project) -> None:
    own, other = write(project, "ann"), write(project, "m1")
    decide(project, "ann")
    teaching = Teaching(project.teaching_dir, "ann")
    assert decided_patterns(teaching, unjudged={"B2"}) == [own, other]
    assert decided_patterns(teaching, unjudged={"B1"}) == [own]
    assert open_pattern(teaching, "P1", unjudged={"B1"}) == own
    with pytest.raises(StoreError, match="there is no pattern `P1@m1`; take an id"):
        open_pattern(teaching, other.id, unjudged={"B1"})
