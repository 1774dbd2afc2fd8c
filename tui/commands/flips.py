"""`blindspot flips`: the rows that an arm fixed, and those it newly broke."""

from __future__ import annotations

import argparse

from engine.project import Project
from engine.proof.report import find_arm, flipped, read_report
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "flips",
        "the pool and test rows that an arm fixed, and those it newly broke",
        "  blindspot flips work --arm llm\n  blindspot flips work --arm both --recipe continue --broken\n"
        "  blindspot flips work --arm llm --json | jq '.[] | select(.split == \"test\") | .text'",
    )
    add_project(parser)
    parser.add_argument("--arm", required=True, metavar="ARM", help="an arm of the proof")
    parser.add_argument("--recipe", metavar="RECIPE", help="default: the proven one, else scratch")
    parser.add_argument("--id", metavar="ID", help="which proof; default: the newest")
    parser.add_argument("--broken", action="store_true", help="only the rows that are newly broken")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print one line a row, the most confident errors first."""
    project = Project.open(options.project)
    report = read_report(project, options.id)
    arm = find_arm(report, options.arm, options.recipe)
    found = flipped(project, report, arm.arm, arm.recipe)
    shown = [flip for flip in found if not (options.broken and flip.fixed)]
    if options.json:
        print_json([flip.as_json() for flip in shown])
        return 0
    fixed = sum(flip.fixed for flip in found)
    print_line(f"{fixed} fixed, {len(found) - fixed} newly broken, in more than half of {len(report.seeds)} seeds")
    for flip in shown:
        word = "fixed" if flip.fixed else "broken"
        pair = f" | {flip.text_pair}" if flip.text_pair is not None else ""
        change = f"{flip.before} {flip.before_confidence:.2f} -> {flip.after} {flip.after_confidence:.2f}"
        print_line(f"{word:<6} {flip.split:<4} {change}: {flip.text}{pair}")
    return 0
