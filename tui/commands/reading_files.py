"""Reading users' files: the options of how, and what the work says meanwhile and notes for the end."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable

from engine.data.options import FileChoices
from tui.terminal.printing import RewrittenLine

OF_BATCH = (
    ("--column", "ROLE=COL", "column of the text, label or pair; default: as in the pool's file"),
    ("--map", "LABEL=LABEL", "a label of the file and what it means, besides those of the pool's file"),
    ("--encoding", "NAME", "if it is not UTF-8, e.g. cp1252"),
)
"""The options of the file of a later batch, for `add_file_choices`."""

_SECONDS = 0.5  # between two steps that are shown


class Told:
    """Keeps what the work notes; shows its step on stderr if that is a terminal."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._line = RewrittenLine()
        self._shown = ("", 0.0)

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        """Show the step in place of the last: each stage, and twice a second how far it is."""
        before, at = self._shown
        if stage == before and time.monotonic() - at < _SECONDS:
            return
        self._shown = (stage, time.monotonic())
        rows = facts.get("rows")
        self._line.show(f"{stage}: {rows:,} rows" if rows else f"{stage} ...")

    def note(self, message: str) -> None:
        """Keep it for the end."""
        self.notes.append(message)

    def clear(self) -> None:
        """Leave no step on the screen."""
        self._line.clear()


def add_file_choices(
    parser: argparse._ActionsContainer,
    of_files: Iterable[tuple[str, str, str]],
    *,
    skip_bad: str,
    drop_duplicates: str,
) -> None:
    """The options of how files are read: ``--column``, ``--map`` and ``--encoding``, which may be given again, and two.

    Args:
        parser: of the command, or a group of it.
        of_files: each of the three with its metavar and help.
        skip_bad: help of that option.
        drop_duplicates: help of that option.
    """
    for option, metavar, text in of_files:
        parser.add_argument(option, metavar=metavar, action="append", default=[], help=text)
    parser.add_argument("--skip-bad", action="store_true", help=skip_bad)
    parser.add_argument("--drop-duplicates", action="store_true", help=drop_duplicates)


def file_choices(options: argparse.Namespace) -> FileChoices:
    """What was given of them."""
    return FileChoices(
        own_columns=options.column,
        label_map=options.map,
        encodings=options.encoding,
        skip_bad=options.skip_bad,
        drop_duplicates=options.drop_duplicates,
    )
