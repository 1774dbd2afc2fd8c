"""JSON schemas of an LLM's answers, and checks of how many patterns and samples they hold and with which labels.

The schemas are loose: `patterns_problem` and `samples_problem` say in words what is wrong with a part of an answer. So
one repair turn can mend that part, and the good part is never lost. Imports pydantic.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, Field, create_model

from engine.schema import BlindSpot, Role
from engine.settings import TeachingSettings
from engine.teaching.evidence import Evidence
from engine.teaching.validation import barred_label
from engine.text import clean, normalise

LONGEST_PATTERN = 600  # characters; the prompt asks for 50 words, some 300
_TOLD = 12  # problems that are told in one repair turn
_BARRED: dict[Role, str] = {
    "target": "the label that the classifier gives, which no target has",
    "counter": "the right label of the rows, which no counter-sample has",
}


class Patterns(BaseModel):
    """Patterns of one kind."""

    patterns: list[str]


class Written(BaseModel):
    """A sample as it is answered."""

    text: str
    label: str


class ForPattern(BaseModel):
    """The samples for one pattern, by its number from 1."""

    pattern: int
    targets: list[Written] = Field(default_factory=list)
    counters: list[Written] = Field(default_factory=list)


class Samples(BaseModel):
    """All samples for a blind spot."""

    patterns: list[ForPattern]
    anchors: list[Written] = Field(default_factory=list)


@dataclass(frozen=True)
class SampleRequest:
    """What is asked for in the samples of one blind spot: the measure of `samples_problem` and `usable_samples`."""

    gold: str
    predicted: str
    labels: tuple[str, ...]
    pair: bool
    patterns: int
    targets: int
    counters: int
    anchors: int

    @classmethod
    def of(
        cls, spot: Evidence | BlindSpot, patterns: int, labels: tuple[str, ...], pair: bool, quota: TeachingSettings
    ) -> SampleRequest:
        """For a blind spot with so many patterns, by the quotas of the settings."""
        return cls(spot.gold, spot.predicted, labels, pair, patterns, quota.targets, quota.counters, quota.anchors)

    @property
    def count(self) -> dict[Role, int]:
        """How many samples of each role."""
        return {
            "target": self.patterns * self.targets,
            "counter": self.patterns * self.counters,
            "anchor": self.anchors,
        }


@dataclass(frozen=True)
class Usable:
    """A sample of an answer that has the form and labels asked for. ``pattern``: its number from 1; None: an anchor."""

    text: str
    text_pair: str | None
    label: str
    role: Role
    pattern: int | None


@cache
def samples_form(labels: tuple[str, ...], *, pair: bool) -> type[Samples]:
    """The form for a project: its labels as an enum of the schema, and a second text where rows are pairs."""
    fields: dict[str, Any] = {"label": (str, Field(json_schema_extra={"enum": list(labels)}))}
    if pair:
        fields["text_pair"] = (str, "")
    written = create_model("Written", __base__=Written, **fields)
    listed: Any = (list[written], Field(default_factory=list))  # type: ignore[valid-type]
    for_pattern = create_model("ForPattern", __base__=ForPattern, targets=listed, counters=listed)
    return create_model("Samples", __base__=Samples, patterns=(list[for_pattern], ...), anchors=listed)  # type: ignore[valid-type]


def usable_patterns(answer: Patterns, count: int) -> list[str]:
    """The patterns of an answer that can be used, at most ``count``, in their order, none twice, each on one line."""
    good = {normalise(text): " ".join(clean(text).split()) for text in answer.patterns if not _is_long(text)}
    return [text for key, text in good.items() if key][:count]


def patterns_problem(answer: Patterns, count: int) -> str | None:
    """What is wrong with an answer, to be told in the repair turn; None: nothing."""
    long = sum(map(_is_long, answer.patterns))
    good = len(usable_patterns(answer, count))
    if good >= count:
        return None
    problem = f"patterns asked for: {count}; that can be used: {good}"
    return f"{problem}; longer than {LONGEST_PATTERN} characters: {long}" if long else problem


def _is_long(pattern: str) -> bool:
    return len(clean(pattern)) > LONGEST_PATTERN


def usable_samples(answer: Samples, request: SampleRequest) -> list[Usable]:
    """The samples of an answer that can be used, at most as many of each role as were asked for, in their order."""
    taken: list[Usable] = []
    room: dict[tuple[Role, int | None], int] = {}
    for found in _each(answer, request):
        if isinstance(found, Usable):
            key = found.role, found.pattern
            room.setdefault(key, _quota(request, found.role))
            room[key] -= 1
            if room[key] >= 0:
                taken.append(found)
    return taken


def samples_problem(answer: Samples, request: SampleRequest) -> str | None:
    """What is wrong with an answer, to be told in the repair turn; None: nothing."""
    problems = [found for found in _each(answer, request) if isinstance(found, str)]
    good = [found for found in _each(answer, request) if isinstance(found, Usable)]
    wanted: list[tuple[Role, int | None]] = [("anchor", None)]
    for number in range(1, request.patterns + 1):
        wanted += [("target", number), ("counter", number)]
    for role, pattern in wanted:
        there = sum((found.role, found.pattern) == (role, pattern) for found in good)
        if there < _quota(request, role):
            about = f"pattern {pattern}: " if pattern else ""
            problems.append(f"{about}{_quota(request, role)} {role}s were asked for, and {there} can be used")
    more = [f"and {len(problems) - _TOLD} more"] if len(problems) > _TOLD else []
    return "; ".join(problems[:_TOLD] + more) or None


def _quota(request: SampleRequest, role: Role) -> int:
    return {"target": request.targets, "counter": request.counters, "anchor": request.anchors}[role]


def _each(answer: Samples, request: SampleRequest) -> Iterator[Usable | str]:
    """Each sample, or what is wrong with it."""
    for part in answer.patterns:
        if not 1 <= part.pattern <= request.patterns:
            yield f"there is no pattern {part.pattern}, they are numbered from 1 to {request.patterns}"
            continue
        yield from _checked(part.targets, "target", part.pattern, request)
        yield from _checked(part.counters, "counter", part.pattern, request)
    yield from _checked(answer.anchors, "anchor", None, request)


def _checked(
    samples: Sequence[Written], role: Role, pattern: int | None, request: SampleRequest
) -> Iterator[Usable | str]:
    for number, sample in enumerate(samples, start=1):
        place = f"pattern {pattern}, {role} {number}" if pattern else f"{role} {number}"
        pair = getattr(sample, "text_pair", "")
        label = spelled(sample.label, request.labels)
        if not normalise(sample.text) or (request.pair and not normalise(pair)):
            yield f"{place} has an empty text"
        elif label is None:
            yield f"{place} has a label that there is not"
        elif label == barred_label(role, gold=request.gold, predicted=request.predicted):
            yield f"{place} has {_BARRED[role]}"
        else:
            yield Usable(clean(sample.text), clean(pair) if request.pair else None, label, role, pattern)


def spelled(label: str, labels: Sequence[str]) -> str | None:
    """The label of the project that is meant: case and white space do not count where that leaves only one."""
    if label in labels:
        return label
    close = [known for known in labels if known.strip().casefold() == label.strip().casefold()]
    return close[0] if len(close) == 1 else None
