"""`blindspot undo`: take back an annotator's last action, or do it again; there is no limit."""

from __future__ import annotations

import argparse

from engine.errors import StoreError
from engine.project import Project
from tui.commands.annotating import add_common, open_teaching
from tui.commands.shared import SubParsers, new_parser, print_json


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "undo",
        "undo or redo an annotation",
        "  blindspot undo work                            your last mark, pattern, sample or status\n"
        "  blindspot undo work --redo\n"
        "  blindspot undo work --annotator import-gpt     the last import of the teacher gpt, as a whole",
    )
    add_common(parser)
    parser.add_argument("--redo", action="store_true", help="do again what the last undo took back")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Undo or redo one action and say which.

    Raises:
        StoreError: there is nothing to undo or redo.
    """
    store = open_teaching(Project.open(options.project), options).store
    done = store.redo() if options.redo else store.undo()
    word = "redo" if options.redo else "undo"
    if done is None:
        raise StoreError(f"{store.author} has nothing to {word}", mend="name another annotator with --annotator")
    if options.json:
        print_json({word: done.note, "revisions": [revision.as_json() for revision in done.revisions]})
    else:
        print(f"{'done again' if options.redo else 'undone'}: {done.note}")
    return 0
