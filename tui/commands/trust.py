"""`blindspot trust`: see what of a project reaches outside its folder or runs, and agree to it, or take that back."""

from __future__ import annotations

import argparse

from engine.llm.address import HELD_OUT
from engine.operations.outside_uses import outside_uses
from engine.project import Project
from engine.trust import agree, revoke, untrusted
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.flows.ask_for_trust import ask
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "trust",
        "see what of a project reaches outside its folder or runs, and agree to it",
        "  blindspot trust work            shows it and asks\n  blindspot trust work --show     shows it\n"
        "  blindspot trust work --yes      for scripts whose writer has looked at it\n"
        "  blindspot trust work --revoke   takes every agreement for this folder back\n\n"
        "A project may come from somebody else. Its settings and prompts decide which server your rows are sent to,\n"
        "the value of which variable goes with them as the key, which models are fetched and which programs run.\n"
        "None of that is done before you agree: once for each content, on this machine, for this folder. A changed\n"
        "value is asked anew.",
    )
    add_project(parser)
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--show", action="store_true", help="only show it")
    action.add_argument("--yes", action="store_true", help="agree without being asked")
    action.add_argument("--revoke", action="store_true", help="take back what was agreed to")
    parser.add_argument(
        HELD_OUT, action="store_true", help="and that held-out rows go to the LLM (`label --by llm --split proof`)"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show, ask, agree or take back; 1 while something is not agreed to, unless it was only to be shown."""
    project = Project.open(options.project)
    root = project.root
    if options.revoke:
        taken = revoke(root)
        if options.json:
            print_json({"project": str(root), "revoked": taken})
        else:
            print_line("what you had agreed to is taken back" if taken else "there was nothing to take back")
        return 0
    uses = outside_uses(project, held_out=options.held_out)
    if options.yes:
        agree(root, uses)
    missing = untrusted(root, uses)
    if options.json:
        listed = [use.as_json() | {"agreed": use not in missing} for use in uses]
        print_json({"project": str(root), "agreed": not missing, "uses": listed})
        return 0 if options.show or not missing else 1
    for use in uses if options.show or not missing else ():
        print_line(f"{'not agreed to' if use in missing else 'agreed to'}: {use.sentence}")
        for caution in use.cautions:
            print_line(f"  ! {caution}")
    if not uses:
        print_line("nothing of this project reaches outside its folder, and it runs no program")
    if not options.show:
        ask(root, missing)
    return 0
