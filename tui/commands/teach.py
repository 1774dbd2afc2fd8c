"""`blindspot teach`: let an LLM explain blind spots and write samples, as a background job, or replay one's answers."""

from __future__ import annotations

import argparse
import shlex
import time
from pathlib import Path

from engine import jobs
from engine.counted import counted
from engine.llm.prompts import write_prompts
from engine.llm.questions import asking, chosen_spots
from engine.llm.replay import RECORDED_FILE
from engine.llm.reports import TeachReport
from engine.llm.teach_estimate import estimate
from engine.operations.job_records import TeachOptions
from engine.project import Project
from tui.commands.asking_llm import calls_line, may_start, recording
from tui.commands.following import follow_to_end
from tui.commands.shared import SubParsers, add_asking, add_json, add_project, add_waiting, new_parser, undo_command
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "teach",
        "let an LLM explain blind spots and write samples",
        "  blindspot teach work --estimate\n  blindspot teach work --spot B1 --spot B4 --max-cost 0.50\n"
        "  blindspot teach work --model qwen3 --base-url http://127.0.0.1:8000/v1\n"
        "  blindspot teach work --replay          answers recorded before; no network\n"
        "  blindspot teach work --write-prompts   then edit work/prompts/*.txt; task.txt says what labels mean\n\n"
        "model, server and the name of the variable with the key are in [llm] of blindspot.toml, prices in [cost].\n"
        "What is answered is kept and never asked twice: the same command goes on where it stopped.",
    )
    add_project(parser)
    parser.add_argument("--spot", action="append", dest="spots", metavar="ID", help="repeatable; default: all")
    add_asking(parser)
    parser.add_argument(
        "--replay", nargs="?", const="", metavar="FILE", help=f"recorded answers; default: llm/{RECORDED_FILE} of DIR"
    )
    parser.add_argument("--write-prompts", action="store_true", help="copy the prompts into DIR, to be edited")
    add_waiting(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the estimate, run the job, and print what it brought and what is missing; 1 if nothing is finished."""
    named = Project.open(options.project)
    project = asking(named, model=options.model, base_url=options.base_url)
    if options.write_prompts:
        for path in write_prompts(project):
            print_line(str(path))
        return 0
    chosen_spots(project.discovered(), options.spots)  # refuses an id that is none before a job is made of it
    replay = None if options.replay is None else recording(project, options.replay)
    if not may_start(named, project, options, replay, lambda: estimate(project, options.spots)):
        return 0
    asked = TeachOptions(
        spots=tuple(options.spots) if options.spots else None,
        replay=str(replay) if replay else None,
        model=options.model,
        base_url=options.base_url,
        max_cost=options.max_cost,
        max_tokens=options.max_tokens,
        since=time.time(),
    )
    job_id = jobs.start(project.root, asked)
    if options.detach:
        print_line(job_id)
        return 0
    report = TeachReport.from_json(follow_to_end(project.root, job_id).result)
    if options.json:
        print_json(report.as_json())
    else:
        for line in _lines(report, options.project):
            print_line(line)
    return 0 if report.finished else 1


def _lines(report: TeachReport, project: Path) -> list[str]:
    """A report for people."""
    teacher, calls = report.teacher, report.calls
    roles = ", ".join(f"{count} {role}" for role, count in report.samples.items())
    taken = sum(report.samples.values())
    lines = [
        report.sentence,
        f"{counted(report.patterns, 'pattern')} and {counted(taken, 'sample')} by {teacher.name} "
        f"({teacher.title}; {roles})",
    ]
    if report.refused:
        lines.append(f"{counted(sum(report.refused.values()), 'sample')} refused:")
        lines += [f"  {count:>4}  {reason}" for reason, count in report.refused.items()]
    lines += report.failed.values()
    if calls.calls > calls.recorded:
        lines.append(calls_line(calls, report.cost, report.currency))
    if report.patterns or taken:
        where = shlex.quote(str(project))
        lines.append(
            f"what others wrote on a blind spot shows once you have committed yours: blindspot commit {where} ID"
        )
        lines.append(f"to take back the last answer: {undo_command(project, report.author)} (--times N: the last N)")
    return lines
