"""`blindspot labels`: who has labelled how much, how far they agree, and how good an LLM's labels are."""

from __future__ import annotations

import argparse

from engine.llm.call_costs import call_totals, paid_for_calls
from engine.llm.call_log import CALLS_FILE, LABEL_STEPS, read_calls
from engine.project import Project
from engine.teaching.records import Records
from tui.commands.asking_llm import calls_line
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.reporting.label_tables import disagreement_json, disagreement_lines, overview_blocks
from tui.reporting.table import print_tables
from tui.terminal.printing import console, print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "labels",
        "who has labelled how many rows, how far they agree, and how good an LLM's labels are",
        "  blindspot labels work\n"
        "  blindspot labels work --disagreements     rows on which people and an LLM differ, one after another\n"
        "  blindspot labels work --json | jq '.llms[] | {who: .quality.author, may_train: .usability.usable}'\n\n"
        "An LLM's labels are compared with those of people on rows that were drawn at random. Below\n"
        "labelling.llm_floor nothing trains on them. Rows that people have yet to label show no LLM's label.",
    )
    add_project(parser)
    parser.add_argument("--disagreements", action="store_true", help="the texts on which people and an LLM differ")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the overview, or the disagreements."""
    from engine.label_queue.label_overview import disagreement_texts, label_overview

    project = Project.open(options.project)
    found = label_overview(project, Records(project.teaching_dir))
    if options.disagreements:
        texts = {one.quality.author: disagreement_texts(project, one.quality) for one in found.llms}
        if options.json:
            print_json(
                {one.quality.author: disagreement_json(one.quality, texts[one.quality.author]) for one in found.llms}
            )
            return 0
        none = True
        for llm in found.llms:
            for one in llm.quality.disagreements:
                none = False
                for line in disagreement_lines(one, texts[llm.quality.author].get(one.row)):
                    print_line(line)
                print_line("")
        if none:
            print_line("people and LLMs differ on no row that both have labelled")
        return 0
    if options.json:
        print_json(found.as_json())
        return 0
    out = console()
    for block in overview_blocks(found, options.project):
        if isinstance(block, str):
            print_line(block)
        else:
            print_tables(out, [block])
    steps = LABEL_STEPS.values()
    calls = [call for call in read_calls(project.llm_dir / CALLS_FILE) if call.step in steps and not call.recorded]
    if calls:
        cost = project.settings.cost
        print_line(
            f"labels of LLMs: {calls_line(call_totals(calls), paid_for_calls(calls, cost).value, cost.currency)}"
        )
    return 0
