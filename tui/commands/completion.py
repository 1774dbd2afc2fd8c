"""`blindspot completion`: a script by which a shell completes commands, options and folders; made by shtab."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import BlindspotError, FileError
from engine.files import write_atomic
from tui.commands.shared import SubParsers, new_parser
from tui.terminal.printing import print_line

SHELLS = ("bash", "zsh", "fish", "tcsh")
# Where bash-completion lies that reads scripts from the user's folder: on Linux, and on macOS as Homebrew installs it.
_READ_BY_BASH = tuple(
    Path(folder) / "bash-completion" / "bash_completion"
    for folder in ("/usr/share", "/usr/local/share", "/opt/homebrew/share")
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a shell finds a script.

    Attributes:
        script: the file.
        start: the file of what the shell does when it starts; None: it finds the script by itself.
        line: what has to stand there.
    """

    script: Path
    start: Path | None = None
    line: str = ""


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "completion",
        "let a shell complete commands and options",
        "  blindspot completion --install           for the shell that you log in with\n"
        "  blindspot completion --install zsh\n"
        "  blindspot completion bash                prints the script, to be put elsewhere\n\n"
        "What is written is told. Where a shell does not look by itself, one line is added to the file that it reads\n"
        "when it starts: ~/.zshrc, ~/.tcshrc, and ~/.bashrc where the package bash-completion is missing.",
    )
    parser.add_argument("shell", choices=SHELLS, nargs="?", help="default: as $SHELL says")
    parser.add_argument("--install", action="store_true", help="put the script where the shell finds it")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the script for the parser of all commands, which is in ``options.every_command``, or install it."""
    import shtab

    shell = options.shell or Path(os.environ.get("SHELL", "")).name
    if shell not in SHELLS:
        what = (
            f"$SHELL names {shell}, for which there is no script" if shell else "it is not known which shell is yours"
        )
        raise BlindspotError(what, hint=f"name one of {', '.join(SHELLS)}")
    for action in _actions(options.every_command):
        if action.type is Path:
            action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]
    script: str = shtab.complete(options.every_command, shell=shell)
    if options.install:
        _install(_place(shell), script)
        print_line(f"a new {shell} completes the words of blindspot")
        return 0
    for line in script.splitlines():
        print_line(line)
    return 0


def _place(shell: str) -> _Place:
    home = Path.home()
    data = _folder("XDG_DATA_HOME", home / ".local" / "share")
    if shell == "fish":
        return _Place(_folder("XDG_CONFIG_HOME", home / ".config") / "fish" / "completions" / "blindspot.fish")
    if shell == "bash":
        script = data / "bash-completion" / "completions" / "blindspot"
        if any(path.is_file() for path in _READ_BY_BASH):
            return _Place(script)
        return _Place(script, home / ".bashrc", f"source {shlex.quote(str(script))}")
    script = data / "blindspot" / shell / "_blindspot"
    if shell == "tcsh":
        return _Place(script, home / ".tcshrc", f"source {shlex.quote(str(script))}")
    start = _folder("ZDOTDIR", home) / ".zshrc"
    return _Place(script, start, f"fpath+=({shlex.quote(str(script.parent))}); autoload -Uz compinit && compinit")


def _folder(variable: str, default: Path) -> Path:
    """The folder that a variable names; a relative one does not count, as the standard of XDG says."""
    named = Path(os.environ.get(variable, ""))
    return named if named.is_absolute() else default


def _install(place: _Place, script: str) -> None:
    try:
        write_atomic(place.script, script.encode())
    except FileError as error:
        raise BlindspotError(f"it cannot be written ({error.reason})", where=error.where, hint="correct that") from None
    print_line(f"written: {place.script}")
    if place.start is None:
        return
    try:
        known = place.start.read_bytes() if place.start.exists() else b""
        if place.line.encode() in known.splitlines():
            return
        with place.start.open("ab") as out:  # not written anew: it is the user's, with its rights, and may be a link
            out.write(b"\n" * (known != b"" and not known.endswith(b"\n")) + f"{place.line}\n".encode())
    except OSError as error:
        hint = f"add this line to it: {place.line}"
        raise BlindspotError(f"it cannot be changed ({error.strerror})", where=str(place.start), hint=hint) from None
    print_line(f"added to {place.start}: {place.line}")


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Arguments and options of all commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
        else:
            yield action
