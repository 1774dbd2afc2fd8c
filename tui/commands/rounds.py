"""`blindspot rounds`: the history of a project in one table."""

from __future__ import annotations

import argparse

from engine.operations.history import history
from engine.project import Project
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.reporting.table import lines
from tui.reporting.tables import round_sentences, rounds_table
from tui.terminal.printing import console, print_json, say


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
        first, *judged = round_sentences(one)
        out.print(first)
        for sentence in judged:
            say(out, sentence, indent=2)
    return 0
