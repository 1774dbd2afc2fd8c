"""The labels of real rows that an arm is trained on: where they come from, and parts of them to be held out. Light."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from engine.counted import counted
from engine.files import content_key
from engine.labelling.answers import SURE
from engine.schema import Example, Record

PARTS = 3
# Up to here each part is held out in turn, beyond it the first alone. Two candidates differ on some tenth of the rows:
# of 1,000, a third held out, that is 33 rows and a standard error of 6 errors for a difference of 10 to 20, too much
# for one part; of 2,300 it is 8 for a difference of 30 to 50, and each part costs as much as the arm's own training.
ONE_PART_FROM = 1000
_SEED = 13

LabelSource = Literal["people", "example", "llm", "split"]


@dataclass(frozen=True, slots=True)
class TrainingLabel:
    """A pool row with the label that it is trained with.

    Attributes:
        row: with that label.
        source: who gave it: people agreed on it, it is bundled with the package (kind ``example``), an LLM gave it, or
            it came with the split.
        certainty: of an LLM, as `engine.schema.RowLabel`; 3 for others.
        guideline: version that it was given under; 0: there was none, or it is not known.
    """

    row: Example
    source: LabelSource
    certainty: int = SURE
    guideline: int = 0


@dataclass(frozen=True, slots=True)
class LabelSources(Record):
    """How many labels of real rows an arm was trained on, by who gave them.

    Attributes:
        people, llm, split, examples: how many; ``examples`` are bundled with the package.
        labeller: the LLM, if there are labels of one.
        guidelines: versions of the guideline, by ``people`` and ``llm``; without those given under none.
        key: content key of rows and labels: equal keys, equal labels of equal rows.
    """

    people: int
    llm: int
    split: int
    labeller: str
    guidelines: dict[str, tuple[int, ...]] = field(default_factory=dict)
    key: str = ""
    examples: int = 0

    @property
    def sentence(self) -> str:
        """Who gave how many, without an end mark."""
        parts = []
        for count, source, who in (
            (self.people, "people", "by people"),
            (self.examples, "example", "of the bundled examples"),
            (self.llm, "llm", f"by {self.labeller}"),
            (self.split, "split", "of the split"),
        ):
            if not count:
                continue
            versions = self.guidelines.get(source, ())
            word = "guideline" if len(versions) == 1 else "guidelines"
            under = f" ({word} {', '.join(map(str, versions))})" if versions else ""
            parts.append(f"{counted(count, 'label')} {who}{under}")
        return " and ".join(parts)


def sources_of(labels: Sequence[TrainingLabel], labeller: str) -> LabelSources:
    """What there is to say of some labels; ``labeller``: the LLM whose labels may be among them."""
    counts = Counter(one.source for one in labels)
    return LabelSources(
        people=counts["people"],
        llm=counts["llm"],
        split=counts["split"],
        labeller=labeller if counts["llm"] else "",
        guidelines={
            source: versions
            for source in ("people", "llm")
            if (versions := _versions(one.guideline for one in labels if one.source == source))
        },
        examples=counts["example"],
        key=content_key(*sorted([one.row.id, one.row.label, one.source] for one in labels)),
    )


def _versions(numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers) - {0}))


def held_out_parts(labels: Sequence[TrainingLabel], differ: Collection[str]) -> list[list[TrainingLabel]]:
    """The labels in `PARTS` parts, each of which is held out in its turn; the same parts every time.

    The parts are stratified by label, by who gave it (people or the LLM), and by whether the row is one of ``differ``:
    ids of rows of which the round's model is sure and says another label. Most errors are among these.
    """
    strata: defaultdict[tuple[str, str, bool], list[TrainingLabel]] = defaultdict(list)
    for one in sorted(labels, key=lambda one: (one.row.text, one.row.text_pair or "", one.row.id)):
        strata[one.source, one.row.label, one.row.id in differ].append(one)
    parts: list[list[TrainingLabel]] = [[] for _ in range(PARTS)]
    dealt = 0
    for stratum, members in sorted(strata.items()):
        random.Random(f"held out/{_SEED}/{stratum}").shuffle(members)
        for one in members:
            parts[dealt % PARTS].append(one)
            dealt += 1
    return parts if len(labels) <= ONE_PART_FROM else parts[:1]
