"""`blindspot suspects`: UUs whose gold label may be wrong, to be looked at first and marked where it is."""

from __future__ import annotations

import argparse

from engine.counted import counted
from tui.commands.annotating import Session, add_common
from tui.commands.shared import SubParsers, new_parser
from tui.terminal.printing import console, print_json, say


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "suspects",
        "list the UUs whose gold label may be wrong: the rest of the pool speaks against it",
        "  blindspot suspects work\n  blindspot mark work r17 --verdict 'label wrong' --label positive\n"
        "  blindspot suspects work --json | jq -r '.[].prediction.id'\n"
        "Found by confident learning; a suggestion: a label counts until somebody marks the row.",
    )
    add_common(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the most suspect rows first; rows that one may not see yet are left out, marked ones too."""
    board = Session(options).board
    rank = {row: place for place, row in enumerate(board.discovery.suspects)}
    rows = [row for spot in board.spots() for row in board.evidence(spot.id)] + list(board.scattered())
    found = sorted((row for row in rows if row.suspect), key=lambda row: rank[row.prediction.id])
    if options.json:
        print_json([row.as_json() for row in found])
        return 0
    out = console()
    say(out, f"{counted(len(found), 'UU')} whose gold label may be wrong")
    for row in found:
        said = row.prediction
        pair = f" | {said.text_pair}" if said.text_pair is not None else ""
        says = f"gold {said.label}, predicted {said.predicted} {said.confidence:.3f}"
        say(out, f"{said.id}  {says}: {said.text}{pair}")
    return 0
