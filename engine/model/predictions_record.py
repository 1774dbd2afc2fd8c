"""What a project was given in place of a classifier: predictions, on record in `predictions/`. Light.

They are the user's, unlike what lies in `cache/`, and nothing can make them again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import ModelError
from engine.files import content_key, read_record, remove, write_json
from engine.project import Project
from engine.schema import Record

FOLDER = "predictions"
RECORD = "predictions.json"
"""In the folder: what came, in its order."""

LACK = "this project knows the classifier by its predictions alone"
RESTORE = "restore the folder `predictions`, or make a new project with `blindspot init`"


@dataclass(frozen=True, slots=True)
class PredictionsPart(Record):
    """What one command brought.

    Attributes:
        batch: name of the batch. rows: different texts. sources: names of the files.
        texts_sha256, logits_sha256: of the two arrays (`engine.model.predictions_by_text`).
    """

    batch: str
    rows: int
    sources: tuple[str, ...]
    texts_sha256: str
    logits_sha256: str


@dataclass(frozen=True, slots=True)
class GivenPredictions(Record):
    """All that came: at `init`, then with batches. ``labels``: in the order of the logits."""

    labels: tuple[str, ...]
    parts: tuple[PredictionsPart, ...]

    @property
    def name(self) -> str:
        """Of the classifier."""
        return f"predictions of {', '.join(self.parts[0].sources)}"

    @property
    def key(self) -> str:
        """Names the classifier in the place of its weights: by what came first, as later rows make it no other one."""
        first = self.parts[0]
        return content_key("predictions", self.labels, first.texts_sha256, first.logits_sha256)


def given_predictions(project: Project) -> GivenPredictions | None:
    """What the project was given; None: it runs a classifier.

    Raises:
        FileError: the record is damaged.
        ModelError: it is of other labels than the project's.
    """
    if project.settings.model.classifier or project.settings.classifier.score:
        return None
    folder = project.root / FOLDER
    try:
        given = read_record(folder / RECORD, GivenPredictions.from_json, hint=RESTORE)
    except FileNotFoundError:
        return None
    if given.labels != project.labels or not given.parts:
        raise ModelError("the predictions are of other labels than the project's", where=str(folder), hint=RESTORE)
    return given


def part_files(folder: Path, number: int) -> tuple[Path, Path]:
    """The arrays of a part: hashes of texts, and logits."""
    return folder / f"{number:03d}-texts.npy", folder / f"{number:03d}-logits.npy"


def drop_parts(root: Path, batches: Collection[str]) -> None:
    """Take out the last parts that came with none of these batches: of a text the first prediction counts.

    Args:
        root: the project's folder.
        batches: names of those that the project has.

    Raises:
        FileError: the record is damaged, or something cannot be written.
    """
    folder = root / FOLDER
    try:
        given = read_record(folder / RECORD, GivenPredictions.from_json, hint=RESTORE)
    except FileNotFoundError:
        return
    kept = len(given.parts)
    while kept > 1 and given.parts[kept - 1].batch not in batches:
        kept -= 1
    if kept < len(given.parts):
        write_json(folder / RECORD, replace(given, parts=given.parts[:kept]).as_json())
        for number in range(kept, len(given.parts)):
            for path in part_files(folder, number):
                remove(path)


def lacking(project: Project, purpose: str) -> ModelError:
    """The error of what takes a classifier that can be run; ``purpose``: what that is, such as `retrain`."""
    hint = f"for {purpose} name a program in [classifier] of blindspot.toml"
    return ModelError(LACK, where=str(project.root), hint=hint)


def why_not_run(project: Project, purpose: str) -> str | None:
    """The same as a sentence; None if the project has a classifier that can be run."""
    if given_predictions(project) is None:
        return None
    error = lacking(project, purpose)
    return f"{error.what[0].upper()}{error.what[1:]}; {error.hint}."


def refuse_unfit_predictions(project: Project, *, named: bool) -> None:
    """Return if a batch brings predictions exactly where nothing else can score it.

    Args:
        project: the project.
        named: whether predictions are named.

    Raises:
        ModelError: it does not.
    """
    needed = given_predictions(project) is not None
    if needed and not named:
        raise ModelError(LACK, where=str(project.root), hint="give what it says of these rows with --predictions")
    if named and not needed:
        what = "this project runs its classifier, and needs no predictions"
        raise ModelError(what, where=str(project.root), hint="leave out --predictions")


def refuse_without_classifier(project: Project, purpose: str) -> None:
    """Return if the project has a classifier that can be run.

    Raises:
        ModelError: it has predictions alone.
    """
    if given_predictions(project):
        raise lacking(project, purpose)
