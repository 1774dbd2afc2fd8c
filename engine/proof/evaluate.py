"""Computes a proof's report from its stored predictions, without a model.

A proof folder holds ``spec.json`` (what was compared and how it is judged), gold label indices and logits of every run
as ``.npy``, and no text. Pool figures are kept apart from the proof: teachers saw those rows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from engine.files import read_json
from engine.model.array_cache import read_array
from engine.proof.arms import BASELINE
from engine.proof.budget_matching import BudgetLimit
from engine.proof.flips import error_confidence, flips
from engine.proof.metrics import IntArray, Scored
from engine.proof.report_details import by_blind_spot, churn, details, seed_noise
from engine.proof.significance import corrected, mcnemar, resamples_for
from engine.proof.spot_counts import Resampling, closed_tally, count_spots, worse_for
from engine.proof.statistics import BaselineComparison, Estimate, compare
from engine.proof.verdict import MEANINGS, Rule, judge

JUDGED = ("proof", "test")
POOL = "pool"
NEAREST = "nearest-proof.npy"  # (n,) place of each proof row's nearest blind spot in the spec
ROUND_MODEL = "round-model-proof.npy"  # logits of the model in which the blind spots were found, on proof
SAMPLES = "samples"  # samples of teachers, as a split of their own
POOL_NOTE = "Rows of the blind spots in the pool that are right now. Teachers saw them, so this is no proof."
REVIEWED = "Reviewed: samples that reviewers reject are left out, and their corrections are taken."
ONE_SEED = "One seed: the noise between training runs is not in the intervals."

_NOT_SHOWN = ("runs", "blind_spots", "samples")  # parts of the spec that the report has otherwise

Entry = dict[str, Any]
Group = tuple[str, str]
REFERENCE: Group = (BASELINE, "scratch")


def gold_file(folder: Path, split: str) -> Path:
    """Gold label indices of a split, (n,) int64."""
    return folder / f"gold-{split}.npy"


def logits_file(folder: Path, run: Entry, split: str) -> Path:
    """Logits of one run on a split, (n, labels) float32."""
    return folder / f"{run['arm']}-{run['recipe']}-{run['seed']}-{split}.npy"


def evaluate(folder: Path) -> dict[str, Any]:
    """Compute the report of a proof from its folder: figures, verdicts, and the spec's own entries."""
    spec = read_json(folder / "spec.json")
    groups = _groups(spec)
    interval = corrected(spec["interval"], len(groups) - 1) if spec.get("corrected") else spec["interval"]
    asked = {split: _scored(folder, groups, split) for split in JUDGED if gold_file(folder, split).is_file()}
    resamples = resamples_for(interval, spec["bootstrap"])
    compared = {
        split: compare(models, baseline=REFERENCE, tau=spec["tau"], resamples=resamples, interval=interval)
        for split, models in asked.items()
    }
    rule = Rule(spec["tau"], spec["margin"], interval)
    entries = []
    for group, runs in groups.items():
        figures = {split: compared[split][group] for split in compared}
        entry = _entry(runs, figures)
        for split, models in asked.items():
            entry[split] |= details(models[group], spec["labels"])
        if group != REFERENCE:
            verdict = judge(figures, {split: compared[split][REFERENCE] for split in compared}, rule)
            same = {split: round(mcnemar(models[group], models[REFERENCE]), 6) for split, models in asked.items()}
            entry |= {
                "verdict": verdict.word,
                "reason": verdict.reason,
                "meaning": MEANINGS[verdict.word],
                "mcnemar": same,
                "churn": churn(asked["proof"][group], asked["proof"][REFERENCE]),
            }
        entries.append(entry)
    head = {key: value for key, value in spec.items() if key not in ("runs", "blind_spots", "samples")} | {
        "interval": interval
    }
    head |= {"notes": _notes(spec), "seed_noise": seed_noise(asked["proof"][REFERENCE])}
    arms = [entry for entry in entries if entry["arm"] != BASELINE]
    found = {
        **head,
        "baseline": entries[0],
        "arms": arms,
        "pool": _pool(folder, groups, spec),
        "near": _near(folder, asked["proof"], spec),
    }
    if "round_model" in spec:  # a proof of before evidence was kept lacks it, and its report says so
        how = Resampling(resamples, interval)
        found["blind_spots"] = spots = _spots(folder, groups, asked["proof"], spec, how)
        worse = worse_for(spots, asked, REFERENCE, spec["labels"], how)
        for arm in arms:
            group = arm["arm"], arm["recipe"]
            arm |= {"closed": closed_tally(spots, group), "worse": worse[group]}
    return found


