"""`blindspot guidelines`: the versions of what the labels mean, the labels given under each, and what is stale."""

from __future__ import annotations

import argparse
from difflib import unified_diff

from engine.errors import DataError
from engine.labelling.guidelines import FILE, versions
from engine.project import Project
from engine.teaching.records import Records
from engine.text import visible
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.reporting.label_tables import stale_sentences, versions_table
from tui.reporting.table import lines
from tui.terminal.printing import console, print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "guidelines",
        "the versions of the guideline, the labels given under each, and what an edit has made stale",
        "  blindspot guidelines work\n"
        "  blindspot guidelines work --diff 2      what version 2 changed\n\n"
        f"What the labels mean stands in {FILE} of the project, to be edited with any editor. Each text under which\n"
        "somebody has labelled, or this command has looked, is kept as a version. A heading that names a label begins\n"
        "what is said of it: an edit there touches that label alone.",
    )
    add_project(parser)
    parser.add_argument("--diff", type=int, metavar="N", help="what version N changed")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the versions, or what one of them changed."""
    from engine.label_queue.guideline_use import guideline_use

    project = Project.open(options.project)
    found = guideline_use(project, Records(project.teaching_dir))
    if options.diff is not None:
        for line in _changes(project, options.diff):
            print_line(visible(line))
        return 0
    if options.json:
        print_json(found.as_json())
        return 0
    if not found.now:
        print_line(f"There is no guideline: write what the labels mean into {project.root / FILE}")
    if found.versions:
        table, out = versions_table(found), console()
        for line in lines(table, out.width if out.is_terminal else None):
            out.table_line(line)
    if found.touched:
        names = ", ".join(map(visible, found.touched))
        print_line(f"version {found.now} touched what is said of {names} (--diff {found.now} shows it)")
    for sentence in stale_sentences(found, options.project):
        print_line(sentence)
    return 0


def _changes(project: Project, number: int) -> list[str]:
    texts = {one.number: one.text for one in versions(project)}
    if number not in texts:
        known = ", ".join(map(str, texts)) or "none"
        raise DataError(f"there is no version {number}", where=str(project.root / FILE), hint=f"there are {known}")
    before, after = texts.get(number - 1, "").splitlines(), texts[number].splitlines()
    return list(unified_diff(before, after, f"version {number - 1}", f"version {number}", lineterm=""))
