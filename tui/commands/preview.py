"""`blindspot preview`: which UUs of a blind spot would flip with your samples, estimated by a few steps of training."""

from __future__ import annotations

import argparse
from contextlib import closing

from engine.counted import counted
from engine.teaching.evidence import known_spot
from tui.commands.annotating import Session, add_common
from tui.commands.shared import SubParsers, new_parser
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "preview",
        "estimate which UUs of a blind spot your samples would flip",
        "  blindspot preview work B1\n  blindspot preview work B1 --annotator ann --json\n\n"
        "A few steps of training on your samples for this blind spot and on train rows: an estimate, no proof. It is\n"
        "kept, and `blindspot report` shows how far off it was once a retrain has told.",
    )
    add_common(parser)
    parser.add_argument("spot", metavar="SPOT", help="blind spot, such as B1")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Load the model, estimate, print."""
    session = Session(options)
    known_spot(session.discovery, options.spot)
    from engine.scorer.resident import Resident

    with closing(Resident(session.project.root)) as resident:
        made = [one for one in resident.preview(options.spot, session.teaching.author) if one]
    preview = made[-1]
    if options.json:
        print_json(preview.as_json())
        return 0
    flips = f"{preview.flips} of {preview.rows} UUs of {preview.blind_spot}"
    print_line(f"Estimate: {flips} would flip with your {counted(preview.samples, 'sample')}.")
    for row, chance in preview.right.items():
        word = "would flip" if chance > 0.5 else "stays wrong"
        print_line(f"  {row}  {word}, probability {chance:.2f} of its gold label")
    return 0
