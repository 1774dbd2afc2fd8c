"""Figures that an earlier run of a benchmark has kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import measure


def test_what_is_kept_of_the_same_facts_is_not_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "options", replace(measure.options, results=tmp_path / "results.jsonl"))
    done: list[int] = []

    def work() -> list[int]:
        done.append(len(done))
        return [len(done)]

    asked = [{"name": "agreement", "draws": draws} for draws in (60, 200, 60)]
    assert [measure.once(facts, work) for facts in asked] == [[1], [2], [1]]
    assert done == [0, 1]
