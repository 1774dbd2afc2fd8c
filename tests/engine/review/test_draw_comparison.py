from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.project import Project
from engine.review.blind_review import Review
from engine.review.comparison import TeacherComparison, WinRate, is_current, read_comparison
from engine.review.diversity import distinct, near_duplicates, spread, vendi
from engine.review.draw_comparison import compare
from engine.schema import Preference, Sample, Teacher
from engine.teaching.records import Teaching
from tests.engine.review.world import HUMAN, LLM, annotator, judgement, make_reviewed_project, reviewer, write_answer


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "work")


def vote(project: Project, name: str, votes: Sequence[str]) -> Review:
    """A reviewer's preferences, item by item in the order of ids: for the human, the LLM, or neither of them."""
    review = reviewer(project, name)
    for entry, choice in zip(sorted(review.queue(), key=lambda entry: entry.id), votes, strict=False):
        review.judge(judgement(review, entry.id, prefer(project, review, entry.id, choice)))
    return review


def prefer(project: Project, review: Review, item_id: str, choice: str) -> Preference:
    item = review.item(item_id)
    human = {sample.text for sample in Teaching(project.teaching_dir, "ann").samples() if sample.teacher == HUMAN}
    left: Mapping[str, Preference] = {"human": "left", "llm": "right"}
    right: Mapping[str, Preference] = {"human": "right", "llm": "left"}
    sides = left if item.left.samples[0].text in human else right
    return sides.get(choice) or ("tie" if choice == "tie" else "neither")


def overall(found: TeacherComparison) -> WinRate:
    (one,) = [one for one in found.wins if one.overall]
    return one


def test_wins_count_for_the_teacher_wherever_the_side_was_shown(project: Project) -> None:
    vote(project, "rev", ["human", "human", "human", "llm", "tie", "neither"])
    found = compare(project, embed=False)
    one = overall(found)
    assert (one.one, one.other, one.same_evidence, one.items, one.judgements) == ("human", "llm", True, 6, 6)
    assert (one.wins, one.losses, one.ties, one.neither, one.rate) == (3, 1, 1, 1, 0.75)
    assert one.method == "bootstrap"
    assert one.low is not None and one.high is not None  # noqa: PT018 - for the type checker
    assert 0 <= one.low < 0.75 < one.high <= 1
    (pair,) = [one for one in found.wins if not one.overall]
    assert (pair.one, pair.other, pair.rate) == ("ann", "gpt", 0.75)
    assert sum(one.wins for one in found.wins_by_spot.values()) == 3
    assert set(found.wins_by_spot) == {"B1", "B2"}


def test_several_judgements_of_an_item_make_the_interval_no_narrower(tmp_path: Path) -> None:
    votes, widths = ["human", "human", "llm", "llm", "human", "llm"], []
    for count in (1, 4):
        project = make_reviewed_project(tmp_path / str(count))
        for number in range(count):
            vote(project, f"rev{number}", votes)
        one = overall(compare(project, embed=False))
        assert one.low is not None and one.high is not None  # noqa: PT018
        widths.append(one.high - one.low)
    assert min(widths) > 0.6  # 24 judgements that were independent of each other would give 0.4


def test_a_rate_that_all_items_agree_on_has_wilson_s_interval(project: Project) -> None:
    vote(project, "rev", ["human"] * 6)
    one = overall(compare(project, embed=False))
    assert (one.rate, one.high, one.method) == (1.0, 1.0, "wilson")
    assert one.low == pytest.approx(0.6097, abs=1e-4)  # n = 6, z = 1.96


def test_items_that_are_all_divided_alike_have_no_interval_of_no_width(project: Project) -> None:
    vote(project, "rev", ["human", "llm"] * 3)
    vote(project, "rew", ["llm", "human"] * 3)
    one = overall(compare(project, embed=False))
    assert (one.rate, one.low, one.high) == (0.5, None, None)
    assert "as divided on every item" in one.reason


def test_what_cannot_be_told_is_none_with_a_reason(project: Project) -> None:
    empty = compare(project, embed=False)
    assert (empty.wins, empty.acceptance, empty.judgements) == ((), (), 0)
    assert {one.reason for one in empty.agreement} == {"it takes two reviewers"}
    vote(project, "rev", ["tie"] * 6)
    one = overall(compare(project, embed=False))
    assert (one.rate, one.low, one.reason) == (None, None, "no judgement prefers one to the other")
    vote(project, "rew", ["human"])
    one = overall(compare(project, embed=False))
    assert (one.rate, one.low, one.reason) == (1.0, None, "one item alone has no interval")
    kappa = next(one for one in compare(project, embed=False).agreement if one.measure == "kappa" and one.of == "items")
    assert (kappa.reviewers, kappa.n, kappa.value) == (("rev", "rew"), 1, None)
    assert kappa.reason == "only 1 items that two have judged"


def test_agreement_is_about_teachers_not_about_sides(project: Project) -> None:
    votes = ["human", "llm", "tie", "human", "llm", "neither"]
    for name in ("rev", "rew", "rex"):
        vote(project, name, votes)
    found = {(one.measure, one.reviewers, one.of): one for one in compare(project, embed=False).agreement}
    everybody = ("rev", "rew", "rex")
    assert found["alpha", everybody, "items"].value == 1.0
    assert found["kappa", ("rev", "rew"), "items"].value == 1.0
    assert (found["alpha", everybody, "samples"].value, found["alpha", everybody, "samples"].n) == (None, 20)
    assert "all gave the same answer" in found["alpha", everybody, "samples"].reason


