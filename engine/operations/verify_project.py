"""All parts of a project, one after the other. Heavy modules are imported only when their part comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.project import Project
from engine.regression.suite_checks import check_promotions, check_suite
from engine.verify.finding import Finding
from engine.verify.model_checks import check_models, check_predictions
from engine.verify.record_checks import check_calls, check_records
from engine.verify.seal import check_seal
from engine.verify.split_checks import check_splits


def verify(root: Path) -> Iterator[Finding]:
    """Look at every part of a project; nothing is changed.

    Raises:
        ProjectError: there is no project, or its manifest is damaged.
        SettingsError: blindspot.toml has a mistake.
    """
    project = Project.open(root, verify=False)
    yield from check_splits(project)
    yield from check_records(project)
    yield from check_calls(project)
    yield from check_models(project)
    yield from check_predictions(project)
    from engine.verify.cache_checks import check_caches
    from engine.verify.discovery_checks import check_discoveries
    from engine.verify.proof_checks import check_proofs

    yield from check_caches(project)
    yield from check_discoveries(project)
    yield from check_proofs(project)
    yield from check_promotions(project)
    yield from check_suite(project)
    yield from check_seal(project)
