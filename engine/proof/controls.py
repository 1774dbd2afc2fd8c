"""Control arms that no teacher wrote, such as random pool rows.

A teaching is worth its price only if it beats what the pool's labels, or no training at all, would have given. Every
control is light to plan and follows from the project's data alone; equal data gives equal rows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.data.pool_rows import known_labels, labelled, pool_rows
from engine.errors import ProjectError
from engine.project import Project
from engine.proof.arms import Arm
from engine.schema import Discovery, Example
from engine.text import row_hash

TEMPERATURE = "temperature"
PLUS = "pool+"
UUS_PLUS = "uus+"

CONTROLS: dict[str, str] = {
    "uus": "the UUs of the pool with their gold labels",
    "anchors": "as many pool rows beside the UUs that the model gets right, with as many UUs",
    "pool-n": "as many labelled pool rows as the largest teaching has samples, drawn at random",
    "train-n": "as many train rows again: what longer training alone gives",
    "pool": "all pool rows that have a label",
    "eda": "the UUs, and changed copies of them, as many as the largest teaching has samples",
    TEMPERATURE: "no training: confidence divided by one number, fitted on the pool's labels",
}
"""Name and content of each; ``uus+ARM`` and ``pool+ARM``, for every teaching ARM, are the UUs or all pool rows with
their gold labels, and that teaching's samples."""

_SEED = 13
_CHANGED = 0.1  # share of the words that a copy of EDA changes, as its authors advise for few rows (section 5)


def is_control(name: str) -> bool:
    """Whether an arm of that name is made here."""
    return name in CONTROLS or name.startswith((PLUS, UUS_PLUS))


def every_control(teaching: Sequence[Arm]) -> list[str]:
    """The names of all there are beside these arms."""
    return [*CONTROLS, *(prefix + arm.name for prefix in (UUS_PLUS, PLUS) for arm in teaching)]


@dataclass(frozen=True)
class UsablePool:
    """Pool rows that may be trained on: labelled, not marked as doubtful, and none that nearly equals a proof row.

    ``uus`` are those of the round, ``beside`` their neighbours that the model gets right, each with the label that it
    was discovered with.
    """

    rows: list[Example]
    uus: list[Example]
    beside: list[Example]


def usable_pool(
    project: Project,
    discovery: Discovery | None,
    doubtful: Collection[str],
    labels: Mapping[str, str] | None = None,
) -> UsablePool:
    """The pool rows that may be trained on.

    Args:
        project: gives the pool.
        discovery: of the round; the labels that people had given then count too.
        doubtful: ids of pool rows whose label an annotator doubts.
        labels: by pool row id the label that people agree on now.

    Raises:
        ProjectError: nothing has been discovered yet, or no pool row has a label.
    """
    if discovery is None:
        raise ProjectError(
            "controls and kept rows are made of what was discovered, and nothing has been yet",
            where=str(project.root),
            hint=f"run `blindspot discover {project.root}`",
        )
    withheld = frozenset(project.manifest.withheld)
    has_label = labelled(pool_rows(project, known_labels(discovery, labels)))
    if not has_label:
        raise ProjectError(
            "no pool row has a label yet", where=str(project.root), hint="label some with `blindspot label`"
        )
    rows = [row for row in has_label if row.id not in doubtful and row_hash(row.text, row.text_pair) not in withheld]
    known = {row.id: row for row in rows if row.label == _label_then(discovery, row)}
    uus = discovery.uus
    trainable_uus, beside = ([known[row] for row in ids if row in known] for ids in (uus, discovery.beside(uus)))
    return UsablePool(rows, trainable_uus, beside)


def _label_then(discovery: Discovery, row: Example) -> str:
    """The label that a row was discovered with; its own, if nothing is kept of it."""
    found = discovery.predictions.get(row.id)
    return found.label if found else row.label


