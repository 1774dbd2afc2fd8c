"""`blindspot add`: put later rows of a stream into a project."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from engine.counted import counted
from engine.operations.add_batch import Added, add_batch
from tui.commands.reading_files import OF_BATCH, Told, add_file_choices, file_choices
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.terminal.printing import print_json, print_line

_SKIP_BAD = "leave out broken lines, and rows without text or with a label that train lacks"
_DROP_DUPLICATES = "leave out rows whose text or id was there before in the file, or whose id the project has"

_EXAMPLES = """\
  blindspot add work week48.csv
  blindspot add work export.csv --name week49 --column text=comment --encoding cp1252
  blindspot add work more.jsonl --proof-share 0

rows whose text the project has are skipped; one that nearly equals a row of the pool goes to the pool, one that nearly
equals a row of the proof to the proof, and one that does so with both is left out; no old row moves
labels may be blank, and their column may be missing
"""


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(subparsers, "add", "add later rows of a stream to pool and proof", _EXAMPLES)
    add_project(parser)
    parser.add_argument("file", metavar="F", type=Path, help="the rows: CSV, TSV, JSONL or Parquet")
    parser.add_argument("--name", metavar="NAME", help="of the batch; default: that of the file")
    add_file_choices(parser, OF_BATCH, skip_bad=_SKIP_BAD, drop_duplicates=_DROP_DUPLICATES)
    parser.add_argument(
        "--predictions",
        metavar="F",
        type=Path,
        help="what the classifier says of the rows, where the project knows it by its predictions alone",
    )
    parser.add_argument(
        "--proof-share",
        metavar="S",
        type=float,
        help="share of the new rows that is held out, 0 to 1; default: 0.5, or 0 if the proof was a file of its own",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Add the rows, then print how many were new and where they went."""
    told = Told()
    try:
        added = add_batch(
            options.project,
            options.file,
            name=options.name,
            proof_share=options.proof_share,
            predictions=options.predictions,
            monitor=told,
            **file_choices(options),
        )
    finally:
        told.clear()
    command = "label" if added.batch and added.batch.unlabelled else "discover"
    following = f"blindspot {command} {shlex.quote(str(options.project))}"
    if options.json:
        batch = added.batch
        print_json(
            {
                "batch": batch.name if batch else None,
                "read": added.read,
                "skipped": added.skipped,
                "left_out": added.left_out,
                "rows": batch.rows if batch else {},
                "labels": batch.labels if batch else {},
                "unlabelled": batch.unlabelled if batch else 0,
                "near_pool": added.near_pool,
                "near_proof": added.near_proof,
                "notes": told.notes,
                "next": following if batch else None,
            }
        )
        return 0
    for line in _lines(added):
        print_line(line)
    for note in told.notes:
        print_line(f"note: {note}")
    if added.batch:
        print_line(f"next: {following}")
    return 0


def _lines(added: Added) -> list[str]:
    known = f"{added.skipped:,} of {added.read:,} rows were known already"
    out = f"left out: {counted(added.left_out, 'row')}" + (f", named in {added.file}" if added.file else "")
    batch = added.batch
    if batch is None:
        return [f"nothing new: {known}", *([out] if added.left_out else [])]
    pool, proof = (f"{counted(batch.rows[split], 'row'):>14}" for split in ("pool", "proof"))
    lines = [
        f"added {batch.name}: {counted(sum(batch.rows.values()), 'row')}, {batch.unlabelled:,} without label",
        f"  pool   {pool}   ({added.near_pool:,} because of rows of the pool that they nearly equal)",
        f"  proof  {proof}   ({added.near_proof:,} because of rows of the proof)",
    ]
    if added.skipped:
        lines.append(f"skipped: {known}")
    return [*lines, *([out] if added.left_out else [])]
