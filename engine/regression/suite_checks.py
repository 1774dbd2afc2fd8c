"""Whether promotions and the regression suite are what they were when they were written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.data.pool_rows import pool_rows
from engine.errors import BlindspotError, ProjectError
from engine.files import content_key, find_files, read_json
from engine.ids import checked_id
from engine.model.text_classifier import classifier_of
from engine.project import Project
from engine.proof.proof_spec import SPEC, read_spec
from engine.proof.report import find_arm, read_report
from engine.proof.report_types import JudgedModel
from engine.regression.frozen_spots import FrozenSpot, suite_dir
from engine.regression.promotion import Promotion
from engine.verify.finding import Finding, looked_at

_PROMOTE = "restore the file, or promote again with `blindspot promote`"


def check_promotions(project: Project) -> Iterator[Finding]:
    """For each round after the first, the model that it starts from."""
    for path in find_files(project.root / "rounds", "[0-9]*/model.json"):
        file = path.relative_to(project.root).as_posix()
        yield from looked_at(f"promotion to round {path.parent.name}", file, _PROMOTE, _promotion, project, path, file)


def _promotion(project: Project, path: Path, file: str) -> Iterator[Finding]:
    part, made = f"promotion to round {path.parent.name}", Promotion.from_json(read_json(path))
    report = read_report(project, made.promoted_from)
    arm = find_arm(report, made.arm, made.recipe)
    model = arm.models.get(str(made.seed))
    word, look = report.verdict_of(arm), report.labels_asked.look if report.labels_asked else None
    is_later = look is not None and (made.look is None or made.look < look)  # labels have come since
    problem = ""
    if made.round != int(path.parent.name):
        problem = f"it says that it starts round {made.round}"
    elif JudgedModel(name=made.name, path=made.path, key=made.key) != model:
        problem = f"its model is not the one of proof {made.promoted_from}"
    elif (made.verdict, made.look) != (word, look) and not is_later:
        problem = f"it says `{made.verdict}`, and proof {made.promoted_from} `{word}`"
    elif not classifier_of(project).is_model(project.root / made.path):
        yield Finding(part, "missing", "the model's folder is not there", made.path, "put it back")
        return
    if problem:
        yield Finding(part, "changed", problem, file, _PROMOTE)
    else:
        since = f"; `{word}` by labels that came since" if made.verdict != word else ""
        yield Finding(part, "ok", f"{made.arm}, {made.recipe}, seed {made.seed}: {made.verdict}{since}", file)


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
    folder = project.proofs_dir / checked_id("proof", found.proof)
    labels = read_spec(folder).row_labels if (folder / SPEC).is_file() else None
    pool = {row.id: row for row in pool_rows(project, labels)}
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
            raise ProjectError(what, where=str(suite_dir(project) / f"{name}.json"), hint=_PROMOTE)
