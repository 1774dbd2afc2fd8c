"""A dozen questions about an item are asked, the others may be answered, and what was not answered counts nowhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from engine.errors import StoreError
from engine.project import Project
from engine.review.blind_review import ItemView, Review, SideView
from engine.review.comparison import Acceptance
from engine.review.draw_comparison import compare
from engine.review.judgement_checks import judgement_from
from engine.review.outcome import judged_items, outcomes, reviewed_counts, reviewed_samples
from engine.review.review_questions import MOST
from engine.schema import Judgement, Preference, Record, SampleJudgement, SideJudgement
from engine.teaching.records import Records, Teaching
from tests.engine.review.world import HUMAN, LLM, Answers, annotator, judgement, reviewer, write_answer
from tests.engine.teaching.world import make_project

ACCEPT, REJECT = SampleJudgement("accept"), SampleJudgement("reject")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One blind spot with a pattern of each side and twelve samples, and eight anchors of each."""
    project = make_project(tmp_path / "work")
    answers: Answers = {"abstraction": ("a pattern", {"target": 9, "counter": 3})}
    for author, teacher in (("ann", HUMAN), ("llm-gpt", LLM)):
        write_answer(project, author, teacher, "B1", answers, anchors=8)
    annotator(project, "ann").commit("B1")
    return project


def item_of(review: Review, kind: str = "abstraction") -> ItemView:
    return review.item(next(entry.id for entry in review.queue() if entry.kind == kind))


def asked(side: SideView) -> list[str]:
    return [sample.text for sample in side.samples if sample.asked]


def short(item: ItemView, preference: Preference = "tie", verdict: SampleJudgement = ACCEPT) -> Judgement:
    """A judgement with answers to what is asked and nothing else."""

    def side(view: SideView) -> SideJudgement:
        return SideJudgement((verdict,) * len(asked(view)), useful=None if view.pattern is None else True)

    return Judgement(item.id, preference, side(item.left), side(item.right))


@pytest.mark.parametrize("kind", ["abstraction", "anchors"])
def test_a_dozen_questions_at_most_are_asked_alike_of_both_sides_and_of_all_reviewers(
    project: Project, kind: str
) -> None:
    items = [item_of(reviewer(project, name), kind) for name in ("rev", "rew", "rex", "rez")]
    for item in items:
        patterns = sum(side.pattern is not None for side in (item.left, item.right))
        assert 10 <= 1 + patterns + len(asked(item.left)) + len(asked(item.right)) <= MOST == 12
        roles = [Counter(sample.role for sample in side.samples if sample.asked) for side in (item.left, item.right)]
        assert roles[0] == roles[1]
        assert set(roles[0]) == {sample.role for sample in item.left.samples}
        assert len(item.left.samples) == len(item.right.samples) == (12 if patterns else 8)
    assert len({frozenset([*asked(item.left), *asked(item.right)]) for item in items}) == 1


def test_the_samples_that_are_asked_about_are_drawn_by_the_key_of_the_project(tmp_path: Path) -> None:
    drawn = []
    for number in range(6):
        project = make_project(tmp_path / str(number))
        for author, teacher in (("ann", HUMAN), ("llm-gpt", LLM)):
            write_answer(project, author, teacher, "B1", {"abstraction": ("a pattern", {"target": 9})})
        annotator(project, "ann").commit("B1")
        item = item_of(reviewer(project, "rev"))
        drawn.append(frozenset([*asked(item.left), *asked(item.right)]))
    assert len(set(drawn)) > 1  # all six alike by chance: once in (9 over 4)^10 times


def test_a_short_judgement_is_a_vote_on_what_it_answers_and_on_nothing_else(project: Project) -> None:
    review = reviewer(project, "rev")
    item = item_of(review)
    made = review.judge(short(item, verdict=REJECT))
    assert [vote is not None for vote in made.left.samples] == [sample.asked for sample in item.left.samples]
    assert Review(project, Teaching(project.teaching_dir, "rev")).judgement(item.id) == made
    records = Records(project.teaching_dir)
    kept = {sample.text for sample in reviewed_samples(project, records, records.samples())}
    gone = {sample.text for sample in records.samples()} - kept
    assert gone == {*asked(item.left), *asked(item.right)}
    assert {(found.judged, found.accepted) for found in reviewed_counts(project).values()} == {(4, 0)}
    assert {found.right_label for found in outcomes(judged_items(project, records))} == {None}
    for one in accepted(project):
        assert one.rejected is not None
        assert one.useful is not None
        assert (one.rejected.hits, one.rejected.n, one.useful.n) == (4, 4, 1)
        assert (one.label_errors, one.natural, one.on_pattern, one.fits, one.precise) == (None,) * 5


