"""`blindspot agreement`: how far people agree who labelled the same texts, and on which texts they do not."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from engine.counted import counted
from engine.errors import FileError, StoreError
from engine.files import write_jsonl
from engine.labelling.label_agreement import agreement_of
from engine.labelling.label_file import read_labels
from engine.text import visible
from tui.commands.shared import SubParsers, add_json, new_parser
from tui.terminal.printing import print_json, print_line

if TYPE_CHECKING:
    from engine.labelling.label_agreement import LabelAgreement

_SHOWN = 10  # pairs of labels


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "agreement",
        "how far people agree who labelled the same texts with `blindspot label`",
        "  blindspot agreement ann.csv ben.csv\n"
        "  blindspot agreement ann.csv ben.csv --conflicts conflicts.jsonl\n"
        "  blindspot label conflicts.jsonl --labels positive,negative --out decided.csv\n\n"
        "conflicts.jsonl has the texts on which they differ, without anybody's label: a third person decides.",
    )
    parser.add_argument("files", type=Path, metavar="FILE", nargs="+", help="two files of labels or more, one a person")
    parser.add_argument("--conflicts", metavar="FILE", type=Path, help="write the texts on which they differ: .jsonl")
    add_json(parser)
    parser.set_defaults(run=run, refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Compare, and say or write what came of it."""
    if len(options.files) < 2:
        options.refuse("it takes two files of labels or more")
    if options.conflicts and options.conflicts.suffix.lower() != ".jsonl":
        options.refuse("--conflicts names a file that ends in .jsonl")
    found = agreement_of({str(path): read_labels(path) for path in options.files})
    if options.conflicts:
        try:
            write_jsonl(options.conflicts, [row.as_json() for row in found.conflicts])
        except FileError as error:
            raise StoreError(
                f"the conflicts cannot be written ({error.reason})", where=str(options.conflicts), hint="name another"
            ) from error
    if options.json:
        print_json(found.as_json())
    else:
        _print(found)
    return 0


def _print(found: LabelAgreement) -> None:
    unsure = f"; {counted(found.unsure, 'label')} left out, as their person was unsure" if found.unsure else ""
    print_line(f"{found.rows:,} texts with labels by two people or more{unsure}")
    if found.share is not None:
        share, low, high = found.share
        print_line(f"agreed on {found.agreed:,}: {share:.2f} ({low:.2f}-{high:.2f})")
    if found.alpha is None:
        print_line(f"Krippendorff's alpha: none, as {found.why}")
    else:
        bounds = "({:.2f}-{:.2f})".format(*found.alpha_bounds) if found.alpha_bounds else "(too few texts for bounds)"
        print_line(f"Krippendorff's alpha: {found.alpha:.2f} {bounds}; 1 perfect, 0 chance")
    for one, other, count in found.confusions[:_SHOWN]:
        print_line(f"{count:6,}  {visible(one)} / {visible(other)}")
