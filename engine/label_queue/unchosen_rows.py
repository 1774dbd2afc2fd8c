"""How many rows a hunt will have beyond those that it has: it chooses them while people label. Light."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from engine.errors import FileError
from engine.label_queue.queue_files import QueueFile
from engine.label_queue.scored_rows import CANDIDATES, ScoredRows, read_scored_rows
from engine.problems import leave_out
from engine.project import Project
from engine.schema import UNLABELLED


@dataclass
class UnchosenRows:
    """The rows of a queue that nobody has chosen yet.

    Args:
        project: whose rows are labelled.
        file: the queue; only a hunt chooses later.
    """

    project: Project
    file: QueueFile

    def count(self, answered: Iterable[str]) -> int:
        """How many there will be: as the budget allows, and as there are candidates left.

        Args:
            answered: ids of rows that somebody has answered; they may be in the queue or not.
        """
        spec = self.file.spec
        budget = spec.budget - len(self.file.choices) if spec.kind == "hunt" else 0
        if budget <= 0:
            return 0
        return min(budget, len(self._candidates.difference(answered, (one.row for one in self.file.choices))))

    @cached_property
    def _candidates(self) -> frozenset[str]:
        """The rows that it chooses among and that the data give no label; none where they are of an earlier model."""
        root, key = self.project.root, self.file.spec.facts.get(CANDIDATES)
        try:
            rows = read_scored_rows(root, CANDIDATES, key, ScoredRows, hint="delete it and run `blindspot hunt`")
        except FileError as error:
            leave_out(error)
            return frozenset()
        if rows is None or rows.round != self.project.round:
            return frozenset()
        if not self.project.manifest.splits["pool"].labelled:
            return frozenset(rows.ids)
        known = (row.id for row in self.project.each_example("pool") if row.label != UNLABELLED)
        return frozenset(rows.ids).difference(known)
