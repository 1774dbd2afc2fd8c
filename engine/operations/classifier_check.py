"""The conformance check: everything that Blindspot asks of a classifier, tried on a few rows of the project.

It goes by `engine.model.text_classifier` alone, so Hugging Face weights pass or fail it as a program does. Nothing runs
that nobody has agreed to, and nothing that it trains is kept.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, zip_longest
from pathlib import Path

import numpy as np

from engine.arrays import Floats
from engine.counted import counted
from engine.errors import BlindspotError
from engine.model.text_classifier import ModelRef, Scorer, TextClassifier, classifier_of
from engine.operations.machine import MachineFinding, failed
from engine.progress import Silent
from engine.project import Project
from engine.schema import UNLABELLED, Example, SplitName
from engine.trust import require

_MANY, _FEW = 100, 20  # rows to score, and to train with
_SAME = 1e-3  # two answers to one row may differ by so much: half-precision sums in another order do
_WORDS = 20_000  # of the very long text
_SEED = 13
_ODD = '\u202eنص 你好 \U0001f642 e\u0301 \x00\t\r\n "quoted" \\u0041 {}'
_REPEATED = "what was scored is kept, so reports stay as they are; fix its seeds, or set its temperature to 0"


def check_classifier(project: Project) -> Iterator[MachineFinding]:
    """Try a project's classifier, one thing after the other; what comes after a failure to load is left out.

    Raises:
        NotTrusted: nobody at this machine has agreed to run it.
        SettingsError: the settings name none that can be used.
        ProjectError: the project cannot be read.
    """
    classifier = classifier_of(project)
    require(project.root, classifier.uses())
    made = [project.cache_dir / f"classifier-check-{number}" for number in (1, 2)]
    try:
        yield from _check(project, classifier, *made)
    finally:
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)


def _check(project: Project, classifier: TextClassifier, first: Path, second: Path) -> Iterator[MachineFinding]:
    rows = list(islice(project.each_example(_split(project)), None if project.has_split("train") else _MANY))
    try:
        own = classifier.own(make=False, monitor=Silent())
    except BlindspotError as error:
        yield failed("model", error)
        return
    if own is not None:
        yield from _score("", project, classifier, own.path, rows)
    if not classifier.trains:
        yield MachineFinding("training", "ok", "nothing trains it: it can be examined, and not retrained")
        return
    if not project.has_split("train"):
        what, hint = "the project has no train rows to try it with", "make a new one with `blindspot init --train`"
        yield MachineFinding("training", "warning" if own else "problem", what, hint)
        return
    few = _few(rows)
    yield from _train("training", classifier, classifier.scratch(make=False, monitor=Silent()), few, first)
    if not classifier.is_model(first):
        return
    yield from _score("" if own is None else "trained: ", project, classifier, first, few)
    if classifier.continues:
        yield from _train("training goes on", classifier, ModelRef("the first", first, ""), few, second)


def _split(project: Project) -> SplitName:
    """Whose rows are asked about: the pool's where the project has no train rows."""
    return "train" if project.has_split("train") else "pool"


def _train(
    name: str, classifier: TextClassifier, start: ModelRef, rows: Sequence[Example], out: Path
) -> Iterator[MachineFinding]:
    began = time.monotonic()
    try:
        classifier.train(classifier.plan(start, seed=_SEED), rows, out=out, monitor=Silent())
    except BlindspotError as error:
        yield failed(name, error)
        return
    yield MachineFinding(name, "ok", f"{counted(len(rows), 'row')} in {time.monotonic() - began:.1f} s")


def _score(
    prefix: str, project: Project, classifier: TextClassifier, path: Path | None, rows: Sequence[Example]
) -> Iterator[MachineFinding]:
    """Load a model and ask it all that is asked; ``rows``: of `_split`."""
    began = time.monotonic()
    try:
        scorer = classifier.load(path, "live")  # as for texts that nobody has seen
    except BlindspotError as error:
        yield failed(f"{prefix}start", error)
        return
    yield MachineFinding(f"{prefix}start", "ok", f"{scorer.runs_on}, in {time.monotonic() - began:.1f} s")
    try:
        for name, check in _CHECKS.items():
            try:
                yield check(f"{prefix}{name}", project, scorer, rows)
            except BlindspotError as error:
                yield failed(f"{prefix}{name}", error)
    finally:
        ended = scorer.close()
    if not ended:
        what = "it did not end when its input did, and was killed"
        yield MachineFinding(f"{prefix}end", "warning", what, "let it end when standard input ends")
    else:
        yield MachineFinding(f"{prefix}end", "ok", "it ends by itself")


