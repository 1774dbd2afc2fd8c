"""What a search is by, which rows never come back, and when what was found is out of date."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import problems
from engine.errors import StoreError
from engine.progress import Silent
from engine.project import Project
from engine.schema import Pattern, RowLabel
from engine.teaching.evidence import evidence_for
from engine.teaching.found_rows import (
    FoundRows,
    found_before,
    keep_found,
    searches,
    visible_sample,
    visible_searches,
    why_stale,
)
from engine.teaching.pattern_testing import find_pattern
from engine.teaching.records import Records, Teaching
from engine.teaching.row_search import find_rows
from tests.engine.teaching.found import BITTER, PLAIN, search_project, write_sample
from tests.engine.teaching.tested_patterns import ANN, MODEL, WORDING, decide, held_back, write


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return search_project(tmp_path / "work")


def search(project: Project, *, author: str = "ann", count: int = 50, **more: Any) -> FoundRows:
    records = Records(project.teaching_dir)
    found = project.discovered()
    return find_rows(project, found, records, author=author, count=count, monitor=Silent(), **more)


def reword(project: Project, pattern: Pattern, text: str) -> None:
    with Teaching(project.teaching_dir, "ann").store.edit("reword") as edit:
        edit.put("pattern", pattern.id, replace(pattern, text=text))


def test_rows_with_a_label_and_withheld_ones_never_come_back(project: Project) -> None:
    ids = [row.id for row in search(project, pattern=write(project, "ann")).rows]
    assert sorted(ids) == sorted([*BITTER, *PLAIN])
    with Teaching(project.teaching_dir, "bob").store.edit("label") as edit:
        said = RowLabel("w0", "negative", 3, replace(ANN, name="bob"), "random")
        edit.put("label", said.key, said)
    with Teaching(project.teaching_dir, "llm-m1").store.edit("label") as edit:
        said = RowLabel("w1", "negative", 3, MODEL, "file")
        edit.put("label", said.key, said)
    found = search(project, pattern=write(project, "ann"))
    assert {row.id for row in found.rows} == {*BITTER, *PLAIN} - {"w0"}
    assert found.candidates == 6
    near = [row.similarity for row in search(project, pattern=write(project, "ann"), count=3).rows]
    assert len(near) == 3
    assert near == sorted(near, reverse=True)


def test_a_pattern_is_searched_by_its_targets_and_the_evidence_that_teachers_see(project: Project) -> None:
    pattern = write(project, "ann")
    mine = write_sample(project, "ann", BITTER["w1"], pattern=pattern.id)
    write_sample(project, "ann", "A change of it.", pattern=pattern.id, role="counter")
    write_sample(project, "ann", "For no pattern.", pattern=None)
    write_sample(project, "bob", "What bob wrote for it.", pattern=pattern.id)
    found = search(project, pattern=pattern)
    shown = evidence_for(project, project.discovered(), Records(project.teaching_dir), "B1").rows
    assert list(found.samples) == [mine.id]
    assert found.evidence == tuple(row.id for row in shown)
    assert not set(found.evidence) & set(held_back(project))
    assert (found.by_text, found.wording, found.searched_by) == (False, WORDING, "1 sample and 8 UUs of the evidence")


def test_samples_alone_and_a_text_find_what_is_like_them(project: Project) -> None:
    sample = write_sample(project, "ann", PLAIN["o2"], pattern=None)
    by_sample, by_text = search(project, samples=[sample]), search(project, text=f" {PLAIN['o3']} ")
    assert (by_sample.rows[0].id, by_sample.name, by_sample.wording) == ("o2", "sample S1@ann", "")
    assert (by_text.rows[0].id, by_text.by_text, by_text.wording) == ("o3", True, PLAIN["o3"])
    lost = write(project, "ann", spot="B9")
    assert (search(project, pattern=lost).searched_by, search(project, pattern=lost).by_text) == ("its text", True)


def test_what_cannot_be_searched_is_refused_in_a_sentence(project: Project) -> None:
    pattern = write(project, "ann")
    with pytest.raises(StoreError, match="for a pattern, for samples, or for a text; name one of them"):
        search(project)
    with pytest.raises(StoreError, match="for a pattern, for samples, or for a text; name one of them"):
        search(project, pattern=pattern, text="x")
    with pytest.raises(StoreError, match="are single texts; leave the second text out"):
        search(project, text="x", text_pair="y")
    with Teaching(project.teaching_dir, "bob").store.edit("label") as edit:
        for row in (*BITTER, *PLAIN):
            edit.put("label", row, RowLabel(row, "negative", 3, replace(ANN, name="bob"), "random"))
    with pytest.raises(StoreError, match="every pool row has a label"):
        search(project, pattern=pattern)


def test_what_was_found_is_out_of_date_once_it_is_reworded_or_a_sample_changes(project: Project) -> None:
    pattern = write(project, "ann")
    sample = write_sample(project, "ann", BITTER["w1"], pattern=pattern.id)
    found = keep_found(project, search(project, pattern=pattern))
    assert why_stale(Records(project.teaching_dir), found) == ""
    with Teaching(project.teaching_dir, "ann").store.edit("change") as edit:
        edit.put("sample", sample.id, replace(sample, text="Another text."))
    assert why_stale(Records(project.teaching_dir), found) == "S1@ann was changed or deleted since"
    reword(project, pattern, "Praise that is a threat.")
    records = Records(project.teaching_dir)
    assert why_stale(records, found) == "P1@ann was reworded since"
    again = keep_found(project, search(project, pattern=find_pattern(records, pattern.id)))
    assert why_stale(records, again) == ""
    assert [one.wording for one in searches(project)] == ["Praise that is a threat.", WORDING]
    with Teaching(project.teaching_dir, "ann").store.edit("delete") as edit:
        edit.delete("pattern", pattern.id)
    assert why_stale(Records(project.teaching_dir), again) == "P1@ann was deleted since"


def test_the_same_search_again_keeps_what_the_llm_said(project: Project) -> None:
    pattern = write(project, "ann")
    first = search(project, pattern=pattern)
    judged = tuple(replace(row, applies=row.id in BITTER) for row in first.rows)
    keep_found(project, replace(first, rows=judged, judge=MODEL))
    again = keep_found(project, search(project, pattern=pattern))
    assert (again.judge, set(again.wanted)) == (MODEL, set(BITTER))
    assert found_before(project, again.key) == again
    assert searches(project) == [again]
    (file,) = (project.root / "found-rows").iterdir()
    file.write_text("{")
    assert (searches(project), found_before(project, again.key)) == ([], None)
    assert "Left out" in problems.take()[0]


def test_nobody_sees_a_search_by_what_is_sealed_from_them(project: Project) -> None:
    theirs = write(project, "llm-m1", teacher=MODEL)
    sample = write_sample(project, "llm-m1", BITTER["w1"], pattern=theirs.id)
    for query in ({"pattern": theirs}, {"samples": [sample]}, {"text": "a thought"}):
        keep_found(project, search(project, author="llm-m1", **query))
    teaching = Teaching.of(project, "ann")
    assert visible_searches(project, teaching) == []
    with pytest.raises(StoreError, match="there is no sample `S1@llm-m1`"):
        visible_sample(teaching, sample.id)
    decide(project, "ann")
    teaching.refresh()
    assert {one.name for one in visible_searches(project, teaching)} == {"pattern P1@llm-m1", "sample S1@llm-m1"}
    assert visible_sample(teaching, sample.id) == sample
    assert visible_searches(project, teaching, unjudged={"B1"}) == []
    assert len(visible_searches(project, Teaching.of(project, "llm-m1"))) == 3


def test_pairs_are_found_by_pairs(tmp_path: Path) -> None:
    pair = "The guest is content."
    project = search_project(tmp_path / "pairs", pair=pair)
    found = search(project, text=PLAIN["o2"], text_pair=pair)
    assert (found.rows[0].id, found.rows[0].text_pair) == ("o2", pair)
    assert {row.id for row in search(project, pattern=write(project, "ann")).rows} == {*BITTER, *PLAIN}
    with pytest.raises(StoreError, match="are pairs; give the second text too"):
        search(project, text="x")
    with pytest.raises(StoreError, match="words alone cannot be compared with pairs; write a sample for it first"):
        search(project, pattern=write(project, "ann", spot="B9"))
