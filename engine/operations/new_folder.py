"""The folder of a new project: it appears whole or not at all, and what a killed attempt left of it goes."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.data.left_out import FILE as LEFT_OUT
from engine.errors import FileError, ProjectError
from engine.files import make_folder, publish
from engine.hidden_folder import hidden_folder, left_folders
from engine.manifest import MANIFEST_FILE
from engine.project import SETTINGS_FILE

_NEW = "new"  # the project in the hidden folder
_MOVED = {SETTINGS_FILE, LEFT_OUT, "predictions", "splits"}  # into a folder that is filled, before the manifest
_PLACES = {SETTINGS_FILE: 0, MANIFEST_FILE: 2}  # first and last: without settings but with a manifest it is half moved


@contextmanager
def appearing(root: Path) -> Iterator[Path]:
    """A folder that becomes ``root`` when the block ends, and leaves nothing if it raises.

    An empty ``root`` that is there already is filled, not replaced: it may be a mount or a shell's current folder.
    The project is its owner's alone, or the group's in a folder that is a group's (setgid).

    Raises:
        ProjectError: it cannot be written, or has become another project meanwhile.
    """
    filling = root.is_dir()
    new_parents = [parent for parent in root.parents if not parent.exists()]
    moved: list[Path] = []
    try:
        mode = _mode(root)
        with hidden_folder(root if filling else root.parent, root.name, mode=mode) as hidden:
            folder = make_folder(hidden / _NEW)
            folder.chmod(mode)
            yield folder
            if (root / SETTINGS_FILE).exists():  # else its settings would be replaced here, and then removed
                what, hint = "another project was made in this folder meanwhile", "open it, or name another folder"
                raise ProjectError(what, where=str(root), hint=hint)
            if filling:
                with suppress(PermissionError):  # of another person, who lets us write in it
                    root.chmod(mode)
                for inner in sorted(folder.iterdir(), key=lambda path: _PLACES.get(path.name, 1)):
                    publish(inner, root / inner.name)
                    moved.append(root / inner.name)
            else:
                publish(folder, root)
            moved.clear()
    except (OSError, FileError) as error:
        reason = error.reason if isinstance(error, FileError) else error.strerror
        raise ProjectError(
            f"the project cannot be written ({reason})",
            where=str(root),
            hint="free disk space, or name a folder that you may write to",
        ) from error
    finally:
        for path in moved:
            _remove(path)
        for parent in new_parents:
            with suppress(OSError):  # it holds the project when all went well
                parent.rmdir()


def remove_left(root: Path) -> None:
    """Remove what killed attempts have left of a project at ``root``: beside it, or in the folder that was filled."""
    for _ in left_folders(root.parent, root.name):
        pass
    for left in left_folders(root, root.name):
        new = left / _NEW
        there = {path.name for path in new.iterdir()} if new.is_dir() else set()
        if MANIFEST_FILE in there and SETTINGS_FILE not in there:  # it was being moved
            for name in _MOVED.intersection(path.name for path in root.iterdir()) - there:
                _remove(root / name)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _mode(root: Path) -> int:
    """Who may use a new project: its owner, or a group; a folder that was closed to others stays as it is."""
    place = next(folder for folder in (root, *root.parents) if folder.exists())
    mode = stat.S_IMODE(place.stat().st_mode)
    if place == root and not mode & 0o007:
        return mode
    return 0o2770 if mode & stat.S_ISGID else 0o700