def planned_controls(discovery: Discovery, teaching: Sequence[Arm]) -> list[Arm]:
    """Every control with as many rows as it would about have, for plans: the pool is not read."""
    uus, count = len(discovery.uus), max((len(arm.samples) for arm in teaching), default=len(discovery.uus))
    sizes = {
        "uus": uus,
        "anchors": 2 * uus,
        "pool-n": count,
        "train-n": count,
        "pool": discovery.n_labelled,
        "eda": count,
        TEMPERATURE: 0,
    }
    for prefix, own in ((UUS_PLUS, uus), (PLUS, discovery.n_labelled)):
        sizes |= {prefix + arm.name: own + len(arm.samples) for arm in teaching}
    row = Example("", "", "")
    return [Arm(name, (row,) * size) for name, size in sizes.items()]


def control_arms(
    project: Project,
    discovery: Discovery | None,
    names: Sequence[str],
    teaching: Sequence[Arm],
    *,
    doubtful: Collection[str] = (),
    labels: Mapping[str, str] | None = None,
) -> list[Arm]:
    """The controls of those names, in the order of `CONTROLS`, then ``pool+ARM`` in the order of the teaching.

    Args:
        project: gives the pool.
        discovery: of the round, for what follows from its UUs.
        names: of controls.
        teaching: the arms they are compared with; the largest says how many rows ``pool-n`` and ``eda`` have.
        doubtful: ids of pool rows whose label an annotator doubts; they are not trained on.
        labels: by pool row id the label that people agree on now.

    Raises:
        ProjectError: there is no such control, no discovery, or nothing to make it of.
    """
    possible = every_control(teaching)
    for name in names:
        if name not in possible:
            raise ProjectError(f"there is no arm `{name}`", hint=f"use one of {', '.join(possible)}")
    pool = usable_pool(project, discovery, doubtful, labels)
    count = max((len(arm.samples) for arm in teaching), default=len(pool.uus))
    make: dict[str, Callable[[], list[Example]]] = {
        "uus": lambda: pool.uus,
        "anchors": lambda: _anchored(pool),
        "pool-n": lambda: _drawn(pool.rows, count, "pool-n"),
        "train-n": lambda: _drawn(project.examples("train"), count, "train-n"),
        "pool": lambda: pool.rows,
        "eda": lambda: [*pool.uus, *_changed_copies(pool.uus, count - len(pool.uus))][:count],
        TEMPERATURE: list,
    }
    for prefix, own in ((PLUS, pool.rows), (UUS_PLUS, pool.uus)):
        make |= {prefix + arm.name: _both(own, arm) for arm in teaching}
    arms = [Arm(name, tuple(make[name]())) for name in possible if name in names]
    for arm in arms:
        if not arm.samples and arm.name != TEMPERATURE:
            raise ProjectError(f"arm `{arm.name}` would have no row: no UU was found", hint="leave it out")
    return arms


def _both(rows: list[Example], arm: Arm) -> Callable[[], list[Example]]:
    return lambda: [*rows, *arm.samples]


def _anchored(pool: UsablePool) -> list[Example]:
    count = min(len(pool.uus), len(pool.beside))
    return [*_drawn(pool.uus, count, "uus"), *_drawn(pool.beside, count, "anchors")]


def _drawn(rows: list[Example], count: int, name: str) -> list[Example]:
    """A seeded draw, in the order of the rows; a larger one contains every smaller one."""
    ranked = random.Random(f"{name}/{_SEED}").sample(range(len(rows)), len(rows))
    return [rows[place] for place in sorted(ranked[:count])]


def _changed_copies(rows: list[Example], count: int) -> list[Example]:
    """Copies in turn, each with a tenth of its words swapped or left out; of a pair the first text is changed.

    Source: EDA (Wei & Zou 2019, arXiv 1901.11196, section 2), its two operations that need no thesaurus.
    """
    copies = []
    for number in range(max(0, count) if rows else 0):
        row, chance = rows[number % len(rows)], random.Random(f"eda/{_SEED}/{number}")
        words = row.text.split()
        for _ in range(max(1, round(_CHANGED * len(words)))):
            if len(words) > 1 and chance.random() < 0.5:
                one, other = chance.sample(range(len(words)), 2)
                words[one], words[other] = words[other], words[one]
            elif len(words) > 1:
                del words[chance.randrange(len(words))]
        copies.append(Example(f"{row.id}/eda{number}", " ".join(words), row.label, row.text_pair))
    return copies
