"""`blindspot compare`: people against LLMs, from all reviews and samples, drawn up as a background job."""

from __future__ import annotations

import argparse
import shlex

from engine.operations.job_records import CompareOptions
from tui.commands.opening import opened
from tui.commands.shared import SubParsers, add_json, add_project, add_waiting, new_parser
from tui.terminal.printing import console, print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "compare",
        "compare people and LLMs: win rate, acceptance, agreement, diversity",
        "  blindspot compare work\n  blindspot compare work --own\n"
        "  blindspot compare work --json | jq '.wins[] | select(.overall and .same_evidence)'\n\n"
        "Only blind spots whose evidence both saw alike stand in the headline. Figures of samples need no reviewer.",
    )
    add_project(parser)
    parser.add_argument("--own", action="store_true", help="count judgements of people about their own work too")
    add_waiting(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw up the comparison, unless nothing has changed since the last one, and print it."""
    from engine.review.comparison import is_current, read_comparison

    work = opened(options)
    project = work.project
    found = read_comparison(project, own=options.own)
    if options.detach or found is None or not is_current(project, found):
        job_id = work.start(CompareOptions(own=options.own))
        if options.detach:
            print_line(job_id)
            return 0
        work.wait(job_id)
        found = read_comparison(project, own=options.own)
        assert found is not None, "the job ended with `done`"
    if options.json:
        print_json(found.as_json())
        return 0
    from tui.reporting.comparison_tables import (
        comparison_heading,
        comparison_meanings,
        comparison_notes,
        comparison_tables,
    )
    from tui.reporting.table import print_tables

    out = console()
    out.print(comparison_heading(found))
    tables = comparison_tables(found)
    print_tables(out, tables)
    if notes := comparison_notes(found, f"`blindspot review {shlex.quote(str(options.project))}`"):
        out.print()
        for note in notes:
            out.print(note)
    if tables:
        out.print()
        out.print("What the measures mean")
    for name, meaning in comparison_meanings(tables):
        out.print(f"{name}: {meaning}")
    return 0
