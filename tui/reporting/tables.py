"""The tables of a report, for the terminal, HTML and Markdown alike. Names are data: they are made visible here.

Older proofs lack figures that were added later; their tables are left out.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.proof.closed import MEANINGS as CLOSED
from engine.proof.figures import FIGURES, count, interval, share
from engine.proof.recipes import RECIPES
from engine.proof.report import before_and_after
from engine.proof.report_closed import closed_sentence, right_of, worse_sentences
from engine.proof.report_types import (
    AskedFor,
    NearRightRows,
    PoolReport,
    ReliabilityBin,
    Report,
    ReportArm,
    ReportBaseline,
    RowFates,
    SpotEntry,
    of_group,
)
from engine.proof.verdict_rule import MEANINGS as VERDICTS
from engine.text import visible
from tui.reporting.confidence_text import probability, unknown_accuracy
from tui.reporting.table import Table

if TYPE_CHECKING:
    from engine.operations.history import Round

_FATES = {
    "closed": "closed",
    "kept": "kept",
    "split": "split",
    "merged": "merged",
    "not_found": "not found again",
    "new": "new",
}

_TERMS = (
    ("confident errors", "Errors among as many of a model's most confident rows as the baseline has at or above tau."),
    (
        "the same coverage",
        "Both models are judged on equally many rows: one that is only less sure gains nothing.",
    ),
    ("baseline", "The same training, with the same seeds, without what an arm adds."),
    (
        "blind spot",
        "Pool rows that read alike and that the model gets wrong with confidence, in the same direction: `a -> b` are "
        "rows labelled a that it takes for b.",
    ),
    ("arm", "What was added to the training, and the recipe, which says how the model was trained."),
)
ARMS = (
    "All on proof rows. matched: confident errors at the same coverage; change: interval of their change; at tau: "
    "errors with confidence at or above tau; accur.: accuracy; closed: blind spots."
)
_NEAR = ("wrong before", "right before")
_TOLD = 4  # losses of each sort that are told in the first lines on an arm; all are in JSON
FEWEST_IN_BIN = 20  # rows: among fewer the standard error of an accuracy of one half is above 0.11: a line spikes


def arm_name(arm: ReportBaseline) -> str:
    """Arm and recipe: ``llm, continue``."""
    return visible(f"{arm.arm}, {arm.recipe}")


def head_line(report: Report) -> str:
    """Seeds, tau, margin and what the intervals are."""
    seeds = ", ".join(map(str, report.seeds))
    interval = f"{report.interval * 100:.4g} %, paired bootstrap (shares of a blind spot's rows: Wilson)"
    return f"seeds {seeds}; tau {report.tau:g}; margin {report.margin:g}; intervals: {interval}"


def side_by_side(report: Report) -> Table:
    """All arms: UUs at matched coverage on proof with the interval of their change, and the verdict."""
    rows = []
    for arm in (report.baseline, *report.arms):
        figures = arm.proof
        matched, at_tau = (count(one.mean) for one in (figures.uu_at_matched_coverage, figures.uu_at_tau))
        accuracy = share(figures.accuracy.mean)
        name, bounds, closed, told = visible(arm.arm), "", "", ""
        if isinstance(arm, ReportArm):
            change = arm.proof.difference.uu_at_matched_coverage
            name, bounds, told = arm_name(arm), interval(count, change.low, change.high), report.verdict_of(arm)
            closed = f"{arm.closed['closed']} of {arm.closed['of']}" if arm.closed else ""
        rows.append((name, str(arm.n_added), matched, bounds, at_tau, accuracy, closed, told))
    return Table("", ("arm, recipe", "added", "matched", "change", "at tau", "accur.", "closed", "verdict"), rows)


def overlap(report: Report) -> str:
    """What decides where the levels of a proven arm and the baseline overlap; empty where none do."""
    level = report.baseline.proof.uu_at_matched_coverage
    proven = [arm for arm in report.arms if arm.verdict == "proven"]
    named = [arm_name(arm) for arm in proven if arm.proof.uu_at_matched_coverage.high >= level.low]
    if not named:
        return ""
    return (
        f"The levels of {'; '.join(named)} and the baseline overlap. What decides is the interval of their paired "
        "difference (the same rows and seeds), which is narrower: the change above."
    )


def summary(arm: ReportArm) -> tuple[str, list[str]]:
    """The first lines on an arm: how many blind spots it closed, and for whom it got worse, a sentence each.

    The second part is empty for an older proof, which did not keep that.
    """
    if arm.worse is None:
        return closed_sentence(arm), []
    told = []
    for what in ("label", "blind spot"):
        losses = worse_sentences([one for one in arm.worse if one.what == what])
        told += losses[:_TOLD] + ([f"and {len(losses) - _TOLD} more"] if len(losses) > _TOLD else [])
    return closed_sentence(arm), told or ["no label and no blind spot got worse"]


def spot_name(spot: SpotEntry) -> str:
    """Its id and what is taken for what there."""
    return visible(f"{spot.id} {spot.gold} -> {spot.predicted}")


def words_by_arm(report: Report, spot: SpotEntry) -> str:
    """The outcome of a blind spot by arm: ``human, scratch: closed``; empty in older proofs, which kept no evidence."""
    judged = next((one for one in report.spots if one.id == spot.id), None)
    if judged is None:
        return ""
    return "; ".join(f"{arm_name(arm)}: {of_group(judged.arms, arm.group).word}" for arm in report.arms)


def spot_lines(report: Report, arm: ReportArm) -> list[tuple[str, str]]:
    """For each blind spot its outcome for an arm, and the counts behind it."""
    lines = []
    for spot in report.spots:
        entry = of_group(spot.arms, arm.group)
        before = zip(_NEAR, (entry.wrong_before, entry.right_before), strict=True)
        parts = [f"{name} {right_of(rows)}" for name, rows in before if rows.of]
        parts.append(f"all {_moved(entry.near)}")
        near = f"near it in proof: {', '.join(parts)}" if entry.near.of else "no proof row is near it"
        lines.append((f"{spot_name(spot)}: {entry.word}", f"pool {right_of(entry.pool)}; {near}"))
    return lines


def blind_spots(report: Report, arm: ReportArm) -> Table | None:
    """The same as a table, with the outcome for the baseline; None without blind spots."""
    rows = []
    for spot in report.spots:
        entry = of_group(spot.arms, arm.group)
        parts = map(right_of, (entry.pool, entry.wrong_before, entry.right_before))
        rows.append((spot_name(spot), entry.word, *parts, _moved(entry.near), spot.baseline.word))
    heads = ("blind spot", "outcome", "pool", *_NEAR, "all near", "baseline")
    return (
        Table("blind spots: rows right now, of the pool and of the proof rows near it", heads, rows) if rows else None
    )


def _moved(near: NearRightRows) -> str:
    return f"{count(near.before)} -> {count(near.right)} of {near.of}"


def unseen(report: Report, arm: ReportArm) -> str:
    """What became of the UUs near no blind spot, in a sentence; empty without blind spots."""
    if report.near is None:
        return ""
    found = report.near.unseen
    fixed, still, _ = _fate(found.arms, arm)
    return (
        f"UUs of the baseline on proof near no blind spot: {count(found.uus)} of {count(found.of)}; "
        f"{fixed} fixed, {still} still wrong."
    )


def spot_words(report: Report) -> list[tuple[str, str]]:
    """What the outcomes of blind spots mean; empty for an older proof, which has none."""
    return list(CLOSED.items()) if report.blind_spots is not None else []


def definitions(report: Report) -> list[tuple[str, str]]:
    """The terms of the first lines: errors, coverage, baseline, recipes, `proven`, the outcomes of blind spots."""
    names = dict.fromkeys(arm.recipe for arm in report.arms if arm.recipe in RECIPES)
    recipes = [(f"{name} (a recipe)", f"{RECIPES[name].summary.capitalize()}.") for name in names]
    spots = [(f"{word} (of a blind spot)", meaning) for word, meaning in spot_words(report)]
    return [*_TERMS, *recipes, ("proven (of an arm)", VERDICTS["proven"]), *spots]


def before_after(report: Report, arm: ReportArm, split: str) -> Table | None:
    """The figures of an arm on a split beside the baseline's."""
    lines = before_and_after(report, arm, split)
    if not lines:
        return None
    return Table(
        f"{split} ({report.rows.on(split)} rows)",
        ("figure", "before", "after", "change", "interval"),
        [(line.name, line.before, line.after, line.change, line.interval) for line in lines],
    )


