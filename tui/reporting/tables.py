"""The tables of a report, for the terminal, HTML and Markdown alike. Names are data: they are made visible here.

Proofs of before a figure was computed lack its key; their tables are left out.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.proof.closed import MEANINGS as CLOSED
from engine.proof.closed import closed_sentence, worse_sentences
from engine.proof.figures import FIGURES, count, interval, right_of, share
from engine.proof.report import before_and_after
from engine.proof.verdict import MEANINGS as VERDICTS
from engine.text import visible
from tui.reporting.cost_tables import Table

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

_NEAR = {"wrong_before": "wrong before", "right_before": "right before"}
_TOLD = 4  # losses of each sort that are told in the first lines on an arm; all are in JSON
FEWEST_IN_BIN = 20  # rows: among fewer the standard error of an accuracy of one half is above 0.11: a line spikes

Report = dict[str, Any]
Arm = dict[str, Any]


def arm_name(arm: Arm) -> str:
    """Arm and recipe: ``llm, continue``."""
    return visible(f"{arm['arm']}, {arm['recipe']}")


def head_line(report: Report) -> str:
    """Seeds, tau, margin and what the intervals are."""
    seeds = ", ".join(map(str, report["seeds"]))
    interval = f"{report['interval'] * 100:.4g} % paired bootstrap"
    return f"seeds {seeds}; tau {report['tau']:g}; margin {report['margin']:g}; intervals: {interval}"


def side_by_side(report: Report) -> Table:
    """All arms: UUs at matched coverage on proof with the interval of their change, and the verdict."""
    rows = []
    for arm in (report["baseline"], *report["arms"]):
        figures = arm["proof"]
        change = figures.get("difference", {}).get("uu_at_matched_coverage")
        bounds = interval(count, change["low"], change["high"]) if change else ""
        values = [count(figures[name]["mean"]) for name in ("uu_at_matched_coverage", "uu_at_tau")]
        accuracy = share(figures["accuracy"]["mean"])
        name = arm_name(arm) if change else visible(arm["arm"])
        closed = f"{arm['closed']['closed']} of {arm['closed']['of']}" if arm.get("closed") else ""
        verdict = arm.get("verdict", "")
        rows.append((name, str(arm["n_added"]), values[0], bounds, values[1], accuracy, closed, verdict))
    return Table("", ("arm, recipe", "added", "matched", "change", "at tau", "accur.", "closed", "verdict"), rows)


def overlap(report: Report) -> str:
    """What decides where the levels of a proven arm and the baseline overlap; empty where none do."""
    metric = "uu_at_matched_coverage"
    level = report["baseline"]["proof"][metric]
    proven = [arm for arm in report["arms"] if arm["verdict"] == "proven"]
    named = [arm_name(arm) for arm in proven if arm["proof"][metric]["high"] >= level["low"]]
    if not named:
        return ""
    return (
        f"The levels of {'; '.join(named)} and the baseline overlap. What decides is the interval of their paired "
        "difference (the same rows and seeds), which is narrower: the change above."
    )


def summary(arm: Arm) -> tuple[str, list[str]]:
    """The first lines on an arm: how many blind spots it closed, and for whom it got worse, a sentence each.

    The second part is empty for a proof of before that was kept.
    """
    if "worse" not in arm:
        return closed_sentence(arm), []
    told = []
    for what in ("label", "blind spot"):
        losses = worse_sentences([one for one in arm["worse"] if one["what"] == what])
        told += losses[:_TOLD] + ([f"and {len(losses) - _TOLD} more"] if len(losses) > _TOLD else [])
    return closed_sentence(arm), told or ["no label and no blind spot got worse"]


def spot_lines(report: Report, arm: Arm) -> list[tuple[str, str]]:
    """Of each blind spot its word for an arm, and the counts behind it."""
    lines = []
    for spot in report.get("blind_spots", ()):
        (entry,) = (one for one in spot["arms"] if (one["arm"], one["recipe"]) == (arm["arm"], arm["recipe"]))
        parts = [f"{name} {right_of(entry[key])}" for key, name in _NEAR.items() if entry[key]["of"]]
        parts.append(f"all {_moved(entry['near'])}")
        near = f"near it in proof: {', '.join(parts)}" if entry["near"]["of"] else "no proof row is near it"
        lines.append((f"{_spot(spot)}: {entry['word']}", f"pool {right_of(entry['pool'])}; {near}"))
    return lines


def blind_spots(report: Report, arm: Arm) -> Table | None:
    """The same as a table, with the word for the baseline beside it; None without blind spots."""
    rows = []
    for spot in report.get("blind_spots", ()):
        (entry,) = (one for one in spot["arms"] if (one["arm"], one["recipe"]) == (arm["arm"], arm["recipe"]))
        parts = [right_of(entry[key]) for key in ("pool", *_NEAR)]
        rows.append((_spot(spot), entry["word"], *parts, _moved(entry["near"]), spot["baseline"]["word"]))
    heads = ("blind spot", "word", "pool", *_NEAR.values(), "all near", "baseline")
    return (
        Table("blind spots: rows right now, of the pool and of the proof rows near it", heads, rows) if rows else None
    )


def _moved(near: dict[str, Any]) -> str:
    return f"{count(near['before'])} -> {count(near['right'])} of {near['of']}"


def unseen(report: Report, arm: Arm) -> str:
    """What became of the UUs near no blind spot, in a sentence; empty without blind spots."""
    if not report.get("near"):
        return ""
    found = report["near"]["unseen"]
    fixed, still, _ = _fate(found["arms"], arm)
    return (
        f"UUs of the baseline on proof near no blind spot: {count(found['uus'])} of {count(found['of'])}; "
        f"{fixed} fixed, {still} still wrong."
    )


def spot_words(report: Report) -> list[tuple[str, str]]:
    """What the words on blind spots mean; empty for a proof of before there were some."""
    return list(CLOSED.items()) if "blind_spots" in report else []


def definitions(report: Report) -> list[tuple[str, str]]:
    """What `proven`, which is said of an arm, and the words on blind spots mean."""
    spots = [(f"{word} (of a blind spot)", meaning) for word, meaning in spot_words(report)]
    return [("proven (of an arm)", VERDICTS["proven"]), *spots]


def before_after(report: Report, arm: Arm, split: str) -> Table | None:
    """The figures of an arm on a split beside the baseline's."""
    lines = before_and_after(report, arm, split)
    if not lines:
        return None
    return Table(
        f"{split} ({report['rows'][split]} rows)",
        ("figure", "before", "after", "change", "interval"),
        [(line.name, line.before, line.after, line.change, line.interval) for line in lines],
    )


