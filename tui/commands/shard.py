"""`blindspot shard`: plan the shards of the pool, and compute some of them as a task of an array job."""

from __future__ import annotations

import argparse

from engine.operations.job_records import ShardOptions
from engine.project import Project
from tui.commands.opening import opened
from tui.commands.shared import SubParsers, add_json, add_project, add_waiting, new_parser
from tui.commands.told_job import run_told_job
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "shard",
        "score and embed the pool in shards, on many machines",
        "  blindspot shard work --plan                  writes the rows of each shard, and says how many there are\n"
        "  blindspot shard work --index 3 --of 10       computes shards 3, 13, 23 and so on\n"
        "  blindspot shard work                         lists which are whole\n"
        "  blindspot discover work                      computes what is missing, and goes on from there\n\n"
        "in a SLURM script: blindspot shard work --index $SLURM_ARRAY_TASK_ID --of $SLURM_ARRAY_TASK_COUNT",
    )
    add_project(parser)
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--plan", action="store_true", help="as a background job, which trains the baseline first")
    action.add_argument("--index", type=int, metavar="N", help="which task this is, from 0; without --of: which shard")
    parser.add_argument("--of", type=int, metavar="M", help="tasks in all")
    parser.add_argument("--rows", type=int, metavar="N", help="with --plan: rows of a shard, a multiple of 4,096")
    add_waiting(parser)
    add_json(parser)
    parser.set_defaults(run=run, refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Plan, compute or list."""
    if options.of is not None and options.index is None:
        options.refuse("--of goes with --index")
    if (options.rows is not None or options.detach) and not options.plan:
        options.refuse("--rows and --detach go with --plan")
    if options.plan:
        return _plan(options)
    from engine.shards.array_task import do_task, planned, states

    project = Project.open(options.project)
    if options.index is None:
        found = states(planned(project))
        if options.json:
            print_json({"shards": [one.as_json() for one in found]})
            return 0
        for one in found:
            print_line(f"{'whole' if one.whole else 'to do'}  {one.name}")
        print_line(f"{sum(one.whole for one in found)} of {len(found)} are whole")
        return 0
    done = []
    for one in do_task(project.root, options.index, options.of):
        done.append(one)
        if not options.json:
            print_line(f"{one.name}: {one.seconds:.1f} s, {one.made_by}")
    if options.json:
        print_json({"shards": [one.as_json() for one in done]})
    return 0


def _plan(options: argparse.Namespace) -> int:
    work = opened(options)
    asked = ShardOptions() if options.rows is None else ShardOptions(options.rows)
    following = f"blindspot shard {options.project} --index N --of M, for N from 0 to M - 1, on any machine"
    return run_told_job(options, work, asked, lambda _: following)