def test_kappa_and_alpha_of_a_known_table(project: Project) -> None:
    vote(project, "rev", ["human", "human", "human", "human", "llm", "llm"])
    vote(project, "rew", ["human", "human", "human", "llm", "llm", "human"])
    found = {(one.measure, one.of): one.value for one in compare(project, embed=False).agreement}
    assert found["kappa", "items"] == pytest.approx((4 / 6 - 5 / 9) / (1 - 5 / 9), abs=1e-6)
    # coincidences: 8 of 12 on the diagonal; by chance (8 * 7 + 4 * 3) / (12 * 11)
    assert found["alpha", "items"] == pytest.approx((8 / 12 - 68 / 132) / (1 - 68 / 132), abs=1e-6)


def test_acceptance_counts_each_sample_once_by_majority(project: Project) -> None:
    for name, verdicts in {"rev": ["reject"], "rew": ["reject"], "rex": ["accept"]}.items():
        review = reviewer(project, name)
        for entry in review.queue():
            review.judge(judgement(review, entry.id, verdicts=verdicts))  # type: ignore[arg-type]
    acceptance = compare(project, embed=False).acceptance
    assert {(one.blind_spot, one.rejected.n) for one in acceptance if one.rejected} == {
        (None, 10),
        ("B1", 5),
        ("B2", 5),
    }
    found = {one.teacher: one for one in acceptance if one.blind_spot is None}
    for teacher in (HUMAN, LLM):
        one = found[teacher]
        assert one.rejected is not None and one.accepted is not None  # noqa: PT018
        assert one.label_errors is not None and one.fits is not None  # noqa: PT018
        assert (one.rejected.hits, one.rejected.n) == (6, 10)  # the first sample of each of the six items
        assert (one.accepted.hits, one.label_errors.hits) == (4, 6)
        assert (one.fits.hits, one.fits.n) == (4, 4)
        assert one.rejected.low < 0.6 < one.rejected.high


def test_judgements_of_one_s_own_work_are_left_out_unless_asked_for(project: Project) -> None:
    ann = Review(project, Teaching(project.teaching_dir, "ann"))
    for entry in ann.queue(own=True):
        ann.judge(judgement(ann, entry.id, prefer(project, ann, entry.id, "human")))
    found = compare(project, embed=False)
    assert (found.judgements, found.own_judgements, found.wins) == (0, 6, ())
    assert overall(compare(project, own=True, embed=False)).wins == 6
    kept = read_comparison(project)
    assert kept is not None
    assert kept.judgements == 0


def test_a_comparison_is_kept_until_something_changes(project: Project) -> None:
    vote(project, "rev", ["human", "llm"])
    found = compare(project, embed=False)
    assert read_comparison(project) == found
    assert is_current(project, found)
    written = (project.review_dir / "comparison.json").stat().st_mtime_ns
    assert compare(project, embed=False) == found
    assert (project.review_dir / "comparison.json").stat().st_mtime_ns == written
    vote(project, "rew", ["human"])
    assert not is_current(project, found)
    assert compare(project, embed=False).judgements == 3


def test_a_comparison_is_out_of_date_once_somebody_commits(project: Project) -> None:
    write_answer(project, "bob", Teacher("bob", "human"), "B3", {"extrapolation": ("Birds for people.", {"target": 1})})
    found = compare(project, embed=False)
    annotator(project, "bob").commit("B3")
    assert not is_current(project, found)
    assert compare(project, embed=False).items == found.items + 1


def test_quality_needs_no_reviewer_and_is_told_by_teacher_and_blind_spot(project: Project) -> None:
    found = compare(project, embed=False)
    rows = [(one.teacher.name, one.blind_spot, one.samples) for one in found.quality]
    assert rows == [
        ("ann", None, 12),
        ("ann", "B1", 6),
        ("ann", "B2", 6),
        ("gpt", None, 30),
        ("gpt", "B1", 10),
        ("gpt", "B2", 10),
        ("gpt", "B3", 10),
    ]
    ann, gpt = found.quality[0], found.quality[3]
    assert (ann.labels, ann.balance) == ({"negative": 6, "positive": 6}, 1.0)
    assert (ann.equal, gpt.equal) == (12, 12)
    assert gpt.distinct_2_equal is not None
    assert gpt.distinct_2_equal > gpt.distinct_2  # thirty repeat themselves more than twelve of them
    assert (ann.spread, ann.vendi, ann.reason) == (None, None, "embeddings were not asked for")
    assert ann.novelty_text is not None
    assert 0.3 < ann.novelty_text < 0.8


# the figures themselves


def texts(*given: str, label: str = "positive") -> list[Sample]:
    return [Sample(f"S{n}@ann", "B1", text, label, "target", HUMAN) for n, text in enumerate(given)]


def test_distinct_n_is_the_share_of_different_n_grams() -> None:
    words = [["the", "soup", "was", "cold"], ["the", "soup", "was", "hot"]]
    assert distinct(words, 1) == pytest.approx(5 / 8)
    assert distinct(words, 2) == pytest.approx(4 / 6, abs=1e-6)
    assert distinct([["one"]], 2) == 0.0


def test_near_duplicates_count_copies_of_the_same_label_only() -> None:
    same = texts("The soup was cold and late.", "The soup was cold and late!", "A wholly different sentence.")
    assert near_duplicates(same) == 1
    assert near_duplicates(same + texts("The soup was cold and late.", label="negative")) == 1


def test_vendi_score_and_spread_of_copies_and_of_strangers() -> None:
    copies, strangers = np.tile([1.0, 0.0, 0.0], (4, 1)), np.eye(4)
    assert (vendi(copies), spread(copies)) == (1.0, 0.0)
    assert (vendi(strangers), spread(strangers)) == (4.0, 1.0)
    two = np.repeat(np.eye(2), 3, axis=0)  # more rows than dimensions
    assert vendi(two) == pytest.approx(2.0)
    assert spread(two) == pytest.approx(9 * 2 / 30)
