"""Checks of records that need no whole project."""

from __future__ import annotations

from engine.project import Project
from engine.verify.record_checks import check_calls
from tests.builders.whole import write_call


def test_calls_that_an_earlier_version_has_logged_are_calls(project: Project) -> None:
    for number in range(3):
        write_call(project, number)
    path = project.llm_dir / "calls.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"answer_format"', b'"rung"'))
    assert [(one.state, one.what) for one in check_calls(project)] == [("ok", "3 whole calls")]
    path.write_bytes(path.read_bytes().replace(b'"rung"', b'"other"', 1))
    assert [one.state for one in check_calls(project)] == ["changed"]
