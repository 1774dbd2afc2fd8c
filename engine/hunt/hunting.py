"""One hunt at work: what is known of its candidates now, and the rows that are chosen next."""

from __future__ import annotations

import numpy as np

from engine.arrays import Ints
from engine.discovery.calibration import UNKNOWN
from engine.hunt.candidates import Candidates
from engine.hunt.hunt_files import Hunt
from engine.hunt.learner import Known
from engine.hunt.selection import choose
from engine.label_queue.queue_files import Choice, queues
from engine.project import Project
from engine.schema import UNLABELLED
from engine.teaching.labels import Labels
from engine.teaching.records import Records

BATCH = 10
"""Rows that are chosen at a time, and rows without an answer that lie ahead of people at least."""


class Hunting:
    """The candidates of a project with what people, the split and LLMs say of them.

    Args:
        project: whose pool is hunted in.
        candidates: its confident rows.
    """

    def __init__(self, project: Project, candidates: Candidates) -> None:
        self._project = project
        self._candidates = candidates
        self._place = {row: number for number, row in enumerate(candidates.rows.ids)}
        self._label = {label: number for number, label in enumerate(candidates.rows.labels)}
        self._records = Records(project.teaching_dir)
        self._split = np.full(len(candidates), UNKNOWN, dtype=np.intp)
        for row in project.each_example("pool"):
            if row.label != UNLABELLED and row.id in self._place:
                self._split[self._place[row.id]] = self._label[row.label]

    def refresh(self) -> bool:
        """Take in what anybody has said since; whether there was something.

        Raises:
            StoreError: a file of records may not be read.
        """
        return self._records.refresh()

    def known(self) -> Known:
        """What is known of each candidate now."""
        labels = Labels(self._records)
        right = self._split.copy()
        llm_label = np.full(len(right), UNKNOWN, dtype=np.intp)
        certainty = np.zeros(len(right), dtype=np.intp)
        for row, label in labels.settled().items():
            if row in self._place and label in self._label:
                right[self._place[row]] = self._label[label]
        for row, (label, sure) in labels.suspected().items():
            if row in self._place and label in self._label:
                llm_label[self._place[row]] = self._label[label]
                certainty[self._place[row]] = sure
        return Known(right, llm_label, certainty)

    def ahead(self, hunt: Hunt) -> int:
        """How many rows of the hunt nobody has answered."""
        answered = Labels(self._records).people
        return sum(choice.row not in answered for choice in hunt.file.choices)

    def is_untouched(self, hunt: Hunt) -> bool:
        """Whether nobody has answered a row of the hunt, and no audit asks for one."""
        places = {self._place.get(choice.row) for choice in hunt.file.choices}
        return self.ahead(hunt) == len(hunt.file.choices) and places.isdisjoint(self._audited().tolist())

    def left(self, hunt: Hunt) -> int:
        """How many rows it may still choose, given its budget."""
        return max(0, hunt.file.spec.budget - len(hunt.file.choices))

    def extend(self, hunt: Hunt, count: int = BATCH) -> int:
        """Choose the next rows; how many were chosen. 0: the budget is used up, or no candidate is left.

        Raises:
            StoreError: the queue cannot be written.
        """
        file = hunt.file
        chosen = [self._place[choice.row] for choice in file.choices if choice.row in self._place]
        picks = choose(
            self._candidates,
            self.known(),
            np.array(chosen, dtype=np.intp),
            self._audited(),
            count=min(count, self.left(hunt)),
            at_random=hunt.at_random,
            seed=file.spec.seed,
        )
        ids, batch = self._candidates.rows.ids, max((choice.batch for choice in file.choices), default=0) + 1
        if picks:
            file.append(Choice(ids[pick.place], pick.reason, pick.chance, batch=batch) for pick in picks)
        return len(picks)

    def open_rows(self) -> int:
        """How many candidates may be asked for."""
        is_open = ~self.known().is_known
        is_open[self._audited()] = False
        return int(is_open.sum())

    def _audited(self) -> Ints:
        """Places of the candidates that an audit asks for: what is hunted says nothing about a rate."""
        audits = (one for one in queues(self._project, "audit") if one.spec.split == "pool")
        audited = {choice.row for one in audits for choice in one.choices} & self._place.keys()
        return np.array(sorted(self._place[row] for row in audited), dtype=np.intp)
