"""What was discovered: against the rows of the pool, against itself, and against the scores that it follows from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.data.pool_rows import refuse_other_labels
from engine.discovery.calibration import gold_of, score
from engine.discovery.pool_scoring import pool_in_order
from engine.model.array_cache import read_cached
from engine.model.bf16_rescoring import UncertainRows
from engine.model.model_registry import ModelRef, logits_path, scans
from engine.project import Project
from engine.schema import UNLABELLED, Discovery
from engine.verify.finding import Finding, looked_at

_DISCOVER = "restore the file, or delete it and run `blindspot discover` again"
_DIGITS = 2e-6  # of probabilities and confidence, which are written with six


def check_discoveries(project: Project) -> Iterator[Finding]:
    """What was discovered in each round."""
    for number in range(1, project.round + 1):
        path = project.round_dir(number) / "discovery.json"
        if path.exists():
            file = path.relative_to(project.root).as_posix()
            yield from looked_at(f"discovery of round {number}", file, _DISCOVER, _discovery, project, number, file)


def _discovery(project: Project, number: int, file: str) -> Iterator[Finding]:
    part, found = f"discovery of round {number}", project.discovery(number)
    if found is None:
        return
    then = {name: project.manifest.rows_then(name, sha256) for name, sha256 in found.splits.items()}
    if odd := _beside_the_pool(project, found, then.get("pool")) or _within(found, number):
        yield Finding(part, "changed", odd, file, _DISCOVER)
        return
    apart = then.keys() ^ project.manifest.splits.keys() if then else set()
    if other := sorted(apart | {name for name, rows in then.items() if rows is None}):
        yield Finding(part, "changed", f"it was made from another {other[0]} split", file, _DISCOVER)
        return
    problem = _beside_the_scores(project, found, then.get("pool"))
    if problem:
        yield Finding(part, "changed", problem, file, _DISCOVER)
        return
    shown = f"{len(found.predictions)} rows are the pool's"
    if problem is None:
        what = f"{shown}; its scores are not in cache/ any more"
        yield Finding(part, "not checkable", what, file, "run `blindspot discover` to have them again")
    else:
        what = (
            f"{shown}, its figures and UUs follow from the cached scores{project.manifest.batches_then(found.splits)}"
        )
        yield Finding(part, "ok", what, file)


def _beside_the_pool(project: Project, found: Discovery, then: int | None) -> str:
    rows = pool_in_order(project, then)
    refuse_other_labels(project, rows.ids, found.row_labels)
    rows = rows.labelled(found.row_labels)
    if found.n_pool != len(rows):
        return f"it has {found.n_pool} pool rows, and the pool {len(rows)}"
    if found.n_labelled != (has_label := sum(row.label != UNLABELLED for row in rows)):
        return f"it has {found.n_labelled} pool rows with a label, and the pool {has_label}"
    shown = {row.id: row for row in rows if row.id in found.predictions}
    for name, one in found.predictions.items():
        row = shown.get(name)
        if row is None or one.id != name:
            return f"row {name} is not in the pool"
        if (one.text, one.text_pair) != (row.text, row.text_pair):
            return f"the text of row {name} is not that of the pool"
        if one.label != row.label:
            return f"the gold label of row {name} is not that of the pool"
    return ""


def _within(found: Discovery, number: int) -> str:
    """In which way it contradicts itself; empty if it does not."""
    if found.round != number:
        return f"it says that it is of round {found.round}"
    for name, one in found.predictions.items():
        if len(one.probabilities) != len(found.labels) or one.predicted not in found.labels:
            return f"row {name} does not have a probability for each label"
        said = one.probabilities[found.labels.index(one.predicted)]
        if abs(max(one.probabilities) - said) > _DIGITS or abs(said - one.confidence) > _DIGITS:
            return f"prediction and confidence of row {name} do not follow from its probabilities"
    for spot in found.blind_spots:
        for name in spot.rows:
            one = found.predictions[name]
            if (one.label, one.predicted) != (spot.gold, spot.predicted):
                return f"row {name} of {spot.id} is not one of {spot.gold} taken for {spot.predicted}"
    for name in found.uus:
        one = found.predictions[name]
        if one.label == one.predicted or one.confidence < found.tau - _DIGITS:
            return f"row {name} is no UU"
    for name in found.flagged:
        one = found.predictions[name]
        if one.label != UNLABELLED or one.confidence < found.tau - _DIGITS:
            return f"row {name} has no flag"
    for spot in found.blind_spots:
        for name in spot.flagged:
            if name not in found.flagged or found.predictions[name].predicted != spot.predicted:
                return f"row {name} is not one that is flagged near {spot.id}"
    if len(set(found.uus)) < len(found.uus):
        return "a UU is in it twice"
    return ""


def _beside_the_scores(project: Project, found: Discovery, then: int | None) -> str | None:
    """In which way it does not follow from the scores of its model in the cache; None: there are none to compare."""
    rows = pool_in_order(project, then)
    model = ModelRef(found.model, project.root, found.model_key)
    doubt = UncertainRows(gold_of(rows, project.labels), found.tau, found.applied_temperature)
    logits = read_cached(logits_path(project, model, rows, "pool", doubt), len(rows), len(project.labels))
    if logits is None:
        return None
    gold = gold_of(rows.labelled(found.row_labels), project.labels)
    scores = score(logits, gold, temperature=found.applied_temperature)
    ids = rows.ids
    uus = {ids[row] for row in np.flatnonzero(scores.uus(found.tau))}
    if odd := sorted(uus ^ set(found.uus)):
        return f"row {odd[0]} is a UU in {'its scores' if odd[0] in uus else 'the file'} alone"
    shown = set(found.uus)
    place = {name: number for number, name in enumerate(ids) if name in shown}
    for name in found.uus:
        one, row = found.predictions[name], place[name]
        if name in found.row_labels and scans(project):  # scored once more, as those nearby
            continue
        if abs(float(scores.confidence[row]) - one.confidence) > _DIGITS:
            return f"the confidence of row {name} is not that of its scores"
    if found.accuracy is not None and abs(scores.accuracy - found.accuracy) > _DIGITS:
        return "its accuracy is not that of its scores"
    # Where rows are scanned in bf16 those nearby are scored once more, and may come to lie on the other side of tau.
    again = len(found.predictions) - len(found.uus) if found.uus else len(rows)
    if abs(scores.coverage(found.tau) - found.coverage) > _DIGITS + again / len(rows):
        return "its coverage is not that of its scores"
    return ""
