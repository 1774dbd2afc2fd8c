"""How good an LLM's labels are, by the labels of people on rows that were drawn at random, and whether they may train.

Rows that people were asked for because they looked wrong (a hunt) say nothing about the rest: their disagreements are
listed, and count nowhere. Proof rows count, as nothing is learned from them but a figure, and are never listed. Light.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.errors import ProjectError
from engine.project import Project
from engine.schema import LABELLED_SPLITS, UNLABELLED, LabelledSplit, Record, RowLabel, Teacher, TeacherKind
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from engine.text import visible
from engine.wilson import wilson_bounds

CERTAIN = 2
"""From which certainty on an LLM's label trains: those of 1, a guess, were right in .55 to .66 of the cases on three
public tasks, those of 2 in .81 to .92, those of 3 in .95 to .99."""
COVERAGE = 0.95
_GOOD = 0.95  # agreement that is hoped for before anything is known: that of a good LLM under a good guideline
_GIVERS: dict[TeacherKind, str] = {"human": "people", "example": "the bundled examples"}
_MOST = 10_000  # labels beyond which nobody is told to go on


@dataclass(frozen=True, slots=True)
class Compared(Record):
    """A row that an LLM has labelled and on whose label people agree, or the bundled examples in their place.

    Attributes:
        row, split: of it. llm_label, certainty: of the LLM. right: the label of people.
        chance: with which it was drawn, 0..1; None: it was not drawn at random.
        guideline: version that the LLM had.
        checked_by: kinds of those who gave the right label.
    """

    row: str
    split: LabelledSplit
    llm_label: str
    certainty: int
    right: str
    chance: float | None
    guideline: int
    checked_by: tuple[TeacherKind, ...] = ("human",)

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return self.llm_label == self.right


@dataclass(frozen=True, slots=True)
class AgreementShare(Record):
    """How often an LLM agrees with people.

    Attributes:
        rows: that were compared. agreed: of these.
        value: the share, each row weighted by one over its chance; None without a row.
        low, high: its interval, Wilson's, of 95 % unless another was asked for. Where chances differ it is that of
            ``size`` rows of equal weight [Kish 1965: (sum of weights)^2 / sum of their squares], at one look.
        size: how many rows of equal weight say as much.
    """

    rows: int
    agreed: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    size: float = 0.0


@dataclass(frozen=True, slots=True)
class LlmQuality(Record):
    """An LLM's labels beside those of people.

    Attributes:
        author: whose file they are in. teacher: the LLM.
        labelled: rows of the pool, by certainty; unsure ones, which have no label, by 0.
        guidelines: rows of the pool by the version of the guideline that it had.
        all: of the rows drawn at random. used: of those with certainty >= `CERTAIN`.
        by_label: by the LLM's label. by_certainty: by its certainty.
        hunted: rows that were compared and not drawn at random.
        disagreements: rows of the pool on which people say something else, the most certain first.
        hidden: such rows of the proof part.
        checked_by: kinds of those whose labels it was compared with.
    """

    author: str
    teacher: Teacher
    labelled: dict[str, int]
    guidelines: dict[str, int]
    all: AgreementShare
    used: AgreementShare
    by_label: dict[str, AgreementShare]
    by_certainty: dict[str, AgreementShare]
    hunted: int
    disagreements: tuple[Compared, ...]
    hidden: int
    checked_by: tuple[TeacherKind, ...] = ("human",)


@dataclass(frozen=True, slots=True)
class Usability(Record):
    """Whether an LLM's labels may train.

    Attributes:
        usable: whether they may. sentence: why, and what to do if they may not.
        needed: about how many more labels of rows at random it takes to tell; None: no number of them would help.
    """

    usable: bool
    sentence: str
    needed: int | None = None


def llm_qualities(records: Records, labels: Sequence[str]) -> list[LlmQuality]:
    """The quality of every LLM that has labelled rows, by author.

    Args:
        records: of a project.
        labels: the project's.
    """
    by_split = {split: Labels(records, split) for split in LABELLED_SPLITS}
    authors = dict.fromkeys(author for split in by_split.values() for author in split.llms)
    return [_quality(author, by_split, labels) for author in sorted(authors)]


def givers(kinds: Collection[TeacherKind]) -> str:
    """Who gave labels, in words: people, the bundled examples, or either."""
    return " or ".join(name for kind, name in _GIVERS.items() if kind in kinds) or _GIVERS["human"]


def share_of(compared: Iterable[Compared], coverage: float = COVERAGE) -> AgreementShare:
    """How often the LLM agrees; rows that were not drawn at random are left out. ``coverage``: of the interval."""
    drawn = [(one, 1 / one.chance) for one in compared if one.chance]
    if not drawn:
        return AgreementShare(0, 0)
    whole, squares = sum(weight for _, weight in drawn), sum(weight * weight for _, weight in drawn)
    value = sum(weight for one, weight in drawn if one.agrees) / whole
    size = whole * whole / squares
    low, high = wilson_bounds(value * size, size, coverage)
    return AgreementShare(len(drawn), sum(one.agrees for one, _ in drawn), value, low, high, size)


def usability(quality: LlmQuality, floor: float) -> Usability:
    """Whether the labels that would be used agree with people surely enough.

    Args:
        quality: of an LLM.
        floor: of the lower bound of their agreement (`labelling.llm_floor`), 0..1; 0: nobody need have checked it.
    """
    used = quality.used
    if not floor:
        return Usability(True, "it may train, however good it is: labelling.llm_floor is 0", 0)
    about = f"labels of certainty {CERTAIN} and 3 agree with {givers(quality.checked_by)}"
    if used.value is None or used.low is None or used.high is None:
        needed = _labels_needed(_GOOD, floor)
        go = (
            "no number of labels can show that it is above the floor"
            if needed is None
            else (f"label about {needed:,} rows drawn at random")
        )
        return Usability(False, f"nobody has checked it: {go}, and it may train if it is above {floor:.2f}", needed)
    told = f"{about} in {used.value:.2f} ({used.low:.2f} to {used.high:.2f}, {used.rows:,} rows)"
    if used.low >= floor:
        return Usability(True, f"{told}: it may train, as the lower end is not below {floor:.2f}", 0)
    mend = "read the disagreements, mend the guideline, and let it label again"
    if used.high < floor:
        return Usability(False, f"{told}, below {floor:.2f}: nothing trains on it; {mend}")
    total = _labels_needed(used.value, floor)
    if total is None:
        return Usability(False, f"{told}, not surely above {floor:.2f}: nothing trains on it; {mend}")
    more = max(1, round((total - used.size) * quality.all.rows / used.rows))
    return Usability(
        False,
        f"{told}, not yet surely above {floor:.2f}: nothing trains on it; if it goes on like this, about {more:,} more "
        "labels of rows at random show it",
        more,
    )


def refuse_below_floor(project: Project, records: Records, author: str) -> None:
    """Return if an LLM's labels may train.

    Raises:
        ProjectError: they may not, with the reason and what to do.
    """
    quality = next(one for one in llm_qualities(records, project.labels) if one.author == author)
    found = usability(quality, project.settings.labelling.llm_floor)
    if not found.usable:
        hint = "look at `blindspot labels`, or set labelling.llm_floor to 0 to train on them unchecked"
        raise ProjectError(f"{visible(quality.teacher.name)}: {found.sentence}", hint=hint)


def _labels_needed(value: float, floor: float) -> int | None:
    """The fewest rows with which a share has its lower bound at the floor; None: more than anybody labels."""
    if value <= floor or _low(value, _MOST) < floor:
        return None
    few, many = 1, _MOST
    while few < many:
        middle = (few + many) // 2
        few, many = (few, middle) if _low(value, middle) >= floor else (middle + 1, many)
    return few


def _low(value: float, rows: int) -> float:
    return wilson_bounds(value * rows, rows, COVERAGE)[0]


def _quality(author: str, by_split: Mapping[LabelledSplit, Labels], labels: Sequence[str]) -> LlmQuality:
    pool = by_split["pool"].llms.get(author, {})
    teacher = next(one.teacher for split in by_split.values() for one in split.llms.get(author, {}).values())
    compared = [one for split, found in by_split.items() for one in compared_rows(split, found, author)]
    drawn = [one for one in compared if one.chance is not None]
    wrong = [one for one in compared if not one.agrees]
    return LlmQuality(
        author=author,
        teacher=teacher,
        labelled=_counts(pool.values(), lambda one: one.certainty, range(3, -1, -1)),
        guidelines=_counts(pool.values(), lambda one: one.guideline, sorted({one.guideline for one in pool.values()})),
        all=share_of(drawn),
        used=share_of(one for one in drawn if one.certainty >= CERTAIN),
        by_label={label: share_of(one for one in drawn if one.llm_label == label) for label in labels},
        by_certainty={str(step): share_of(one for one in drawn if one.certainty == step) for step in (3, 2, 1)},
        hunted=len(compared) - len(drawn),
        disagreements=tuple(
            sorted((one for one in wrong if one.split == "pool"), key=lambda one: (-one.certainty, one.row))
        ),
        hidden=sum(one.split == "proof" for one in wrong),
        checked_by=tuple(sorted({kind for one in compared for kind in one.checked_by})),
    )


def compared_rows(split: LabelledSplit, labels: Labels, author: str) -> list[Compared]:
    """The rows of a split that an LLM has labelled and on whose label people agree."""
    settled = labels.settled()
    found = []
    for row, given in labels.llms.get(author, {}).items():
        if row in settled and given.label != UNLABELLED:
            drawn = [
                one.given.chance
                for one in labels.people[row]
                if one.given.queue in ("random", "audit") and one.given.chance is not None
            ]
            kinds = tuple(sorted({one.given.teacher.kind for one in labels.people[row]}))
            chance = drawn[0] if drawn else None
            found.append(
                Compared(row, split, given.label, given.certainty, settled[row], chance, given.guideline, kinds)
            )
    return found


def _counts(given: Iterable[RowLabel], of: Callable[[RowLabel], int], steps: Iterable[int]) -> dict[str, int]:
    numbers = [of(one) for one in given]
    return {str(step): numbers.count(step) for step in steps}
