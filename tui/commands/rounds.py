"""`blindspot rounds`: the history of a project in one table."""

from __future__ import annotations

import argparse

from engine.discovery.rounds import Change, Round, history
from engine.project import Project
from tui.commands.annotating import console
from tui.commands.shared import SubParsers, add_json, add_project, new_parser, print_json
from tui.ledger_tables import lines
from tui.reporting.tables import rounds_table

_FATES = ("kept", "split", "merged", "closed", "new")


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "rounds",
        "the history of a project: what became of its blind spots from round to round",
        "  blindspot rounds work\n  blindspot rounds work --json | jq '.[] | {number, uus, closed: .change.closed}'",
    )
    add_project(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print one line a round, and the ids behind its counts."""
    rounds = history(Project.open(options.project))
    if options.json:
        print_json([one.as_json() for one in rounds])
        return 0
    out = console()
    for line in lines(rounds_table(rounds), None):
        out.print(line.rstrip())
    for one in rounds:
        out.print(_sentence(one))
    return 0


def _sentence(one: Round) -> str:
    start = f"starts from {one.promoted}" if one.promoted else f"model {one.model}" if one.model else "not discovered"
    return f"round {one.number}: {start}{_told(one.change) if one.change else ''}"


def _told(change: Change) -> str:
    told = [f"{fate} {' '.join(getattr(change, fate))}" for fate in _FATES if getattr(change, fate)]
    return f"; {'; '.join(told)}" if told else ""
