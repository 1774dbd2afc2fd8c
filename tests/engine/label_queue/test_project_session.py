"""Labelling a project: who is asked for what, what is on record, conflicts, and labels that an edit makes stale."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.label_queue.open_queues import open_queues
from engine.label_queue.project_session import REASONS, ProjectSession
from engine.label_queue.queue_files import Choice, new_queue, queues
from engine.project import Project
from engine.schema import RowLabel
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tests.builders.stream import at_work, stream_project, teaching_of

ROOT = Path(__file__).parents[3]


def front(one: ProjectSession) -> str:
    assert one.session.row is not None
    return one.session.row.id


def label_all(one: ProjectSession, label: str) -> list[str]:
    """Give every row that comes the same label; their ids."""
    rows = []
    while one.session.row is not None:
        rows.append(front(one))
        one.session.label(label)
    one.close()
    return rows


def labels(project: Project) -> Labels:
    return Labels(Records(project.teaching_dir))


def record(project: Project, name: str, row: str) -> RowLabel:
    return next(one.given for one in labels(project).people[row] if one.author == name)


def test_rows_without_a_label_come_in_one_order_for_everybody_and_say_their_chance(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=5)
    ann = at_work(project, "ann")
    assert (ann.kind, ann.name) == ("random", "random-1")
    rows = label_all(ann, "positive")
    assert sorted(rows) == ["r0", "r1", "r2", "r3", "r4"]
    assert [choice.row for choice in queues(project)[0].choices] == rows
    said = record(project, "ann", "r0")
    assert (said.label, said.certainty, said.queue, said.chance, said.guideline) == ("positive", 3, "random", 1.0, 0)
    assert said.teacher.kind == "human"
    assert labels(project).settled() == dict.fromkeys(rows, "positive")


def test_two_people_at_once_are_never_handed_the_same_row(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=9)
    ann, ben = at_work(project, "ann"), at_work(project, "ben")
    handed: list[str] = []
    while (ann.session.row or ben.session.row) is not None:
        for one in (ann, ben):
            if one.session.row is not None:
                handed.append(front(one))
                one.session.label("negative")
    assert sorted(handed) == sorted(set(handed)) == [f"r{n}" for n in range(9)]


def test_one_person_in_two_sessions_labels_every_row_once_and_both_end(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=4)
    first, second = at_work(project, "ann"), at_work(project, "ann")
    handed = [front(first), front(second)]
    first.session.label("negative")
    handed.append(front(first))
    second.session.label("negative")
    handed.append(front(second))
    first.session.label("negative")
    assert first.session.row is None
    assert first.session.pace.left == 1
    second.session.label("negative")
    first.session.skip()
    assert [one.session.pace.left for one in (first, second)] == [0, 0]
    assert sorted(handed) == sorted(labels(project).people) == ["r0", "r1", "r2", "r3"]


_LABEL_ALL = """
import sys
from pathlib import Path
from engine.project import Project
from tests.builders.stream import at_work
one = at_work(Project.open(Path(sys.argv[1])), sys.argv[2])
while one.session.pace.left:
    if one.session.row is None:
        one.session.skip()
    else:
        one.session.label("positive")
