"""`blindspot import-labels`: labels of rows from files, given by people or an LLM."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.counted import counted
from engine.project import Project
from engine.schema import TEACHER_KINDS
from engine.teaching.import_labels import LabelImport, import_labels
from tui.commands.shared import SubParsers, add_json, add_project, new_parser, undo_command
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "import-labels",
        "import labels of rows from files, of people or an LLM",
        "  blindspot import-labels work recorded.jsonl --teacher gpt --kind llm\n"
        "  blindspot import-labels work labelled.csv --kind human     its column labeller says who\n"
        "  blindspot undo work --annotator import-gpt                 take an import back\n\n"
        "each line has the id of a row and a label, and where they apply a certainty (3 sure, 2 likely, 1 a guess;\n"
        "3 where none is said), split (pool or proof), note, labeller, and the chance with which the row was drawn at\n"
        "random (100 of 500: 0.2), so that it counts in figures; none if it was chosen otherwise:\n"
        '  {"id": "pool-7", "label": "negative", "certainty": 2}\n'
        "CSV and TSV have the same columns. Nothing is imported if a line is wrong. Labels of proof rows are for\n"
        "audits and verdicts alone; an LLM's labels are never taken for right.\n"
        "What `blindspot export`, Argilla, Label Studio or Prodigy wrote: `blindspot import`.",
    )
    add_project(parser)
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="CSV, TSV, JSON lines or Parquet")
    parser.add_argument("--teacher", metavar="NAME", help="who labelled, where no column `labeller` says it")
    parser.add_argument("--kind", choices=TEACHER_KINDS, required=True, help="what kind of labeller that is")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Import the files and print what was taken."""
    found = import_labels(Project.open(options.project), options.files, options.kind, name=options.teacher)
    if options.json:
        print_json(found.as_json())
    else:
        for line in label_lines(found, options.project):
            print_line(line)
    return 0


def label_lines(found: LabelImport, project: Path) -> list[str]:
    """What an import of labels did, in lines."""
    lines = [
        f"{counted(found.new, 'new label')}, {found.changed:,} changed, {found.already:,} already there",
        "rows: " + ", ".join(f"{count:,} of {split}" for split, count in found.splits.items()),
        "certainty: " + ", ".join(f"{count:,} of {step}" for step, count in reversed(found.certainties.items())),
    ]
    if found.unsure:
        lines.append(f"{counted(found.unsure, 'line')} without a label: unsure")
    if found.new or found.changed:
        lines += [f"to take it back: {undo_command(project, author)}" for author in found.authors]
    return lines
