"""Cached arrays: each against the hash, shape and type that were written down when it was made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.files import find_files
from engine.model.array_cache import SEAL, problem_of
from engine.project import Project
from engine.verify.finding import Finding, looked_at

_DELETE = "delete the file: it is computed again when it is needed"


def check_caches(project: Project) -> Iterator[Finding]:
    """One finding for all arrays that are as they were made, one for each that is not."""
    good = 0
    for path in find_files(project.cache_dir, "[!.]*.npy"):
        file = f"cache/{path.name}"
        found = list(looked_at(f"cache {path.stem}", file, _DELETE, _array, path, file))
        good += not found
        yield from found
    if good:
        yield Finding("cache", "ok", f"{good} arrays as they were made", "cache")


def _array(path: Path, file: str) -> Iterator[Finding]:
    if not path.with_name(path.name + SEAL).exists():
        what = "it was made before hashes were kept, and is not used any more"
        yield Finding(f"cache {path.stem}", "not checkable", what, file, _DELETE)
    elif problem := problem_of(path):
        yield Finding(f"cache {path.stem}", "changed", problem, file, _DELETE)
