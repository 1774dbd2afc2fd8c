from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.project import Project
from engine.review.blind_review import Review
from engine.review.outcome import Reviewed, reviewed_counts, reviewed_samples
from engine.schema import Sample, SampleJudgement, SampleVerdict
from engine.teaching.records import Records, Teaching
from tests.engine.review.world import judgement, make_reviewed_project, reviewer
from tests.engine.teaching.world import PROOF


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "work")


def judge_one(project: Project, reviewers: dict[str, Sequence[SampleVerdict]]) -> set[str]:
    """Every reviewer judges the anchors of B1, one sample a side; the texts of these samples."""
    texts = set()
    for name, verdicts in reviewers.items():
        review = reviewer(project, name)
        item = review.item(anchors(review))
        review.judge(judgement(review, item.id, verdicts=verdicts))
        texts = {side.samples[0].text for side in (item.left, item.right)}
    return texts


def anchors(review: Review) -> str:
    return next(entry.id for entry in review.queue(own=True) if (entry.blind_spot, entry.kind) == ("B1", "anchors"))


def after(project: Project) -> tuple[tuple[Sample, ...], list[Sample]]:
    records = Records(project.teaching_dir)
    return records.samples(), reviewed_samples(project, records, records.samples())


def test_without_reviews_nothing_changes(project: Project) -> None:
    samples, reviewed = after(project)
    assert reviewed == list(samples)
    assert reviewed_counts(project) == {}


def test_samples_that_most_reject_are_left_out(project: Project) -> None:
    texts = judge_one(project, {"rev": ["reject"]})
    samples, reviewed = after(project)
    assert {sample.text for sample in samples} - {sample.text for sample in reviewed} == texts
    assert set(reviewed_counts(project).values()) == {Reviewed(1, 0)}
    judge_one(project, {"rew": ["accept"]})
    assert after(project)[1] == list(samples)
    assert reviewed_counts(project) == {("ann", "human"): Reviewed(1, 1), ("gpt", "llm"): Reviewed(1, 1)}
    judge_one(project, {"rex": ["reject"]})
    assert len(after(project)[1]) == len(samples) - 2


def test_samples_that_were_mended_are_taken_as_mended(project: Project) -> None:
    texts = judge_one(project, {"rev": ["fix"]})
    samples, reviewed = after(project)
    changed = [(old, new) for old, new in zip(samples, reviewed, strict=True) if old != new]
    assert {old.text for old, _ in changed} == texts
    assert {new for _, new in changed} == {replace(old, text="A mended text about boots.") for old, _ in changed}
    assert set(reviewed_counts(project).values()) == {Reviewed(1, 0)}


def test_a_label_alone_can_be_mended(project: Project) -> None:
    review = reviewer(project, "rev")
    item = review.item(anchors(review))
    made = judgement(review, item.id)
    fix = SampleJudgement("fix", False, True, True, label="positive")
    review.judge(replace(made, left=replace(made.left, samples=(fix,))))
    _, reviewed = after(project)
    assert [sample.label for sample in reviewed if sample.text == item.left.samples[0].text] == ["positive"]


def test_one_s_own_judgement_counts_nothing(project: Project) -> None:
    review = Review(project, Teaching(project.teaching_dir, "ann"))
    review.judge(judgement(review, anchors(review), verdicts=["reject"]))
    samples, reviewed = after(project)
    assert reviewed == list(samples)
    assert reviewed_counts(project) == {}


def test_a_verdict_counts_for_the_sample_as_it_was_judged(project: Project) -> None:
    judge_one(project, {"rev": ["reject"]})
    samples, reviewed = after(project)
    gone = next(sample for sample in samples if sample not in reviewed and sample.teacher.kind == "llm")
    teaching = Teaching(project.teaching_dir, gone.id.rpartition("@")[2])
    with teaching.store.edit("rewrite") as edit:
        edit.put("sample", gone.id, replace(gone, text="Another text about a tent."))
    assert "Another text about a tent." in {sample.text for sample in after(project)[1]}


def test_a_correction_that_would_leak_is_not_taken_though_the_file_has_it(project: Project) -> None:
    texts = judge_one(project, {"rev": ["fix"]})
    path = project.teaching_dir / "rev.json"
    path.write_text(path.read_text().replace("A mended text about boots.", PROOF["x1"][0]))
    samples, reviewed = after(project)
    assert reviewed == list(samples)
    assert texts <= {sample.text for sample in reviewed}


def test_lost_items_come_back_with_their_judgements_unless_the_records_have_changed(project: Project) -> None:
    judge_one(project, {"rev": ["reject"]})
    before = reviewed_counts(project)
    (project.review_dir / "items.jsonl").unlink()
    Review(project, Teaching(project.teaching_dir, "rev"))
    assert reviewed_counts(project) == before
    (project.review_dir / "items.jsonl").unlink()
    teaching = Teaching(project.teaching_dir, "llm-gpt")
    with teaching.store.edit("another wording") as edit:
        for found in list(teaching.own("sample")):
            if isinstance(found, Sample):
                edit.put("sample", found.id, replace(found, text=f"{found.text} Now."))
    review = Review(project, Teaching(project.teaching_dir, "rev"))
    assert reviewed_counts(project) == {}, "nobody has judged these words"
    assert {entry.state for entry in review.queue()} == {"open"}
