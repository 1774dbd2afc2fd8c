"""Computes a proof's report from its stored predictions, without a model.

A proof folder holds ``spec.json`` (what was compared and how it is judged), gold label indices and logits of every run
as ``.npy``, and no text. Pool figures are kept apart from the proof: teachers saw those rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.discovery.calibration import UNKNOWN
from engine.errors import FileError
from engine.files import read_json
from engine.model.array_cache import read_array
from engine.proof.arms import BASELINE
from engine.proof.flipped_rows import flips
from engine.proof.imputed_verdict import ImputedJudge
from engine.proof.metrics import IntArray, Scored
from engine.proof.proof_labels import HINT, LABELS, read_proof_labels
from engine.proof.proof_spec import SPEC, ProofSpec, RoundModel, SpecRun, read_spec
from engine.proof.report import Learned, StoredFlip
from engine.proof.report_details import by_blind_spot, by_label, churn, reliability, risk_coverage, seed_noise
from engine.proof.report_types import (
    JUDGED,
    ArmFigures,
    DoubtfulRows,
    Estimate,
    Group,
    Measures,
    NearReport,
    PoolCounts,
    PoolReport,
    PoolSpot,
    ReportArm,
    ReportBaseline,
    ReportSpot,
    SplitFigures,
)
from engine.proof.significance import corrected, mcnemar, resamples_for
from engine.proof.spot_counts import Resampling, closed_tally, count_spots, worse_for
from engine.proof.statistics import BaselineComparison, compare
from engine.proof.verdict_rule import MEANINGS, Rule, Verdict, judge

POOL = "pool"
NEAREST = "nearest-proof.npy"  # (n,) place of each proof row's nearest blind spot in the spec
ROUND_MODEL = "round-model-proof.npy"  # logits of the model in which the blind spots were found, on proof
SAMPLES = "samples"  # samples of teachers, as a split of their own
POOL_NOTE = "Rows of the blind spots in the pool that are right now. Teachers saw them, so this is no proof."
REVIEWED = "Reviewed: samples that reviewers reject are left out, and their corrections are taken."
FEW_LABELS = (
    "Most proof rows have no label. A change follows from the labels of rows that can make one; a figure of one model "
    "by itself rests on what the LLM, or the baseline, says of the others."
)
ONE_SEED = "One seed: the noise between training runs is not in the intervals."

_NOT_SHOWN = ("runs", "blind_spots", "samples", "row_labels", "labels_asked")
"""Parts of the spec that the report has in another form."""

REFERENCE: Group = (BASELINE, "scratch")

ScoredBySplit = Mapping[str, Mapping[Group, list[Scored]]]
ComparedBySplit = Mapping[str, Mapping[Group, BaselineComparison]]


def gold_file(folder: Path, split: str) -> Path:
    """Gold label indices of a split, (n,) int64."""
    return folder / f"gold-{split}.npy"


def logits_file(folder: Path, run: SpecRun, split: str) -> Path:
    """Logits of one run on a split, (n, labels) float32."""
    return folder / f"{run.arm}-{run.recipe}-{run.seed}-{split}.npy"


def evaluate(folder: Path) -> dict[str, Any]:
    """Compute the report of a proof from its folder: what ``report.json`` holds.

    Its JSON values are the spec's own entries, as they are, with figures and verdicts (`engine.proof.report_types`).
    """
    values = read_json(folder / SPEC)
    spec = ProofSpec.from_json(values)
    groups = _groups(spec)
    interval = corrected(spec.interval, len(groups) - 1) if spec.corrected else spec.interval
    by_split = {split: _scored(folder, groups, split) for split in JUDGED if gold_file(folder, split).is_file()}
    how, rule = Resampling(resamples_for(interval, spec.bootstrap), interval), Rule(spec.tau, spec.margin, interval)
    held, gold = read_proof_labels(folder) if spec.label_budget else None, known_gold(folder)
    by_split["proof"] = {group: [replace(run, gold=gold) for run in runs] for group, runs in by_split["proof"].items()}
    is_whole = bool((gold != UNKNOWN).all())
    whole = {split: models for split, models in by_split.items() if split != "proof" or is_whole}
    compared = {
        split: compare(models, baseline=REFERENCE, tau=spec.tau, resamples=how.resamples, interval=interval)
        for split, models in whole.items()
    }
    parts: dict[str, Any] = {}
    if held is not None and not is_whole:
        judges = ImputedJudge(held, by_split["proof"], REFERENCE, compared.get("test"), rule, how)
        compared["proof"] = {REFERENCE: next(iter(judges.verdicts.values())).baseline}
        compared["proof"] |= {group: one.arm for group, one in judges.verdicts.items()}
        verdicts = {group: one.verdict for group, one in judges.verdicts.items()}
        likely = {group: one.likely for group, one in judges.verdicts.items()}
        parts["labels_asked"] = judges.labels_asked().as_json()
    else:
        verdicts = {group: _verdict(group, compared, rule) for group in groups if group != REFERENCE}
        likely = {}
        if held is not None:
            parts["labels_asked"] = held.as_asked(certain=True).as_json()
    labelled = _Labelled(by_split["proof"])
    arms = [
        replace(_arm(group, groups, by_split, whole, compared, spec.labels, verdict), likely=likely.get(group))
        for group, verdict in verdicts.items()
    ]
    if "round_model" in values:  # a proof made before evidence was kept lacks it, and its report says so
        spots = _spots(folder, groups, labelled, spec, how)
        worse = worse_for(spots, whole, list(verdicts), REFERENCE, spec.labels, how)
        arms = [replace(arm, closed=closed_tally(spots, arm.group), worse=worse[arm.group]) for arm in arms]
        parts["blind_spots"] = [spot.as_json() for spot in spots]
    shown = {
        split: SplitFigures(**_figures(found[REFERENCE].values, whole.get(split, {}).get(REFERENCE), spec.labels))
        for split, found in compared.items()
    }
    baseline = ReportBaseline(**_training(groups[REFERENCE]), proof=shown["proof"], test=shown.get("test"))
    pool, near = _pool(folder, groups, spec), _near(folder, labelled, spec)
    return {
        **{key: value for key, value in values.items() if key not in _NOT_SHOWN},
        "interval": interval,
        "notes": _notes(spec),
        "seed_noise": seed_noise(by_split["proof"][REFERENCE]),
        "baseline": baseline.as_json(),
        "arms": [arm.as_json() for arm in arms],
        "pool": pool.as_json() if pool else None,
        "near": near.as_json() if near else None,
        **parts,
    }


def flipped_rows(folder: Path, ids: dict[str, list[str]]) -> list[StoredFlip]:
    """`flips` of every split but proof, from a proof's folder and the ids of its rows by split."""
    spec = read_spec(folder)
    found = []
    for split in (split for split in ids if split in ("test", POOL)):
        models = _scored(folder, _groups(spec), split)
        found += flips(ids[split], models, REFERENCE, spec.labels, split=split)
    return sorted(found, key=lambda flip: -flip.error_confidence)


