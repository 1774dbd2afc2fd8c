"""What users are told to do next: commands with their project folder, ready to be copied; not to guests."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from engine.guest import is_guest

_NAMED = re.compile(r"`blindspot (?P<command>[a-z][a-z-]*)(?P<rest>[^`]*)`")
_OTHER_FOLDER = ("init", "demo")  # they make a project, so the folder at hand is not meant


def with_project(sentence: str, project: Path | str) -> str:
    """The sentence with the folder in every command of it that lacks one or has the word ``DIR`` in its place.

    The engine knows its projects by absolute paths and its errors name commands without one: what the user typed is
    known here only.
    """
    folder = shlex.quote(str(project))

    def named(found: re.Match[str]) -> str:
        command, rest = found["command"], found["rest"]
        if command in _OTHER_FOLDER or rest.startswith(" --help"):
            return found[0]
        words = rest.split(" ")[1:]
        if "DIR" in words:
            rest = "".join(f" {folder if word == 'DIR' else word}" for word in words)
        elif not words or words[0].startswith("-"):
            rest = f" {folder}{rest}"
        return f"`blindspot {command}{rest}`"

    return _NAMED.sub(named, sentence)


def more_rows() -> str:
    """Where rows come from once none are left, as a sentence; guests have no commands."""
    return "Whoever gave you the link can add rows." if is_guest() else "`blindspot add` brings new rows."
