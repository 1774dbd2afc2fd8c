"""Reports, computed again from the stored predictions: every figure and every verdict. Heavy: numpy and scipy.

Figures are compared to nine digits, as another version of numpy may round the last ones in another way. What this
version computes and an older one did not, or the other way round, is not compared.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.counted import counted
from engine.data.pool_rows import labelled, pool_rows
from engine.data.proof_rows import judged_rows, read_proof
from engine.discovery.calibration import gold_of
from engine.errors import ProjectError
from engine.files import content_key, find_files, read_json, read_record, sha256_file
from engine.model.array_cache import read_array
from engine.model.text_classifier import TRAINING, TrainedModel, weights_key
from engine.project import Project
from engine.proof.evaluate import POOL, evaluate, flipped_rows, gold_file, right_samples
from engine.proof.proof_labels import LABELS, read_proof_labels
from engine.proof.report import FLIPS, LEARNED
from engine.proof.report_types import JUDGED
from engine.schema import Example, RowLabel
from engine.teaching.revisions import Log
from engine.verify.finding import Finding, looked_at

_RETRAIN = "restore the folder from a copy, or make a new proof with `blindspot retrain`"
_NOT_IN_ID = ("id", "created", "seconds", "files")


def check_proofs(project: Project) -> Iterator[Finding]:
    """Each proof, finished or cut off."""
    for path in find_files(project.proofs_dir, "[!.]*"):
        file = f"proofs/{path.name}"
        yield from looked_at(f"proof {path.name}", file, _RETRAIN, check_proof, project, path)


def check_proof(project: Project, folder: Path) -> Iterator[Finding]:
    """One proof: its parts against one another, against the data, and the report against all of it."""
    part, file = f"proof {folder.name}", f"proofs/{folder.name}"
    if not (folder / "report.json").is_file():
        what = "it has no report: its retrain was stopped before the end, or it was removed; the same retrain makes it"
        yield Finding(part, "not checkable", what, file)
        return
    report, spec = read_json(folder / "report.json"), read_json(folder / "spec.json")
    found = False
    for problem, name in _problems(project, folder, spec, report):
        found = True
        yield Finding(part, "changed", problem, f"{file}/{name}", _RETRAIN)
    if found:
        return
    what = f"all figures and {counted(len(report['arms']), 'verdict')} follow from the stored predictions"
    what += project.manifest.batches_then(spec.get("hashes", {}))
    if "hashes" in spec and "files" in spec:
        yield Finding(part, "ok", what, f"{file}/report.json")
    else:
        yield Finding(part, "not checkable", f"{what}, which had no hashes when they were made", f"{file}/report.json")


def refuse_changed_report(project: Project, proof_id: str) -> None:
    """Return if a report follows from its predictions, and they from its data.

    Raises:
        ProjectError: naming the part that does not.
    """
    folder = project.proofs_dir / proof_id
    for finding in looked_at(f"proof {proof_id}", f"proofs/{proof_id}", _RETRAIN, check_proof, project, folder):
        if finding.bad:
            raise ProjectError(
                f"{finding.part} does not hold: {finding.what}",
                where=str(project.root / finding.file),
                hint=finding.hint,
            )


def _problems(project: Project, folder: Path, spec: Any, report: Any) -> Iterator[tuple[str, str]]:
    """What does not hold, each with the file of the folder that it is about."""
    if report.get("id") != folder.name:
        yield f"its report is that of proof {report.get('id')}", "report.json"
    if spec.get("files") and content_key({key: spec[key] for key in spec if key not in _NOT_IN_ID})[:8] != folder.name:
        yield "what was compared is not what its id was made from", "spec.json"
    hashes = spec.get("hashes", {})
    if other := [name for name, sha256 in hashes.items() if project.manifest.rows_then(name, sha256) is None]:
        yield f"it was made with another {other[0]} split than that of the manifest", "spec.json"
    for name, sha256 in spec.get("files", {}).items():
        if not (folder / name).is_file() or sha256_file(folder / name) != sha256:
            yield f"{name} is not what was written", name
            return
    if "hashes" in spec:
        for split in JUDGED:
            sha256 = hashes.get(split)
            then = project.manifest.rows_then(split, sha256) if sha256 else None
            if gold_file(folder, split).is_file() and not _is_gold(project, folder, split, then, spec):
                yield f"its gold labels are not those of the {split} split", gold_file(folder, split).name
        if odd := _pool_gold(project, folder, spec):
            yield f"its gold label of row {odd} is not that of the pool", gold_file(folder, POOL).name
    if spec.get("label_budget"):
        if "labels_asked" not in report:
            yield "its report does not say that proof rows lack labels", "report.json"
        if odd := _odd_label(project, folder, project.manifest.rows_then("proof", hashes.get("proof", ""))):
            yield odd, LABELS
    for run in spec["runs"]:
        if odd := _other_model(project, run["model"]):
            yield odd, "spec.json"
            break
    if place := difference(report, evaluate(folder)):
        yield f"`{place}` of its report does not follow from the stored predictions", "report.json"
    if "hashes" in spec and (folder / LEARNED).is_file() and read_json(folder / LEARNED) != right_samples(folder):
        yield "which samples its models get right does not follow from the stored predictions", LEARNED
    if (folder / FLIPS).is_file() and not _are_flips(project, folder, spec):
        yield "its flipped rows do not follow from the stored predictions", FLIPS


def _is_gold(project: Project, folder: Path, split: str, then: int | None, spec: Any) -> bool:
    """Whether the gold labels are those of the rows that the split had then."""
    rows: Sequence[Example]
    if split == "proof":
        rows = read_proof(project)[:then] if spec.get("label_budget") else judged_rows(project, then)
    else:
        rows = project.examples("test")[:then]
    return bool(read_array(gold_file(folder, split)).tolist() == gold_of(rows, project.labels).tolist())


def _odd_label(project: Project, folder: Path, then: int | None) -> str:
    """The first thing that does not hold of the labels by which a proof is judged; empty if there is none."""
    held, said = read_proof_labels(folder), defaultdict[str, set[str]](set)
    if list(held.ids) != [row.id for row in read_proof(project)[:then]]:
        return "its labels are not of the rows of the proof split"
    for path in find_files(project.teaching_dir, "[!.]*.json"):
        for revision in Log(path).revisions:
            if revision.kind in ("label", "adjudication") and revision.body:
                label = RowLabel.from_json(revision.body)
                if label.split == "proof" and label.teacher.kind != "llm":  # as `Labels.people` has them
                    said[label.row].add(label.label)
    names = dict(enumerate(project.labels))
    odd = (held.ids[at] for at, label in held.people if names.get(label) not in said[held.ids[at]])
    return next((f"its label of row {row} is not one that people gave" for row in odd), "")


def _pool_gold(project: Project, folder: Path, spec: Any) -> str:
    """The first row of a blind spot whose gold label is not the pool's; empty if there is none."""
    if not spec["blind_spots"]:
        return ""
    rows = labelled(pool_rows(project, spec.get("row_labels")))
    labels = {row.id: project.labels.index(row.label) for row in rows}
    gold = read_array(gold_file(folder, POOL))
    for spot in spec["blind_spots"]:
        for row, place in zip(spot["ids"], spot["rows"], strict=True):
            if labels.get(row) != gold[place]:
                return str(row)
    return ""


