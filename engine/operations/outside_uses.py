"""All that a project, or one of its jobs, makes us use outside its folder (see `engine.trust`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.llm.address import server_use
from engine.llm.prompts import Prompts
from engine.model.weights import weights_use
from engine.project import Project
from engine.trust import OutsideUse, file_use


def outside_uses(project: Project) -> list[OutsideUse]:
    """All that the settings and prompts of a project make us use.

    Raises:
        SettingsError: the address or a prompt cannot be used.
    """
    model = project.settings.model
    names = dict.fromkeys((model.classifier or model.base, model.encoder))
    found = [server_use(project.settings.llm, Prompts(project).own), *(weights_use(project.root, one) for one in names)]
    return [use for use in found if use is not None]


def job_uses(project: Project, kind: str, options: Mapping[str, Any]) -> list[OutsideUse]:
    """All that a job would use.

    Args:
        project: the folder.
        kind: of the job.
        options: of the job, which stand in a file of the project.

    Raises:
        SettingsError: as `outside_uses`.
    """
    found: list[OutsideUse | None]
    llm, weights = project.settings.llm, project.settings.model
    if kind == "teach" and _text(options.get("replay")):
        found = [file_use(project.root, Path(options["replay"]))]
    elif kind in ("teach", "judge"):
        if kind == "teach":
            model, base_url = _text(options.get("model")), _text(options.get("base_url"))
            llm = replace(llm, model=model or llm.model, base_url=base_url or llm.base_url)
        found = [server_use(llm, Prompts(project).own)]
    else:
        start = weights.classifier or weights.base
        only = {"check": [_text(options.get("model")) or start], "compare": [weights.encoder]}
        names = dict.fromkeys(only.get(kind, [start, weights.encoder]))  # one folder is often both
        found = [weights_use(project.root, name) for name in names]
        found += [file_use(project.root, Path(_text(path))) for path in options.get("teaching") or ()]
    return [use for use in found if use is not None]


def _text(value: Any) -> str:
    """What stands in a job's file where a text is expected; whatever is none is refused where it is used."""
    return value if isinstance(value, str) else ""
