"""The settings `[classifier]` of a new project, from what its maker names on the command line."""

from __future__ import annotations

import shlex
from pathlib import Path

from engine.errors import SettingsError
from engine.programs.commands import CLASS
from engine.programs.python_class import find_class
from engine.settings import ClassifierSettings


def classifier_settings(
    *, score: str | None, train: str | None, class_name: str | None, model: str | None, continues: bool
) -> ClassifierSettings:
    """The settings of a classifier that is a program; those of none if nothing of it is named.

    Args:
        score: command that scores; files in it that are found from the current folder on get their full path.
        train: command that trains.
        class_name: a Python class in their place; what it can do decides about ``train`` and ``continues``.
        model: file or folder that is scored with.
        continues: training can start from a model.

    Raises:
        SettingsError: they do not go together, there is no such class or model, or a command cannot be split.
    """
    if class_name is not None and (score or train or continues):
        raise SettingsError(
            "--classifier-class takes the place of --score, --train-with and --continues", hint="leave those out"
        )
    if class_name is None and score is None:
        for option, given in (("--train-with", train), ("--continues", continues)):
            if given:
                raise SettingsError(f"{option} needs a program that scores", hint="name it with --score")
        return ClassifierSettings()
    if continues and train is None:
        raise SettingsError("--continues needs a program that trains", hint="name it with --train-with")
    given_model = "" if model is None else _model(model)
    if class_name is None:
        return ClassifierSettings(
            score=_with_full_paths(score or "", "--score"),
            train="" if train is None else _with_full_paths(train, "--train-with"),
            model=given_model,
            continues=continues,
        )
    made, command = find_class(class_name), shlex.join([CLASS, class_name])
    try:
        loaded = made.load()
    except Exception as error:  # it is somebody's module, and may fail in any way
        what = f"the class `{class_name}` of {made.origin} cannot be imported ({type(error).__name__}: {error})"
        raise SettingsError(what, hint="correct that package") from error
    trains = hasattr(loaded, "train")
    return ClassifierSettings(
        score=command,
        train=command if trains else "",
        model=given_model,
        continues=trains and bool(getattr(loaded, "continues", False)),
    )


def _model(name: str) -> str:
    path = Path(name).expanduser()
    if not path.exists():
        raise SettingsError("there is no such file or folder", where=name, hint="name the model that --score loads")
    return str(path.resolve())


def _with_full_paths(text: str, option: str) -> str:
    """A command whose files are found from the project's folder on as they are from here."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise SettingsError(
            f"{option} is no command ({error})", where=text, hint="close each quotation mark"
        ) from error
    if not words:
        raise SettingsError(f"{option} names no program", hint="name one, such as `python score.py`")
    found = [word if place == 0 and "/" not in word else _full(word) for place, word in enumerate(words)]
    return text if found == words else shlex.join(found)


def _full(word: str) -> str:
    """A word with a full path if it is that of a file, or of a folder: but one name alone may be no folder's."""
    option, equals, value = word.rpartition("=") if word.startswith("-") else ("", "", word)
    try:
        path = Path(value)
        is_path = path.is_file() or ("/" in value and path.is_dir())
    except (OSError, ValueError):  # too long, or with a NUL
        return word
    return f"{option}{equals}{path.absolute()}" if is_path else word
