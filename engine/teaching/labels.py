"""The labels that people and LLMs have given to rows, and what follows from them. Light.

A row's label is what people agree on. Where they differ it has none until somebody decides, and then the decision
counts. An LLM's label is never a row's label: it stands beside, as a suspicion or, above a floor, as training data.
Labels of kind ``example`` (bundled with the package) stand for people's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from engine.schema import UNLABELLED, RowLabel, SplitName
from engine.teaching.records import Records


@dataclass(frozen=True, slots=True)
class AuthoredLabel:
    """A label with its author's name."""

    author: str
    given: RowLabel


class Labels:
    """All labels of the rows of one split as they are now.

    Args:
        records: of a project.
        split: whose rows are asked about: what is said of proof rows is for audits and verdicts alone.

    Attributes:
        records: as above.
    """

    def __init__(self, records: Records, split: SplitName = "pool") -> None:
        self.records = records
        self._people: defaultdict[str, list[AuthoredLabel]] = defaultdict(list)
        self._llms: defaultdict[str, dict[str, RowLabel]] = defaultdict(dict)
        self._decided: dict[str, RowLabel] = {}
        for author, record in records.by_author("label"):
            if isinstance(record, RowLabel) and record.split == split:
                if record.teacher.kind == "llm":
                    self._llms[author][record.row] = record
                else:
                    self._people[record.row].append(AuthoredLabel(author, record))
        for _, record in records.by_author("adjudication"):
            if isinstance(record, RowLabel) and record.split == split:
                self._decided[record.row] = record

    @property
    def people(self) -> Mapping[str, list[AuthoredLabel]]:
        """By row, what each person said, also that they are unsure."""
        return self._people

    @property
    def llms(self) -> Mapping[str, dict[str, RowLabel]]:
        """By the LLM's name as an author, and by row, what it said."""
        return self._llms

    @property
    def decided(self) -> Mapping[str, RowLabel]:
        """By row, how a conflict was decided."""
        return self._decided

    def suspected(self) -> dict[str, tuple[str, int]]:
        """By row, the label that an LLM gave and its certainty: of several LLMs the surest, then the first by name.

        Never gold: discovery flags rows by it (`engine.discovery.flags`).
        """
        found: dict[str, tuple[str, int]] = {}
        for _, given in sorted(self._llms.items()):
            for row, one in given.items():
                if one.label != UNLABELLED and (row not in found or one.certainty > found[row][1]):
                    found[row] = one.label, one.certainty
        return found

    def settled(self) -> dict[str, str]:
        """By row, the label on which all people agree who gave one, or that was decided."""
        found = {}
        for row, given in self._people.items():
            said = {one.given.label for one in given} - {UNLABELLED}
            if row in self._decided:
                found[row] = self._decided[row].label
            elif len(said) == 1:
                found[row] = said.pop()
        return found

    def changed_since(self, known: Mapping[str, str]) -> int:
        """On how many rows what people say differs from what was known, by row (`Discovery.row_labels`)."""
        return len({row for row, _ in self.settled().items() ^ known.items()})

    def looked_wrong(self) -> frozenset[str]:
        """Rows that somebody was asked for because they looked wrong (by a hunt, a flag, a pattern).

        What they hold says nothing of other rows. Labels from a file count as those that a row came with.
        """
        return frozenset(
            row
            for row, given in self._people.items()
            if any(one.given.queue not in ("file", "random") and one.given.chance is None for one in given)
        )

    def units(self) -> list[list[str]]:
        """The labels of each row that two or more people gave one, for their agreement (`engine.agreement`)."""
        given = ([one.given.label for one in said if one.given.label] for said in self._people.values())
        return [said for said in given if len(said) > 1]

    def conflicts(self) -> list[str]:
        """The rows on which people differ and that nobody has decided yet, in the order of their first labels."""
        return [
            row
            for row, given in self._people.items()
            if row not in self._decided and len({one.given.label for one in given} - {UNLABELLED}) > 1
        ]
