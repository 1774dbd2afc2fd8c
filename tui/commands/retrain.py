"""`blindspot retrain`: train the arms with every seed and prove them on held-out rows, as a background job."""

from __future__ import annotations

import argparse

from engine.errors import SettingsError
from engine.files import read_record
from engine.ids import inside
from engine.operations.job_records import QuickResult, RetrainOptions
from engine.proof.controls import CONTROLS
from engine.proof.label_arms import LABEL_ARMS
from engine.proof.quick_report import QuickReport
from engine.proof.recipes import AUTO, RECIPES, USUAL
from engine.settings import read_seeds
from engine.shards.where import ask_for
from tui.commands.opening import opened
from tui.commands.report import print_report
from tui.commands.shared import SubParsers, add_json, add_on, add_project, add_waiting, new_parser
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "retrain",
        "train the arms and prove them on held-out rows",
        "  blindspot retrain work\n  blindspot retrain work --arm human --recipe continue --seeds 1,2,3,4,5\n"
        "  blindspot retrain work --arm llm --arm uus --arm pool+llm\n  blindspot retrain work --controls\n"
        "  blindspot retrain work --equal count --reviewed\n  blindspot retrain work --quick\n"
        "  blindspot retrain work --arm llm --arm uus+llm --recipe auto\n"
        "  blindspot retrain work --arm labels --arm random-n --arm llm-labels --recipe auto\n"
        "  blindspot retrain work --on ray:10.0.0.1:6379\n"
        "  blindspot retrain work --detach; blindspot jobs work\n\n"
        "arms of real rows; each also with the samples of a teaching, as labels+llm:\n"
        + "".join(f"  {name:<11} {says}\n" for name, says in LABEL_ARMS.items())
        + "their trainings end with the biases of the output being fitted to dev, unless\n"
        "the recipe starts from the base (Alexandari et al. 2020, arXiv 1901.06852)\n"
        + "\nrecipes:\n"
        + "\n".join(f"  {name:<14} {one.summary}\n                 ({one.source})" for name, one in RECIPES.items()),
    )
    add_project(parser)
    parser.add_argument(
        "--arm",
        action="append",
        dest="arms",
        metavar="ARM",
        help="human, llm, example, both (human and llm), all, one of those below, or a control; repeatable; default: "
        "all teaching there is, or labels if there is none",
    )
    parser.add_argument(
        "--controls",
        action="store_true",
        help=f"all controls too: {', '.join(CONTROLS)}, and uus+ARM and pool+ARM for each arm",
    )
    parser.add_argument(
        "--recipe",
        action="append",
        dest="recipes",
        choices=(*RECIPES, AUTO),
        metavar="RECIPE",
        help=f"one of those below; repeatable; default: {' and '.join(USUAL)}, for a program scratch; {AUTO}: each "
        "arm's, by cross-validation inside the pool; of arms of labels the rows too",
    )
    parser.add_argument("--seeds", type=_seeds, metavar="N,N,...", help="default: proof.seeds of blindspot.toml")
    parser.add_argument(
        "--equal",
        choices=("count", "cost"),
        help="cut every arm down to as many samples as the smallest has, or to what the cheapest cost",
    )
    parser.add_argument(
        "--reviewed", action="store_true", help="leave out samples that reviewers reject, take their corrections"
    )
    parser.add_argument(
        "--labeller", metavar="NAME", help="the LLM whose labels llm-labels has, where several have labelled"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a first look within a minute: one short training, pool and test rows only"
    )
    add_on(parser)
    add_waiting(parser)
    add_json(parser)
    parser.set_defaults(run=run, refuse=parser.error)


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return read_seeds(text)
    except SettingsError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(options: argparse.Namespace) -> int:
    """Start the job, follow it, and print its report."""
    more = (options.recipes, options.seeds, options.equal, options.reviewed, options.controls, options.labeller)
    if options.quick and any(more):
        options.refuse("--quick goes with --arm only: it is one short training")
    asked = RetrainOptions(
        arms=tuple(options.arms) if options.arms else None,
        seeds=options.seeds,
        recipes=tuple(options.recipes) if options.recipes else None,
        equal=options.equal,
        reviewed=options.reviewed,
        controls=options.controls,
        labeller=options.labeller,
        quick=options.quick,
    )
    ask_for(options.on, options.workers)
    work = opened(options)
    job_id = work.start(asked)
    if options.detach:
        print_line(job_id)
        return 0
    view = work.wait(job_id)
    if asked.quick:
        made = QuickResult.from_json(view.result)
        _show_quick(read_record(inside(work.project.root, made.quick), QuickReport.from_json), as_json=options.json)
    else:
        print_report(work.project, as_json=options.json, folder=options.project)
    return 0


def _show_quick(found: QuickReport, *, as_json: bool) -> None:
    if as_json:
        print_json(found.as_json())
        return
    print_line(found.sentence)
    for arm in found.arms:
        for spot in arm.blind_spots:
            name = f"{arm.arm}  {spot.id:<4} {spot.gold} -> {spot.predicted}"
            print_line(f"  {name} {spot.right} of {spot.rows} right")
