"""`blindspot demo`: the bundled project in the workbench; without a terminal the whole job and its report."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import sample_data
from engine import jobs
from engine.counted import counted
from engine.extras import require_models
from engine.files import write_atomic
from engine.llm.replay import RECORDED_FILE
from engine.operations.job_kinds import job_uses
from engine.operations.job_records import DiscoverOptions
from engine.project import SETTINGS_FILE, Project
from engine.schema import Teacher
from engine.settings import write_settings
from engine.teaching.evidence import seen_flags
from engine.teaching.records import Records
from engine.trust import agree
from tui.commands.discover import print_spots
from tui.commands.open import add_terminal, open_app
from tui.commands.opening import opened_folder
from tui.commands.report import print_report
from tui.commands.shared import SubParsers, new_parser
from tui.reporting.confidence_text import flags_sentence
from tui.reporting.durations import duration
from tui.terminal.printing import print_line

EXAMPLES = Teacher("bundled-examples", "example")
LLM = Teacher("demo-llm", "llm", recorded=True)
DISCOVER = DiscoverOptions(teaching=(str(sample_data.FOLDER / "teaching" / "examples.jsonl"),), teacher=EXAMPLES)


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "demo",
        "open the workbench over the bundled project",
        "  blindspot demo\n  blindspot demo elsewhere/demo --annotator ada\n"
        "  blindspot demo < /dev/null | cat          headless: discover, retrain, proof, report",
    )
    parser.add_argument(
        "project",
        metavar="DIR",
        type=Path,
        nargs="?",
        default=Path("blindspot-demo"),
        help="where the project is made, or found again (default: blindspot-demo)",
    )
    add_terminal(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make the project if it is not there yet; open it, or do the whole job where there is no terminal."""
    require_models()
    root: Path = options.project
    project = Project.open(root) if (root / SETTINGS_FILE).is_file() else make_project(root)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return headless(project)
    if project.discovery() is None and jobs.active_job(project.root) is None:
        jobs.start(project.root, DISCOVER)
    return open_app(project.root, options)


def make_project(root: Path) -> Project:
    """The bundled data as a new project: a pool without labels, and what has been said of it.

    Most of its rows get example labels of people, all get an LLM's, and recorded answers are there to replay.
    """
    from engine.operations.create_project import create_project
    from engine.teaching.import_labels import import_labels

    data = sample_data.FOLDER / "data"
    project = create_project(
        root,
        train=data / "train.jsonl",
        stream=data / "pool.jsonl",
        proof=data / "proof.jsonl",
        test=data / "test.jsonl",
        dev=data / "dev.jsonl",
        text="text",
        label="label",
        own_columns=("pool:label=none",),  # its rows come as a stream does: what label they have is to be found out
    )
    # Two passes leave the encoder about as sure of itself as three (109 and 118 UUs of 494 pool rows, dev accuracy .979
    # and .986, seed 13) in two thirds of the time; nobody waits long for a demo, and so two seeds have to do.
    training = replace(project.settings.training, epochs=2)
    proof = replace(project.settings.proof, seeds=project.settings.proof.seeds[:2])
    write_settings(project.root / SETTINGS_FILE, replace(project.settings, training=training, proof=proof))
    recorded = sample_data.FOLDER / "teaching" / RECORDED_FILE
    write_atomic(project.llm_dir / RECORDED_FILE, recorded.read_bytes())
    labels = sample_data.FOLDER / "labels"
    for teacher in (EXAMPLES, LLM):
        file = labels / f"{teacher.name}.jsonl"
        import_labels(project, [file], teacher.kind, name=teacher.name, recorded=teacher.recorded)
    agree(project.root, job_uses(project, DISCOVER))
    return Project.open(project.root)


def headless(project: Project) -> int:
    """Discover, import the example teaching, retrain, prove; print a line a step and the report."""
    from engine.label_queue.label_overview import label_overview

    began = time.monotonic()
    print_line(f"project {project.root}")
    print_line(f"discover: training a classifier on {project.manifest.splits['train'].rows} rows ...")
    work = opened_folder(project.root)
    work.wait(work.start(DISCOVER))
    found = work.discovery
    counts = f"{counted(len(found.uus), 'UU')} in {counted(len(found.blind_spots), 'blind spot')}"
    print_line(f"{counts} after {duration(time.monotonic() - began)}")
    print_spots(found)
    print_line(flags_sentence(len(seen_flags(found, project.manifest.withheld)), found))
    for llm in label_overview(project, Records(project.teaching_dir)).llms:
        print_line(f"{llm.quality.teacher.name}: {llm.usability.sentence}")
    print_line("retrain: baseline and the bundled examples, every seed, both recipes ...")
    work.retrain()
    print_line(f"done after {duration(time.monotonic() - began)}")
    print_line()
    print_report(project)
    return 0
