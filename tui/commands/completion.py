"""`blindspot completion`: a script by which a shell completes commands, options and folders; made by shtab."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from tui.commands.shared import SubParsers, new_parser
from tui.terminal.printing import print_line

SHELLS = ("bash", "zsh", "fish", "tcsh")


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "completion",
        "print the script by which a shell completes commands and options",
        "  blindspot completion bash > ~/.local/share/bash-completion/completions/blindspot\n"
        "  blindspot completion zsh > ~/.zfunc/_blindspot      with fpath+=~/.zfunc before compinit in ~/.zshrc\n"
        "  blindspot completion fish > ~/.config/fish/completions/blindspot.fish\n"
        "  blindspot completion tcsh > ~/.blindspot.tcsh       with source ~/.blindspot.tcsh in ~/.tcshrc",
    )
    parser.add_argument("shell", choices=SHELLS, help="your shell")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the script for the parser of all commands, which is in ``options.every_command``."""
    import shtab

    for action in _actions(options.every_command):
        if action.type is Path:
            action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]
    for line in shtab.complete(options.every_command, shell=options.shell).splitlines():
        print_line(line)
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Arguments and options of all commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
        else:
            yield action
