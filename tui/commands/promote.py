"""`blindspot promote`: start the next round with the model of an arm."""

from __future__ import annotations

import argparse

from engine.project import Project
from engine.proof.recipes import RECIPES
from engine.regression.promotion import frozen_sentences, promote
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.terminal.printing import print_error, print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "promote",
        "start the next round with the model of an arm",
        "  blindspot promote work --arm human\n  blindspot promote work --arm both --recipe continue --seed 14\n"
        "  blindspot promote work --arm example --force; blindspot discover work",
    )
    add_project(parser)
    parser.add_argument("--arm", required=True, metavar="ARM", help="as in the report: human, labels, both ...")
    parser.add_argument("--recipe", choices=tuple(RECIPES), help="default: the proven one, else scratch")
    parser.add_argument("--seed", type=int, metavar="N", help="which of its models; default: that of the first seed")
    parser.add_argument("--id", metavar="ID", help="proof that the arm is taken from; default: the newest")
    parser.add_argument("--force", action="store_true", help="promote it although it is not proven")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Promote, and say what the next round starts from."""
    project = Project.open(options.project)
    done = promote(
        project, arm=options.arm, recipe=options.recipe, seed=options.seed, proof_id=options.id, force=options.force
    )
    if done.judged:
        print_error(f"warning: this model {done.judged}")
    if options.json:
        print_json(done.as_json())
        return 0
    origin = f"{done.arm}, {done.recipe}, seed {done.seed}: {done.verdict}"
    print_line(f"round {done.round} starts from {done.name} ({origin})")
    for sentence in frozen_sentences(project, done):
        print_line(sentence)
    print_line(f"next: blindspot discover {options.project}")
    return 0
