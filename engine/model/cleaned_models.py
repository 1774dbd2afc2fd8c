"""Which trained models `blindspot clean` has removed: a line each in `models/cleaned.jsonl`. Light.

So what needs one says that it was removed on purpose, and how to have it again. A model that was trained again since is
there, and not spoken of.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from engine.errors import ModelError
from engine.files import append_line, read_lines
from engine.locks import holding
from engine.project import Project
from engine.schema import Record
from engine.shapes import WrongShape

CLEANED = "cleaned.jsonl"
KEEPS = ("promoted", "proven", "baseline", "unfinished")
"""What is kept where other models are removed, if nothing else is named; promoted ones are kept whatever is named."""
KEEPABLE = (*KEEPS, "last")
"""What can be kept, by name; last: all models of the latest proof."""
PATIENCE = 60.0  # seconds: a promotion computes the report anew while it holds the lock


@dataclass(frozen=True, slots=True)
class CleanedModel(Record):
    """A model that was removed.

    Attributes:
        model: name of its folder. cleaned: when (UTC, ISO 8601). bytes: that it took.
        was: what it was, in words. seconds: that its training took; None: that is not known.
    """

    model: str
    cleaned: str
    bytes: int
    was: str
    seconds: float | None = None

    @property
    def sentence(self) -> str:
        """That it was removed, and when; the beginning of a sentence."""
        return f"this model was removed by `blindspot clean` on {self.cleaned[:10]}"


@contextmanager
def models_lock(project: Project) -> Iterator[None]:
    """Nobody else promotes or removes a model of the project before the block ends.

    Raises:
        ModelError: somebody has been at it for a minute.
    """
    what = "somebody else is promoting or removing a model of this project"
    taken = ModelError(what, where=str(project.root), hint="try again in a moment")
    with holding(project.models_dir / ".lock", taken, patience=PATIENCE):
        yield


def note_cleaned(project: Project, cleaned: CleanedModel) -> None:
    """Write down, durably, that a model is about to be removed.

    Raises:
        FileError: it cannot be written.
    """
    append_line(project.models_dir / CLEANED, orjson.dumps(cleaned.as_json()), durable=True)


def cleaned_models(project: Project) -> dict[str, CleanedModel]:
    """The models that were removed and are not there now, by the names of their folders."""
    found = {}
    for line in read_lines(project.models_dir / CLEANED):
        with suppress(orjson.JSONDecodeError, WrongShape, TypeError, AttributeError):  # cut off by a kill
            one = CleanedModel.from_json(orjson.loads(line))
            found[one.model] = one
    return {name: one for name, one in found.items() if not (project.models_dir / name).exists()}


def refuse_cleaned(project: Project, name: str | Path) -> None:
    """Return if a path is not that of a model that was removed.

    Args:
        project: whose model it may be.
        name: a path, or another name of a model; a relative one begins here, or in the project's folder.

    Raises:
        ModelError: it was removed; says how to have it again.
    """
    for path in (Path(name), project.root / name):
        if path.absolute().parent.resolve() != project.models_dir or path.exists():
            continue
        if gone := cleaned_models(project).get(path.name):
            raise ModelError(
                f"{gone.sentence} ({gone.was})",
                where=str(path),
                hint=f"the same `blindspot retrain {project.root}` as then trains it again",
            )
