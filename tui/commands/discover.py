"""`blindspot discover`: find the blind spots of the current model, as a background job."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engine.counted import counted
from engine.model.truncation import cut_sentence
from engine.operations.job_records import DiscoverOptions
from engine.project import Project
from engine.schema import Discovery
from engine.shards.where import ask_for
from engine.tau import frozen_tau
from engine.teaching.evidence import seen_flags
from engine.teaching.records import lost_spots
from tui.commands.opening import opened
from tui.commands.shared import SubParsers, add_json, add_on, add_project, add_waiting, new_parser
from tui.hints import with_project
from tui.reporting.confidence_text import (
    accuracy_words,
    confidence_lines,
    flags_sentence,
    lower_taus,
    none_found,
    taus_sentence,
)
from tui.terminal.glyphs import ASCII, UNICODE
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "discover",
        "find the blind spots of the current model",
        "  blindspot discover work\n  blindspot discover work --tau 0.8         frozen once a proof exists\n"
        "  blindspot discover work --on ray          by workers on all cores and GPUs\n"
        "  blindspot discover work --detach; blindspot jobs work --follow discover-1\n"
        "  blindspot discover work --json | jq '.blind_spots[].words'",
    )
    add_project(parser)
    parser.add_argument(
        "--tau",
        metavar="T",
        type=float,
        help="confidence from which on an error is a UU; it is written to blindspot.toml",
    )
    add_on(parser)
    add_waiting(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Start the job, follow it, and list what it found."""
    ask_for(options.on, options.workers)
    work = opened(options)
    job_id = work.start(DiscoverOptions(tau=options.tau))
    if options.detach:
        print_line(job_id)
        return 0
    work.wait(job_id)
    found, project = work.discovery, work.project
    if options.json:
        print_json(found.as_json())
        return 0
    print_line(
        f"{counted(found.n_pool, 'pool row')}, {accuracy_words(found)}; {counted(len(found.uus), 'UU')} at tau "
        f"{found.tau} (coverage {found.coverage:.3f}), {counted(len(found.blind_spots), 'blind spot')}, "
        f"{len(found.scattered)} scattered"
    )
    if found.flagged:
        seen = len(seen_flags(found, project.manifest.withheld))
        print_line(flags_sentence(seen, found, withheld=len(found.flagged) - seen))
    if found.temperature is not None:
        use = "applied" if found.temperature_applied else f"not applied; with it {found.uus_at_temperature} UUs"
        print_line(f"temperature {found.temperature:.2f} on dev ({use})")
    if found.cut:
        print_line(cut_sentence(len(found.cut), found.n_pool, "pool", found.read_tokens))
    if gone := lost_spots(project, found):
        print_line(gone)
    print_spots(found)
    if found.blind_spots:
        print_line(f"next: blindspot show {options.project} {found.blind_spots[0].id}")
    else:
        print_none_found(project, found, options.project)
    return 0


def print_none_found(project: Project, found: Discovery, folder: Path) -> None:
    """Where there is no blind spot: how sure the model is of its errors, and which tau would find some."""
    print_line(with_project(none_found(found), folder))
    if not found.errors or not found.confidences:
        return
    encoding = (sys.stdout.encoding or "").lower()
    for line in confidence_lines(found, UNICODE if encoding.startswith("utf") else ASCII):
        print_line(f"  {line}".rstrip())
    frozen = frozen_tau(project)
    if frozen is not None:
        print_line(f"tau is frozen at {frozen:g} by the first proof; another one needs a new project")
    elif lower := lower_taus(found):
        print_line(taus_sentence(found))
        print_line(f"next: blindspot discover {folder} --tau {lower[0][0]:g}")


def print_spots(found: Discovery) -> None:
    """One line for each blind spot."""
    for spot in found.blind_spots:
        words = ", ".join(spot.words[:6])
        print_line(f"{spot.id:>4}  {len(spot.rows):>3} rows  {spot.gold} -> {spot.predicted}  {words}")
