"""How often the word from few labels is the word from all labels: people are simulated by the labels of proof rows.

`make bench-agreement PROOFS="FOLDER ..."` names proof folders in projects all of whose proof rows have their labels, or
``OUT`` folders of `make bench-budget`, in which each arm at a budget is judged by its finished seeds. An LLM's labels
are looked for in ``TRANSCRIPTS``, as ``PROJECT.labels.jsonl`` (id, split, label), PROJECT being the name of the
project's folder; without them nobody has labelled a row. ``DRAWS`` drawings (default 200) of the rows that people are
asked for, ``BUDGET`` labels (default 150) in five looks, which end once every word is certain.

The closest cases come first: those whose change of UUs at matched coverage is the smallest part of its interval. What
is finished is kept in the results file (``RESULTS``), and a rerun goes on where it was.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import orjson

from engine.data.proof_rows import judged_rows
from engine.discovery.calibration import UNKNOWN
from engine.files import read_lines
from engine.project import Project
from engine.proof.evaluate import REFERENCE, gold_file, proof_models
from engine.proof.imputation import RowChanges, draw_order
from engine.proof.imputed_verdict import ImputedJudge
from engine.proof.metrics import IntArray, Scored
from engine.proof.proof_labels import LOOKS, ProofLabels
from engine.proof.proof_spec import read_spec
from engine.proof.report_types import Group
from engine.proof.significance import corrected, resamples_for
from engine.proof.spot_counts import Resampling
from engine.proof.statistics import BaselineComparison, compare
from engine.proof.verdict_rule import Rule, VerdictWord, judge
from tests.bench.budget import finished, kept_lines
from tests.bench.budget_report import Finished
from tests.bench.measure import once

_MATCHED, _NOTHING = "uu_at_matched_coverage", 1e-9


@dataclass(frozen=True)
class Case:
    """Models to be judged, with all labels.

    Attributes:
        models: on proof rows, one for each seed. test: the comparison on test, where there is one.
        rule, how: as the proof has them.
    """

    models: Mapping[Group, Sequence[Scored]]
    test: Mapping[Group, BaselineComparison] | None
    rule: Rule
    how: Resampling


@dataclass(frozen=True)
class FewLabels:
    """By arm the word at the stop, and the labels that people gave until then."""

    words: dict[Group, VerdictWord]
    labels: int


def words_of_all_labels(case: Case) -> dict[Group, VerdictWord]:
    """The word on each arm."""
    asked: dict[str, Mapping[Group, BaselineComparison]] = {"proof": _compared(case.models, case.rule, case.how)}
    asked |= {"test": case.test} if case.test else {}
    sides = {group: {split: found[group] for split, found in asked.items()} for group in case.models}
    return {group: judge(side, sides[REFERENCE], case.rule).word for group, side in sides.items() if group != REFERENCE}


def _compared(
    models: Mapping[Group, Sequence[Scored]], rule: Rule, how: Resampling
) -> Mapping[Group, BaselineComparison]:
    return compare(models, baseline=REFERENCE, tau=rule.tau, resamples=how.resamples, interval=how.interval)


def words_of_few_labels(case: Case, llm: IntArray, *, budget: int, seed: int) -> FewLabels:
    """What the product's judge says at its last look.

    Args:
        case: its labels are what people say.
        llm: (n,) an LLM's labels, or `UNKNOWN`.
        budget: of labels.
        seed: of the rows that people are asked for.
    """
    reference = case.models[REFERENCE]
    gold = reference[0].gold
    effects = [
        RowChanges.of(runs, reference, case.rule.tau).effect
        for group, runs in case.models.items()
        if group != REFERENCE
    ]
    order = draw_order(np.max(effects, axis=0), seed)
    held = ProofLabels(tuple(map(str, range(len(gold)))), tuple(llm.tolist()), order, budget, "verdict-1")
    for look in range(LOOKS + 1):
        known = np.full(len(gold), UNKNOWN)
        drawn = list(held.drawn(look))
        known[drawn] = gold[drawn]
        models = {group: [replace(run, gold=known) for run in runs] for group, runs in case.models.items()}
        found = ImputedJudge(replace(held, look=look), models, REFERENCE, case.test, case.rule, case.how).verdicts
        if all(one.is_certain for one in found.values()):
            break
    return FewLabels({group: one.verdict.word for group, one in found.items()}, len(drawn))


@dataclass(frozen=True)
class Asked:
    """A case, the folder that asks for it, its project, and the name that it has in the table."""

    folder: Path
    project: Project
    name: str
    case: Case

    @property
    def distance(self) -> float:
        """Of the change of UUs at matched coverage from none, in half-widths of its interval; the least of all arms."""
        compared = _compared(self.case.models, self.case.rule, self.case.how)
        changes = [one.difference[_MATCHED] for group, one in compared.items() if group != REFERENCE]
        return min(2 * abs(one.mean) / max(one.high - one.low, _NOTHING) for one in changes)


def cases_of(folder: Path) -> list[Asked]:
    """What a folder asks for: a proof, or a budget.

    Raises:
        ValueError: a proof row has no label.
    """
    if not kept_lines(folder):
        project = Project.open(folder.parent.parent)
        return [Asked(folder, project, f"{project.root.name} {folder.name}", case_of(folder))]
    return [case_of_cells(group, folder) for group in finished(folder)]


def case_of_cells(group: Sequence[Finished], out: Path) -> Asked:
    """An arm at a budget, judged as in a proof of this arm alone."""
    cell, settings = group[0].cell, group[0].settings
    arm = (cell.arm, f"{cell.budget} labels")
    by_split = {
        split: {REFERENCE: [one.baseline[split] for one in group], arm: [one.arm[split] for one in group]}
        for split in group[0].arm
    }
    rule = Rule(settings.discovery.tau, settings.proof.margin, settings.proof.interval)
    how = Resampling(settings.proof.bootstrap, settings.proof.interval)
    test = _compared(by_split["test"], rule, how) if "test" in by_split else None
    seeds = ", ".join(str(one.cell.seed) for one in group)
    case = Case(by_split["proof"], test, rule, how)
    return Asked(out, Project.open(out / cell.task), f"{cell.task}, seeds {seeds}", case)


def case_of(folder: Path) -> Case:
    """A proof as it lies on disk.

    Raises:
        ValueError: a proof row has no label.
    """
    spec, models = read_spec(folder), proof_models(folder)
    if (models[REFERENCE][0].gold == UNKNOWN).any():
        raise ValueError(f"{folder}: not all proof rows have a label, so there is nothing to compare with")
    interval = corrected(spec.interval, len(models) - 1) if spec.corrected else spec.interval
    how = Resampling(resamples_for(interval, spec.bootstrap), interval)
    rule = Rule(spec.tau, spec.margin, interval)
    has_test = gold_file(folder, "test").is_file()
    return Case(models, _compared(proof_models(folder, "test"), rule, how) if has_test else None, rule, how)


def recorded(project: Project, transcripts: Path | None) -> IntArray | None:
    """(n,) recorded labels of an LLM for the proof rows, or `UNKNOWN`; None: there is no file of them."""
    file = transcripts / f"{project.root.name}.labels.jsonl" if transcripts else None
    if file is None or not file.is_file():
        return None
    said = {one["id"]: one["label"] for one in map(orjson.loads, read_lines(file)) if one["split"] == "proof"}
    number = {label: place for place, label in enumerate(project.labels)}
    return np.array([number.get(said.get(row.id, ""), UNKNOWN) for row in judged_rows(project)], dtype=np.int64)


def main() -> int:
    """Print a line for each arm of each case."""
    given = os.environ.get
    folders = [Path(name).resolve() for name in given("PROOFS", "").split()]
    if not folders:
        print('name finished proofs: make bench-agreement PROOFS="FOLDER ..."', file=sys.stderr)
        return 2
    draws, budget = int(given("DRAWS") or 200), int(given("BUDGET") or 150)
    transcripts = Path(given("TRANSCRIPTS", "")) if given("TRANSCRIPTS") else None
    print(
        f"{draws} drawings, {LOOKS} looks of {budget} labels; goals: same word at least .90, falsely proven at most .05"
    )
    print("| proof | LLM | arm | by all labels | the same word | falsely proven | mean labels | words |")
    print("| --- " * 8 + "|", flush=True)
    cases = [one for folder in folders for one in cases_of(folder)]
    for asked in sorted(cases, key=lambda one: one.distance):
        rows = len(asked.case.models[REFERENCE][0].gold)
        for llm, labels in (("recorded", recorded(asked.project, transcripts)), ("absent", np.full(rows, UNKNOWN))):
            for line in [] if labels is None else _lines(asked, llm, labels, draws=draws, budget=budget):
                words = ", ".join(f"{word} {count}" for word, count in line["words"].items())
                figures = f"{line['same']:.3f} | {line['falsely_proven']:.3f} | {line['labels']:.0f}"
                arm = ", ".join(line["arm"])
                print(f"| {asked.name} | {llm} | {arm} | {line['by_all']} | {figures} | {words} |", flush=True)
    return 0


def _lines(asked: Asked, llm: str, labels: IntArray, *, draws: int, budget: int) -> list[dict[str, Any]]:
    """Of each arm: how often which word, and after how many labels."""

    def work() -> list[dict[str, Any]]:
        found = [words_of_few_labels(asked.case, labels, budget=budget, seed=seed) for seed in range(draws)]
        lines = []
        for group, word in words_of_all_labels(asked.case).items():
            words = Counter(one.words[group] for one in found)
            proven = 0 if word == "proven" else words["proven"]
            figures = {"same": words[word] / draws, "falsely_proven": proven / draws}
            figures |= {"labels": mean(one.labels for one in found)}
            lines.append({"arm": group, "by_all": word, **figures, "words": dict(words.most_common())})
        return lines

    of = {"folder": str(asked.folder), "case": asked.name, "arms": [list(group) for group in asked.case.models]}
    lines: list[dict[str, Any]] = once({"name": "agreement", **of, "llm": llm, "draws": draws, "budget": budget}, work)
    return lines


if __name__ == "__main__":
    sys.exit(main())
