"""Which rows an LLM is asked to label: those that the model is sure of, as its scores say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.discovery.pool_scoring import score_pool
from engine.llm.label_rows import choose_rows
from engine.model.model_registry import current_model
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.settings import read_settings, write_settings
from tests.builders import tiny_bert
from tests.builders.discovery import discovery_of, save_discovery

pytestmark = pytest.mark.xdist_group("label_rows")


def test_confident_rows_are_those_at_tau_or_above(tmp_path: Path) -> None:
    weights = str(tiny_bert.classifier(tmp_path / "classifier"))
    base = tiny_bert.body(tmp_path / "body")
    project = tiny_bert.make_project(tmp_path / "work", base=base, classifier=weights, encoder=str(base))
    scored = score_pool(project, current_model(project, monitor=Silent()), monitor=Silent())
    by_row = dict(zip([row.id for row in scored.rows], scored.scores.confidence, strict=True))
    tau = float(sorted(by_row.values())[4])
    path = project.root / SETTINGS_FILE
    settings = read_settings(path)
    write_settings(path, replace(settings, discovery=replace(settings.discovery, tau=tau)))
    project = Project.open(project.root)
    save_discovery(project, discovery_of(labels=tiny_bert.LABELS, tau=tau))
    chosen = choose_rows(project, "confident", Silent())
    assert chosen.chance is None
    assert {row.id for row in chosen.rows} == {row for row, value in by_row.items() if value >= tau}
    assert 0 < len(chosen.rows) < 12
