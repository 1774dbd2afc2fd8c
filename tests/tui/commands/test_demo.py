"""The demo project brings what it takes to work without a network."""

from __future__ import annotations

from pathlib import Path

import sample_data
from tui.commands.demo import make_project


def test_a_demo_project_has_the_recorded_answers_where_a_replay_looks_for_them(tmp_path: Path) -> None:
    project = make_project(tmp_path / "demo")
    bundled = sample_data.FOLDER / "teaching" / "recorded.jsonl"
    assert (project.llm_dir / "recorded.jsonl").read_bytes() == bundled.read_bytes()