def known_gold(folder: Path) -> IntArray:
    """(n,) label index of each proof row, as the split or people have it; `UNKNOWN` where neither does.

    Raises:
        FileError: the labels of people or of an LLM are not the project's.
    """
    gold: IntArray = read_array(gold_file(folder, "proof")).copy()
    spec = read_spec(folder)
    if spec.label_budget:
        held = read_proof_labels(folder)
        if max(label for label in (UNKNOWN, *held.llm, *(label for _, label in held.people))) >= len(spec.labels):
            raise FileError("a label is not one of the project's", where=str(folder / LABELS), hint=HINT)
        for place, label in held.people:
            gold[place] = label
    return gold


def proof_models(folder: Path, split: str = "proof") -> dict[Group, list[Scored]]:
    """What the models of a proof say of the rows of a split, by arm and recipe one for each seed."""
    return _scored(folder, _groups(read_spec(folder)), split)


def right_samples(folder: Path) -> list[Learned]:
    """For each model of a teaching the samples that it gets right, by their content (`engine.proof.report.content`).

    They tell which samples a promoted model has learned, and so which may be asked of later ones.
    """
    spec = read_spec(folder)
    gold = read_array(gold_file(folder, SAMPLES))
    found: list[Learned] = []
    for run in (run for run in spec.runs if run.arm != BASELINE):
        right = np.flatnonzero(_logits(folder, run, SAMPLES).argmax(axis=1) == gold)
        samples = [spec.samples[place] for place in right]
        found.append({"arm": run.arm, "recipe": run.recipe, "seed": run.seed, "right": samples})
    return found


