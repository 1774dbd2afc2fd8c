"""`blindspot hunt`: queue rows where UUs are likely, for people to label, as a background job; and how a hunt goes."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from engine.hunt.hunt_files import find_hunt
from engine.hunt.hunt_status import HuntStatus, status_of
from engine.operations.job_records import HuntOptions
from engine.project import Project
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tui.commands.opening import opened
from tui.commands.queue_job import run_queue_job
from tui.commands.shared import SubParsers, add_json, add_project, add_waiting, new_parser, whole_number
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "hunt",
        "queue rows where UUs are likely, for people to label",
        "  blindspot hunt work --budget 200; blindspot label work --queue hunt\n"
        "  blindspot hunt work --status\n  blindspot hunt work --status --queue hunt-1 --json\n\n"
        "It needs neither a discovery nor an LLM. Where an LLM has labelled rows, 200 labels found 1.7 to 2.7 times\n"
        "as many UUs as random labels do, on three public tasks. Further rows are chosen while people label. A fifth\n"
        "is drawn at random (labelling.hunt_at_random in blindspot.toml). What a hunt finds is for training; it\n"
        "estimates nothing.",
    )
    add_project(parser)
    parser.add_argument(
        "--budget",
        metavar="N",
        type=whole_number(1),
        default=200,
        help="rows that people are asked to label; default: 200",
    )
    parser.add_argument("--status", action="store_true", help="start no hunt; show the progress of the latest one")
    parser.add_argument("--queue", metavar="NAME", help="with --status: another hunt than the latest")
    add_waiting(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Begin a hunt, or say how one goes."""
    work = opened(options)
    if options.status:
        status = status_of(work.project, find_hunt(work.project, options.queue))
        if options.json:
            print_json(status.as_json() | {"sentence": status.sentence})
        else:
            print_status(status)
            print_line(f"next: blindspot {_following(work.project, status, options.project)}")
        return 0
    return run_queue_job(options, work, HuntOptions(budget=options.budget))


def print_status(status: HuntStatus) -> None:
    """A heading, the kinds of UUs, why rows were chosen, and whether to go on."""
    found = status.found
    share = f" ({found.rate:.0%})" if found.rate is not None else ""
    print_line(
        f"{status.queue}: {status.answered} of {status.budget} labels; "
        f"{found.uus} UUs among {found.labels} rows on whose label people agree{share}"
    )
    for cell in status.cells:
        print_line(f"  {cell.uus:>4} UUs  {cell.label} -> {cell.predicted}")
    for reason in status.reasons:
        print_line(f"  {reason.uus:>4} UUs of {reason.labels:>4} labels  {reason.reason}")
    print_line(status.sentence)


def _following(project: Project, status: HuntStatus, folder: Path) -> str:
    """The command that comes next: label while that pays, discover with the labels, read what was discovered."""
    shown = shlex.quote(str(folder))
    if status.answered < status.budget and status.pays is not False:
        return f"label {shown} --queue {status.queue}"
    found = project.discovery()
    if found is None or Labels(Records(project.teaching_dir)).changed_since(found.row_labels):
        return f"discover {shown}"
    return f"open {shown}"