def _are_flips(project: Project, folder: Path, spec: Any) -> bool:
    """Whether the flipped rows follow; of pool rows whose label was doubted the spec has no id, and they only count."""
    ids = {"test": [row.id for row in project.examples("test")]} if gold_file(folder, "test").is_file() else {}
    if gold_file(folder, POOL).is_file():
        names = {
            place: row for spot in spec["blind_spots"] for row, place in zip(spot["ids"], spot["rows"], strict=True)
        }
        ids[POOL] = [names.get(place, "") for place in range(len(read_array(gold_file(folder, POOL))))]
    stored, computed = read_json(folder / FLIPS), flipped_rows(folder, ids)
    return len(stored) == len(computed) and all(one.as_json() in stored for one in computed if one.id)


def _other_model(project: Project, model: Any) -> str:
    """In which way a run's model is not the one in the project; empty if it is, or is not there any more."""
    made = project.root / model["path"] / TRAINING
    if not made.is_file():
        return ""
    same = read_record(made, TrainedModel.from_json).content_key("") == weights_key(model["key"])
    return "" if same else f"the model in {model['path']} is not the one that it judged"


def difference(stored: Any, computed: Any, place: str = "") -> str:
    """Keys and numbers that lead to the first value that is not the same in both; empty if there is none."""
    if isinstance(stored, dict) and isinstance(computed, dict):
        shared = [key for key in computed if key in stored]
        inner = ((f"{place}.{key}" if place else key, stored[key], computed[key]) for key in shared)
        return next((found for name, one, other in inner if (found := difference(one, other, name))), "")
    if isinstance(stored, list) and isinstance(computed, (list, tuple)):
        if len(stored) != len(computed):
            return place
        pairs = enumerate(zip(stored, computed, strict=True))
        return next((found for n, (one, other) in pairs if (found := difference(one, other, f"{place}.{n}"))), "")
    if isinstance(stored, (int, float)) and isinstance(computed, (int, float)) and not isinstance(stored, bool):
        return "" if math.isclose(stored, computed, rel_tol=1e-9, abs_tol=1e-9) else place
    return "" if stored == computed else place
