"""`blindspot show`: the evidence of one blind spot in full, with what was written about it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.counted import counted
from engine.model.truncation import cut_place
from engine.schema import Perturbation, Prediction, Record
from engine.teaching.views import EvidenceRow, SpotView
from tui.commands.annotating import Session, add_common, pattern_line, sample_line
from tui.commands.shared import SubParsers, new_parser
from tui.reporting.confidence_text import excess_words
from tui.terminal.printing import console, print_json, say
from tui.view_models.scattered import SCATTERED, flagged_of, uus_of
from tui.view_models.spot_columns import estimate_words

if TYPE_CHECKING:
    from tui.terminal.console import Console


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "show",
        "show the evidence of a blind spot, its patterns and samples",
        "  blindspot show work B3\n  blindspot show work scattered        UUs that belong to no blind spot\n"
        "  blindspot show work B3 --json | jq -r '.evidence[].prediction.text'",
    )
    add_common(parser)
    parser.add_argument("spot", metavar="ID", help=f"blind spot, or `{SCATTERED}`")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the evidence."""
    board = Session(options).board
    spot = None if options.spot == SCATTERED else board.spot(options.spot)
    evidence, flagged = uus_of(board, options.spot), flagged_of(board, options.spot)
    patterns, samples = (board.patterns(spot.id), board.samples(spot.id)) if spot else ([], [])
    if options.json:
        lists: dict[str, Sequence[Record]] = {
            "evidence": evidence,
            "flagged": flagged,
            "patterns": patterns,
            "samples": samples,
        }
        values = {name: [record.as_json() for record in records] for name, records in lists.items()}
        seen = board.evidence_for(spot.id).hash if spot else None
        print_json({"blind_spot": spot.as_json() if spot else None, "evidence_hash": seen, **values})
        return 0
    out = console()
    if spot:
        left = "" if spot.size == spot.size_before else f" ({spot.size_before} before marks)"
        figures = f"mean confidence {spot.mean_confidence:.3f}, coherence {spot.coherence:.2f}"
        say(out, f"{spot.id}  {spot.direction}  {spot.size} UUs{left}, {figures}")
        say(out, f"words: {', '.join(spot.words) or 'none that several rows share'}")
        quota = ", ".join(f"{spot.written[role]} of {asked} {role}" for role, asked in spot.quota.items())
        say(out, f"status: {spot.status}{f', {spot.reason}' if spot.reason else ''}; your samples: {quota}")
        if estimate := estimate_words(spot):
            say(out, f"{counted(spot.flagged, 'flagged row')} near it; it holds {estimate}")
        if excess := excess_words(spot.excess):
            say(out, excess)
        for sentence in _unseen(spot):
            say(out, sentence)
    else:
        say(out, f"{len(evidence)} scattered UUs, in no blind spot")
        if flagged:
            say(out, f"{counted(len(flagged), 'flagged row')} near no blind spot")
    for number, row in enumerate([*evidence, *flagged], start=1):
        _show_row(out, number, row, board.discovery.read_tokens)
    for pattern in patterns:
        out.print()
        say(out, pattern_line(pattern))
        for sample in samples:
            if sample.pattern == pattern.id:
                say(out, sample_line(sample), indent=2)
    known = {pattern.id for pattern in patterns}
    if loose := [sample for sample in samples if sample.pattern not in known]:
        out.print()
        say(out, "samples without a pattern")
        for sample in loose:
            say(out, sample_line(sample), indent=2)
    return 0


def _unseen(spot: SpotView) -> Iterator[str]:
    """What cannot be seen before the decision, and what the decision was."""
    if spot.held_back:
        yield f"{counted(spot.held_back, 'row')} held back to test patterns"
    if spot.withheld:
        yield f"{counted(spot.withheld, 'row')} withheld: too close to proof rows"
    if spot.sealed:
        yield "other teachers have answered: sealed until you `blindspot commit` your answer, or decline"
    if spot.to_review:
        yield "other teachers have answered: judge them blind first, with `blindspot review`"
    if spot.decision:
        yield f"you have {spot.decision}; what is written now counts as written after it"


def _show_row(out: Console, number: int, row: EvidenceRow, tokens: int) -> None:
    found = row.prediction
    out.print()
    was = ", was held back" if row.held_back else ""
    gold = "flagged by the LLM, not checked" if row.flagged else f"gold {found.label}"
    say(out, f"{number}. {found.id}  {gold}, predicted {found.predicted} {found.confidence:.3f}{was}")
    _show_text(out, found, indent=3)
    if row.read_to:
        say(out, cut_place(found, row.read_to, tokens), indent=3)
    if row.mark:
        right = f", right is {row.mark.label}" if row.mark.label else ""
        say(out, f"marked {row.mark.verdict}{right} by {row.marked_by}", indent=3)
    if row.suspect:
        say(out, "label? the pool's other rows suggest another label", indent=3)
    for edit in row.perturbations:
        say(out, f"edited and right: {edit.id}  {edit.label} {edit.confidence:.3f}", indent=3)
        _show_text(out, edit, indent=5)
    for near in row.neighbours:
        say(out, f"near and right: {near.id}  {near.label} {near.confidence:.3f}", indent=3)
        _show_text(out, near, indent=5)


def _show_text(out: Console, row: Prediction | Perturbation, *, indent: int) -> None:
    say(out, row.text, indent=indent)
    if row.text_pair is not None:
        say(out, f"| {row.text_pair}", indent=indent)
