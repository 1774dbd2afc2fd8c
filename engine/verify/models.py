"""Models by the hashes of their folders, and what was promoted: which model, by which proof, with which suite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engine.errors import BlindspotError, ModelError, ProjectError
from engine.files import content_key, find_files, read_json
from engine.model.weights import folder_hashes
from engine.project import Project
from engine.proof.report import find_arm, read_report
from engine.regression.frozen_spots import FrozenSpot, suite_dir
from engine.regression.promotion import Promotion
from engine.verify.finding import Finding, looked_at

TRAINING = "training.json"
_TRAIN = "delete the folder: what needs it trains it again"
_PROMOTE = "restore the file, or promote again with `blindspot promote`"


def check_models(project: Project) -> Iterator[Finding]:
    """Each trained model of the project."""
    for path in find_files(project.models_dir, "[!.]*"):
        if path.is_dir() and path.suffix != ".partial":
            file = f"models/{path.name}"
            yield from looked_at(f"model {path.name}", file, _TRAIN, _model, path, file)


def _model(path: Path, file: str) -> Iterator[Finding]:
    part = f"model {path.name}"
    if not (path / TRAINING).is_file():
        yield Finding(part, "missing", f"its {TRAINING} is not there", file, _TRAIN)
        return
    made: dict[str, Any] = read_json(path / TRAINING)
    if problem := differs(path, made):
        yield Finding(part, "changed", problem, file, _TRAIN)
    elif "files" not in made:
        what = "its weights are unchanged; configuration and tokenizer were not on record when it was trained"
        yield Finding(part, "not checkable", what, file)
    else:
        yield Finding(part, "ok", f"{len(made['files'])} files as they were written", file)


def differs(path: Path, made: dict[str, Any]) -> str:
    """In which way a trained model's folder is not as its training.json says; empty if it is."""
    found = folder_hashes(path)
    if made["key"] != path.name:
        return f"its {TRAINING} is that of the model {made['key']}"
    if found.get("model.safetensors") != made["sha256"]:
        return "its weights are not those that were trained"
    recorded = made.get("files", {name: one for name, one in found.items() if name == "model.safetensors"})
    for name in sorted(recorded.keys() | (found.keys() if "files" in made else set())):
        if recorded.get(name) != found.get(name):
            state = "is not there" if name not in found else "was added" if name not in recorded else "was changed"
            return f"{name} {state}"
    return ""


def refuse_changed(path: Path, key: str) -> None:
    """Return if a trained model is the one that a proof or promotion names; others have no record to be held to.

    Raises:
        ModelError: a file of it has changed, or it is another model.
    """
    if not (path / TRAINING).is_file():
        return
    try:
        made = read_json(path / TRAINING)
        problem = differs(path, made)
        if not problem and content_key(made["key"], made["sha256"]) != key:
            problem = "it is another model than the one that was proven"
    except (BlindspotError, ValueError, LookupError, TypeError, OSError) as error:
        problem = f"its {TRAINING} is damaged ({error})"
    if problem:
        raise ModelError(problem, where=str(path), mend="`blindspot verify` says more; train it again")


def check_promotions(project: Project) -> Iterator[Finding]:
    """For each round after the first, the model that it starts from."""
    for path in find_files(project.root / "rounds", "[0-9]*/model.json"):
        file = path.relative_to(project.root).as_posix()
        yield from looked_at(f"promotion to round {path.parent.name}", file, _PROMOTE, _promotion, project, path, file)


def _promotion(project: Project, path: Path, file: str) -> Iterator[Finding]:
    part, made = f"promotion to round {path.parent.name}", Promotion.from_json(read_json(path))
    report = read_report(project, made.promoted_from)
    arm = find_arm(report, made.arm, made.recipe)
    model = arm["models"].get(str(made.seed), {})
    problem = ""
    if made.round != int(path.parent.name):
        problem = f"it says that it starts round {made.round}"
    elif {name: getattr(made, name) for name in ("name", "path", "key")} != model:
        problem = f"its model is not the one of proof {made.promoted_from}"
    elif made.verdict != arm["verdict"]:
        problem = f"it says `{made.verdict}`, and proof {made.promoted_from} `{arm['verdict']}`"
    elif not (project.root / made.path / "config.json").is_file():
        yield Finding(part, "missing", "the model's folder is not there", made.path, "put it back")
        return
    if problem:
        yield Finding(part, "changed", problem, file, _PROMOTE)
    else:
        yield Finding(part, "ok", f"{made.arm}, {made.recipe}, seed {made.seed}: {made.verdict}", file)


def check_suite(project: Project) -> Iterator[Finding]:
    """Each frozen blind spot against the promotion that froze it, the pool and the proof."""
    recorded = _recorded(project)
    for path in find_files(suite_dir(project), "[!.]*.json"):
        file = f"suite/{path.name}"
        yield from looked_at(f"suite {path.stem}", file, _PROMOTE, _frozen, project, path, file, recorded)
    for name in sorted(recorded.keys() - {path.stem for path in find_files(suite_dir(project), "[!.]*.json")}):
        yield Finding(f"suite {name}", "missing", "a promotion froze it", f"suite/{name}.json", _PROMOTE)


def _recorded(project: Project) -> dict[str, str]:
    """Hash of each file of the suite by its blind spot, as the last promotion that froze it wrote it down."""
    found: dict[str, str] = {}
    for path in find_files(project.root / "rounds", "[0-9]*/model.json"):
        try:
            found |= Promotion.from_json(read_json(path)).suite
        except (BlindspotError, FileNotFoundError, ValueError):
            continue  # a finding of its own
    return found


def _frozen(project: Project, path: Path, file: str, recorded: dict[str, str]) -> Iterator[Finding]:
    part, found = f"suite {path.stem}", FrozenSpot.from_json(read_json(path))
    report = read_report(project, found.proof)
    find_arm(report, found.arm, found.recipe)
    pool = {row.id: row for row in project.examples("pool")}
    asked = [case for case in found.cases if case.origin == "row"]
    other = [
        case.id
        for case in asked
        if case.id not in pool
        or (case.text, case.text_pair, case.label) != (pool[case.id].text, pool[case.id].text_pair, pool[case.id].label)
    ]
    if found.id != path.stem:
        yield Finding(part, "changed", f"it says that it is {found.id}", file, _PROMOTE)
    elif other:
        yield Finding(part, "changed", f"row {other[0]} is not that of the pool", file, _PROMOTE)
    elif found.id in recorded and recorded[found.id] != content_key(found.as_json()):
        yield Finding(part, "changed", "it is not what the promotion froze", file, _PROMOTE)
    elif found.id not in recorded:
        yield Finding(part, "not checkable", "its rows are the pool's; it was frozen before hashes were kept", file)
    else:
        yield Finding(part, "ok", f"{len(found.cases)} cases as they were frozen", file)


def refuse_changed_suite(project: Project, frozen: Iterable[FrozenSpot]) -> None:
    """Return if what is frozen is what the promotions froze; what they did not write down is taken as it is.

    Raises:
        ProjectError: naming the first that is not, or that is gone.
    """
    there = {spot.id: content_key(spot.as_json()) for spot in frozen}
    for name, key in _recorded(project).items():
        if there.get(name) != key:
            what = f"the suite's {name} is not what the promotion froze" if name in there else f"the suite lacks {name}"
            raise ProjectError(what, where=str(suite_dir(project) / f"{name}.json"), mend=_PROMOTE)
