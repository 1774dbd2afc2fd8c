"""`blindspot import`: records that an export holds, and labels that people gave in other tools."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.exchange.format import format_names
from engine.exchange.import_folder import ImportChoices, ImportDone, import_folder
from engine.project import Project
from tui.commands.following import ProgressLine
from tui.commands.import_labels import label_lines
from tui.commands.import_teaching import teaching_lines
from tui.commands.shared import SubParsers, add_json, add_project, new_parser, undo_command
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "import",
        "import an export, or labels from Argilla, Label Studio or Prodigy",
        "  blindspot import work labels                                     what blindspot export wrote\n"
        "  blindspot import work project-7.json --from label-studio --text review\n"
        "  blindspot import work argilla-dump --from argilla --question sentiment\n"
        "  blindspot import work answers.jsonl --from prodigy\n"
        "  blindspot undo work --annotator import-ann                       take the import of ann back\n\n"
        "Rows are found by their id, or else by their exact text. What people said becomes labels of these people;\n"
        "what models said is left out, or with --suggestions taken as labels of an LLM. Nothing is imported if a line\n"
        "is wrong. For plain files of labels, patterns or samples: import-labels, import-teaching.",
    )
    add_project(parser)
    parser.add_argument("path", metavar="PATH", type=Path, help="folder or file")
    parser.add_argument("--from", dest="format", choices=format_names(), help="default: as the folder says")
    parser.add_argument("--text", metavar="NAME", default="text", help="what the text is called there (default: text)")
    parser.add_argument("--pair", metavar="NAME", default="text_pair", help="what the second text is called there")
    parser.add_argument("--question", metavar="NAME", help="the question that asks for the label; default: label")
    parser.add_argument("--suggestions", action="store_true", help="labels of models too, as those of an LLM")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Import, and say what was taken and what was not.

    Raises:
        DataError: a line is wrong; nothing is imported.
    """
    choices = ImportChoices(options.format, options.suggestions, options.text, options.pair, options.question)
    progress = ProgressLine()
    try:
        done = import_folder(Project.open(options.project), options.path, choices, monitor=progress)
    finally:
        progress.clear()
    if options.json:
        print_json(done.as_json())
    else:
        for line in _lines(done, options.project):
            print_line(line)
    return 0


def _lines(done: ImportDone, project: Path) -> Iterator[str]:
    if done.labels:
        yield from label_lines(done.labels, project)
    if marks := done.marks:
        yield f"{marks.new:,} new marks, {marks.changed:,} changed, {marks.already:,} already there"
        for author in marks.authors:
            yield f"to take them back: {undo_command(project, author)}"
    for report in done.teaching:
        yield from teaching_lines(report, project)
    yield from done.told