def every_figure(report: Report, split: str) -> Table | None:
    """The mean of every figure of every arm on a split."""
    baseline = report.baseline.on(split)
    if baseline is None:
        return None
    shown = [(key, name, show) for key, name, show in FIGURES if baseline.named(key)]
    rows = []
    for arm in (report.baseline, *report.arms):
        figures = arm.on(split)
        found = [(figures.named(key) if figures else None, show) for key, _, show in shown]
        rows.append((arm_name(arm), *(show(one.mean) if one else "" for one, show in found)))
    names = (name.format(tau=report.tau) for _, name, _ in shown)
    return Table(f"{split}: every figure, mean over seeds", ("arm, recipe", *names), rows)


def by_label(report: Report) -> Table | None:
    """Accuracy on proof among the rows of each label."""
    labels = report.baseline.proof.by_label
    if not labels:
        return None
    rows = [
        (arm_name(arm), *(_known(value) for value in (arm.proof.by_label or {}).values()))
        for arm in (report.baseline, *report.arms)
    ]
    return Table("accuracy on proof by gold label", ("arm, recipe", *map(visible, labels)), rows)


def reliability(report: Report, arms: Sequence[ReportArm]) -> Table | None:
    """Accuracy on proof by confidence, in the bins of ECE, with the rows of each: well calibrated is near its bin."""
    if not report.baseline.proof.reliability:
        return None
    bins = [{found.to: found for found in arm.proof.reliability or ()} for arm in (report.baseline, *arms)]
    rows = [(f"{end:.2f}", *(_binned(found.get(end), report) for found in bins)) for end in sorted(set().union(*bins))]
    return Table("accuracy (rows), confidence to", ("confidence", "baseline", *map(arm_name, arms)), rows)