one.close()
"""


def test_four_processes_at_once_label_every_row_exactly_once(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=60)
    at_work(project, "ann").close()
    people = [
        subprocess.Popen([sys.executable, "-c", _LABEL_ALL, str(project.root), name], cwd=ROOT)
        for name in ("ann", "ben", "cleo", "dave")
    ]
    assert [one.wait(timeout=120) for one in people] == [0, 0, 0, 0]
    given = labels(project).people
    assert len(given) == 60
    assert {len(said) for said in given.values()} == {1}


def test_who_finds_the_last_row_in_the_hands_of_another_gets_it_when_that_one_leaves(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=1)
    ann, ben = at_work(project, "ann"), at_work(project, "ben")
    assert ben.session.row is None
    assert ben.session.pace.left == 1
    ann.close()
    assert ben.session.skip()
    assert front(ben) == "r0"


def test_overlap_asks_a_share_of_the_rows_of_one_more_person_blind(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=40, overlap=0.3)
    first = label_all(at_work(project, "ann"), "positive")
    second = label_all(at_work(project, "ben"), "positive")
    third = label_all(at_work(project, "cleo"), "positive")
    assert len(first) == 40
    assert 4 <= len(second) <= 22
    assert third == []
    assert {row for row in first if record(project, "ann", row).overlap} == set(second)


def test_two_labels_a_row_where_the_project_says_so(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=3, people=2)
    ann, ben, cleo = (at_work(project, name) for name in ("ann", "ben", "cleo"))
    assert ben.session.given is None
    assert front(ann) == front(ben) != front(cleo)
    label_all(ann, "positive")
    label_all(ben, "positive")
    label_all(cleo, "positive")
    assert {len(given) for given in labels(project).people.values()} == {2}


def test_undo_goes_back_beyond_the_start_of_the_session_and_is_on_record(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=3)
    rows = label_all(at_work(project, "ann"), "positive")
    again = at_work(project, "ann")
    assert again.session.row is None
    assert again.session.undo() is not None
    assert front(again) == rows[-1]
    assert labels(project).settled() == dict.fromkeys(rows[:-1], "positive")
    log = Records(project.teaching_dir).log("ann")
    assert log is not None
    assert [one.body is None for one in log.revisions] == [False, False, False, True]


def test_a_change_of_ones_own_label_is_a_revision_of_the_same_record(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=2)
    one = at_work(project, "ann")
    row = front(one)
    one.session.write_note("not sure about this")
    one.session.label("positive", 1)
    one.session.back()
    one.session.label("negative")
    said = record(project, "ann", row)
    assert (said.label, said.certainty, said.note) == ("negative", 3, "not sure about this")


def test_people_who_differ_make_a_conflict_until_somebody_decides_it_with_a_reason(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=1, people=2)
    ann, ben = at_work(project, "ann"), at_work(project, "ben")
    ann.session.write_note("it praises the cast")
    ann.session.label("positive")
    ben.session.label("negative", 2)
    assert labels(project).settled() == {}
    assert labels(project).conflicts() == ["r0"]
    cleo = at_work(project, "cleo", queue="conflict")
    assert cleo.session.context == ["one said negative (likely)", "one said positive (sure): it praises the cast"]
    with pytest.raises(StoreError, match="decided with a reason"):
        cleo.session.label("negative")
    with pytest.raises(StoreError, match="decided by a label"):
        cleo.session.unsure()
    cleo.session.label("negative", reason=REASONS[1])
    assert cleo.session.row is None
    assert labels(project).settled() == {"r0": "negative"}
    assert labels(project).decided["r0"].reason == REASONS[1]
    assert len(labels(project).people["r0"]) == 2
    cleo.session.undo()
    assert labels(project).conflicts() == ["r0"]


def test_conflicts_among_proof_rows_are_decided_in_a_queue_of_their_own(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=1, people=2, proof=2)
    new_queue(project, "audit", split="proof", budget=1, seed=13).append([Choice("h1", "drawn", 0.5)])
    for name, label in (("ann", "positive"), ("ben", "negative")):
        at_work(project, name, queue="audit").session.label(label)
    assert at_work(project, "cleo", queue="conflict").session.row is None
    assert dict(open_queues(project, teaching_of(project, "cleo")))["proof-conflict"] == 1
    cleo = at_work(project, "cleo", queue="proof-conflict")
    assert (front(cleo), cleo.name) == ("h1", "proof-conflict")
    assert cleo.session.context == ["one said negative (sure)", "one said positive (sure)"]
    cleo.session.label("negative", reason=REASONS[0])
    assert cleo.session.row is None
    assert Labels(Records(project.teaching_dir), "proof").settled() == {"h1": "negative"}
    assert (labels(project).settled(), labels(project).decided) == ({}, {})
    cleo.session.undo()
    assert Labels(Records(project.teaching_dir), "proof").conflicts() == ["h1"]


def test_unsure_is_no_label_and_no_conflict(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=1, people=2)
    ann, ben = at_work(project, "ann"), at_work(project, "ben")
    ann.session.unsure()
    assert labels(project).settled() == {}
    ben.session.label("positive")
    assert labels(project).settled() == {"r0": "positive"}
    assert labels(project).conflicts() == []


def test_labels_say_the_guideline_and_an_edit_asks_again_for_what_it_touches(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=4)
    guideline = project.root / "guidelines.md"
    guideline.write_text("# positive\nPraise.\n\n# negative\nBlame.\n")
    one = at_work(project, "ann")
    for label in ("positive", "negative", "positive", "negative"):
        one.session.label(label)
    assert {record(project, "ann", f"r{n}").guideline for n in range(4)} == {1}
    with pytest.raises(StoreError, match="there is no queue 'hunt'"):
        at_work(project, "ann", queue="hunt")
    assert at_work(project, "ann", queue="stale").session.row is None
    guideline.write_text("# positive\nPraise of the film, not of its subject.\n\n# negative\nBlame.\n")
    again = at_work(project, "ann", queue="stale")
    assert again.guideline.number == 2
    assert again.session.given is None  # nothing is pre-filled
    row, first = front(again), record(project, "ann", front(again))
    again.session.label("negative", 2)
    assert record(project, "ann", row).guideline == 2
    again.session.undo()
    assert record(project, "ann", row) == first
    assert (front(again), again.session.given, first.label, first.guideline) == (row, None, "positive", 1)
    touched = label_all(again, "negative")
    assert len(touched) == 2
    assert row in touched
    relabelled = [record(project, "ann", row) for row in touched]
    assert {(one.label, one.guideline, one.queue, one.chance) for one in relabelled} == {("negative", 2, "random", 1.0)}
    assert at_work(project, "ann", queue="stale").session.row is None
    guideline.write_text("Read the whole text.\n\n# positive\nPraise of the film.\n\n# negative\nBlame.\n")
    assert len(label_all(at_work(project, "ann", queue="stale"), "negative")) == 4


def test_an_open_hunt_comes_before_rows_at_random_and_takes_what_is_chosen_meanwhile(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=6)
    hunt = new_queue(project, "hunt", budget=3, seed=13)
    hunt.append([Choice("r4", "flagged"), Choice("r2", "like rows that were wrong")])
    one = at_work(project, "ann")
    assert one.name == "hunt-1"
    assert front(one) == "r4"
    one.session.label("positive")
    hunt.append([Choice("r5", "at random", 0.5)])
    assert label_all(one, "negative") == ["r2", "r5"]
    assert (record(project, "ann", "r5").queue, record(project, "ann", "r5").chance) == ("hunt", 0.5)
    assert at_work(project, "ann").kind == "random"


def test_an_audit_asks_for_proof_rows_and_its_labels_are_kept_apart(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=2, proof=2)
    new_queue(project, "audit", split="proof", budget=1, seed=13).append([Choice("h1", "drawn", 0.5)])
    one = at_work(project, "ann")
    assert one.kind == "audit"
    assert one.session.row is not None
    assert one.session.row.text.startswith("held out words 1")
    one.session.write_note("I liked this: Held out words 1, never taught")
    with pytest.raises(StoreError, match="held-out proof row"):
        one.session.label("positive")
    one.session.write_note("")
    one.session.label("positive")
    assert labels(project).people == {}
    audited = Labels(Records(project.teaching_dir), "proof")
    assert audited.settled() == {"h1": "positive"}
    assert audited.people["h1"][0].given.chance == 0.5


def test_a_pool_whose_rows_all_have_labels_has_nothing_to_ask_for(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=1)
    label_all(at_work(project, "ann"), "positive")
    (project.root / "queues" / "random-1.jsonl").unlink()
    with pytest.raises(StoreError, match="every pool row has a label"):
        at_work(project, "ann")
