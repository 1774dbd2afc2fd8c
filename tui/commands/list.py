"""`blindspot list`: the blind spots with their counts, states and words."""

from __future__ import annotations

import argparse

from engine.counted import counted
from engine.model.truncation import cut_sentence
from engine.schema import SPOT_STATUSES
from engine.teaching.views import SORT_KEYS, SpotView, Totals, filter_spots, sort_spots
from tui.commands.annotating import Session, add_common
from tui.commands.discover import print_none_found
from tui.commands.shared import SubParsers, new_parser
from tui.reporting.confidence_text import accuracy_words, flags_sentence
from tui.terminal.printing import console, print_json
from tui.view_models.spot_columns import COLUMNS, IN_COMMAND, SpotColumn, shown

_WIDE = 100  # columns of a terminal
_FIGURES = ("confidence", "coherence")
_FACTS = ("tau", "n_pool", "labelled", "accuracy", "coverage", "confidences", "taus", "read_tokens")


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "list",
        "list the blind spots",
        "  blindspot list work\n  blindspot list work --sort confidence --status untouched\n"
        "  blindspot list work --filter 'negative service'\n"
        "  blindspot list work --json | jq -r '.blind_spots[] | [.id, .size] | @tsv'",
    )
    add_common(parser)
    parser.add_argument("--sort", choices=SORT_KEYS, default="size", help="largest, surest ... first (default: size)")
    parser.add_argument("--filter", metavar="WORDS", default="", help="only those with these in id, direction or words")
    parser.add_argument("--status", choices=SPOT_STATUSES, help="only those in this state")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the list."""
    board = Session(options).board
    found = board.discovery
    totals = board.totals()
    spots = sort_spots(filter_spots(board.spots(), text=options.filter, status=options.status), options.sort)
    if options.json:
        every = found.as_json()
        facts = {name: every[name] for name in _FACTS} | {"cut_rows": len(found.cut)}
        print_json({"totals": totals.as_json(), "discovery": facts, "blind_spots": [spot.as_json() for spot in spots]})
        return 0
    out = console()
    out.print(_totals(totals))
    if totals.flagged:
        out.print(flags_sentence(totals.flagged, found))
    if found.accuracy is None:
        out.print(accuracy_words(found))
    if found.cut:
        out.print(cut_sentence(len(found.cut), found.n_pool, "pool", found.read_tokens))
    if not found.blind_spots:
        print_none_found(board.project, found, options.project)
        return 0
    for line in _rows(spots, figures=not out.is_terminal or out.width >= _WIDE):
        out.table_line(line)
    return 0


def _totals(totals: Totals) -> str:
    left = f", {totals.uus_after_marks} after marks" if totals.uus_after_marks != totals.uus else ""
    return (
        f"{counted(totals.uus, 'UU')}{left}; {counted(totals.blind_spots, 'blind spot')}: {totals.done} done, "
        f"{totals.skipped} skipped, {totals.in_progress} in progress; "
        f"{counted(totals.patterns, 'pattern')}, {counted(totals.samples, 'sample')}"
    )


def _rows(spots: list[SpotView], *, figures: bool) -> list[str]:
    """Lines in columns; without ``figures`` the confidence and coherence make room for the words."""
    from rich.cells import cell_len

    columns = [COLUMNS[name] for name in shown(IN_COMMAND, spots) if figures or name not in _FIGURES]
    rows = [[column.name for column in columns], *([column.text(spot) for column in columns] for spot in spots)]
    widths = [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]

    def padded(cell: str, column: SpotColumn, width: int) -> str:
        space = " " * (width - cell_len(cell))
        return space + cell if column.right else cell + space

    return ["  ".join(map(padded, row, columns, widths)) for row in rows]
