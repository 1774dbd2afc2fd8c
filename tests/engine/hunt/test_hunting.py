"""A hunt over a project: its candidates, its queue, and what it takes from people, the split, LLMs and audits."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ProjectError, StoreError
from engine.files import read_json, write_json
from engine.hunt.begin_hunt import begin_hunt
from engine.hunt.candidates import read_candidates
from engine.hunt.find_candidates import find_candidates
from engine.hunt.hunt_files import array_path, find_hunt, rows_path
from engine.hunt.hunt_status import Yield, status_of
from engine.hunt.hunting import Hunting
from engine.label_queue.queue_files import Choice, new_queue, queues
from engine.project import Project
from tests.builders.hunt import GOLD, POOL, answer_all, is_uu, label
from tests.builders.monitor import Recorder
from tests.builders.project import put_split
from tests.builders.rows import rows


def hunting_of(project: Project) -> Hunting:
    candidates = read_candidates(project.root, find_hunt(project).rows.key)
    assert candidates is not None
    return Hunting(project, candidates)


def hunt_to_the_end(project: Project) -> None:
    """Label all that is chosen, choose, label, until nothing is chosen any more."""
    hunting, chosen = hunting_of(project), 1
    while chosen:
        answer_all(project)
        hunting.refresh()
        chosen = hunting.extend(find_hunt(project))


def test_a_hunt_begins_with_a_batch_and_keeps_what_it_chooses_among(hunted: Project) -> None:
    hunt = find_hunt(hunted)
    assert (hunt.file.spec.name, hunt.file.spec.budget, len(hunt.file.choices)) == ("hunt-1", 60, 20)
    assert len(set(hunt.rows.ids)) == POOL
    assert hunt.at_random == 0.2
    assert [choice.chance for choice in hunt.file.choices if choice.chance is not None] == [4 / POOL] * 4


def test_the_same_pool_and_model_have_the_same_candidates_and_nothing_is_scored_again(hunted: Project) -> None:
    monitor = Recorder()
    again = find_candidates(hunted, monitor=monitor)
    assert again.rows == find_hunt(hunted).rows
    assert "score" not in monitor.stages


def test_the_budget_is_kept(hunted: Project) -> None:
    hunt_to_the_end(hunted)
    hunt = find_hunt(hunted)
    assert len({choice.row for choice in hunt.file.choices}) == len(hunt.file.choices) == 60
    status = status_of(hunted, hunt)
    assert (status.answered, status.found.labels) == (60, 60)
    assert status.found.uus == sum(is_uu(hunt, choice.row) for choice in hunt.file.choices)
    assert "The budget of 60 labels is used up" in status.sentence


def test_a_budget_above_the_rows_that_there_are_is_lowered(hunted: Project) -> None:
    hunt = begin_hunt(hunted, 500, monitor=Recorder())
    assert hunt.file.spec.budget == POOL
    hunt_to_the_end(hunted)
    assert {choice.row for choice in find_hunt(hunted).file.choices} == set(GOLD)
    with pytest.raises(StoreError, match="each row on which the model is confident has a label"):
        begin_hunt(hunted, 10, monitor=Recorder())


def test_rows_with_a_label_of_people_or_of_the_split_are_not_asked_for(hunted: Project) -> None:
    pool = [row.as_json() | {"label": row.label if number < 50 else ""} for number, row in enumerate(rows(POOL))]
    put_split(hunted.root, "pool", pool)
    project = Project.open(hunted.root)
    label(project, "ben", {f"r{number}": "good" for number in range(50, 60)})
    hunt = begin_hunt(project, 90, monitor=Recorder())
    assert hunt.file.spec.budget == 30
    hunt_to_the_end(project)
    assert {choice.row for choice in find_hunt(project).file.choices} == {f"r{number}" for number in range(60, 90)}


def test_rows_that_an_audit_asks_for_are_left_to_it(hunted: Project) -> None:
    audit = new_queue(hunted, "audit", budget=30, seed=1)
    audit.append(Choice(f"r{number}", "drawn at random", 0.3) for number in range(30))
    hunt = begin_hunt(hunted, 500, monitor=Recorder())
    assert hunt.file.spec.budget == 60
    hunt_to_the_end(hunted)
    assert not {choice.row for choice in find_hunt(hunted).file.choices} & {f"r{number}" for number in range(30)}


def test_what_an_llm_says_finds_uus_and_its_surest_label_counts(hunted: Project) -> None:
    label(hunted, "llm-b", dict.fromkeys(GOLD, "good"), kind="llm", certainty=1)
    label(hunted, "llm-a", GOLD, kind="llm")
    hunt = begin_hunt(hunted, 15, monitor=Recorder())
    hunted_for = [choice.row for choice in hunt.file.choices if choice.chance is None]
    assert len(hunted_for) == 12
    assert sum(is_uu(hunt, row) for row in hunted_for) >= 11


def test_a_row_of_which_somebody_is_unsure_uses_up_budget_and_teaches_nothing(hunted: Project) -> None:
    hunt = find_hunt(hunted)
    label(hunted, "ann", {choice.row: "" for choice in hunt.file.choices[:5]})
    hunting = hunting_of(hunted)
    assert hunting.ahead(hunt) == 15
    assert not hunting.known().is_known.any()
    assert status_of(hunted, hunt).answered == 5


def test_a_hunt_whose_job_was_stopped_before_it_chose_is_taken_up(hunted: Project) -> None:
    path = find_hunt(hunted).file.path
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    assert begin_hunt(hunted, 60, monitor=Recorder()).file.spec.name == "hunt-1"
    assert len(queues(hunted, "hunt")) == 1


def test_a_hunt_whose_job_was_killed_after_it_chose_is_taken_up_with_its_rows(hunted: Project) -> None:
    before = find_hunt(hunted).file.choices
    assert begin_hunt(hunted, 60, monitor=Recorder()).file.choices == before
    assert begin_hunt(hunted, 60, ended=["hunt-1"], monitor=Recorder()).file.spec.name == "hunt-2"
    assert begin_hunt(hunted, 60, ended=["hunt-1"], monitor=Recorder()).file.spec.name == "hunt-2"


def test_a_hunt_of_which_somebody_has_labelled_a_row_or_an_audit_asks_for_one_is_not_begun_again(
    hunted: Project,
) -> None:
    first = find_hunt(hunted).file.choices[0].row
    label(hunted, "ann", {first: GOLD[first]})
    other = begin_hunt(hunted, 60, monitor=Recorder())
    assert other.file.spec.name == "hunt-2"
    new_queue(hunted, "audit", budget=1, seed=1).append([Choice(other.file.choices[0].row, "drawn at random", 0.1)])
    assert begin_hunt(hunted, 60, monitor=Recorder()).file.spec.name == "hunt-3"


def test_where_the_model_is_confident_on_no_row_there_is_nothing_to_hunt(hunted: Project) -> None:
    settings = hunted.root / "blindspot.toml"
    settings.write_text(settings.read_text().replace("tau = 0.5", "tau = 1.0"))
    with pytest.raises(ProjectError, match="confident \\(tau 1\\) on no pool row"):
        begin_hunt(Project.open(hunted.root), 10, monitor=Recorder())


def test_files_that_are_gone_or_damaged_are_told_of(hunted: Project, tmp_path: Path) -> None:
    key = find_hunt(hunted).rows.key
    np.save(array_path(hunted.root, key), np.full((POOL, 4), np.nan, dtype=np.float32))
    assert read_candidates(hunted.root, key) is None
    array_path(hunted.root, key).write_bytes(b"no array")
    assert read_candidates(hunted.root, key) is None
    assert find_candidates(hunted, monitor=Recorder()).rows.key == key  # made again
    assert read_candidates(hunted.root, key) is not None
    shutil.move(rows_path(hunted.root, key), tmp_path)
    with pytest.raises(StoreError, match="what this hunt chose among is gone"):
        find_hunt(hunted)


def test_a_queue_that_names_a_file_elsewhere_is_no_hunt(hunted: Project) -> None:
    new_queue(hunted, "hunt", budget=5, seed=1, facts={"candidates": "../../etc", "at_random": "x"})
    with pytest.raises(StoreError, match="gone"):
        find_hunt(hunted)


def test_rows_without_predictions_are_told_of(hunted: Project) -> None:
    path = rows_path(hunted.root, find_hunt(hunted).rows.key)
    write_json(path, read_json(path) | {"predicted": ["elsewhere"] * POOL})
    assert read_candidates(hunted.root, find_hunt(hunted).rows.key) is None


def test_the_status_says_whether_hunting_pays(hunted: Project) -> None:
    assert "nobody can say" in status_of(hunted, find_hunt(hunted)).sentence
    label(hunted, "llm", GOLD, kind="llm")
    hunt_to_the_end(hunted)
    status = status_of(hunted, find_hunt(hunted))
    assert status.random_rate is not None
    assert status.at_random.labels == 12
    assert status.last.labels == 50
    assert status.pays is (status.last.uus / 50 >= status.random_rate[1])
    assert sum(cell.uus for cell in status.cells) == status.found.uus
    assert sum(reason.labels for reason in status.reasons) == 60


def test_a_row_that_a_hunt_took_out_of_a_random_queue_is_not_counted_as_drawn_at_random(hunted: Project) -> None:
    everything = new_queue(hunted, "random", budget=0, seed=1)
    everything.append(Choice(f"r{number}", "drawn at random", 0.9) for number in range(POOL))
    label(hunted, "llm", GOLD, kind="llm")
    hunt_to_the_end(hunted)
    assert status_of(hunted, find_hunt(hunted)).at_random.labels == 12


def test_rows_of_a_random_queue_that_the_hunt_left_to_it_count_as_drawn_at_random(hunted: Project) -> None:
    hunt = find_hunt(hunted)
    left = [row for row in GOLD if row not in {choice.row for choice in hunt.file.choices}][:7]
    label(hunted, "ann", {row: GOLD[row] for row in left}, queue="random")
    status = status_of(hunted, hunt)
    assert status.at_random == Yield(7, sum(is_uu(hunt, row) for row in left))
    assert (status.answered, status.found.labels) == (0, 0)


def test_a_row_that_the_hunt_drew_at_random_counts_whichever_queue_brings_its_label(hunted: Project) -> None:
    hunt = find_hunt(hunted)
    drawn = [choice.row for choice in hunt.file.choices if choice.chance is not None]
    suspected = [choice.row for choice in hunt.file.choices if choice.chance is None]
    label(hunted, "ann", {row: GOLD[row] for row in (drawn[0], *suspected[:3])}, queue="flagged")
    label(hunted, "ben", {row: GOLD[row] for row in drawn[1:]})
    assert status_of(hunted, hunt).at_random == Yield(4, sum(is_uu(hunt, row) for row in drawn))
