"""What of a project's trained models could be removed, why, and what that frees; and removing it.

Only folders are removed of which each file is on record as written by a training. What the project works with, or has
promoted, stays whatever is asked for. No job runs meanwhile, and a kill leaves a model whole or away.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from engine.counted import counted
from engine.errors import BlindspotError, FileError
from engine.files import checked, find_files, read_record, remove, remove_folder
from engine.guest import refuse_guests
from engine.ids import is_id
from engine.jobs import JobView, jobs, without_jobs
from engine.model.array_cache import SEAL
from engine.model.cleaned_models import KEEPS, CleanedModel, models_lock, note_cleaned
from engine.model.model_registry import current_model
from engine.model.text_classifier import TRAINING, TrainedModel, weights_key
from engine.model.weights import local_folder
from engine.progress import Silent
from engine.project import Project
from engine.proof.arms import BASELINE
from engine.proof.report import read_report
from engine.regression.promotion import Promotion
from engine.schema import Record
from engine.shards import SHARDS

_ASIDE = ".cleaned-"  # a folder that is being removed is called this and its name
_UNFINISHED = re.compile(r"[0-9a-f]{16}\.partial")
_LEFT = re.compile(re.escape(_ASIDE) + r"[\w-]+(\.partial)?")


@dataclass(frozen=True, slots=True)
class Part(Record):
    """A model, or all cached arrays.

    Attributes:
        path: relative to the project. bytes: that its files take.
        goes: it would be removed. why: what it is, and why it stays if it does.
        seconds: that its training took; None: that is not known.
    """

    path: str
    bytes: int
    goes: bool
    why: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _Training(Record):
    """What of a training.json tells whose files they are, and what it would cost to have them again."""

    key: str
    files: dict[str, str] | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _Use:
    """A model in a proof; ``last``: that is the latest one; ``waits``: it asks people for labels, so may be proven."""

    proof: str
    arm: str
    recipe: str
    seed: str
    verdict: str
    last: bool
    waits: bool

    @property
    def words(self) -> str:
        what = "baseline" if self.arm == BASELINE else f"{self.arm} ({self.recipe})"
        return f"{what}, seed {self.seed} of proof {self.proof}" + (f": {self.verdict}" if self.verdict else "")


def list_parts(project: Project, keep: Collection[str] = KEEPS, *, cache: bool = False) -> list[Part]:
    """All models, and with ``cache`` the cached arrays: those that would go first.

    Args:
        project: nothing in it is changed.
        keep: of `engine.model.cleaned_models.KEEPABLE`.
        cache: scores and embeddings would go too.

    Raises:
        FileError, ProjectError: a report, a promotion or the discovery is damaged, so what is needed cannot be told; or
            the folder of models is a link.
    """
    held, uses, waiting = _held(project), _uses(project), _unended(project)
    parts = []
    for path in find_files(project.models_dir, f"{_ASIDE}*"):
        if _LEFT.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            what = "left by a clean that was interrupted"
            parts.append(Part(f"models/{path.name}", _size(path), True, what))
    for path in find_files(project.models_dir, "[!.]*"):
        if path.is_symlink() or path.is_dir():
            parts.append(_model(project, path, keep, held, uses[path.name], waiting))
    shards = project.cache_dir / SHARDS
    if cache and not shards.is_symlink() and (plans := find_files(shards, "*")):
        what = f"{counted(len(plans), 'plan')} of shards with what was computed of them, computed again when needed"
        parts.append(Part(f"cache/{SHARDS}", _size(shards), True, what))
    if cache and (arrays := _arrays(project)):
        size = sum(path.lstat().st_size for path in arrays)
        what = f"{counted(len(arrays), 'array')} of scores and embeddings, computed again when they are needed"
        parts.append(Part("cache", size, True, what))
    return sorted(parts, key=lambda part: not part.goes)


def clean(
    project: Project, keep: Collection[str] = KEEPS, *, cache: bool = False, only: Collection[str] | None = None
) -> list[Part]:
    """Remove what `list_parts` says goes, and return it.

    Args:
        project: no job starts in it meanwhile.
        keep: of `engine.model.cleaned_models.KEEPABLE`.
        cache: scores and embeddings too.
        only: paths that were agreed to; None: all.

    Raises:
        JobError: a job is running.
        GuestRefused: a guest asks for it.
        FileError, ProjectError: as `list_parts`, or something may not be removed; what was removed before is away.
    """
    refuse_guests("removing models")
    removed = []
    with without_jobs(project.root):
        for part in list_parts(project, keep, cache=cache):
            if not part.goes or (only is not None and part.path not in only):
                continue
            path = project.root / part.path
            if path == project.cache_dir:
                for array in _arrays(project):
                    remove(array)
                    remove(array.with_name(array.name + SEAL))
            elif path == project.cache_dir / SHARDS:
                remove_folder(path, f"{_ASIDE}{SHARDS}")
            elif path.name.startswith(_ASIDE):
                remove_folder(path, path.name)
            elif not _remove_model(project, part):
                continue
            removed.append(part)
    return removed


def _remove_model(project: Project, part: Part) -> bool:
    """Remove a model, unless it was promoted since it was listed; whether it was removed."""
    name = Path(part.path).name
    with models_lock(project):
        if name in _promoted(project):
            return False
        if not _UNFINISHED.fullmatch(name):
            now = datetime.now(timezone.utc).isoformat(timespec="seconds")
            note_cleaned(project, CleanedModel(name, now, part.bytes, part.why, part.seconds))
        remove_folder(project.root / part.path, f"{_ASIDE}{name}")
    return True


def _model(
    project: Project, path: Path, keep: Collection[str], held: dict[str, str], uses: list[_Use], waiting: list[JobView]
) -> Part:
    file, size, unfinished = f"models/{path.name}", _size(path), _UNFINISHED.fullmatch(path.name)
    try:
        made = _Training(path.name, {}) if unfinished else read_record(checked(path) / TRAINING, _Training.from_json)
        odd = "" if unfinished and checked(path) else _not_ours(path, made)
    except FileError as error:
        return Part(file, size, False, f"left alone: {error.what}")
    except FileNotFoundError:
        return Part(file, size, False, f"left alone: it has no {TRAINING}, so Blindspot did not write it")
    if odd:
        return Part(file, size, False, f"left alone: {odd}", made.seconds)
    if unfinished and (path.with_suffix("") / TRAINING).is_file():
        return Part(file, size, True, "left by a training that has ended")
    if path.name in held:
        return Part(file, size, False, held[path.name], made.seconds)
    if unfinished:
        return Part(file, size, "unfinished" not in keep, "a training that has not ended", made.seconds)
    if not uses:
        began = (path / TRAINING).lstat().st_mtime
        job = next((job for job in waiting if job.created <= began), None)
        if job is not None:
            what = f"no proof names it; {job.id} ({job.state}) may need it"
            return Part(file, size, "unfinished" not in keep, what, made.seconds)
        return Part(file, size, True, "no proof names it", made.seconds)
    proven, baseline = any(one.verdict == "proven" for one in uses), any(one.arm == BASELINE for one in uses)
    stays = (proven and "proven" in keep) or (baseline and "baseline" in keep)
    stays = stays or ("last" in keep and any(one.last for one in uses))
    stays = stays or ("unfinished" in keep and any(one.waits for one in uses))
    first = next((one for one in uses if one.verdict == "proven"), uses[0])
    more = f", and {len(uses) - 1} more" if len(uses) > 1 else ""
    again = "; later retrains need it" if baseline and not stays else ""
    return Part(file, size, not stays, f"{first.words}{more}{again}", made.seconds)


def _not_ours(path: Path, made: _Training) -> str:
    """Why a folder may hold what no training wrote; empty if it does not."""
    if not is_id("model", path.name):
        return "no model that was trained here has such a name"
    if made.key != path.name:
        return f"its {TRAINING} is that of the model {made.key}"
    if made.files is None:
        return "its files were not on record when it was trained"
    found = (inner.relative_to(path).as_posix() for inner in _files(path))
    extra = next((name for name in found if name != TRAINING and name not in made.files), "")
    return f"it holds {extra}, which its training did not write" if extra else ""


def _held(project: Project) -> dict[str, str]:
    """Why a model stays whatever is asked for, by its name."""
    held = dict(_promoted(project))
    settings = project.settings
    for name in (settings.model.base, settings.model.classifier, settings.model.encoder, settings.classifier.model):
        folder = local_folder(project.root, name)
        if folder is not None and folder.resolve().is_relative_to(project.models_dir):
            held |= dict.fromkeys(folder.resolve().relative_to(project.models_dir).parts[:1], "blindspot.toml names it")
    found = project.discovery()
    for path in find_files(project.models_dir, "[!.]*"):
        if path.name in settings.classifier.score or path.name in settings.classifier.train:
            held[path.name] = "blindspot.toml names it"
        with suppress(BlindspotError, OSError):  # one that is damaged is not what was discovered with
            made = read_record(path / TRAINING, TrainedModel.from_json)
            if found is not None and made.content_key("") == weights_key(found.model_key):
                held[path.name] = f"the blind spots of round {found.round} were found in it"
    with suppress(BlindspotError):  # nothing is trained, or what the project starts from is not on this machine
        current = current_model(project, make=False, monitor=Silent())
        if current.path is not None:
            held[current.path.name] = "the project works with it"
    return held


def _promoted(project: Project) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in find_files(project.root / "rounds", "[0-9]*/model.json"):
        made = read_record(path, Promotion.from_json, hint="restore the file, or promote again")
        found |= dict.fromkeys(Path(made.path).parts, f"round {made.round} starts from it")
    return found


def _uses(project: Project) -> dict[str, list[_Use]]:
    """In which proofs a model was judged, by its name."""
    found: dict[str, list[_Use]] = defaultdict(list)
    reports = [read_report(project, path.parent.name) for path in project.report_files()]
    latest = max((report.created for report in reports), default="")
    for report in reports:
        waits = report.labels_asked is not None and report.labels_asked.goes_on
        for entry, verdict in [(report.baseline, ""), *((arm, report.verdict_of(arm)) for arm in report.arms)]:
            for seed, model in entry.models.items():
                found[Path(model.path).name].append(
                    _Use(report.id, entry.arm, entry.recipe, seed, verdict, report.created == latest, waits)
                )
    return found


def _unended(project: Project) -> list[JobView]:
    """The latest job of each kind, where it has no result yet: it runs, or can be resumed."""
    latest: dict[str, JobView] = {}
    for job in jobs(project.root):
        latest.setdefault(job.kind, job)
    return [job for job in latest.values() if job.state != "done"]


def _arrays(project: Project) -> list[Path]:
    """Cached arrays that are whole."""
    found = find_files(project.cache_dir, "[!.]*.npy")
    return [path for path in found if not path.is_symlink() and path.with_name(path.name + SEAL).is_file()]


def _files(path: Path) -> Iterator[Path]:
    return (inner for inner in sorted(path.rglob("*")) if inner.is_symlink() or not inner.is_dir())


def _size(path: Path) -> int:
    return 0 if path.is_symlink() else sum(inner.lstat().st_size for inner in _files(path))