def every_figure(report: Report, split: str) -> Table | None:
    """The mean of every figure of every arm on a split."""
    if report["baseline"][split] is None:
        return None
    keys = [
        (key, name.format(tau=report["tau"]), show) for key, name, show in FIGURES if key in report["baseline"][split]
    ]
    rows = [
        (arm_name(arm), *(show(arm[split][key]["mean"]) for key, _, show in keys))
        for arm in (report["baseline"], *report["arms"])
    ]
    return Table(f"{split}: every figure, mean over seeds", ("arm, recipe", *(name for _, name, _ in keys)), rows)


def by_label(report: Report) -> Table | None:
    """Accuracy on proof among the rows of each label."""
    labels = report["baseline"]["proof"].get("by_label")
    if not labels:
        return None
    rows = [
        (arm_name(arm), *(_known(value) for value in arm["proof"]["by_label"].values()))
        for arm in (report["baseline"], *report["arms"])
    ]
    return Table("accuracy on proof by gold label", ("arm, recipe", *map(visible, labels)), rows)


def reliability(report: Report, arms: Sequence[Arm]) -> Table | None:
    """Accuracy on proof by confidence, in the bins of ECE, with the rows of each: well calibrated is near its bin."""
    shown = [report["baseline"], *arms]
    if not report["baseline"]["proof"].get("reliability"):
        return None
    bins = [{found["to"]: found for found in arm["proof"]["reliability"]} for arm in shown]
    rows = [(f"{end:.2f}", *(_binned(found.get(end), report) for found in bins)) for end in sorted(set().union(*bins))]
    return Table("accuracy (rows), confidence to", ("confidence", "baseline", *map(arm_name, arms)), rows)


def rows_in(found: dict[str, Any], report: Report) -> float:
    """How many proof rows are in a bin of confidence, a mean over seeds."""
    return float(found["share"] * report["rows"]["proof"])


def _binned(found: dict[str, Any] | None, report: Report) -> str:
    if found is None:
        return ""
    rows = rows_in(found, report)
    return f"{share(found['accuracy']) if rows >= FEWEST_IN_BIN else 'too few'} ({count(rows)})"


def churn(report: Report) -> Table | None:
    """Changed labels on proof, and McNemar's test of equal accuracy."""
    if not report["arms"] or "churn" not in report["arms"][0]:
        return None
    rows = [
        (arm_name(arm), f"{100 * arm['churn']:.1f} %", *(f"{value:.2g}" for value in arm["mcnemar"].values()))
        for arm in report["arms"]
    ]
    noise = report["seed_noise"]
    title = "churn: proof rows given another label than by the baseline"
    title += f" (two seeds of the baseline: {100 * noise:.1f} %)" if noise is not None else ""
    tests = [f"McNemar {split}" for split in report["arms"][0]["mcnemar"]]
    return Table(title, ("arm, recipe", "churn", *tests), rows)


