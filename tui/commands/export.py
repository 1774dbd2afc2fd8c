"""`blindspot export`: records of a project for other tools, with where each comes from, and a data card."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.counted import counted
from engine.exchange.export_folder import ExportDone, export
from engine.exchange.export_tables import KINDS
from engine.exchange.format import format_names
from engine.exchange.gather import gather
from tui.commands.annotating import add_common
from tui.commands.opening import opened
from tui.commands.shared import SubParsers, new_parser
from tui.terminal.printing import print_json, print_line

_ALL = "all"


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "export",
        "write labels, marks, samples, patterns or judgements for other tools",
        "  blindspot export work --what labels --to hf --out labels\n"
        "  blindspot export work --what samples --to csv --escape-formulas     for a spreadsheet\n"
        "  blindspot export work --what labels --to label-studio --out tasks --force\n"
        "  blindspot export work --what all --to jsonl --proof                 to be imported elsewhere as a whole\n\n"
        "The folder holds the files, a data card (README.md), and what `blindspot import` needs to read it again.\n"
        "argilla, label-studio and prodigy hold labels alone, checklist holds samples. What is sealed for you is not\n"
        "exported: others' answers to a blind spot come once you have committed or declined, and have judged them.",
    )
    add_common(parser)
    parser.add_argument("--what", choices=(*KINDS, _ALL), required=True, help="which records")
    parser.add_argument("--to", choices=format_names(), required=True, help="the format")
    parser.add_argument("--out", metavar="FOLDER", type=Path, help="where; default: PROJECT-WHAT-FORMAT, here")
    parser.add_argument("--force", action="store_true", help="replace an earlier export in that folder")
    parser.add_argument(
        "--proof", action="store_true", help="labels of proof rows too, with their texts, in a split of their own"
    )
    parser.add_argument(
        "--escape-formulas",
        action="store_true",
        help="csv: an apostrophe before what a spreadsheet takes for a formula",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Export, and say what is in it and what is not.

    Raises:
        DataError: nothing is left to export, the format cannot hold it, or the folder may not be written to.
    """
    found = opened(options)
    wanted = KINDS if options.what == _ALL else (options.what,)
    out = gather(found.project, found.teaching, wanted, proof=options.proof)
    folder = options.out or Path(f"{found.project.root.name}-{options.what}-{options.to}")
    done = export(out, options.to, folder, wanted=wanted, force=options.force, escape_formulas=options.escape_formulas)
    if options.json:
        print_json(done.as_json())
    else:
        _print(done)
    return 0


def _print(done: ExportDone) -> None:
    counts = ", ".join(counted(count, "line") + f" of {kind}" for kind, count in done.counts.items())
    print_line(f"{done.folder}: {counts}, as {done.format}")
    if done.proof:
        print_line(f"{counted(done.proof, 'label')} of proof rows or rows like one: train no model with them")
    for sentence in done.told:
        print_line(sentence)
