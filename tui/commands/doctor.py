"""`blindspot doctor`: check this machine and a project."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.operations.diagnosis import check
from tui.commands.shared import SubParsers, add_json, new_parser
from tui.terminal.printing import print_json, print_line

_SIGNS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "doctor",
        "check this machine and, if one is named, a project",
        "  blindspot doctor\n  blindspot doctor work\n"
        "  blindspot doctor work --json | jq '.findings[] | select(.state != \"ok\")'\n\n"
        "exit status 1 if there is a problem, 0 if there are none or only warnings",
    )
    parser.add_argument(
        "project", metavar="DIR", type=Path, nargs="?", help="project folder; default: the machine alone"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a line for each finding, and what mends it."""
    findings = check(options.project)
    healthy = all(finding.ok for finding in findings)
    if options.json:
        print_json({"ok": healthy, "findings": [finding.as_json() for finding in findings]})
        return 0 if healthy else 1
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        print_line(f"{_SIGNS[finding.state]:<7}  {finding.name:<{width}}  {finding.detail}")
        if finding.hint:
            print_line(f"{'':7}  {'':<{width}}  -> {finding.hint}")
    counts = [
        f"{count} {state}{'s' * (count > 1)}"
        for state in ("problem", "warning")
        if (count := sum(finding.state == state for finding in findings))
    ]
    print_line(", ".join(counts) or "all is well")
    return 0 if healthy else 1