def rows_in(found: ReliabilityBin, report: Report) -> float:
    """How many proof rows are in a bin of confidence, a mean over seeds."""
    return found.share * report.rows.proof


def _binned(found: ReliabilityBin | None, report: Report) -> str:
    if found is None:
        return ""
    rows = rows_in(found, report)
    return f"{share(found.accuracy) if rows >= FEWEST_IN_BIN else 'too few'} ({count(rows)})"


def churn(report: Report) -> Table | None:
    """Changed labels on proof, and McNemar's test of equal accuracy."""
    shown = [(arm, arm.churn, arm.mcnemar or {}) for arm in report.arms if arm.churn is not None]
    if not shown:
        return None
    rows = [
        (arm_name(arm), f"{100 * changed:.1f} %", *map(probability, tests.values())) for arm, changed, tests in shown
    ]
    noise = report.seed_noise
    title = "churn: proof rows given another label than by the baseline"
    title += f" (two seeds of the baseline: {100 * noise:.1f} %)" if noise is not None else ""
    return Table(title, ("arm, recipe", "churn", *(f"McNemar {split}" for split in shown[0][2])), rows)


def near_blind_spots(report: Report, arm: ReportArm) -> Table | None:
    """Proof rows by nearest blind spot, if it has some: fixed, still wrong, newly broken; then the unseen."""
    near = report.near
    if near is None or report.blind_spots is not None:  # an older proof, which kept no evidence, has no more than this
        return None
    there = [spot for spot in near.blind_spots if spot.rows]
    rows = [(spot_name(spot), str(spot.rows), *_fate(spot.arms, arm)) for spot in there]
    unseen = near.unseen
    rows.append(("unseen: UUs near none", f"{count(unseen.uus)} of {count(unseen.of)}", *_fate(unseen.arms, arm)))
    return Table(
        "proof rows by nearest blind spot", ("blind spot", "rows", "fixed", "still wrong", "newly broken"), rows
    )


