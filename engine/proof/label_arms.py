"""Arms of real rows: pool rows with the labels that people or an LLM have given them, with samples or without.

A row trains with what people agree on, else with what the LLM says of it. A row on which people differ or are unsure,
whose label an annotator doubts, or that nearly equals a proof row, does not train. Light.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from engine.data.pool_rows import pool_rows
from engine.errors import ProjectError
from engine.label_queue.llm_quality import CERTAIN, refuse_below_floor
from engine.project import Project
from engine.proof.arms import Arm
from engine.proof.training_labels import LabelSource, TrainingLabel
from engine.schema import UNLABELLED, Example, RowLabel
from engine.teaching.labels import Labels
from engine.text import row_hash

LABELS = "labels"
LLM_LABELS = "llm-labels"
RANDOM = "random-n"

LABEL_ARMS: dict[str, str] = {
    LABELS: "pool rows with people's labels",
    LLM_LABELS: "people's labels, else an LLM's",
    RANDOM: "control: as many random rows",
}
"""Name and content of each; ``labels+ARM`` and so on, for every teaching ARM, have that teaching's samples too."""

_SEED = 13


def is_label_arm(name: str) -> bool:
    """Whether an arm of that name is made here."""
    return name.partition("+")[0] in LABEL_ARMS


def label_arm_names(teaching: Sequence[str]) -> list[str]:
    """The names of all there can be beside arms of teaching with these names."""
    return [*LABEL_ARMS, *(f"{name}+{arm}" for name in LABEL_ARMS for arm in teaching)]