def flipped_rows(folder: Path, ids: dict[str, list[str]]) -> list[Entry]:
    """`engine.proof.flips.flips` of every split but proof, from a proof's folder and the ids of its rows by split."""
    spec = read_json(folder / "spec.json")
    found = []
    for split in (split for split in ids if split in ("test", POOL)):
        models = _scored(folder, _groups(spec), split)
        found += flips(ids[split], models, REFERENCE, spec["labels"], split=split)
    return sorted(found, key=lambda flip: -error_confidence(flip))


def right_samples(folder: Path) -> list[Entry]:
    """For each model of a teaching the samples that it gets right, by their content (`engine.proof.report.content`).

    They tell which samples a promoted model has learned, and so which may be asked of later ones.
    """
    spec = read_json(folder / "spec.json")
    gold = read_array(gold_file(folder, SAMPLES))
    found = []
    for run in (run for run in spec["runs"] if run["arm"] != BASELINE):
        right = _logits(folder, run, SAMPLES).argmax(axis=1) == gold
        names = {key: run[key] for key in ("arm", "recipe", "seed")}
        found.append(names | {"right": [spec["samples"][place] for place in np.flatnonzero(right)]})
    return found


def _groups(spec: Entry) -> dict[Group, list[Entry]]:
    groups: dict[Group, list[Entry]] = defaultdict(list)
    for run in spec["runs"]:
        groups[run["arm"], run["recipe"]].append(run)
    return groups


def _notes(spec: Entry) -> list[str]:
    """What a reader of the figures must know; proofs of before there were equal arms and reviews lack those keys."""
    notes = [BudgetLimit.from_json(spec["equal"]).sentence] if spec.get("equal") else []
    notes += [REVIEWED] if spec.get("reviewed") else []
    for arm, chosen in spec.get("passes", {}).items():
        errors = ", ".join(f"{value:g}" for value in chosen["errors"])
        notes.append(
            f"{arm}, scratch: {chosen['passes']} of {chosen['of']} passes, by cross-validation over the "
            f"pool's blind spots (errors after each: {errors})."
        )
    for arm, chosen in spec.get("recipes", {}).items():
        errors = ", ".join(f"{name} {value:g}" for name, value in chosen["errors"].items())
        notes.append(
            f"{arm}: recipe {chosen['recipe']}, by cross-validation over the pool's blind spots (errors: {errors})."
        )
    arms = len({(run["arm"], run["recipe"]) for run in spec["runs"]}) - 1
    if spec.get("corrected") and arms > 1:
        each, all_together = (f"{100 * value:.4g} %" for value in (corrected(spec["interval"], arms), spec["interval"]))
        notes.append(f"Each interval is one of {each}, so that all {arms} comparisons together keep to {all_together}.")
    return notes + ([ONE_SEED] if len(spec["seeds"]) == 1 else [])


def _scored(folder: Path, groups: dict[Group, list[Entry]], split: str) -> dict[Group, list[Scored]]:
    gold = read_array(gold_file(folder, split))
    return {
        group: [Scored.from_logits(_logits(folder, run, split), gold, temperature=run["temperature"]) for run in runs]
        for group, runs in groups.items()
    }


def _logits(folder: Path, run: Entry, split: str) -> Any:
    return read_array(logits_file(folder, run, split))


