"""How good an LLM's labels are: what counts, what is only listed, and from when on they may train."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine.label_queue.llm_quality import Compared, LlmQuality, Usability, llm_qualities, share_of, usability
from engine.project import Project
from engine.schema import RowLabel, Teacher
from engine.teaching.records import Records
from engine.wilson import wilson_bounds
from tests.builders.labels import ANN, GPT, by_llm, by_person, write_labels
from tests.builders.stream import LABELS, stream_project

FLOOR = 0.85


def quality(project: Project) -> LlmQuality:
    (found,) = llm_qualities(Records(project.teaching_dir), LABELS)
    return found


def drawn(agreement: float, rows: int, *, seed: int = 0, sure_of_wrong: float = 0.5) -> list[Compared]:
    """Rows drawn at random of an LLM that agrees in this share, and is sure of this share of what it gets wrong."""
    dice = random.Random(seed)
    found = []
    for number in range(rows):
        right = dice.choice(LABELS)
        wrong = dice.random() >= agreement
        sure = dice.random() < (sure_of_wrong if wrong else 0.8)
        other = LABELS[right == LABELS[0]]
        found.append(Compared(f"r{number}", "pool", other if wrong else right, 3 if sure else 2, right, 1.0, 1))
    return found


def judged(compared: list[Compared]) -> Usability:
    share = share_of(compared)
    return usability(LlmQuality("a", GPT, {}, {}, share, share, {}, {}, 0, (), 0), FLOOR)


def test_only_rows_drawn_at_random_count_and_hunted_ones_are_listed(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=8, proof=2)
    write_labels(project, GPT, [by_llm(f"r{n}", "negative", 1 + n % 3, guideline=n % 2) for n in range(7)])
    write_labels(project, GPT, [by_llm(f"h{n}", "negative", split="proof") for n in range(2)])
    write_labels(
        project,
        ANN,
        [
            by_person("r0", "negative"),  # certainty 1
            by_person("r1", "positive"),  # 2
            by_person("r2", "negative"),  # 3
            by_person("r3", "positive", None, queue="hunt"),
            by_person("r4", "positive", None, queue="file"),
            RowLabel("r5", "", 0, ANN, "random", "pool", 0.5),
            by_person("r7", "positive"),  # which the LLM has not labelled
            by_person("h0", "negative", split="proof", queue="audit"),
            by_person("h1", "positive", split="proof", queue="audit"),
        ],
    )
    found = quality(project)
    assert (found.author, found.teacher, found.hunted, found.hidden) == ("llm-gpt", GPT, 2, 1)
    assert (found.labelled, found.guidelines) == ({"3": 2, "2": 2, "1": 3, "0": 0}, {"0": 4, "1": 3})
    assert (found.all.rows, found.all.agreed, found.all.value) == (5, 3, pytest.approx(0.6))
    assert (found.all.low, found.all.high) == pytest.approx(wilson_bounds(3, 5, 0.95))
    assert (found.used.rows, found.used.agreed) == (4, 2)
    assert {step: (one.rows, one.agreed) for step, one in found.by_certainty.items()} == {
        "3": (3, 2),
        "2": (1, 0),
        "1": (1, 1),
    }
    assert {label: one.rows for label, one in found.by_label.items()} == {"negative": 5, "positive": 0}
    listed = [(one.row, one.llm_label, one.certainty, one.right) for one in found.disagreements]
    assert listed == [  # r1 was drawn, r3 and r4 were not; no proof row
        ("r1", "negative", 2, "positive"),
        ("r4", "negative", 2, "positive"),
        ("r3", "negative", 1, "positive"),
    ]


def test_a_row_on_which_people_differ_counts_once_somebody_has_decided(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work")
    ben = Teacher("ben", "human")
    write_labels(project, GPT, [by_llm("r0", "negative")])
    write_labels(project, ANN, [by_person("r0", "negative")])
    write_labels(project, ben, [by_person("r0", "positive", teacher=ben)])
    assert quality(project).all.rows == 0
    write_labels(project, ben, [by_person("r0", "positive", None, queue="conflict", teacher=ben)])
    assert (quality(project).all.rows, quality(project).all.agreed) == (1, 0)


def test_rows_are_weighted_by_their_chances() -> None:
    def row(n: int, agrees: bool, chance: float) -> Compared:
        return Compared(f"r{n}", "pool", "a", 3, "a" if agrees else "b", chance, 1)

    flagged, others = [row(n, n < 10, 0.5) for n in range(40)], [row(n, n < 78, 0.1) for n in range(40, 80)]
    both = share_of([*flagged, *others])  # of 80 flagged rows a quarter is right, of 400 others 38 of 40
    assert both.value == pytest.approx((80 * 10 / 40 + 400 * 38 / 40) / 480)
    assert 40 < both.size < 80
    assert both.low is not None
    assert both.high is not None
    assert both.low < both.value < both.high
    assert share_of([row(n, n < 9, 0.1) for n in range(10)]) == share_of([row(n, n < 9, 1.0) for n in range(10)])


@pytest.mark.parametrize("seed", range(20))
def test_a_misbriefed_llm_is_refused_by_60_rows_and_told_what_to_do(seed: int) -> None:
    found = judged(drawn(0.68, 60, seed=seed))
    assert not found.usable
    assert "nothing trains on it; read the disagreements, mend the guideline, and let it label again" in found.sentence


def test_a_good_llm_may_train_after_60_to_100_rows_as_a_rule() -> None:
    after = {rows: sum(judged(drawn(0.96, rows, seed=seed)).usable for seed in range(100)) for rows in (10, 60, 100)}
    assert after[10] == 0
    assert after[60] >= 70
    assert after[100] >= 95


def test_one_that_may_be_good_enough_says_how_many_more_labels_tell() -> None:
    few = judged(drawn(1.0, 10))
    assert (few.usable, few.needed) == (False, 12)
    assert "about 12 more labels of rows at random show it" in few.sentence
    assert judged(drawn(1.0, 22)).usable
    nobody = judged([])
    assert (nobody.usable, nobody.needed) == (False, 49)
    assert nobody.sentence == (
        "nobody has checked it: label about 49 rows drawn at random, and it may train if it is above 0.85"
    )


def test_a_floor_of_zero_asks_for_no_check() -> None:
    nobody = LlmQuality("a", GPT, {}, {}, share_of([]), share_of([]), {}, {}, 0, (), 0)
    found = usability(nobody, 0.0)
    assert (found.usable, found.sentence) == (True, "it may train, however good it is: labelling.llm_floor is 0")


def test_guesses_do_not_count_for_what_is_used(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=80)
    write_labels(project, GPT, [by_llm(f"r{n}", "negative", 1 if n < 40 else 3) for n in range(80)])
    write_labels(project, ANN, [by_person(f"r{n}", "positive" if n < 40 else "negative") for n in range(80)])
    found = quality(project)
    assert (found.all.value, found.used.value) == (0.5, 1.0)
    assert usability(found, FLOOR).usable
