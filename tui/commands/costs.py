"""`blindspot costs`: what teaching and labels cost, and what was got for it."""

from __future__ import annotations

import argparse

from engine.project import Project
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.terminal.printing import console, print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "costs",
        "what teaching and labels cost, and what was got for it",
        "  blindspot costs work\n"
        "  blindspot costs work --json | jq '.ratios[] | {of, ratio: .ratio.value, why: .ratio.why}'\n\n"
        "Wage, idle time and the prices of models are set in [cost] of blindspot.toml.",
    )
    add_project(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the costs."""
    from engine.costs.cost_book import project_costs
    from tui.reporting.cost_tables import page
    from tui.reporting.table import print_tables

    book = project_costs(Project.open(options.project))
    if options.json:
        print_json(book.as_json())
        return 0
    shown, out = page(book), console()
    if not shown.tables:
        print_line("Nothing has been written or labelled yet, and nobody was asked.")
        return 0
    out.print(f"Costs {shown.heading}")
    print_tables(out, shown.tables)
    if shown.reasons:
        out.print()
        for reason in shown.reasons:
            out.print(reason)
    return 0
