"""What each kind of job does. Heavy modules are imported here only when the work begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.jobs.worker import Work
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Teacher


def discover(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Find blind spots; then import the teaching files named in the options, if any."""
    from engine.discovery.run import discover as find

    found = find(project, monitor=monitor)
    result = {"round": found.round, "blind_spots": len(found.blind_spots), "uus": len(found.uus)}
    if options.get("teaching"):
        from engine.teaching.importing import import_teaching

        teacher = Teacher.from_json(options["teacher"])
        import_teaching(project, [Path(file) for file in options["teaching"]], teacher, monitor=monitor)
    return result


def retrain(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Train the arms with every seed and judge them on proof and test."""
    from engine.proof.run import retrain as prove

    chosen = {name: options.get(name) for name in ("arms", "seeds", "recipes")}
    report = prove(project, **chosen, monitor=monitor)
    return {"report": str(report.relative_to(project.root))}


KINDS: dict[str, Work] = {"discover": discover, "retrain": retrain}
