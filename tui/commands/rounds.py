"""`blindspot rounds`: the history of a project in one table."""

from __future__ import annotations

import argparse

from engine.discovery.rounds import Change, Round, history
from engine.project import Project
from tui.commands.annotating import console
from tui.commands.shared import SubParsers, add_json, add_project, new_parser, print_json

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
    from rich.table import Table

    heads = ("round", "UUs", "accuracy", "coverage", "spots", *_FATES, "proofs")
    table = Table(*heads, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in table.columns:
        column.justify = "right"
    for one in rounds:
        counts = [str(len(getattr(one.change, fate))) if one.change else "" for fate in _FATES]
        shares = [f"{value:.3f}" if value is not None else "" for value in (one.accuracy, one.coverage)]
        uus, spots = ("" if value is None else str(value) for value in (one.uus, one.blind_spots))
        table.add_row(str(one.number), uus, *shares, spots, *counts, str(len(one.proofs)))
    out = console()
    out.print(table)
    for one in rounds:
        out.print(_sentence(one))
    return 0


def _sentence(one: Round) -> str:
    start = f"starts from {one.promoted}" if one.promoted else f"model {one.model}" if one.model else "not discovered"
    return f"round {one.number}: {start}{_told(one.change) if one.change else ''}"


def _told(change: Change) -> str:
    told = [f"{fate} {' '.join(getattr(change, fate))}" for fate in _FATES if getattr(change, fate)]
    return f"; {'; '.join(told)}" if told else ""
