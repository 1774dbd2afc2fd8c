"""`blindspot import-teaching`: patterns and samples from files, written by a person, an LLM or as examples."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.counted import counted
from engine.project import Project
from engine.schema import TEACHER_KINDS, Teacher
from engine.teaching.import_records import ImportReport, import_teaching
from tui.commands.following import ProgressLine
from tui.commands.shared import SubParsers, add_json, add_project, new_parser, undo_command
from tui.terminal.printing import print_json, print_line

_SHOWN = 10  # refused lines that are printed; --json has them all


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "import-teaching",
        "import patterns and samples from files",
        "  blindspot import-teaching work teaching.jsonl anchors.jsonl --teacher gpt --kind llm\n"
        "  blindspot import-teaching work notes.jsonl --teacher ada --kind human --json | jq .refused\n"
        "  blindspot undo work --annotator import-gpt      take an import back\n\n"
        "each line is one JSON object:\n"
        '  {"text": "Thanks a lot, it broke.", "label": "negative", "counter": false, "pattern_id": "a1",\n'
        '   "pattern": "thanks meant bitterly", "kind": "abstraction", "gold": "negative", "predicted": "positive"}\n'
        '  {"text": "They were kind.", "label": "positive", "kind": "anchor"}\n'
        "`text_pair` for pairs; `blind_spot` for the id; patterns without one go to the nearest blind spot.\n"
        "What `blindspot export` wrote: `blindspot import`.",
    )
    add_project(parser)
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="JSON lines")
    parser.add_argument("--teacher", metavar="NAME", required=True, help="who wrote them")
    parser.add_argument("--kind", choices=TEACHER_KINDS, required=True, help="what kind of teacher that is")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Import the files and print what was taken, where it went, and what was refused and why."""
    progress = ProgressLine()
    try:
        teacher = Teacher(options.teacher, options.kind)
        report = import_teaching(Project.open(options.project), options.files, teacher, monitor=progress)
    finally:
        progress.clear()
    if options.json:
        print_json(report.as_json())
    else:
        for line in teaching_lines(report, options.project):
            print_line(line)
    return 0


def teaching_lines(report: ImportReport, project: Path) -> list[str]:
    """What an import of patterns and samples did, in lines."""
    roles = ", ".join(f"{count} {role}" for role, count in report.samples.items())
    taken = sum(report.samples.values())
    lines = [f"{counted(report.patterns, 'pattern')} and {counted(taken, 'sample')} imported ({roles})"]
    if report.already:
        lines.append(f"{counted(report.already, 'line')} already there")
    if report.placement:
        placed = ", ".join(f"{spot} {count}" for spot, count in report.placement.items())
        lines.append(f"samples by blind spot: {placed}")
    if report.refused:
        lines.append(f"{counted(len(report.refusals), 'line')} refused:")
        lines += [f"  {count:>4}  {reason}" for reason, count in report.refused.items()]
        lines += [f"  {refusal.where}: {refusal.message}" for refusal in report.refusals[:_SHOWN]]
        if len(report.refusals) > _SHOWN:
            lines.append(f"  and {len(report.refusals) - _SHOWN} more; --json lists them all")
    if report.placement:
        lines.append(f"to take it back: {undo_command(project, report.author)}")
    return lines
