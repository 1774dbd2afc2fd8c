"""Diagnosis of machine and project, in the words of the errors that would come later.

Nothing is changed, nothing is downloaded, and one broken part does not keep the others from being looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine import jobs
from engine.counted import counted
from engine.errors import BlindspotError
from engine.extras import has_models
from engine.files import find_files, sha256_file
from engine.model.hugging_face import HuggingFace
from engine.model.text_classifier import classifier_of
from engine.operations import machine
from engine.operations.machine import MachineFinding, failed
from engine.project import SETTINGS_FILE, Project
from engine.settings import Settings, read_settings
from engine.teaching.revisions import Log
from engine.trust import require


def check(root: Path | None = None) -> list[MachineFinding]:
    """Look at this machine and, if one is named, at a project; the machine comes first.

    Args:
        root: the project folder; None for the machine alone.
    """
    settings, findings = Settings(), list[MachineFinding]()
    names = _weights(settings)
    if root is not None:
        root = root.expanduser().resolve()
        try:
            if (root / SETTINGS_FILE).is_file():
                settings = read_settings(root / SETTINGS_FILE)
            project = Project.open(root, verify=False)
            findings = list(_check_project(project))
            runs_weights = isinstance(classifier_of(project), HuggingFace)
            names = _weights(settings) if runs_weights else [settings.model.encoder]
        except BlindspotError as error:
            findings = [failed("project", error)]
    return [
        machine.check_python(),
        machine.check_packages(),
        machine.check_models(),
        *(machine.check_weights(names, root) if has_models() else ()),
        *((machine.check_compute(settings.compute),) if has_models() else ()),
        machine.check_disk(root if root is not None and root.is_dir() else Path.cwd()),
        machine.check_terminal(),
        *findings,
    ]


def _weights(settings: Settings) -> list[str]:
    """The names of all weights that are used where the classifier is one of Hugging Face."""
    return [settings.model.classifier or settings.model.base, settings.model.encoder]


def _check_program(project: Project) -> MachineFinding:
    settings = project.settings.classifier
    try:
        require(project.root, classifier_of(project).uses())
    except BlindspotError as error:
        return failed("classifier", error)
    trains = f", trained by `{settings.train}`" if settings.train else ", never retrained"
    hint = f"`blindspot doctor {project.root} --classifier` tries it"
    return MachineFinding("classifier", "ok", f"the program `{settings.score}`{trains}", hint)


def _check_project(project: Project) -> Iterator[MachineFinding]:
    task = project.settings.task
    if len(task.labels) < 2:
        yield MachineFinding(
            "settings", "problem", f"task.labels names {len(task.labels)} labels", "restore blindspot.toml"
        )
    else:
        yield MachineFinding(
            "settings",
            "ok",
            f"{len(task.labels)} labels, tau {project.settings.discovery.tau}, "
            f"{'pairs' if task.pair else 'single texts'}",
        )
    if project.settings.classifier.score:
        yield _check_program(project)
    for name in project.manifest.splits:
        yield _check_split(project, name)
    yield from _check_sources(project)
    yield from _check_teaching(project)
    yield _check_jobs(project)


def _check_split(project: Project, name: str) -> MachineFinding:
    try:
        project.verify_split(name)
    except BlindspotError as error:
        return failed(f"split {name}", error)
    return MachineFinding(f"split {name}", "ok", f"{counted(project.manifest.splits[name].rows, 'row')}, unchanged")


def _check_sources(project: Project) -> Iterator[MachineFinding]:
    """The user's own files may change: the project has its copies."""
    sources = {split.source: split.source_sha256 for split in project.manifest.splits.values()}
    for source, sha256 in sources.items():
        path = Path(source)
        if not _is_file(path):
            yield MachineFinding(f"source {path.name}", "warning", f"{path} is gone", "the project has its own copy")
        elif sha256_file(path) != sha256:
            yield MachineFinding(
                f"source {path.name}",
                "warning",
                f"{path} has changed since the project was made",
                "make a new project with `blindspot init` to use the new rows",
            )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have, e.g. one that is too long
        return False


def _check_teaching(project: Project) -> Iterator[MachineFinding]:
    for path in find_files(project.teaching_dir, "[!.]*.json"):
        name = f"annotations {path.stem}"
        try:
            log = Log(path)
        except BlindspotError as error:
            yield failed(name, error)
            continue
        if log.recovery:
            yield MachineFinding(
                name, "warning", log.recovery.sentence, "the whole records are written back on the next start"
            )
        elif log.broken:
            yield MachineFinding(name, "warning", log.broken.sentence, f"blindspot verify {project.root}")
        else:
            yield MachineFinding(name, "ok", f"{len(log.current)} records in {len(log.revisions)} revisions")


def _check_jobs(project: Project) -> MachineFinding:
    try:
        views = jobs.jobs(project.root)
    except BlindspotError as error:
        return failed("jobs", error)
    killed = next((view for view in views if view.state == "killed"), None)
    running = next((view for view in views if view.state == "running"), None)
    if running:
        return MachineFinding("jobs", "ok", f"{running.id} runs" + (f", {running.stage}" if running.stage else ""))
    if killed:
        return MachineFinding(
            "jobs",
            "warning",
            f"{killed.id} was killed before its end",
            f"blindspot jobs {project.root} --resume {killed.id}",
        )
    return MachineFinding("jobs", "ok", f"none runs, {len(views)} ended")
