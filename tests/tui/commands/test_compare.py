from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from engine import jobs
from engine.project import Project
from engine.review.comparison import comparison_path, is_current, read_comparison
from engine.review.draw_comparison import compare
from engine.schema import SampleJudgement
from tests.engine.review.world import judgement, make_reviewed_project, reviewer
from tui.cli import main
from tui.reporting.comparison_tables import comparison_tables
from tui.reporting.measures import COMPARISON

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two reviewers have judged everything; they differ in the first sample of each side."""
    project = make_reviewed_project(tmp_path / "work")
    for name, verdict in (("rev", "accept"), ("rew", "reject")):
        review = reviewer(project, name)
        for entry in review.queue():
            review.judge(judgement(review, entry.id, "left", verdicts=[verdict]))  # type: ignore[list-item]
    return project


def test_what_is_up_to_date_is_printed_without_a_job(project: Project, capsys: Capture) -> None:
    found = compare(project, embed=False)
    assert main(["compare", str(project.root), "--json"]) == 0
    printed = orjson.loads(capsys.readouterr().out)
    assert printed == orjson.loads(orjson.dumps(found.as_json()))
    assert printed["wins"][0]["overall"]
    assert jobs.jobs(project.root) == []


def test_people_read_tables_and_why_figures_are_missing(project: Project, capsys: Capture) -> None:
    compare(project, embed=False)
    assert main(["compare", str(project.root)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("12 judgements by 2 reviewers on 6 of 6 items; 2 patterns and 22 samples without a partner\n")
    win = next(line for line in out.splitlines() if line.startswith("human against llm"))
    assert win.split()[3:6] == ["6", *map(str, _wins(project))]
    accepted = next(line for line in out.splitlines() if line.startswith("gpt (llm)"))
    assert accepted.split()[2:4] == ["10", "1.00"]
    assert "kappa of rev and rew, samples" in out
    assert "gpt: embeddings were not asked for" in out


def test_every_measure_has_one_line_that_says_what_it_means(project: Project, capsys: Capture) -> None:
    found = compare(project, embed=False)
    assert main(["compare", str(project.root)]) == 0
    said = capsys.readouterr().out.partition("What the measures mean\n")[2].splitlines()
    names = [line.partition(": ")[0] for line in said]
    assert len(names) == len(set(names))
    assert set(names) == COMPARISON.keys()
    counts = {"", "items", "n", "samples", "judged by two", "value", "labels"}
    heads = {name for table in comparison_tables(found) for name in table.head}
    assert heads - counts <= COMPARISON.keys(), "a measure without a line"


def test_a_share_of_answers_says_of_how_many(tmp_path: Path, capsys: Capture) -> None:
    project = make_reviewed_project(tmp_path / "short")
    compare(project, embed=False)
    assert main(["compare", str(project.root)]) == 0
    assert f"\nnobody has judged yet: `blindspot review {project.root}` shows the items\n" in capsys.readouterr().out
    review = reviewer(project, "rev")
    for entry in review.queue():
        full = judgement(review, entry.id)
        left, right = (
            replace(side, fits=None, precise=None, samples=tuple(SampleJudgement("accept") for _ in side.samples))
            for side in (full.left, full.right)
        )
        review.judge(full if entry.blind_spot == "B1" else replace(full, left=left, right=right))
    compare(project, embed=False)
    assert main(["compare", str(project.root)]) == 0
    tables = {table.splitlines()[0]: table for table in capsys.readouterr().out.split("\n\n")}
    assert "5 of 5 (" in tables["Samples, as reviewers judge them: label, language, pattern"]
    row = next(line for line in tables["Patterns, as reviewers judge them"].splitlines() if line.startswith("ann "))
    assert [part.split(" (")[0] for part in row.split("  ") if " of " in part] == ["2 of 2", "2 of 2", "4 of 4"]


def _wins(project: Project) -> tuple[int, int]:
    found = read_comparison(project)
    assert found is not None
    return found.wins[0].wins, found.wins[0].losses


@pytest.mark.usefixtures("in_process_jobs")
def test_the_job_measures_embeddings_too_and_own_judgements_have_a_file_of_their_own(
    project: Project, capsys: Capture
) -> None:
    assert main(["compare", str(project.root), "--own"]) == 0
    assert "Vendi" in capsys.readouterr().out
    found = read_comparison(project, own=True)
    assert found is not None
    assert is_current(project, found)
    assert not comparison_path(project).exists()
    for one in found.quality:
        assert one.spread is not None and one.vendi is not None and one.novelty_embedding is not None  # noqa: PT018
        assert 0 < one.spread < 1
        assert 1 < one.vendi < one.samples
        assert one.reason == ""
    assert [view.kind for view in jobs.jobs(project.root)] == ["compare"]


def test_detached_it_prints_the_job_and_says_where_to_follow(project: Project, capsys: Capture) -> None:
    compare(project, embed=False)
    assert main(["compare", str(project.root), "--detach"]) == 0
    job = capsys.readouterr().out.strip()
    assert job == "compare-1"
    jobs.stop(project.root, job)
    assert list(jobs.follow(project.root, job))[-1]["type"] in ("stopped", "done")
