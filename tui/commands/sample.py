"""`blindspot sample`: a labelled text for a blind spot, taken only if it teaches something new and leaks nothing."""

from __future__ import annotations

import argparse

from engine.schema import ROLES
from tui.commands.annotating import Session, add_common, add_teacher_kind, show_done
from tui.commands.shared import SubParsers, new_parser


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "sample",
        "write a labelled sample for a blind spot",
        '  blindspot sample work B3 --label negative --role target --pattern P1 --text "Thanks a lot, it broke."\n'
        '  blindspot sample work B3 --label positive --role counter --pattern P1 --text "Thanks a lot, it works."\n'
        '  blindspot sample work B3 --label positive --role anchor --text "They were kind on the phone."\n'
        "  blindspot sample work B3 --delete S2",
    )
    add_common(parser)
    parser.add_argument("spot", metavar="ID", help="blind spot")
    parser.add_argument("--label", help="its right label")
    parser.add_argument(
        "--role",
        choices=ROLES,
        help="target: the model should fail; counter: a minimal edit with another label; anchor: should stay right",
    )
    parser.add_argument("--text", help="the text")
    parser.add_argument("--pair", metavar="TEXT", help="the second text, where rows are pairs")
    parser.add_argument("--pattern", help="the pattern it is written for: P1 for your own, P1@NAME for another's")
    parser.add_argument("--replaces", metavar="SAMPLE", help="your sample that this is a new version of")
    parser.add_argument("--delete", metavar="SAMPLE", help="delete your sample instead")
    add_teacher_kind(parser)
    parser.set_defaults(run=run, refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Check and write the sample, and print how far the quota is filled."""
    if not options.delete and None in (options.label, options.role, options.text):
        options.refuse("--label, --role and --text are needed, or --delete")
    session = Session(options)
    annotator, teaching = session.annotator, session.teaching
    if options.delete:
        gone = teaching.own_id(options.delete)
        annotator.delete(gone)
        result, sentence = {"deleted": gone}, f"deleted {gone}"
    else:
        sample = annotator.write_sample(
            options.spot,
            text=options.text,
            label=options.label,
            role=options.role,
            text_pair=options.pair,
            pattern=options.pattern,
            replaces=teaching.own_id(options.replaces) if options.replaces else None,
        )
        view = session.board.spot(sample.blind_spot)
        quota = ", ".join(f"{view.written[role]} of {view.quota[role]} {role}" for role in ROLES)
        result, sentence = sample.as_json(), f"{sample.id}  {view.id}: {quota}"
    show_done(options, result, sentence)
    return 0
