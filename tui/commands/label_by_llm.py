"""`blindspot label DIR --by llm`: let an LLM label rows, as a background job, or replay one's answers."""

from __future__ import annotations

import argparse
import shlex
import time
from pathlib import Path

from engine import jobs
from engine.counted import counted
from engine.labelling.guidelines import FILE, guideline_of
from engine.llm.label_estimate import estimate
from engine.llm.label_rows import CONFIDENT, checked_rows
from engine.llm.questions import asking
from engine.llm.reports import LabelReport
from engine.operations.job_records import LabelOptions
from engine.project import Project
from engine.schema import LabelledSplit
from tui.commands.asking_llm import calls_line, may_start, recording
from tui.commands.following import follow_to_end
from tui.commands.shared import undo_command
from tui.flows.ask_for_trust import ask
from tui.terminal.printing import print_json, print_line


def label_by_llm(options: argparse.Namespace) -> int:
    """Print the estimate, run the job, and print what it brought and what is missing; 1 if no row has a label."""
    from engine.operations.outside_uses import models_uses

    named = Project.open(options.source)
    project = asking(named, model=options.model, base_url=options.base_url)
    rows = options.rows or CONFIDENT
    split: LabelledSplit = options.split or "pool"
    checked_rows(rows)
    replay = None if options.replay is None else recording(project, options.replay)
    guideline = guideline_of(project)
    if not may_start(
        named,
        project,
        options,
        replay,
        lambda: estimate(project, rows, guideline, split),
        under=_under(guideline.number),
        held_out=split == "proof",
    ):
        return 0
    if rows == CONFIDENT:
        ask(project.root, [use for use in models_uses(project) if use is not None])
    asked = LabelOptions(
        rows=rows,
        split=split,
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
    report = LabelReport.from_json(follow_to_end(project.root, job_id).result)
    if options.json:
        print_json(report.as_json())
    else:
        for line in _lines(report, options.source):
            print_line(line)
    return 0 if report.labelled or report.already else 1


def _under(number: int) -> str:
    return f"version {number} of the guideline" if number else f"without a guideline ({FILE})"


def _lines(report: LabelReport, project: Path) -> list[str]:
    """A report for people."""
    words, where = {"3": "sure", "2": "likely", "1": "guesses"}, shlex.quote(str(project))
    lines = [f"{report.sentence}, {_under(report.guideline)}"]
    if report.labelled:
        lines.append(", ".join(f"{report.certainties[step]:,} {word}" for step, word in words.items()))
    if report.left_out:
        lines.append("left out:")
        lines += [f"  {count:>4}  {reason}" for reason, count in report.left_out.items()]
    if report.withheld:
        lines.append(f"not asked about: {counted(report.withheld, 'row')} of the pool that nearly equal a proof row")
    if report.calls.calls > report.calls.recorded:
        lines.append(calls_line(report.calls, report.cost, report.currency))
    if report.labelled and report.split == "proof":
        lines.append(f"they count in audits and verdicts alone, and train nothing: blindspot audit {where}")
    if report.labelled:
        lines.append(f"how good they are, once people have labelled some rows: blindspot labels {where}")
        lines.append(f"to take back the last batch: {undo_command(project, report.author)} (--times N: the last N)")
    return lines
