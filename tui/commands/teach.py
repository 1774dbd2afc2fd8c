"""`blindspot teach`: let an LLM explain blind spots and write samples, as a background job, or replay one's answers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine import jobs
from engine.data.text import visible
from engine.errors import TeacherError
from engine.llm.estimate import estimate
from engine.llm.prompts import Prompts
from engine.llm.replay import RECORDED_FILE
from engine.project import Project
from tui.commands.annotating import counted
from tui.commands.following import follow_to_end
from tui.commands.shared import SubParsers, add_json, add_project, add_waiting, new_parser, print_json


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
    parser.add_argument("--estimate", action="store_true", help="print what a run would take, and ask nobody")
    parser.add_argument("--max-cost", type=float, metavar="X", help="stop before it costs more; needs a price")
    parser.add_argument("--max-tokens", type=int, metavar="N", help="stop before it takes more tokens, in and out")
    parser.add_argument("--model", metavar="NAME", help="default: llm.model of blindspot.toml")
    parser.add_argument("--base-url", metavar="URL", help="default: llm.base_url of blindspot.toml")
    parser.add_argument(
        "--replay", nargs="?", const="", metavar="FILE", help=f"recorded answers; default: llm/{RECORDED_FILE} of DIR"
    )
    parser.add_argument("--write-prompts", action="store_true", help="copy the prompts into DIR, to be edited")
    add_waiting(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the estimate, run the job, and print what it brought and what is missing."""
    project = Project.open(options.project)
    if options.write_prompts:
        return _write_prompts(project, options)
    replay = _recording(project, options.replay)
    if replay is None:
        guess = estimate(project, options.spots, model=options.model, base_url=options.base_url)
        if options.estimate and options.json:
            print_json(guess.as_json())
            return 0
        if not options.json and not options.detach:
            print(f"estimate: {guess.sentence}", flush=True)
    if options.estimate:
        if replay:
            print("a replay asks nobody and costs nothing")
        return 0
    asked = {"spots": options.spots, "max_cost": options.max_cost, "max_tokens": options.max_tokens,
             "model": options.model, "base_url": options.base_url, "replay": str(replay) if replay else None}  # fmt: skip
    job_id = jobs.start(project.root, "teach", asked)
    if options.detach:
        print(job_id)
        return 0
    report = follow_to_end(project.root, job_id).result
    if options.json:
        print_json(report)
    else:
        print("\n".join(_lines(report, options.project)))
    return 0
