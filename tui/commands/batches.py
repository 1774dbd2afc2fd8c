"""`blindspot batches`: what came into a project when."""

from __future__ import annotations

import argparse

from engine.data.batches import batches
from engine.manifest import Batch
from engine.project import Project
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.terminal.printing import print_json, print_line

_LABELS = 6  # labels counted in one line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "batches",
        "list the batches of rows that came into pool and proof, by `init` and by `add`",
        "  blindspot batches work\n  blindspot batches work --json | jq '.[] | {name, rows, labels}'",
    )
    add_project(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print one line a batch."""
    found = batches(Project.open(options.project))
    if options.json:
        print_json([_as_json(batch) for batch in found])
        return 0
    width = max(5, *(len(batch.name) for batch in found))
    print_line(f"{'batch':<{width}}  {'pool':>9}  {'proof':>9}  {'skipped':>9}  {'left out':>9}  labels")
    for batch in found:
        counts = [batch.rows.get("pool", 0), batch.rows.get("proof", 0), batch.skipped, batch.left_out]
        print_line(f"{batch.name:<{width}}  {'  '.join(f'{count:>9,}' for count in counts)}  {_labels(batch)}")
    return 0


def _labels(batch: Batch) -> str:
    rows = sum(batch.labels.values())
    shown = [f"{label} {count / rows:.0%}" for label, count in batch.labels.items()]
    known = ", ".join(shown[:_LABELS]) + (", ..." if len(shown) > _LABELS else "")
    if not batch.unlabelled:
        return known
    return f"{batch.unlabelled:,} without" + (f"; of {rows:,}: {known}" if rows else "")


def _as_json(batch: Batch) -> dict[str, object]:
    wanted = ("name", "source", "rows", "labels", "unlabelled", "skipped", "left_out")
    return {name: getattr(batch, name) for name in wanted}
