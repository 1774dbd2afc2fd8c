"""`blindspot jobs`: list, follow, stop or resume background jobs."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from engine import jobs
from engine.jobs import JobView
from engine.operations.job_kinds import asked_of, job_uses
from engine.project import Project
from tui.commands.following import follow_to_end
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.flows.ask_for_trust import ask
from tui.reporting.durations import duration
from tui.reporting.job_text import how_far
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "jobs",
        "list, follow, stop or resume background jobs",
        "  blindspot jobs work\n  blindspot jobs work --follow retrain-2\n  blindspot jobs work --stop retrain-2\n"
        "  blindspot jobs work --resume retrain-2",
    )
    add_project(parser)
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--follow", metavar="ID", help="show a job's progress until it ends")
    action.add_argument("--stop", metavar="ID", help="ask a job to stop at its next step")
    action.add_argument("--cancel", dest="stop", metavar="ID", help=argparse.SUPPRESS)  # its name in version 0.1.0
    action.add_argument("--resume", metavar="ID", help="go on with a failed, stopped or killed job")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do what was asked, then print the job or all jobs."""
    project = Project.open(options.project)
    root = project.root
    if options.stop:
        jobs.stop(root, options.stop)
        print_line(f"job {options.stop} was asked to stop")
        return 0
    if options.resume:
        ask(root, job_uses(project, asked_of(jobs.find_job(root, options.resume))))
        jobs.resume(root, options.resume)
        print_line(f"job {options.resume} goes on; blindspot jobs {options.project} --follow {options.resume}")
        return 0
    if options.follow:
        follow_to_end(root, options.follow)
    views = [jobs.find_job(root, options.follow)] if options.follow else jobs.jobs(root)
    if options.json:
        print_json([asdict(view) for view in views])
        return 0
    for view in views:
        print_line(describe(view))
    if not views:
        print_line(f"no jobs yet; blindspot discover {options.project} starts one")
    return 0


def describe(view: JobView) -> str:
    """One job in one line."""
    parts = [f"{view.id:<12}", f"{'stopping' if view.stopping else view.state:<10}"]
    if view.state == "running":
        parts.append(how_far(view.stage, view.done, view.total) or "starting")
        if view.total:
            parts.append(f"{100 * view.done // view.total} %")
        if view.eta is not None:
            parts.append(f"about {duration(view.eta)} left")
        if view.heartbeat_age is not None:
            parts.append(f"last sign of life {duration(view.heartbeat_age)} ago")
    elif view.sentence:
        parts.append(view.sentence)
    elif view.state == "done":
        shown = {name: value for name, value in view.result.items() if value not in ([], None, "")}
        parts.append("  ".join(f"{name} {_in_words(value)}" for name, value in shown.items()))
    else:
        parts.append(view.message or "killed; --resume continues from the last checkpoint")
    return "  ".join(part for part in parts if part)


def _in_words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
