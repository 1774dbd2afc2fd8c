"""The job that searches the pool, with the real encoder."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import jobs
from engine.jobs.follow import follow
from engine.operations.job_records import SearchOptions, SearchResult
from engine.teaching.found_rows import found_before
from tests.engine.llm.judges import asking, says
from tests.engine.llm.server import LlmServer
from tests.engine.teaching.found import BITTER, PLAIN, search_project, write_sample
from tests.engine.teaching.tested_patterns import write


@pytest.mark.usefixtures("in_process_jobs")
def test_a_pattern_finds_rows_of_its_kind_and_the_llm_says_to_which_it_applies(tmp_path: Path) -> None:
    project = search_project(tmp_path / "work", encoder="all-MiniLM-L6-v2")
    pattern = write(project, "ann")
    write_sample(project, "ann", "Thanks ever so much, the tram never came.", pattern=pattern.id)
    with LlmServer(says("Thanks")) as server:
        asking(project, server)
        asked = SearchOptions(pattern=pattern.id, rows=4, by_llm=True, author="ann")
        job_id = jobs.start(project.root, asked)
        last = list(follow(project.root, job_id))[-1]
    assert last["type"] == "done", last
    made = SearchResult.from_json(last["result"])
    found = found_before(project, made.found)
    assert found is not None
    assert {row.id for row in found.rows[:3]} == set(BITTER)
    assert found.rows[3].id in PLAIN
    assert {row.id for row in found.rows if row.applies} == {"w0", "w1"}
    assert made.sentence == (
        "4 of 7 rows without a label found for pattern P1@ann, by 1 sample and 8 UUs of the evidence; "
        "m1 finds that it applies to 2 of 4"
    )
    assert jobs.find_job(project.root, job_id).sentence == made.sentence
