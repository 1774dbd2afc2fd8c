"""From the stored predictions of a proof to its report: everything in it can be computed again, without a model.

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
from engine.proof.arms import BASELINE
from engine.proof.equal import Limit
from engine.proof.metrics import Scored
from engine.proof.significance import corrected, mcnemar, resamples_for
from engine.proof.statistics import Comparison, Estimate, compare
from engine.proof.verdict import MEANINGS, Rule, judge

JUDGED = ("proof", "test")
POOL = "pool"
POOL_NOTE = "Rows of the blind spots in the pool that are right now. Teachers saw them, so this is no proof."
REVIEWED = "Reviewed: samples that reviewers reject are left out, and their corrections are taken."
ONE_SEED = "One seed: the noise between training runs is not in the intervals."

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
    groups: dict[Group, list[Entry]] = defaultdict(list)
    for run in spec["runs"]:
        groups[run["arm"], run["recipe"]].append(run)
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
        if group != REFERENCE:
            verdict = judge(figures, {split: compared[split][REFERENCE] for split in compared}, rule)
            same = {split: round(mcnemar(models[group], models[REFERENCE]), 6) for split, models in asked.items()}
            entry |= {"verdict": verdict.word, "reason": verdict.reason, "meaning": MEANINGS[verdict.word],
                      "mcnemar": same}  # fmt: skip
        entries.append(entry)
    head = {key: value for key, value in spec.items() if key not in ("runs", "blind_spots")} | {"interval": interval}
    arms = [entry for entry in entries if entry["arm"] != BASELINE]
    return {**head, "notes": _notes(spec), "baseline": entries[0], "arms": arms, "pool": _pool(folder, groups, spec)}


def _notes(spec: Entry) -> list[str]:
    """What a reader of the figures must know; proofs of before there were equal arms and reviews lack those keys."""
    notes = [Limit.from_json(spec["equal"]).sentence] if spec.get("equal") else []
    notes += [REVIEWED] if spec.get("reviewed") else []
    for arm, chosen in spec.get("passes", {}).items():
        errors = ", ".join(f"{value:g}" for value in chosen["errors"])
        notes.append(f"{arm}, scratch: {chosen['passes']} of {chosen['of']} passes, by cross-validation over the "
                     f"pool's blind spots (errors after each: {errors}).")  # fmt: skip
    arms = len({(run["arm"], run["recipe"]) for run in spec["runs"]}) - 1
    if spec.get("corrected") and arms > 1:
        each, all_together = (f"{100 * value:.4g} %" for value in (corrected(spec["interval"], arms), spec["interval"]))
        notes.append(f"Each interval is one of {each}, so that all {arms} comparisons together keep to {all_together}.")
    return notes + ([ONE_SEED] if len(spec["seeds"]) == 1 else [])


def _scored(folder: Path, groups: dict[Group, list[Entry]], split: str) -> dict[Group, list[Scored]]:
    gold = np.load(gold_file(folder, split))
    return {
        group: [Scored.from_logits(_logits(folder, run, split), gold, temperature=run["temperature"]) for run in runs]
        for group, runs in groups.items()
    }


def _logits(folder: Path, run: Entry, split: str) -> Any:
    return np.load(logits_file(folder, run, split))


def _entry(runs: list[Entry], figures: dict[str, Comparison]) -> Entry:
    first = runs[0]
    splits: Entry = dict.fromkeys(JUDGED)
    for split, comparison in figures.items():
        splits[split] = _figures(comparison.values) | {"difference": _figures(comparison.difference)}
    if first["arm"] == BASELINE:
        for values in filter(None, splits.values()):
            del values["difference"]
    by_seed = {plural: {str(run["seed"]): run[key] for run in runs}
               for key, plural in (("model", "models"), ("temperature", "temperatures"))}  # fmt: skip
    return {key: first[key] for key in ("arm", "recipe", "n_added", "n_rows")} | splits | by_seed


def _figures(estimates: dict[str, Estimate]) -> Entry:
    return {name: asdict(estimate) | {"per_seed": list(estimate.per_seed)} for name, estimate in estimates.items()}


def _pool(folder: Path, groups: dict[Group, list[Entry]], spec: Entry) -> Entry | None:
    """How many rows of each blind spot each arm gets right, the baseline beside it; None without blind spots."""
    if not spec["blind_spots"]:
        return None
    gold = np.load(gold_file(folder, POOL))
    right = {
        group: np.mean([_logits(folder, run, POOL).argmax(axis=1) == gold for run in runs], axis=0)
        for group, runs in groups.items()
    }
    spots = []
    for spot in spec["blind_spots"]:
        entries = []
        for (arm, recipe), share in right.items():
            fixed = round(float(share[spot["rows"]].sum()), 2)
            rows = len(spot["rows"])
            entries.append({"arm": arm, "recipe": recipe, "fixed": fixed, "still_wrong": round(rows - fixed, 2)})
        spots.append({"id": spot["id"], "gold": spot["gold"], "predicted": spot["predicted"],
                      "rows": len(spot["rows"]), "baseline": entries[0], "arms": entries[1:]})  # fmt: skip
    return {"note": POOL_NOTE, "blind_spots": spots}
