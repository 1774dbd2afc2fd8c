"""What a kind of job consists of. Which kinds there are is said in `engine.operations.job_kinds`, in one table."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from engine.errors import JobError
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Record
from engine.shapes import WrongShape
from engine.trust import OutsideUse


class JobOptions(Record):
    """What a job is asked for: a frozen dataclass for each kind.

    They stay in a file, and an older or newer version may read them: every field has a default.
    """

    __slots__ = ()

    kind: ClassVar[str]
    """Names the kind: up to 20 letters from a to z, as the jobs' ids begin with it."""


class ToldResult(Record):
    """What came of a job, which says itself in a sentence too."""

    __slots__ = ()

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What came of it."""

    def as_json(self) -> dict[str, Any]:
        """The fields, and the sentence."""
        return super().as_json() | {"sentence": self.sentence}


Options = TypeVar("Options", bound=JobOptions)


@dataclass(frozen=True, slots=True)
class JobKind(Generic[Options]):
    """A kind of job.

    Attributes:
        options: the record of what it is asked for.
        work: does it, and gives the record of what came of it. A field or property ``sentence`` that is in its JSON is
            what people are told at the end.
        uses: all that it would use outside the project's folder; None is nothing.
    """

    options: type[Options]
    work: Callable[[Project, Options, Monitor], Record]
    uses: Callable[[Project, Options], Sequence[OutsideUse | None]]


JobKinds = Mapping[str, JobKind[Any]]


def read_options(kinds: JobKinds, kind: str, values: dict[str, Any]) -> JobOptions:
    """The options in a job's file as the record of its kind; keys that it does not know are ignored.

    Raises:
        JobError: there is no such kind, or an option is not of its type.
    """
    if kind not in kinds:
        raise JobError(f"there is no kind of job called {kind}", hint=f"use one of {', '.join(kinds)}")
    options: type[JobOptions] = kinds[kind].options
    try:
        return options.from_json(values)
    except WrongShape as error:
        raise JobError(f"what a {kind} job was asked for is damaged: {error}", hint="start a new one") from error
