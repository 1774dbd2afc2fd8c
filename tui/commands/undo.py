"""`blindspot undo`: take back an annotator's last action, or do it again; all but what is final."""

from __future__ import annotations

import argparse
from typing import Any

from engine.errors import StoreError
from engine.teaching.records import Teaching
from engine.teaching.revisions import Revision
from engine.teaching.store import Reverted, Store
from tui.commands.annotating import add_common
from tui.commands.opening import opened
from tui.commands.shared import SubParsers, new_parser, whole_number
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "undo",
        "undo or redo an annotation",
        "  blindspot undo work                            your last mark, pattern, sample or status\n"
        "  blindspot undo work --list                     what it would take back, latest first\n"
        "  blindspot undo work --redo\n"
        "  blindspot undo work --annotator import-gpt     the last import of the teacher gpt, as a whole\n"
        "  blindspot undo work --annotator llm-gpt --times 90    the answers of an LLM, three for each blind spot\n\n"
        "What was written on a blind spot before you committed or declined stays: undo passes it over and says so.",
    )
    add_common(parser)
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--redo", action="store_true", help="do again what the last undo took back")
    action.add_argument("--list", action="store_true", help="take back nothing, list what there is")
    parser.add_argument("--times", type=whole_number(1), metavar="N", help="so many actions; stops at the first one")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Undo or redo one action, or several, and say which.

    Raises:
        StoreError: there is nothing to undo or redo.
    """
    teaching = opened(options, for_llm=True).teaching
    store = teaching.store
    if options.list:
        return _list(store, options)
    word, did, revert = ("redo", "done again", store.redo) if options.redo else ("undo", "undone", store.undo)
    done: list[Reverted] = []
    while len(done) < (options.times or 1) and (found := revert()):
        done.append(found)
    if not done:
        if store.stays:
            raise StoreError(store.stays, hint=f"there is nothing else to {word}")
        raise StoreError(f"{store.author} has nothing to {word}", hint="name another annotator with --annotator")
    if options.json:
        told = [
            {word: one.note, "revisions": [_shown(revision, teaching) for revision in one.revisions]} for one in done
        ]
        print_json(told[0] if options.times is None else told)
        return 0
    for one in done:
        print_line(f"{did}: {one.note}{f' (passed over: {one.stays})' if one.stays else ''}")
    if len(done) < (options.times or 1):
        stays = f"{store.stays}; " if store.stays and not options.redo else ""
        print_line(f"{len(done)} of {options.times} {did}; {stays}there is nothing else to {word}.")
    return 0


def _shown(revision: Revision, teaching: Teaching) -> dict[str, Any]:
    """A revision for JSON; without what an LLM wrote, which may be sealed for whoever takes it back."""
    return {name: value for name, value in revision.as_json().items() if name != "body" or not teaching.is_llms}


def _list(store: Store, options: argparse.Namespace) -> int:
    """Say what undo would take back, latest first, and what stays."""
    found = store.undo_list()[: options.times]
    if options.json:
        print_json(
            [
                {"undo": action.note, "time": action.time, "stays": store.why_frozen(spot) if spot else None}
                for action, spot in found
            ]
        )
        return 0
    for action, spot in found:
        print_line(f"stays: {action.note} ({store.why_frozen(spot)})" if spot else f"undo takes back: {action.note}")
    if not found:
        print_line("there is nothing to undo")
    return 0