def near_blind_spots(report: Report, arm: Arm) -> Table | None:
    """Proof rows by nearest blind spot, if it has some: fixed, still wrong, newly broken; then the unseen."""
    near = report.get("near")
    if not near or "blind_spots" in report:  # a proof of before evidence was kept has no more than this
        return None
    there = [spot for spot in near["blind_spots"] if spot["rows"]]
    rows = [(_spot(spot), str(spot["rows"]), *_fate(spot["arms"], arm)) for spot in there]
    unseen = near["unseen"]
    rows.append(
        ("unseen: UUs near none", f"{count(unseen['uus'])} of {count(unseen['of'])}", *_fate(unseen["arms"], arm))
    )
    return Table(
        "proof rows by nearest blind spot", ("blind spot", "rows", "fixed", "still wrong", "newly broken"), rows
    )


def pool_rows(report: Report, arms: Sequence[Arm]) -> Table | None:
    """Rows of each blind spot in the pool that are right now."""
    if report["pool"] is None:
        return None
    places = [report["arms"].index(arm) for arm in arms]
    rows = []
    for spot in report["pool"]["blind_spots"]:
        entries = [spot["baseline"], *(spot["arms"][place] for place in places)]
        right = [count(entry["fixed"]) for entry in entries]
        rows.append((_spot(spot), str(spot["rows"]), *right))
    rows += _with_marked(report["pool"], [0, *(place + 1 for place in places)])
    return Table("", ("blind spot", "rows", "baseline", *map(arm_name, arms)), rows)


def _with_marked(pool: dict[str, Any], columns: Sequence[int]) -> list[tuple[str, ...]]:
    """Sums over all blind spots, without the rows whose label annotators doubt and with them, if there are some."""
    marked = pool.get("marked")
    if not marked or not marked["rows"]:
        return []
    entries = [[spot["baseline"], *spot["arms"]] for spot in pool["blind_spots"]]
    sums = [sum(spot[column]["fixed"] for spot in entries) for column in columns]
    rows = sum(spot["rows"] for spot in pool["blind_spots"])
    both = [count(value + marked["right"][column]) for value, column in zip(sums, columns, strict=True)]
    return [
        ("all, without marked rows", str(rows), *map(count, sums)),
        ("all, marked rows too", str(rows + marked["rows"]), *both),
    ]


def rounds_table(rounds: Sequence[Round]) -> Table:
    """The history of the project, a line a round."""
    rows = []
    for one in rounds:
        counts = [str(len(getattr(one.change, fate))) if one.change else "" for fate in _FATES]
        uus, spots = ("" if value is None else str(value) for value in (one.uus, one.blind_spots))
        rows.append((str(one.number), uus, _known(one.accuracy), _known(one.coverage), spots, *counts))
    heads = (word.removesuffix(" again") for word in _FATES.values())  # 80 cells hold no more
    return Table("rounds", ("round", "UUs", "accur.", "cover.", "spots", *heads), rows)


def round_sentence(one: Round) -> str:
    """What a round starts from, and the ids behind its counts."""
    start = f"starts from {one.promoted}" if one.promoted else f"model {one.model}" if one.model else "not discovered"
    fates = [(word, getattr(one.change, fate)) for fate, word in _FATES.items()] if one.change else []
    told = [f"{fate} {' '.join(ids)}" for fate, ids in fates if ids]
    told += [f"proofs {' '.join(one.proofs)}"] if one.proofs else []
    return visible("; ".join([f"round {one.number}: {start}", *told]))


def to_rerun(report: Report, project: Path) -> Table:
    """What it takes to get the same figures again: data, versions, settings, command with the project's folder."""
    rows = [(f"sha256 of {split}", value) for split, value in report.get("hashes", {}).items()]
    rows += [(f"version of {name}", value) for name, value in report.get("versions", {}).items()]
    rows += [(f"training.{name}", str(value)) for name, value in report.get("training", {}).items()]
    rows += [("resamples", str(report["bootstrap"])), ("round", str(report["round"]))]
    rows += [("command", _command(report, project))] if "asked" in report else []
    return Table("to run it again", ("what", "value"), [(visible(name), visible(value)) for name, value in rows])


def _command(report: Report, project: Path) -> str:
    """The command that makes this proof."""
    asked = report["asked"]
    words = [f"blindspot retrain {shlex.quote(str(project))}", *(f"--arm {name}" for name in asked["arms"])]
    words += [f"--recipe {name}" for name in asked["recipes"]]
    words += [f"--seeds {','.join(map(str, report['seeds']))}"]
    words += ["--controls"] if asked["controls"] else []
    words += [f"--equal {report['equal']['by']}"] if report["equal"] else []
    words += ["--reviewed"] if report["reviewed"] else []
    return " ".join(words)


def _spot(spot: dict[str, Any]) -> str:
    return visible(f"{spot['id']} {spot['gold']} -> {spot['predicted']}")


def _fate(entries: Sequence[dict[str, Any]], arm: Arm) -> tuple[str, str, str]:
    found = next(one for one in entries if (one["arm"], one["recipe"]) == (arm["arm"], arm["recipe"]))
    return count(found["fixed"]), count(found["still_wrong"]), count(found["newly_broken"])


def _known(value: float | None) -> str:
    return "" if value is None else share(value)
