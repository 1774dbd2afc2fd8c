"""`blindspot doctor`: check this machine and a project."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.counted import counted
from engine.model.text_classifier import classifier_of
from engine.operations.diagnosis import check
from engine.operations.machine import MachineFinding
from engine.project import Project
from tui.commands.shared import SubParsers, add_json, new_parser
from tui.flows.ask_for_trust import ask
from tui.terminal.printing import print_json, print_line

_SIGNS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "doctor",
        "check this machine and, if one is named, a project",
        "  blindspot doctor\n  blindspot doctor work\n  blindspot doctor work --classifier\n"
        "  blindspot doctor work --json | jq '.findings[] | select(.state != \"ok\")'\n\n"
        "exit status 1 if there is a problem, 0 if there are none or only warnings",
    )
    parser.add_argument(
        "project", metavar="DIR", type=Path, nargs="?", help="project folder; default: the machine alone"
    )
    parser.add_argument(
        "--classifier",
        action="store_true",
        help="run the project's classifier, and try all that is asked of one (docs: Any classifier)",
    )
    add_json(parser)
    parser.set_defaults(run=run, refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Print a line for each finding, and what mends it."""
    findings = _of_classifier(options) if options.classifier else check(options.project)
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
        counted(count, state)
        for state in ("problem", "warning")
        if (count := sum(finding.state == state for finding in findings))
    ]
    print_line(", ".join(counts) or "all is well")
    return 0 if healthy else 1


def _of_classifier(options: argparse.Namespace) -> list[MachineFinding]:
    if options.project is None:
        options.refuse("--classifier needs a project")
    project = Project.open(options.project)
    ask(project.root, [use for use in classifier_of(project).uses() if use is not None])
    from engine.operations.classifier_check import check_classifier

    return list(check_classifier(project))
