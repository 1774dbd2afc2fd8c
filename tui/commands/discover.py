"""`blindspot discover`: find the blind spots of the current model, as a background job."""

from __future__ import annotations

import argparse

from engine import jobs
from engine.project import Project
from engine.schema import Discovery
from tui.commands.following import follow_to_end
from tui.commands.shared import SubParsers, add_json, add_project, add_waiting, new_parser
from tui.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "discover",
        "find the blind spots of the current model",
        "  blindspot discover work\n  blindspot discover work --detach; blindspot jobs work --follow discover-1\n"
        "  blindspot discover work --json | jq '.blind_spots[].words'",
    )
    add_project(parser)
    add_waiting(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Start the job, follow it, and list what it found."""
    root = Project.open(options.project).root
    job_id = jobs.start(root, "discover")
    if options.detach:
        print_line(job_id)
        return 0
    follow_to_end(root, job_id)
    found = Project.open(root).discovery()
    assert found is not None, "the job ended with `done`"
    if options.json:
        print_json(found.as_json())
        return 0
    print_line(
        f"{found.n_pool} pool rows, accuracy {found.accuracy:.3f}; {len(found.uus)} UUs at tau {found.tau} "
        f"(coverage {found.coverage:.3f}), {len(found.blind_spots)} blind spots, {len(found.scattered)} scattered"
    )
    if found.temperature is not None:
        use = "applied" if found.temperature_applied else f"not applied; with it {found.uus_at_temperature} UUs"
        print_line(f"temperature {found.temperature:.2f} on dev ({use})")
    print_spots(found)
    print_line(
        f"next: blindspot show {options.project} {found.blind_spots[0].id}"
        if found.blind_spots
        else f"no blind spot at tau {found.tau}; a lower tau in blindspot.toml finds less confident errors"
    )
    return 0


def print_spots(found: Discovery) -> None:
    """One line for each blind spot."""
    for spot in found.blind_spots:
        words = ", ".join(spot.words[:6])
        print_line(f"{spot.id:>4}  {len(spot.rows):>3} rows  {spot.gold} -> {spot.predicted}  {words}")