def accepted(project: Project) -> list[Acceptance]:
    found = [one for one in compare(project, embed=False).acceptance if one.blind_spot is None]
    assert {one.teacher for one in found} == {HUMAN, LLM}
    return found


def test_measures_count_those_who_answered(project: Project) -> None:
    """One answers all with no, two others only what is asked: their silence outvotes nobody."""
    for name in ("rev", "rew", "rex"):
        review = reviewer(project, name)
        item = item_of(review)
        if name != "rev":
            review.judge(short(item, verdict=REJECT))
            continue
        no = SampleJudgement("accept", False, False, False)
        side = SideJudgement((no,) * 12, False, False, False)
        review.judge(Judgement(item.id, "tie", side, side))
    for one in accepted(project):
        shares = (one.accepted, one.rejected, one.label_errors, one.natural, one.on_pattern, one.fits, one.useful)
        assert [(share.hits, share.n) for share in shares if share] == [
            (8, 12),
            (4, 12),
            (12, 12),
            (0, 12),
            (0, 12),
            (0, 1),
            (1, 1),
        ]
    verdicts = {(one.measure, one.n) for one in compare(project, embed=False).agreement if one.of == "samples"}
    assert verdicts == {("alpha", 8), ("kappa", 8)}, "agreement is about the samples that two have judged"


def test_more_can_be_answered_and_all(project: Project) -> None:
    review, other = reviewer(project, "rev"), reviewer(project, "rew")
    item = item_of(review)
    more: list[SampleJudgement | None] = [ACCEPT if sample.asked else None for sample in item.left.samples]
    more[more.index(None)] = SampleJudgement("reject", right_label=False)
    values = short(item, "left").as_json() | {"left": {"useful": True, "precise": False, "samples": more}}
    values["left"]["samples"] = [one and one.as_json() for one in more]
    made = review.judge(judgement_from(item.id, values))
    assert (made.left.samples, made.left.fits, made.left.precise) == (tuple(more), None, False)
    complete = judgement(other, item.id)
    assert other.judge(complete) == complete


def test_what_is_asked_must_be_answered(project: Project) -> None:
    review = reviewer(project, "rev")
    item = item_of(review)
    made = short(item)
    left = made.left
    wrong = [
        (replace(left, samples=left.samples[1:]), "left: 3 of 4, or of all 12, samples are judged; give an entry"),
        (replace(left, samples=(*left.samples[:3], None)), "left, sample 4: the verdict is missing"),
        (replace(left, samples=(None,) * 12), "left, sample 1: the verdict is missing"),
        (replace(left, useful=None, fits=True), "left: the pattern lacks an answer to `useful`"),
    ]
    for bad, sentence in wrong:
        with pytest.raises(StoreError, match=sentence):
            review.judge(replace(made, left=bad))
    assert review.judgement(item.id) is None


@dataclass(frozen=True, slots=True)
class OldJudgement(Record):
    """A judgement as it was written when every question was asked: all answers, in the order of those days."""

    values: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return self.values


def test_a_judgement_of_before_opens_and_counts_as_it_did(project: Project) -> None:
    review = reviewer(project, "rev")
    item = item_of(review)
    sample = {
        "right_label": False,
        "natural": True,
        "fits": True,
        "verdict": "accept",
        "text": None,
        "text_pair": None,
        "label": None,
    }
    fix = {**sample, "verdict": "fix", "label": "positive"}
    side = {"samples": [fix, *[sample] * 11], "fits": True, "precise": False, "useful": True}
    old = {"item": item.id, "preference": "left", "left": side, "right": side, "own": False}
    with Teaching(project.teaching_dir, "rev").store.edit("judge item", final=True) as edit:
        edit.put("judgement", item.id, cast("Judgement", OldJudgement(old)))
    found = reviewer_again(project).judgement(item.id)
    assert found is not None
    assert (found.preference, found.left.samples[11]) == ("left", SampleJudgement("accept", False, True, True))
    assert {entry.state for entry in reviewer_again(project).queue() if entry.id == item.id} == {"judged"}
    for one in accepted(project):
        shares = (one.accepted, one.fixed, one.label_errors, one.natural, one.on_pattern, one.fits, one.precise)
        assert [(share.hits, share.n) for share in shares if share] == [
            (11, 12),
            (1, 12),
            (12, 12),
            (12, 12),
            (12, 12),
            (1, 1),
            (0, 1),
        ]


def reviewer_again(project: Project) -> Review:
    return Review(project, Teaching(project.teaching_dir, "rev"))