def _asked(scorer: Scorer, rows: Sequence[Example]) -> Floats:
    """Probabilities, (rows, labels)."""
    odds = np.exp(scorer.logits(rows, monitor=Silent()).astype(np.float64))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _one(name: str, project: Project, scorer: Scorer, rows: Sequence[Example]) -> MachineFinding:
    (found,) = _asked(scorer, rows[:1])
    shown = ", ".join(f"{label} {share:.3f}" for label, share in zip(project.labels, found, strict=True))
    return MachineFinding(name, "ok", f"{'a pair' if project.settings.task.pair else 'a text'}: {shown}")


def _many(name: str, project: Project, scorer: Scorer, rows: Sequence[Example]) -> MachineFinding:
    many, began = [rows[place % len(rows)] for place in range(_MANY)], time.monotonic()
    found = _asked(scorer, many)
    seconds = time.monotonic() - began
    sure = float((found.max(axis=1) >= project.settings.discovery.tau).mean())
    what = f"{_MANY / max(seconds, 1e-6):,.0f} rows a second; {sure:.0%} have a confidence of tau or more"
    if not sure and len(rows) > _FEW:  # a model that has learned no more rows than that is sure of few
        hint = "there is no UU without such rows: choose a lower discovery.tau"
        return MachineFinding(name, "warning", what, hint)
    return MachineFinding(name, "ok", what)


def _twice(name: str, project: Project, scorer: Scorer, rows: Sequence[Example]) -> MachineFinding:
    few = rows[:_FEW]
    apart = float(np.abs(_asked(scorer, few) - _asked(scorer, few)).max())
    if apart > _SAME:
        return MachineFinding(name, "warning", f"asked twice, it answers up to {apart:.2g} apart", _REPEATED)
    return MachineFinding(name, "ok", "asked twice, it answers the same")


def _order(name: str, project: Project, scorer: Scorer, rows: Sequence[Example]) -> MachineFinding:
    few = rows[:_FEW]
    apart = np.abs(_asked(scorer, few) - _asked(scorer, few[::-1])[::-1]).max(axis=1)
    if (worst := int(apart.argmax())) >= 0 and apart[worst] > _SAME:
        what = f"asked in another order, it answers up to {apart[worst]:.2g} apart (row {few[worst].id})"
        return MachineFinding(name, "problem", what, "answer each row by itself, in the order in which rows came")
    return MachineFinding(name, "ok", "the answer to a row does not depend on the rows beside it")


def _odd(name: str, project: Project, scorer: Scorer, rows: Sequence[Example]) -> MachineFinding:
    texts = {"an empty text": "", "a very long text": "word " * _WORDS, "odd characters": _ODD}
    _asked(scorer, [replace(rows[0], id=what, text=text) for what, text in texts.items()])
    return MachineFinding(name, "ok", f"{', '.join(texts)}")


def _labels(name: str, project: Project, scorer: Scorer, rows: Sequence[Example]) -> MachineFinding:
    labelled = _evenly([row for row in rows if row.label != UNLABELLED])[:_MANY]
    if not labelled:
        return MachineFinding(name, "ok", "no row that was asked about has a label to compare with")
    said = [project.labels[place] for place in _asked(scorer, labelled).argmax(axis=1)]
    right = sum(row.label == label for row, label in zip(labelled, said, strict=True))
    what = f"{right} of {len(labelled)} {_split(project)} rows get their label"
    usual = {
        label: Counter(one for row, one in zip(labelled, said, strict=True) if row.label == label).most_common(1)[0][0]
        for label in {row.label for row in labelled}
    }
    if right < len(labelled) / 2 and sorted(usual) == sorted(usual.values()):
        swapped = ", ".join(f"{label} is called {other}" for label, other in sorted(usual.items()) if label != other)
        hint = "name the labels in the program's first line in the order of its probabilities"
        return MachineFinding(name, "problem", f"{what}: {swapped}", hint)
    if right <= len(labelled) / len(project.labels):
        return MachineFinding(name, "warning", f"{what}, no more than by chance", "look at what it reads and answers")
    return MachineFinding(name, "ok", what)


_CHECKS = {
    "one row": _one,
    f"{_MANY} rows": _many,
    "the same twice": _twice,
    "another order": _order,
    "odd texts": _odd,
    "labels": _labels,
}


def _few(rows: Sequence[Example]) -> list[Example]:
    return _evenly(rows)[:_FEW]


def _evenly(rows: Sequence[Example]) -> list[Example]:
    """The rows, of each label in turn: the first ones have all labels."""
    by_label: dict[str, list[Example]] = {}
    for row in rows:
        by_label.setdefault(row.label, []).append(row)
    return [row for several in zip_longest(*by_label.values()) for row in several if row is not None]
