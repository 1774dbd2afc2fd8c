"""The commands of `[classifier]`: their words, the files that they name, and what is agreed to before they run. Light.

A command is split as a shell would split it, and no shell sees it. `class NAME` means a Python class of an installed
package, which `engine.programs.class_host` runs.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.child import command
from engine.errors import SettingsError
from engine.files import remembered_sha256
from engine.paths import SETTINGS_FILE
from engine.programs.python_class import find_class
from engine.settings import ClassifierSettings
from engine.trust import OutsideUse, outside_use, shown_name

CLASS = "class"
_PYTHON = re.compile(r"(python|pypy)[\d.]*")
_PYTHON_MODULE = (("python", "-m"), ("python3", "-m"))
_OURS = "engine.adapters."
_MOST_FILES = 10_000  # of a folder that is named; a whole environment has more
_MOST_SHOWN = 3  # names of files in a question

Part = Literal["score", "train"]


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the settings.

    Attributes:
        text: as it stands there. words: program and arguments; of a class: its name alone.
    """

    text: str
    words: tuple[str, ...]
    is_class: bool = False

    @property
    def argv(self) -> tuple[str, ...]:
        """What is started. A program of ours runs in the Python that runs us, whichever one `python` is."""
        if self.is_class:
            return (*command("engine.programs.class_host"), *self.words)
        if self.words[:2] in _PYTHON_MODULE and self.words[2:] and self.words[2].startswith(_OURS):
            return (*command(self.words[2]), *self.words[3:])
        return self.words


def read_command(root: Path, settings: ClassifierSettings, part: Part) -> Command:
    """A command of a project.

    Raises:
        SettingsError: it is empty, or cannot be split into words.
    """
    text = getattr(settings, part)
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise _refused(root, part, f"`{text}` is no command ({error})", "close each quotation mark") from error
    if not words:
        raise _refused(root, part, "there is no command", "name one, such as `python score.py`")
    if words[0] != CLASS:
        return Command(text, tuple(words))
    if len(words) != 2:
        raise _refused(root, part, f"`{text}` names no class", "write `class NAME`, the name in the entry point group")
    return Command(text, (words[1],), is_class=True)


def contents(root: Path, settings: ClassifierSettings, part: Part) -> dict[str, str]:
    """Hashes, by name, of all whose change makes another program: files that its command or `classifier.files` name.

    A Python elsewhere that the command begins with is not among them: the machine's own updates change it.

    Raises:
        FileError: one of them is a link inside the project, or may not be read.
        SettingsError: a folder holds too many files, `classifier.files` names nothing, or there is no such class.
    """
    parsed = read_command(root, settings, part)
    found = _named_in_settings(root, settings.files, "classifier.files")
    if parsed.is_class:
        return found | find_class(parsed.words[0]).contents
    for place, word in enumerate(parsed.words):
        path = _path(root, word.rpartition("=")[2] if word.startswith("-") else word)
        if path is None or path == root or path in root.parents:
            continue
        if place or path.is_relative_to(root) or not _PYTHON.fullmatch(path.name):  # which is the machine's
            found |= hashes(path, path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path))
    return found


def hashes(path: Path, name: str) -> dict[str, str]:
    """Hash of a file, or of each file in a folder, by its name.

    Raises:
        FileError: as `engine.files.sha256_file`.
        SettingsError: there are too many of them.
    """
    if path.is_file():
        return {name: remembered_sha256(path)}
    found = {}
    for inner in sorted(path.rglob("*")):
        if inner.is_file() and "__pycache__" not in inner.parts:
            found[f"{name}/{inner.relative_to(path).as_posix()}"] = remembered_sha256(inner)
        if len(found) > _MOST_FILES:
            what = f"the folder holds more than {_MOST_FILES:,} files, each of which would be hashed"
            raise SettingsError(what, where=str(path), hint="name the folder of the model or of the scripts alone")
    return found


def model_path(root: Path, settings: ClassifierSettings) -> Path | None:
    """The file or folder that `classifier.model` names; None if it names none.

    Raises:
        SettingsError: there is nothing of that name.
    """
    return existing(root, settings.model, "classifier.model") if settings.model else None


def existing(root: Path, name: str, key: str) -> Path:
    """A file or folder that a setting or an option ``key`` names, from the project's folder on.

    Raises:
        SettingsError: there is nothing of that name.
    """
    path = _path(root, name)
    if path is None:
        what = f"`{key}` names {shown_name(name)}, and there is no such file or folder"
        raise SettingsError(what, where=str(root), hint="correct it; a relative name begins in the project's folder")
    return path


def program_uses(root: Path, settings: ClassifierSettings) -> list[OutsideUse]:
    """The programs of a project, as they would be run.

    Raises:
        FileError, SettingsError: as `contents`.
    """
    return [_use(root, settings, part) for part in _parts(settings)]


def model_use(root: Path, model: Path) -> OutsideUse:
    """A file or folder that a program is given as its model.

    Raises:
        FileError, SettingsError: as `hashes`.
    """
    name = model.relative_to(root).as_posix() if model.is_relative_to(root) else str(model)
    caution = "a pickled model can do anything when it is opened; you are asked again when it changes"
    what = f"{shown_name(name)} would be opened as a model by the program that scores"
    return outside_use("weights", what, [caution], "model", sorted(hashes(model, name).items()))


def _use(root: Path, settings: ClassifierSettings, part: Part) -> OutsideUse:
    parsed, found = read_command(root, settings, part), contents(root, settings, part)
    what = f"the program `{shown_name(parsed.text)}` would be run to {part}, and can do whatever you can do"
    if parsed.is_class:
        origin = find_class(parsed.words[0]).origin
        what = f"the Python class {shown_name(parsed.words[0])} of {origin}, installed here, would be run to {part}"
    named = {name: of for name, of in sorted(found.items()) if not name.startswith("<")}  # an installed class is not
    shown = ", ".join(map(shown_name, [*named][:_MOST_SHOWN])) + (", ..." if len(named) > _MOST_SHOWN else "")
    again = f"you are asked again when it or what it names changes: {shown}; what else it loads is not looked at"
    cautions = [again if named else "it names no file here: what it loads is not looked at"]
    cautions.append("models that lie in the project's folder models are opened by it too")
    return outside_use("program", what, cautions, part, parsed.text, list(named.items()))


def _parts(settings: ClassifierSettings) -> Iterator[Part]:
    yield "score"
    if settings.train:
        yield "train"


def _named_in_settings(root: Path, names: Iterable[str], key: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        found |= hashes(existing(root, name, key), name)
    return found


def _path(root: Path, name: str) -> Path | None:
    """What of that name there is, from the project's folder on."""
    try:
        path = Path(os.path.normpath(root / name))
        return path if name and path.exists() else None
    except (OSError, ValueError):  # too long, or with a NUL
        return None


def _refused(root: Path, part: Part, what: str, hint: str) -> SettingsError:
    return SettingsError(what, where=f"{root / SETTINGS_FILE}: classifier.{part}", hint=hint)
