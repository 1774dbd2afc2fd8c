"""How often the word from few labels is the word from all labels: finished proofs, people simulated by their labels.

`make bench-agreement PROOFS="FOLDER ..."` names proof folders in projects all of whose proof rows have their labels. In
``TRANSCRIPTS`` an LLM's labels are looked for as ``PROJECT.labels.jsonl`` (id, split, label), PROJECT being the name of
the project's folder; without them nobody has labelled a row. ``DRAWS`` drawings (default 200) of the rows that people
are asked for, ``BUDGET`` labels (default 150) in five looks, which end once every word is certain.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

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
from tests.bench.measure import keep


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


def recorded(folder: Path, transcripts: Path | None) -> IntArray | None:
    """(n,) recorded labels of an LLM for the rows of a proof, or `UNKNOWN`; None: there is no file of them."""
    project = Project.open(folder.parent.parent)
    file = transcripts / f"{project.root.name}.labels.jsonl" if transcripts else None
    if file is None or not file.is_file():
        return None
    said = {one["id"]: one["label"] for one in map(orjson.loads, read_lines(file)) if one["split"] == "proof"}
    number = {label: place for place, label in enumerate(project.labels)}
    return np.array([number.get(said.get(row.id, ""), UNKNOWN) for row in judged_rows(project)], dtype=np.int64)


def main() -> int:
    """Print a line for each arm of each proof."""
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
    print("| --- " * 8 + "|")
    for folder in folders:
        case, project = case_of(folder), folder.parent.parent.name
        whole, rows = words_of_all_labels(case), len(case.models[REFERENCE][0].gold)
        said = recorded(folder, transcripts)
        for llm, labels in (("recorded", said), ("absent", np.full(rows, UNKNOWN))):
            if labels is None:
                continue
            found = [words_of_few_labels(case, labels, budget=budget, seed=seed) for seed in range(draws)]
            asked = mean(one.labels for one in found)
            for group, word in whole.items():
                words = Counter(one.words[group] for one in found)
                same, proven = words[word] / draws, 0.0 if word == "proven" else words["proven"] / draws
                name = f"{project} {folder.name} | {llm} | {', '.join(group)}"
                told = ", ".join(f"{one} {count}" for one, count in words.most_common())
                print(f"| {name} | {word} | {same:.3f} | {proven:.3f} | {asked:.0f} | {told} |", flush=True)
                figures = {
                    "by_all": word,
                    "same": same,
                    "falsely_proven": proven,
                    "labels": asked,
                    "words": dict(words),
                }
                keep(
                    {
                        "name": "agreement",
                        "proof": str(folder),
                        "llm": llm,
                        "arm": list(group),
                        "draws": draws,
                        **figures,
                    }
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