def _entry(runs: list[Entry], figures: dict[str, BaselineComparison]) -> Entry:
    first = runs[0]
    splits: Entry = dict.fromkeys(JUDGED)
    for split, comparison in figures.items():
        splits[split] = _figures(comparison.values) | {"difference": _figures(comparison.difference)}
    if first["arm"] == BASELINE:
        for values in filter(None, splits.values()):
            del values["difference"]
    steps = {"steps": first["steps"]} if "steps" in first else {}
    by_seed = {
        plural: {str(run["seed"]): run[key] for run in runs}
        for key, plural in (("model", "models"), ("temperature", "temperatures"))
    }
    return {key: first[key] for key in ("arm", "recipe", "n_added", "n_rows")} | steps | splits | by_seed


def _figures(estimates: dict[str, Estimate]) -> Entry:
    return {name: asdict(estimate) | {"per_seed": list(estimate.per_seed)} for name, estimate in estimates.items()}


def _near(folder: Path, models: dict[Group, list[Scored]], spec: Entry) -> Entry | None:
    """What became of proof rows by their nearest blind spot; None without blind spots, and in proofs of before."""
    if not (folder / NEAREST).is_file():
        return None
    return by_blind_spot(models, REFERENCE, read_array(folder / NEAREST), spec["blind_spots"], spec["tau"])


def _spots(
    folder: Path, groups: dict[Group, list[Entry]], models: dict[Group, list[Scored]], spec: Entry, how: Resampling
) -> list[Entry]:
    """`engine.proof.spot_counts.count_spots` of a proof."""
    if spec["round_model"] is None:
        return []
    before = round_model(folder, spec, read_array(gold_file(folder, "proof")))
    return count_spots(_right(folder, groups), models, REFERENCE, before, read_array(folder / NEAREST), spec, how)


def round_model(folder: Path, spec: Entry, gold: IntArray) -> Scored:
    """What the model in which the blind spots were found says of the proof rows."""
    return Scored.from_logits(read_array(folder / ROUND_MODEL), gold, temperature=spec["round_model"]["temperature"])


def _right(folder: Path, groups: dict[Group, list[Entry]]) -> dict[Group, Any]:
    """Whether the model of each seed gets a pool row right, (seeds, rows)."""
    gold = read_array(gold_file(folder, POOL))
    return {
        group: np.array([_logits(folder, run, POOL).argmax(axis=1) == gold for run in runs])
        for group, runs in groups.items()
    }


def _pool(folder: Path, groups: dict[Group, list[Entry]], spec: Entry) -> Entry | None:
    """What of each blind spot each arm gets right, the baseline beside it; None without blind spots.

    ``right``: ids of the rows that the models of all seeds get right.
    ``marked``: rows whose label an annotator doubts, which stand in no blind spot here, and how many the baseline and
    each arm get right, by the label as it is.
    """
    if not spec["blind_spots"]:
        return None
    right = _right(folder, groups)
    spots = []
    for spot in spec["blind_spots"]:
        entries = []
        for (arm, recipe), found in right.items():
            inside, rows = found[:, spot["rows"]], len(spot["rows"])
            fixed = round(float(inside.mean(axis=0).sum()), 2)
            sure = [row for row, place in zip(spot["ids"], spot["rows"], strict=True) if found[:, place].all()]
            entries.append(
                {"arm": arm, "recipe": recipe, "fixed": fixed, "still_wrong": round(rows - fixed, 2), "right": sure}
            )
        spots.append(
            {
                "id": spot["id"],
                "gold": spot["gold"],
                "predicted": spot["predicted"],
                "rows": len(spot["rows"]),
                "baseline": entries[0],
                "arms": entries[1:],
            }
        )
    marked = spec.get("marked", [])
    counts = [round(float(found[:, marked].mean(axis=0).sum()), 2) for found in right.values()]
    return {"note": POOL_NOTE, "blind_spots": spots, "marked": {"rows": len(marked), "right": counts}}
