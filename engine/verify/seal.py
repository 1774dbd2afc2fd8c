"""The seal: hashes of what is written once, kept outside the project, in the state folder of each user who made it.

Sealed are manifest, predictions, discoveries, proofs, models' training.json, and where the records of each author and
the log of calls ended. Nothing of it is ever written a second time in another form, so an entry that differs means that
somebody changed the project behind its tools. A project that was moved, or made by another user, has no seal here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import orjson

from engine.counted import counted
from engine.errors import BlindspotError, FileError
from engine.files import find_files, read_json, read_record, sha256_file, write_json
from engine.llm.call_log import CALLS_FILE
from engine.manifest import MANIFEST_FILE, Manifest
from engine.project import Project
from engine.proof.proof_labels import LABELS, read_proof_labels
from engine.state import state_folder
from engine.teaching.hash_chain import head
from engine.teaching.revisions import Log
from engine.verify.finding import Finding

Seal = dict[str, str]

_ACCEPT = "restore the project from a copy; if you made the change yourself, accept it with `blindspot verify --seal`"
FORMER_MANIFEST = "splits/manifest-{}.json"
"""A project's manifest when it had so many batches, kept when the next one came."""

_FILES = (MANIFEST_FILE, "predictions/*.npy")
_MADE_AGAIN = ("proofs/*/report.json", "proofs/*/spec.json", "models/*/training.json")
"""Files that the same `retrain` writes anew: they then differ in `_WHEN` alone, which is not sealed."""
_WHEN = ("created", "seconds", "rows_per_second")


def seal_file(root: Path) -> Path:
    """Where the seal of the project in that folder is kept."""
    return state_folder() / "seals" / f"{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]}.json"


def _look(path: Path) -> str:
    """Tells the reports of one proof from each other: there is one for each look at the labels of its rows."""
    labels = path.with_name(LABELS)
    return f"@{read_proof_labels(path.parent).look}" if path.name == "report.json" and labels.is_file() else ""


def _hash_without_when(path: Path) -> str:
    """Hash of the JSON object in a file that may be made again; of the whole file if it is none."""
    with suppress(FileError):
        values = read_json(path)
        if isinstance(values, dict):
            kept = {name: value for name, value in values.items() if name not in _WHEN}
            return hashlib.sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return sha256_file(path)


def seal_of(project: Project) -> Seal:
    """The seal of the project as it is now: hash of each part, by its name."""
    root, found = project.root, {}
    for pattern in _FILES:
        for path in find_files(root, pattern):
            found[path.relative_to(root).as_posix()] = sha256_file(path)
    for pattern in _MADE_AGAIN:
        for path in find_files(root, pattern):
            found[f"{path.relative_to(root).as_posix()}{_look(path)}"] = _hash_without_when(path)
    for number in range(1, project.round + 1):
        path = project.round_dir(number) / "discovery.json"
        if path.is_file() and (discovery := project.discovery(number)):
            found[f"{path.relative_to(root).as_posix()}@{discovery.key}"] = sha256_file(path)
    for path in find_files(project.teaching_dir, "[!.]*.json"):
        revisions = Log(path).revisions
        if revisions:
            found[f"teaching/{path.name}@{revisions[-1].seq}"] = head(revisions)
    calls = project.llm_dir / CALLS_FILE
    if calls.is_file():
        size = calls.stat().st_size
        found[f"llm/{CALLS_FILE}@{size}"] = sha256_file(calls, size)
    return found


def line_of(seal: Seal) -> str:
    """The seal as one line, to be noted down: sha256, 64 hex digits."""
    return hashlib.sha256(orjson.dumps(seal, option=orjson.OPT_SORT_KEYS)).hexdigest()


def accept(project: Project) -> None:
    """Seal the project as it is, and forget what was sealed before: a person accepts what is there.

    Raises:
        FileError: the seal cannot be written.
    """
    write_json(seal_file(project.root), seal_of(project))


def keep_seal(project: Project, *, anew: bool = False) -> None:
    """Add what was made since to the seal of this user; what is sealed already stays as it is.

    Args:
        project: the project.
        anew: forget what was sealed before, as for a new project.
    """
    with suppress(BlindspotError, OSError):  # a home that may not be written: then there is no seal
        if anew:
            accept(project)
        else:
            path = seal_file(project.root)
            write_json(path, seal_of(project) | _read(path))


def seal_manifest(project: Project, before: str) -> None:
    """Seal the manifest after rows were added, if it was the sealed one before; ``before``: its sha256 then."""
    path, name = seal_file(project.root), MANIFEST_FILE
    sealed = _read(path)
    if sealed.get(name) == before:
        with suppress(BlindspotError, OSError):  # as above
            write_json(path, sealed | {name: sha256_file(project.root / name)})


def check_seal(project: Project) -> Iterator[Finding]:
    """What was sealed on this machine beside what is there."""
    sealed = _read(seal_file(project.root))
    if not sealed:
        yield Finding("seal", "not checkable", "this user has kept no seal of the project in this folder")
        return
    bad = [finding for name, value in sealed.items() if (finding := _compare(project, name, value))]
    yield from bad
    if not bad:
        yield Finding("seal", "ok", f"{counted(len(sealed), 'part')} unchanged since the seal on this machine")


def _compare(project: Project, name: str, value: str) -> Finding | None:
    file, _, at = name.partition("@")
    path = project.root / file
    if not path.is_file():
        if file.startswith(("models/", "rounds/")):  # they may be deleted, and are made again
            return None
        return Finding("seal", "missing", f"{file} was sealed on this machine, and is not there", file, _ACCEPT)
    if file.startswith("teaching/"):
        now = head([one for one in Log(path).revisions if one.seq <= int(at)])
    elif file.startswith("rounds/"):
        discovery = project.discovery(int(path.parent.name))
        now = sha256_file(path) if discovery and discovery.key == at else value  # discovered again since
    elif file.startswith(("proofs/", "models/")):
        if (at and _look(path) != f"@{at}") or sha256_file(path) == value:
            return None  # labels were looked at since; or the seal is of a version that sealed all of the file
        now = _hash_without_when(path)
    elif at:
        now = sha256_file(path, int(at))
    else:
        now = sha256_file(path)
    if now == value or (name == MANIFEST_FILE and _grew(project, value)):
        return None
    return Finding("seal", "changed", f"{file} is not what was sealed on this machine", file, _ACCEPT)


def _grew(project: Project, sealed: str) -> bool:
    """Whether the sealed manifest is a former one, and nothing but rows was added since, by another user."""
    now = project.manifest
    for number in range(len(now.batches)):
        path = project.root / FORMER_MANIFEST.format(number)
        if path.is_file() and sha256_file(path) == sealed:  # number 0: older than batches
            former = read_record(path, Manifest.from_json)
            same = ("version", "proof_origin", "seed", "columns")
            grown = {name: split for name, split in former.splits.items() if name in now.batches[0].ends}
            return (
                all(getattr(former, name) == getattr(now, name) for name in same)
                and former.splits.keys() == now.splits.keys()
                and former.batches == now.batches[:number]
                and former.withheld == now.withheld[: len(former.withheld)]
                and all(now.rows_then(name, split.sha256) == split.rows for name, split in grown.items())
                and all(now.splits[name].sha256 == former.splits[name].sha256 for name in now.splits.keys() - grown)
            )
    return False


def _read(path: Path) -> Seal:
    try:
        found = read_json(path)
    except (FileNotFoundError, FileError):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}