def _groups(spec: ProofSpec) -> dict[Group, list[SpecRun]]:
    groups: dict[Group, list[SpecRun]] = defaultdict(list)
    for run in spec.runs:
        groups[run.group].append(run)
    return groups


def _notes(spec: ProofSpec) -> list[str]:
    """What a reader of the figures must know."""
    notes = [spec.equal.sentence] if spec.equal else []
    notes += [REVIEWED] if spec.reviewed else []
    if spec.label_budget:
        notes.append(FEW_LABELS)
    elif spec.rows is not None and spec.rows.unlabelled:
        rows = spec.rows.proof + spec.rows.unlabelled
        notes.append(f"{spec.rows.proof:,} of {rows:,} proof rows have a label; the others were not judged.")
    for arm, tried in spec.passes.items():
        errors = ", ".join(f"{value:g}" for value in tried.errors)
        notes.append(
            f"{arm}, scratch: {tried.passes} of {tried.of} passes, by cross-validation over the "
            f"pool's blind spots (errors after each: {errors})."
        )
    notes += [f"{arm}: {sources.sentence}." for arm, sources in spec.label_sources.items()]
    notes += [f"{arm}: {chosen.sentence}" for arm, chosen in spec.recipes.items()]
    arms = len({run.group for run in spec.runs}) - 1
    if spec.corrected and arms > 1:
        each, all_together = (f"{100 * value:.4g} %" for value in (corrected(spec.interval, arms), spec.interval))
        notes.append(f"Each interval is one of {each}, so that all {arms} comparisons together keep to {all_together}.")
    return notes + ([ONE_SEED] if len(spec.seeds) == 1 else [])


def _scored(folder: Path, groups: dict[Group, list[SpecRun]], split: str) -> dict[Group, list[Scored]]:
    gold = read_array(gold_file(folder, split))
    return {
        group: [Scored.from_logits(_logits(folder, run, split), gold, temperature=run.temperature) for run in runs]
        for group, runs in groups.items()
    }


def _logits(folder: Path, run: SpecRun, split: str) -> Any:
    return read_array(logits_file(folder, run, split))


def _training(runs: list[SpecRun]) -> dict[str, Any]:
    """What a report says of the training of an arm, or the baseline: fields of `ReportBaseline`."""
    first = runs[0]
    return {
        "arm": first.arm,
        "recipe": first.recipe,
        "n_added": first.n_added,
        "n_rows": first.n_rows,
        "steps": first.steps,
        "models": {str(run.seed): run.model for run in runs},
        "temperatures": {str(run.seed): run.temperature for run in runs},
    }


def _figures(measured: dict[str, Estimate], runs: list[Scored] | None, labels: Sequence[str]) -> dict[str, Any]:
    """Fields of `SplitFigures`, but the difference to the baseline; ``runs`` is None where rows lack labels."""
    if runs is None:
        return dict(measured)
    return {
        **measured,
        "by_label": by_label(runs, labels),
        "reliability": reliability(runs),
        "risk_coverage": risk_coverage(runs),
    }


def _verdict(group: Group, compared: ComparedBySplit, rule: Rule) -> Verdict:
    arm, baseline = ({split: found[one] for split, found in compared.items()} for one in (group, REFERENCE))
    return judge(arm, baseline, rule)


def _arm(
    group: Group,
    groups: Mapping[Group, list[SpecRun]],
    by_split: ScoredBySplit,
    whole: ScoredBySplit,
    compared: ComparedBySplit,
    labels: Sequence[str],
    verdict: Verdict,
) -> ReportArm:
    """Figures of an arm and the verdict on it, without what became of the blind spots."""
    figures = {
        split: ArmFigures(
            difference=Measures(**found[group].difference),
            **_figures(found[group].values, whole.get(split, {}).get(group), labels),
        )
        for split, found in compared.items()
    }
    return ReportArm(
        **_training(groups[group]),
        proof=figures["proof"],
        test=figures.get("test"),
        verdict=verdict.word,
        reason=verdict.reason,
        meaning=MEANINGS[verdict.word],
        mcnemar={split: round(mcnemar(models[group], models[REFERENCE]), 6) for split, models in whole.items()},
        churn=churn(by_split["proof"][group], by_split["proof"][REFERENCE]),
    )


