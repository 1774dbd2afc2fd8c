"""`blindspot undo`: take back an annotator's last action, or do it again; there is no limit."""

from __future__ import annotations

import argparse

from engine.errors import StoreError
from engine.project import Project
from tui.commands.annotating import add_common, open_teaching
from tui.commands.shared import SubParsers, new_parser
from tui.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "undo",
        "undo or redo an annotation",
        "  blindspot undo work                            your last mark, pattern, sample or status\n"
        "  blindspot undo work --redo\n"
        "  blindspot undo work --annotator import-gpt     the last import of the teacher gpt, as a whole\n"
        "  blindspot undo work --annotator llm-gpt --times 90    the answers of an LLM, three for each blind spot",
    )
    add_common(parser)
    parser.add_argument("--redo", action="store_true", help="do again what the last undo took back")
    parser.add_argument("--times", type=_count, metavar="N", help="so many actions; stops at the first one")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Undo or redo one action, or several, and say which.

    Raises:
        StoreError: there is nothing to undo or redo.
    """
    store = open_teaching(Project.open(options.project), options).store
    word, revert = ("redo", store.redo) if options.redo else ("undo", store.undo)
    done = [found for found in (revert() for _ in range(options.times or 1)) if found is not None]
    if not done:
        raise StoreError(f"{store.author} has nothing to {word}", mend="name another annotator with --annotator")
    if options.json:
        told = [{word: one.note, "revisions": [revision.as_json() for revision in one.revisions]} for one in done]
        print_json(told[0] if options.times is None else told)
        return 0
    for one in done:
        print_line(f"{'done again' if options.redo else 'undone'}: {one.note}")
    return 0


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)
