"""What an audit shows when, and of which rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.audit.audit_files import Audit, find_audit
from engine.audit.audit_status import COVERAGE, AuditFigures, AuditStatus, status_of
from engine.audit.estimate import Stratum, bounds
from engine.errors import StoreError
from engine.project import Project
from engine.schema import SplitName
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tests.builders.audit import answer, drawn_audit, llm_labels
from tests.builders.stream import LABELS, stream_project


def said_by_model(audit: Audit) -> dict[str, str]:
    return dict(zip(audit.rows.ids, audit.rows.predicted, strict=True))


def other(label: str) -> str:
    return LABELS[label == LABELS[0]]


def answer_look(project: Project, audit: Audit, look: int, *, wrong: frozenset[str] = frozenset()) -> None:
    """Answer the rows of a look; the model is wrong on those of some strata."""
    model = said_by_model(audit)
    part = [choice for choice in audit.file.choices if choice.batch == look]
    answer(project, audit, {one.row: other(model[one.row]) if one.stratum in wrong else model[one.row] for one in part})


def figures_of(project: Project, audit: Audit) -> AuditFigures:
    figures = status_of(project, audit).figures
    assert figures is not None
    return figures


def test_figures_come_at_the_looks_and_stay_between_them(tmp_path: Path) -> None:
    audit = drawn_audit(tmp_path / "work", {"flagged": 20, "confident": 80}, 50)
    project = Project.open(tmp_path / "work")
    model = said_by_model(audit)
    first = [choice.row for choice in audit.file.choices if choice.batch == 1]
    answer(project, audit, {row: model[row] for row in first[:-1]})
    status = status_of(project, audit)
    assert (status.figures, status.missing, status.answered) == (None, 1, len(first) - 1)
    assert status.sentence == "1 label to look 1 of 5: figures change there and not in between."
    answer(project, audit, {first[-1]: model[first[-1]]})
    at_look = figures_of(project, audit)
    assert (at_look.look, at_look.labels) == (1, 10)
    second = [choice.row for choice in audit.file.choices if choice.batch == 2]
    answer(project, audit, {row: other(model[row]) for row in second[:-1]})
    assert figures_of(project, audit) == at_look
    answer(project, audit, {second[-1]: other(model[second[-1]])})
    assert figures_of(project, audit).look == 2
    assert figures_of(project, audit) != at_look


def test_a_later_look_does_not_open_before_an_earlier_one(tmp_path: Path) -> None:
    audit = drawn_audit(tmp_path / "work", {"confident": 100}, 50)
    project = Project.open(tmp_path / "work")
    for look in (2, 3, 4, 5):
        answer_look(project, audit, look)
    status = status_of(project, audit)
    assert (status.figures, status.answered, status.missing) == (None, 40, 10)


def all_answered(root: Path, *, batches: int = 1) -> tuple[Project, Audit]:
    """The model is wrong on each flagged row and on each on which it is not confident, and right on the others."""
    audit = drawn_audit(root, {"flagged": 40, "confident": 140, "not confident": 20}, 100, batches=batches)
    project = Project.open(root)
    for look in range(1, 6):
        answer_look(project, audit, look, wrong=frozenset({"flagged", "not confident"}))
    return project, audit


def test_strata_are_weighted_by_their_rows(tmp_path: Path) -> None:
    project, audit = all_answered(tmp_path / "work")
    status = status_of(project, audit)
    assert (status.rows, status.confident, status.flagged, status.missing) == (200, 180, 40, 0)
    assert "That was the last look" in status.sentence
    figures = figures_of(project, audit)
    assert figures.uus is not None
    assert figures.wrong is not None
    # 10 of the labels go to rows on which the model is not confident, .4 of the others to flagged ones
    assert (figures.uus.labelled, figures.uus.hits, figures.wrong.labelled) == (90, 36, 100)
    assert (figures.uus.value, figures.uus.number) == (pytest.approx(40 / 180), 40)
    assert figures.wrong.value == pytest.approx(60 / 200)
    assert (figures.uus.low, figures.uus.high) == bounds([Stratum(40, 36, 36), Stratum(140, 54, 0)], COVERAGE)
    assert figures.uus.fewest <= 40 <= figures.uus.most


def test_figures_by_the_models_label_and_by_batch(tmp_path: Path) -> None:
    project, audit = all_answered(tmp_path / "work", batches=4)
    figures = figures_of(project, audit)
    assert list(figures.by_label) == list(LABELS)
    assert sum(one.rows for one in figures.by_label.values()) == 180
    assert sum(one.hits for one in figures.by_label.values()) == 36
    assert list(figures.batches) == ["week1", "week2", "week3", "week4"]
    for one in figures.batches.values():  # 10 flagged, 35 confident, 5 others each: those are no UUs, without a label
        assert (one.rows, one.value) == (50, pytest.approx(0.2))
        assert one.low <= 0.2 < one.high


def test_rows_without_an_agreed_label_are_left_out_and_told(tmp_path: Path) -> None:
    audit = drawn_audit(tmp_path / "work", {"confident": 100}, 20)
    project = Project.open(tmp_path / "work")
    model = said_by_model(audit)
    rows = [choice.row for choice in audit.file.choices if choice.batch == 1]
    answer(project, audit, {rows[0]: ""} | {row: model[row] for row in rows[1:]})
    figures = figures_of(project, audit)
    assert (figures.labels, figures.left_out) == (3, 1)


def test_agreement_of_the_llm_is_that_of_the_rows_up_to_the_look_weighted_by_their_chances(tmp_path: Path) -> None:
    project, audit = all_answered(tmp_path / "work")
    model = said_by_model(audit)
    strata = dict(zip(audit.rows.ids, audit.rows.strata, strict=True))
    # wrong on flagged rows, of which nearly all were drawn, and right on the others
    llm_labels(project, {row: other(said) if strata[row] == "not confident" else said for row, said in model.items()})
    (one,) = figures_of(project, audit).llms
    assert (one.author, one.share.rows, one.share.agreed) == ("llm-gpt", 100, 64)
    assert one.share.value == pytest.approx(160 / 200)
    assert one.share.low is not None
    assert one.share.high is not None
    assert one.share.low < 0.8 < one.share.high


def test_what_is_audited_is_no_label_of_the_pool(tmp_path: Path) -> None:
    project, audit = all_answered(tmp_path / "work")
    records = Records(project.teaching_dir)
    asked: tuple[SplitName, ...] = ("pool", "train")
    for split in asked:
        assert not Labels(records, split).people
    assert len(Labels(records, "proof").settled()) == len(audit.file.choices)


def test_an_audit_that_is_not_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "none", proof=4)
    with pytest.raises(StoreError, match="there is no audit yet; draw one: `blindspot audit DIR`"):
        find_audit(project)
    drawn_audit(tmp_path / "work", {"confident": 30}, 20)
    project = Project.open(tmp_path / "work")
    with pytest.raises(StoreError, match="there is no audit 'audit-7'; name one of audit-1"):
        find_audit(project, "audit-7")
    (tmp_path / "work" / "queues" / f"audited-{'0' * 16}.json").unlink()
    with pytest.raises(StoreError, match="what this audit was drawn from is gone"):
        find_audit(project)


def test_a_status_is_written_and_read(tmp_path: Path) -> None:
    project, audit = all_answered(tmp_path / "work")
    status = status_of(project, audit)
    assert AuditStatus.from_json(status.as_json()) == status


def test_rows_to_come_are_less_sure_than_the_held_out_ones_even_where_these_all_have_a_label(tmp_path: Path) -> None:
    audit = drawn_audit(tmp_path / "work", {"confident": 40}, 40)
    project = Project.open(tmp_path / "work")
    for look in range(1, 6):
        answer_look(project, audit, look)
    found = figures_of(project, audit)
    assert found.uus is not None
    assert (found.uus.low, found.uus.high) == (0, 0)
    assert found.rows_to_come is not None
    assert found.rows_to_come == pytest.approx(bounds([Stratum(10**9, 40, 0)], COVERAGE), abs=1e-4)
    assert found.rows_to_come[1] > 0.05