class _Labelled:
    """The proof rows that have a label, as every model scored them; ``gold``: of all rows, or `UNKNOWN`."""

    def __init__(self, models: Mapping[Group, Sequence[Scored]]) -> None:
        self.gold = next(iter(models.values()))[0].gold
        self._inside = self.gold != UNKNOWN
        self.models = {group: [self.rows_of(run) for run in runs] for group, runs in models.items()}

    def rows_of(self, scored: Scored) -> Scored:
        """Those rows of a model's."""
        return scored.rows(self._inside)

    def places(self, nearest: IntArray) -> IntArray:
        """Those rows of an array over all rows."""
        inside: IntArray = nearest[self._inside]
        return inside


def _near(folder: Path, labelled: _Labelled, spec: ProofSpec) -> NearReport | None:
    """What became of proof rows by their nearest blind spot; None without blind spots, and in older proofs."""
    if not (folder / NEAREST).is_file():
        return None
    nearest = labelled.places(read_array(folder / NEAREST))
    return by_blind_spot(labelled.models, REFERENCE, nearest, spec.blind_spots, spec.tau)


def _spots(
    folder: Path, groups: dict[Group, list[SpecRun]], labelled: _Labelled, spec: ProofSpec, how: Resampling
) -> tuple[ReportSpot, ...]:
    """`engine.proof.spot_counts.count_spots` of a proof."""
    if spec.round_model is None:
        return ()
    before = labelled.rows_of(round_model(folder, spec.round_model, labelled.gold))
    nearest = labelled.places(read_array(folder / NEAREST))
    return count_spots(_right(folder, groups), labelled.models, REFERENCE, before, nearest, spec, how)


def round_model(folder: Path, found_in: RoundModel, gold: IntArray) -> Scored:
    """What the model in which the blind spots were found says of the proof rows."""
    return Scored.from_logits(read_array(folder / ROUND_MODEL), gold, temperature=found_in.temperature)


def _right(folder: Path, groups: dict[Group, list[SpecRun]]) -> dict[Group, Any]:
    """Whether the model of each seed gets a pool row right, (seeds, rows)."""
    gold = read_array(gold_file(folder, POOL))
    return {
        group: np.array([_logits(folder, run, POOL).argmax(axis=1) == gold for run in runs])
        for group, runs in groups.items()
    }


def _pool(folder: Path, groups: dict[Group, list[SpecRun]], spec: ProofSpec) -> PoolReport | None:
    """What of each blind spot each arm gets right, the baseline beside it; None without blind spots.

    Rows whose label an annotator doubts stand in no blind spot here: what the baseline and each arm get right of them,
    by the label as it is, is told apart.
    """
    if not spec.blind_spots:
        return None
    right = _right(folder, groups)
    spots = []
    for spot in spec.blind_spots:
        counts = []
        for (arm, recipe), found in right.items():
            fixed = round(float(found[:, spot.rows].mean(axis=0).sum()), 2)
            sure = tuple(row for row, place in zip(spot.ids, spot.rows, strict=True) if found[:, place].all())
            wrong = round(len(spot.rows) - fixed, 2)
            counts.append(PoolCounts(arm=arm, recipe=recipe, fixed=fixed, still_wrong=wrong, right=sure))
        spots.append(
            PoolSpot(
                id=spot.id,
                gold=spot.gold,
                predicted=spot.predicted,
                rows=len(spot.rows),
                baseline=counts[0],
                arms=tuple(counts[1:]),
            )
        )
    doubtful = tuple(round(float(found[:, spec.marked].mean(axis=0).sum()), 2) for found in right.values())
    marked = DoubtfulRows(rows=len(spec.marked), right=doubtful)
    return PoolReport(note=POOL_NOTE, blind_spots=tuple(spots), marked=marked)