@dataclass(frozen=True)
class TrainableLabels:
    """The labels of pool rows that may train.

    Attributes:
        project: gives the pool.
        given: the labels of pool rows (`engine.teaching.labels.Labels`).
        doubtful: ids of pool rows whose label an annotator doubts.
        labeller: the LLM whose labels are meant; None: the only one.
    """

    project: Project
    given: Labels
    doubtful: Collection[str] = ()
    labeller: str | None = None

    @cached_property
    def people(self) -> list[TrainingLabel]:
        """What people agree on or have decided, in the order of the pool.

        Raises:
            ProjectError: a label is not one of the project's.
        """
        return [
            TrainingLabel(row, self._source(row.id), guideline=self._guideline(row.id))
            for row in self._rows
            if row.id in self._settled
        ]

    @property
    def llm_name(self) -> str:
        """The LLM whose labels are meant, as the author of its labels.

        Raises:
            ProjectError: none has labelled, there is none of that name, or there are several and none is named.
        """
        known = {author: self._names(author) for author in self.given.llms}
        if not known:
            raise ProjectError(
                "no LLM has labelled a pool row yet",
                hint="bring its labels with `blindspot import-labels --kind llm`",
            )
        if self.labeller is None and len(known) == 1:
            return next(iter(known))
        found = [author for author, names in known.items() if self.labeller in names]
        if len(found) != 1:
            what = "several LLMs have labelled pool rows"
            if self.labeller is not None:
                what = f"no LLM called `{self.labeller}` has labelled pool rows"
            raise ProjectError(what, hint=f"name one with --labeller: {', '.join(sorted(known))}")
        return found[0]

    @cached_property
    def llm(self) -> list[TrainingLabel]:
        """What people agree on, and of rows that no person labelled what the LLM says with certainty `CERTAIN` or more.

        Raises:
            ProjectError: as `llm_name`, or people do not surely enough agree with it (`labelling.llm_floor`).
        """
        refuse_below_floor(self.project, self.given.records, self.llm_name)
        said, people = self.given.llms[self.llm_name], {one.row.id: one for one in self.people}
        found = []
        for row in self._rows:
            label = said.get(row.id)
            if row.id in people:
                found.append(people[row.id])
            elif label is not None and row.id not in self.given.people and self._trains(label):
                found.append(TrainingLabel(replace(row, label=label.label), "llm", label.certainty, label.guideline))
        return found

    @cached_property
    def random(self) -> list[TrainingLabel]:
        """As many labels as people gave, of a seeded draw among rows that were not chosen for what they say.

        Those are rows that came with a label, and rows that nobody was asked for but at random.

        Raises:
            ProjectError: there are not as many such rows, or they are the very rows that people labelled.
        """
        people, drawn_from = {one.row.id: one for one in self.people}, []
        for row in self._usable(self.project.examples("pool")):
            if row.id in people and all(one.given.queue == "random" for one in self.given.people[row.id]):
                drawn_from.append(people[row.id])
            elif row.label != UNLABELLED:
                drawn_from.append(people.get(row.id, TrainingLabel(row, "split")))
        if len(drawn_from) < len(people):
            raise ProjectError(
                f"arm `{RANDOM}` needs {len(people):,} rows with a label that were drawn at random or came with one, "
                f"and there are {len(drawn_from):,}",
                hint="leave it out, or label some with `blindspot label --queue random`",
            )
        ranked = random.Random(f"{RANDOM}/{_SEED}").sample(range(len(drawn_from)), len(drawn_from))
        found = [drawn_from[place] for place in sorted(ranked[: len(people)])]
        if {one.row.id for one in found} == people.keys():
            raise ProjectError(
                f"arm `{RANDOM}` would be arm `{LABELS}`: the rows that people labelled were drawn at random",
                hint="leave it out",
            )
        return found

    def of(self, name: str) -> list[TrainingLabel]:
        """The labels of the arm of that name in `LABEL_ARMS`.

        Raises:
            ProjectError: as `llm` and `random`, or there is none.
        """
        found = self.llm if name == LLM_LABELS else self.people
        if not found:
            none = "no label of the LLM is certain enough" if name == LLM_LABELS else "nobody has labelled a pool row"
            raise ProjectError(
                f"arm `{name}` would have no row: {none}",
                hint="label some with `blindspot label`",
            )
        return self.random if name == RANDOM else found

    @cached_property
    def _settled(self) -> dict[str, str]:
        return self.given.settled()

    @cached_property
    def _rows(self) -> list[Example]:
        """The pool rows that may train at all, those that people labelled with their label."""
        return self._usable(pool_rows(self.project, self._settled))

    def _usable(self, rows: Iterable[Example]) -> list[Example]:
        withheld = frozenset(self.project.manifest.withheld)
        return [
            row for row in rows if row.id not in self.doubtful and row_hash(row.text, row.text_pair) not in withheld
        ]

    def _trains(self, label: RowLabel) -> bool:
        return label.certainty >= CERTAIN and label.label in self.project.labels

    def _names(self, author: str) -> set[str]:
        """What an LLM may be called by: the author of its labels, or its own name."""
        return {author} | {label.teacher.name for label in self.given.llms[author].values()}

    def _source(self, row: str) -> LabelSource:
        """Who settled it."""
        is_bundled = row not in self.given.decided and all(
            one.given.teacher.kind == "example" for one in self.given.people[row]
        )
        return "example" if is_bundled else "people"

    def _guideline(self, row: str) -> int:
        """The version under which a settled label was decided, or last given."""
        decided = self.given.decided.get(row)
        return decided.guideline if decided else max(one.given.guideline for one in self.given.people[row])


def label_arms(trainable: TrainableLabels, names: Sequence[str], teaching: Sequence[Arm]) -> list[Arm]:
    """The arms of those names, in the order of `label_arm_names`.

    Args:
        trainable: the labels.
        names: of arms.
        teaching: whose samples ``labels+ARM`` and so on have beside.

    Raises:
        ProjectError: as `TrainableLabels.of`, or a label is not one of the project's.
    """
    samples = {arm.name: arm.samples for arm in teaching}
    found = []
    for name in label_arm_names(list(samples)):
        if name in names:
            base, _, taught = name.partition("+")
            labels = trainable.of(base)
            rows = (*(one.row for one in labels), *(samples[taught] if taught else ()))
            labeller = trainable.llm_name if base == LLM_LABELS else ""
            found.append(Arm(name, rows, labels=tuple(labels), labeller=labeller))
    return found
