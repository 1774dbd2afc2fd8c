"""`blindspot commit`: hand in one's answer to a blind spot for good, or decline to give one, and see the others'."""

from __future__ import annotations

import argparse

from engine.counted import counted
from engine.review.blinding import to_judge
from tui.commands.annotating import Session, add_common, add_teacher_kind
from tui.commands.shared import SubParsers, new_parser
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "commit",
        "hand in your answer to a blind spot for good, or decline to give one, and see the others'",
        "  blindspot commit work B3\n"
        '  blindspot commit work B4 --decline --reason "needs the picture beside the text"\n'
        '  blindspot commit work --decline-all --reason "I only review"\n\n'
        "Until then the answers of other teachers, people and LLMs, are sealed. Neither can be undone.",
    )
    add_common(parser)
    parser.add_argument("spot", metavar="ID", nargs="?", help="blind spot")
    parser.add_argument("--decline", action="store_true", help="give no answer; needs --reason")
    parser.add_argument(
        "--decline-all",
        action="store_true",
        help="decline, instead of one, all on which you have decided and written nothing: to review without teaching",
    )
    parser.add_argument("--reason", metavar="TEXT", help="why you decline; with --decline or --decline-all only")
    add_teacher_kind(parser)
    parser.set_defaults(run=run, refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Write the decision and say what can be seen now."""
    if (options.decline or options.decline_all) != (options.reason is not None):
        options.refuse("--decline or --decline-all and --reason belong together")
    if (options.spot is None) != options.decline_all or (options.decline and options.decline_all):
        options.refuse("name one blind spot, or none with --decline-all")
    session = Session(options)
    if options.decline_all:
        return _decline_all(session, options)
    annotator = session.annotator
    made = annotator.decline(options.spot, options.reason) if options.decline else annotator.commit(options.spot)
    session.board.refresh()
    view = session.board.spot(made.blind_spot)
    if options.json:
        print_json({"commitment": made.as_json(), "blind_spot": view.as_json()})
        return 0
    ids = [pattern.id for pattern in session.board.patterns(view.id)]
    ids += [sample.id for sample in session.board.samples(view.id)]
    others = sum(not session.teaching.is_own(record_id) for record_id in ids)
    print_line(f"{view.id} is {made.decision}: {made.reason}" if made.reason else f"{view.id} is {made.decision}")
    if view.id in to_judge(session.project, session.discovery, session.teaching):
        what = "others have answered too, and you can judge their answers without knowing whose they are"
        print_line(f"{what}: `blindspot review {options.project}`; after that they are shown")
        return 0
    seen = f"{counted(others, 'record')} of other teachers" if others else "no other teacher has answered yet"
    print_line(f"{seen}; `blindspot show {options.project} {view.id}` shows all of it")
    return 0


def _decline_all(session: Session, options: argparse.Namespace) -> int:
    made = session.annotator.decline_untouched(options.reason)
    if options.json:
        print_json({"commitments": [one.as_json() for one in made]})
        return 0
    print_line(f"{counted(len(made), 'blind spot')} declined: {', '.join(one.blind_spot for one in made)}")
    print_line(f"`blindspot review {options.project}` lists what there is to be judged")
    return 0
