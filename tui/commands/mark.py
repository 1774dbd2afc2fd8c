"""`blindspot mark`: a row's gold label, or where one stands with a blind spot."""

from __future__ import annotations

import argparse
from typing import Any

from engine.schema import ROW_VERDICTS, RowVerdict
from tui.commands.annotating import Session, add_common, show_done
from tui.commands.shared import SubParsers, new_parser


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "mark",
        "mark a row as label wrong, ambiguous or fine, or a blind spot as done or skipped",
        '  blindspot mark work r1-0096412 --verdict "label wrong" --label positive\n'
        "  blindspot mark work r1-0097766 --verdict ambiguous\n"
        "  blindspot mark work r1-0097766 --undo           take the mark off this row\n"
        "  blindspot mark work B3 --done\n"
        '  blindspot mark work B4 --skip "needs the picture beside the text"\n'
        "  blindspot undo work                             take back whatever came last",
    )
    add_common(parser)
    parser.add_argument("id", metavar="ID", help="row, as `blindspot show` prints it; with --done ... a blind spot")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--verdict", type=_verdict, metavar="VERDICT", help=f"{', '.join(ROW_VERDICTS)}")
    action.add_argument("--undo", action="store_true", help="take your mark off the row")
    action.add_argument("--done", action="store_true", help="call the blind spot done")
    action.add_argument("--skip", metavar="REASON", help="skip the blind spot, with the reason")
    action.add_argument("--reopen", action="store_true", help="call the blind spot neither done nor skipped")
    parser.add_argument("--label", help="the right label; with --verdict `label wrong` only")
    parser.set_defaults(run=run)


def _verdict(word: str) -> RowVerdict:
    plain = word.casefold().replace("-", " ").replace("_", " ").strip()
    for verdict in ROW_VERDICTS:
        if verdict == plain:
            return verdict
    raise argparse.ArgumentTypeError(f"`{word}` is none of {', '.join(ROW_VERDICTS)}")


def run(options: argparse.Namespace) -> int:
    """Write the mark and say what it changes."""
    session = Session(options)
    if options.verdict or options.undo:
        result, sentence = _mark_row(session, options)
    else:
        result, sentence = _mark_spot(session, options)
    show_done(options, result, sentence)
    return 0


def _mark_row(session: Session, options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    row = options.id
    if options.undo:
        session.annotator.unmark(row)
        sentence = f"row {row} is no longer marked by {session.teaching.author}"
    else:
        mark = session.annotator.mark(row, options.verdict, options.label)
        sentence = f"row {row} is marked {mark.verdict}" + (f", right is {mark.label}" if mark.label else "")
    counted = session.teaching.marks().get(row)
    left = session.board.totals().uus_after_marks
    spot_id = next((spot.id for spot in session.discovery.blind_spots if row in spot.rows), None)
    result = {
        "row": row,
        "mark": counted.mark.as_json() if counted else None,
        "blind_spot": spot_id,
        "size": session.board.spot(spot_id).size if spot_id else None,
        "uus_after_marks": left,
    }
    size = f"; {spot_id} has {result['size']} UUs" if spot_id else ""
    return result, f"{sentence}{size}, {left} in all"


def _mark_spot(session: Session, options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    if options.skip is not None:
        session.annotator.set_status(options.id, "skipped", options.skip)
    else:
        session.annotator.set_status(options.id, "done" if options.done else "in progress")
    view = session.board.spot(options.id)
    reason = f": {view.reason}" if view.reason else ""
    return view.as_json(), f"{view.id} is {view.status}{reason}"
