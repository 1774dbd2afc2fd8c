"""Asking on the terminal whether a project may reach outside itself, or run a program."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.trust import NotTrusted, OutsideUse, agree, require, untrusted
from tui.terminal.printing import print_on_stderr


def ask(root: Path, uses: Iterable[OutsideUse]) -> None:
    """Go on only if the person agrees, or has agreed, to all of the uses.

    Raises:
        NotTrusted: they do not, or there is no terminal to ask on.
    """
    missing = untrusted(root, uses)
    if not missing:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        require(root, missing)
    for line in lines(missing):
        print_on_stderr(line)
    print_on_stderr("Do you know all of this and agree? [y/N] ", end="")
    if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
        raise NotTrusted("you did not agree, so nothing was sent, read or run", where=str(root))
    agree(root, missing)


def lines(uses: Sequence[OutsideUse]) -> list[str]:
    """What is asked, a line for each sentence."""
    found = [
        "This project reaches outside its folder or runs a program, and nobody on this machine has agreed to that yet:"
    ]
    for use in uses:
        found += [f"  {use.sentence}", *(f"  ! {caution}" for caution in use.cautions)]
    return found
