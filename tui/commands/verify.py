"""`blindspot verify`: is everything in a project what was written, and does it follow from what it was made from?"""

from __future__ import annotations

import argparse

from engine.operations.verify_project import verify
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "verify",
        "recompute and compare every part of a project: has anything been changed?",
        "  blindspot verify work\n  blindspot verify work --json | jq '.findings[] | select(.state == \"changed\")'\n"
        "  blindspot verify work --print-seal           one line to note down: equal lines, equal projects\n"
        "  blindspot verify work --seal                 accept the project as it is, on this machine\n\n"
        "exit status 1 if a part was changed or is missing",
    )
    add_project(parser)
    seal = parser.add_mutually_exclusive_group()
    seal.add_argument("--print-seal", action="store_true", help="print a hash of all that is written once, and no more")
    seal.add_argument("--seal", action="store_true", help="keep the project as it is now as this user's seal")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a line for each part, and what mends it."""
    if options.print_seal or options.seal:
        from engine.project import Project
        from engine.verify.seal import accept, line_of, seal_of

        project = Project.open(options.project)
        if options.seal:
            accept(project)
        line = line_of(seal_of(project))
        if options.json:
            print_json({"seal": line})
        else:
            print_line(line)
        return 0
    findings = list(verify(options.project))
    sound = not any(finding.bad for finding in findings)
    if options.json:
        print_json({"ok": sound, "findings": [finding.as_json() for finding in findings]})
        return 0 if sound else 1
    for finding in findings:
        print_line(f"{finding.state:<13}  {finding.part}: {finding.what}")
        if finding.bad:
            print_line(f"{'':13}  {finding.file}" + (f" -> {finding.hint}" if finding.hint else ""))
    bad = sum(finding.bad for finding in findings)
    print_line(f"{bad} of {len(findings)} parts are not what was written" if bad else "all parts are what was written")
    return 0 if sound else 1