def pool_rows(report: Report, arms: Sequence[ReportArm]) -> Table | None:
    """Rows of each blind spot in the pool that are right now."""
    if report.pool is None:
        return None
    groups = [arm.group for arm in report.arms]
    places = [groups.index(arm.group) for arm in arms]
    rows = []
    for spot in report.pool.blind_spots:
        entries = [spot.baseline, *(spot.arms[place] for place in places)]
        rows.append((spot_name(spot), str(spot.rows), *(count(entry.fixed) for entry in entries)))
    rows += _with_marked(report.pool, [0, *(place + 1 for place in places)])
    return Table("", ("blind spot", "rows", "baseline", *map(arm_name, arms)), rows)


def _with_marked(pool: PoolReport, columns: Sequence[int]) -> list[tuple[str, ...]]:
    """Sums over all blind spots, without the rows whose label annotators doubt and with them, if there are some."""
    marked = pool.marked
    if marked is None or not marked.rows:
        return []
    entries = [[spot.baseline, *spot.arms] for spot in pool.blind_spots]
    sums = [sum(spot[column].fixed for spot in entries) for column in columns]
    rows = sum(spot.rows for spot in pool.blind_spots)
    both = [count(value + marked.right[column]) for value, column in zip(sums, columns, strict=True)]
    return [
        ("all, without marked rows", str(rows), *map(count, sums)),
        ("all, marked rows too", str(rows + marked.rows), *both),
    ]


def rounds_table(rounds: Sequence[Round]) -> Table:
    """The history of the project, a line a round."""
    rows = []
    for one in rounds:
        counts = [str(len(getattr(one.change, fate))) if one.change else "" for fate in _FATES]
        uus, spots = ("" if value is None else str(value) for value in (one.uus, one.blind_spots))
        rows.append((str(one.number), uus, _known(one.accuracy), _known(one.coverage), spots, *counts))
    heads = (word.removesuffix(" again") for word in _FATES.values())  # 80 cells hold no more
    return Table("Rounds", ("round", "UUs", "accur.", "cover.", "spots", *heads), rows)


def round_sentences(one: Round) -> list[str]:
    """What a round starts from and the ids behind its counts; then a sentence for each arm that was judged in it."""
    start = f"starts from {one.promoted}" if one.promoted else f"model {one.model}" if one.model else "not discovered"
    fates = [(word, getattr(one.change, fate)) for fate, word in _FATES.items()] if one.change else []
    told = [f"{fate} {' '.join(ids)}" for fate, ids in fates if ids]
    if one.accuracy is None and one.labelled is not None and one.n_pool is not None:
        told.append(f"accuracy {unknown_accuracy(one.labelled, one.n_pool)}")
    if one.watched:
        told.append(f"watched {len(one.watched)}, last {one.watched[-1]}")
    judged = [f"proof {arm.proof}, {arm.arm}, {arm.recipe}: {arm.verdict}; {arm.closed}" for arm in one.judged]
    return [*map(visible, ["; ".join([f"round {one.number}: {start}", *told]), *judged])]


def to_rerun(report: Report, project: Path) -> Table:
    """What it takes to get the same figures again: data, versions, settings, command with the project's folder."""
    rows = [(f"sha256 of {split}", value) for split, value in report.hashes.items()]
    rows += [(f"version of {name}", value) for name, value in report.versions.items()]
    rows += [(f"training.{name}", str(value)) for name, value in report.training.items()]
    rows += [("resamples", str(report.bootstrap)), ("round", str(report.round))]
    rows += [("command", _command(report, report.asked, project))] if report.asked else []
    return Table("to run it again", ("what", "value"), [(visible(name), visible(value)) for name, value in rows])


def _command(report: Report, asked: AskedFor, project: Path) -> str:
    """The command that makes this proof."""
    words = [f"blindspot retrain {shlex.quote(str(project))}", *(f"--arm {name}" for name in asked.arms)]
    words += [f"--recipe {name}" for name in asked.recipes]
    words += [f"--seeds {','.join(map(str, report.seeds))}"]
    words += ["--controls"] if asked.controls else []
    words += [f"--equal {report.equal.by}"] if report.equal else []
    words += ["--reviewed"] if report.reviewed else []
    return " ".join(words)


def _fate(entries: Sequence[RowFates], arm: ReportArm) -> tuple[str, str, str]:
    found = of_group(entries, arm.group)
    return count(found.fixed), count(found.still_wrong), count(found.newly_broken)


def _known(value: float | None) -> str:
    return "" if value is None else share(value)
