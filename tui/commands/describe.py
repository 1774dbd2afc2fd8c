"""`blindspot describe`: a pattern, which says why the rows of a blind spot fail or what else should fail."""

from __future__ import annotations

import argparse

from engine.schema import PATTERN_KINDS
from tui.commands.annotating import Session, add_common, add_teacher_kind, show_done
from tui.commands.shared import SubParsers, new_parser


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "describe",
        "write a pattern for a blind spot",
        '  blindspot describe work B3 --kind abstraction --text "thanks meant bitterly: polite words, a bad outcome"\n'
        '  blindspot describe work B3 --kind extrapolation --text "also thanks for nothing" --replaces P1\n'
        "  blindspot describe work B3 --delete P1          with your samples for it",
    )
    add_common(parser)
    parser.add_argument("spot", metavar="ID", help="blind spot")
    parser.add_argument("--kind", choices=PATTERN_KINDS, help="why these fail, or what else should fail")
    parser.add_argument("--text", help="the pattern in words")
    parser.add_argument("--replaces", metavar="PATTERN", help="your pattern that this is a new wording of")
    parser.add_argument("--delete", metavar="PATTERN", help="delete your pattern instead")
    add_teacher_kind(parser)
    parser.set_defaults(run=run, refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Write the pattern and print its id."""
    if not options.delete and (options.kind is None or options.text is None):
        options.refuse("--kind and --text are needed, or --delete")
    session = Session(options)
    annotator = session.annotator
    if options.delete:
        gone = annotator.pattern_id(options.spot, options.delete, own=True)
        annotator.delete(gone)
        result, sentence = {"deleted": gone}, f"deleted {gone}"
    else:
        pattern = annotator.describe(options.spot, options.kind, options.text, replaces=options.replaces)
        result, sentence = pattern.as_json(), f"{pattern.id}  {pattern.kind} of {pattern.blind_spot}"
    show_done(options, result, sentence)
    return 0
