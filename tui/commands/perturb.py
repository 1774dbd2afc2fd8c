"""`blindspot perturb`: a minimal edit of a row, which the model gets right, as evidence beside that row."""

from __future__ import annotations

import argparse

from tui.commands.annotating import Session, add_common, show_done
from tui.commands.shared import SubParsers, new_parser


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "perturb",
        "add a minimal edit of a row, which the model gets right, to the evidence",
        '  blindspot perturb work pool-17 --text "Thanks for the quick help." --label positive\n'
        '  blindspot perturb work pool-40 --text "A dog runs." --text-pair "A dog sits." --label contradiction\n'
        "  blindspot perturb work --delete E1\n\n"
        "Every teacher sees the pair from then on; who has answered before saw other evidence.",
    )
    add_common(parser)
    parser.add_argument("row", metavar="ROW", nargs="?", help="row of a blind spot, as `blindspot show` prints it")
    parser.add_argument("--text", help="the row with a small change")
    parser.add_argument("--label", help="the right label of the edit, which the model must give it too")
    parser.add_argument(
        "--text-pair", metavar="TEXT", help="the second text, where rows are pairs (default: the row's)"
    )
    parser.add_argument("--delete", metavar="ID", help="delete your pair instead")
    parser.set_defaults(run=run, refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Score the edit, write the pair and print its id."""
    from engine.teaching.perturbations import perturb

    if not options.delete and None in (options.row, options.text, options.label):
        options.refuse("ROW, --text and --label are needed, or --delete")
    session = Session(options)
    if options.delete:
        gone = session.teaching.own_id(options.delete)
        session.annotator.delete(gone)
        result, sentence = {"deleted": gone}, f"deleted {gone}"
    else:
        made = perturb(
            session.annotator, options.row, text=options.text, label=options.label, text_pair=options.text_pair
        )
        result = made.as_json()
        sentence = f"{made.id}  edit of row {made.row}: the model says {made.label}, {made.confidence:.3f}"
    show_done(options, result, sentence)
    return 0
