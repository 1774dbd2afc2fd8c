"""`blindspot watch`: has anything got worse in a new batch of rows? For CI, week by week: exit statuses and JSON."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.api import OpenedProject
from engine.counted import counted
from engine.monitoring.read_batch import read_batch
from engine.monitoring.watch_status import ERROR, Rate, Shift, WatchedSpot, WatchStatus, watch_status
from engine.monitoring.watched_batches import WatchWord
from engine.operations.job_records import WatchOptions, WatchResult
from engine.trust import agree, file_use
from tui.commands.opening import opened
from tui.commands.reading_files import OF_BATCH, Told, add_file_choices, file_choices
from tui.commands.shared import SubParsers, add_json, add_project, add_waiting, new_parser
from tui.terminal.printing import print_json, print_line

STATUSES: dict[WatchWord, int] = {"nothing worse": 0, "worse": 1, "nothing to judge": 3}  # as those of `check`
_SKIP_BAD = "leave out broken lines, and rows without text or with a label that train lacks"
_DROP_DUPLICATES = "leave out rows whose text was there before in the file"

_COMPARED_WITH = "no audit of this model has figures, and no row with a label is near a closed blind spot"

_EXAMPLES = """\
  blindspot watch work week49.csv
  blindspot watch work export.csv --name week49 --column text=comment --json
  blindspot watch work --status

Only counts are added to the project; `blindspot add` adds rows. Labels may be blank. To add labels later, watch
the same rows under the same name again: they do not count twice. Rates hold however often you look, if the rows that
have a label were drawn at random.
exit status:
  0  nothing is surely worse (status: nothing worse)
  1  something is (status: worse): more UUs than audited, or a closed blind spot that is open again; or the watch failed
  2  wrong usage
  3  status: nothing to judge: no row has a label, or there is neither an audit with figures nor a closed blind spot
130  stopped by ctrl-c"""


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "watch",
        "compare a new batch of rows with the audit and the blind spots; has anything got worse?",
        _EXAMPLES,
    )
    add_project(parser)
    parser.add_argument("file", metavar="F", type=Path, nargs="?", help="the rows: CSV, TSV, JSONL or Parquet")
    parser.add_argument("--name", metavar="NAME", help="of the batch; default: that of the file")
    parser.add_argument(
        "--predictions",
        metavar="F",
        type=Path,
        help="what the classifier says of the rows, where the project knows it by its predictions alone",
    )
    parser.add_argument(
        "--status", action="store_true", help="watch no batch; show how things stand after the latest one"
    )
    add_file_choices(parser, OF_BATCH, skip_bad=_SKIP_BAD, drop_duplicates=_DROP_DUPLICATES)
    add_waiting(parser)
    add_json(parser)
    parser.set_defaults(run=run, refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Watch a batch as a job, or none; say how things stand, and so in the exit status."""
    if options.status == (options.file is not None):
        options.refuse("name either a file or --status")
    work, name = opened(options), options.name
    if not options.status:
        job_id = _started(work, options)
        if options.detach:
            print_line(job_id)
            return 0
        name = WatchResult.from_json(work.wait(job_id).result).batch
    status = watch_status(work.project, name)
    if options.json:
        print_json(status.as_json())
    else:
        print_status(status)
    return STATUSES[status.status]


def _started(work: OpenedProject, options: argparse.Namespace) -> str:
    """The job, after the file has been read once: a mistake in it is told before there is a job."""
    asked = WatchOptions(
        str(options.file.expanduser().resolve()),
        options.name,
        tuple(options.column),
        tuple(options.map),
        tuple(options.encoding),
        options.skip_bad,
        options.drop_duplicates,
        str(options.predictions.expanduser().resolve()) if options.predictions else None,
    )
    told = Told()
    try:
        read_batch(
            work.project,
            options.file,
            name=options.name,
            predictions=options.predictions,
            monitor=told,
            **file_choices(options),
        )
    finally:
        told.clear()
    files = [Path(name) for name in (asked.file, asked.predictions) if name]
    agree(
        work.project.root, [use for file in files if (use := file_use(work.project.root, file))]
    )  # the user has just named them
    return work.start(asked)


def print_status(status: WatchStatus) -> None:
    """The batch against the pool, rates over all batches, and the outcome."""
    batch = status.batch
    rows = f"{counted(batch.predicted.rows, 'row')}, {batch.all_rows.labelled:,} with a label"
    print_line(f"{batch.name}: {rows}; tau {batch.tau:g}")
    if batch.known:
        print_line(f"left out: {counted(batch.known, 'row')} that the project had when its model was made")
    if batch.left_out:
        print_line(f"left out: {counted(batch.left_out, 'row')} that cannot be used")
    print_line(f"shares of the rows beside those of the pool ({batch.pool.rows:,} rows), for which no label is needed:")
    for shift in status.shifts:
        print_line(f"  {_shift(shift)}")
    if status.wrong.labelled:
        _print_rates(status)
    else:
        print_line("rates: none, as no row has a label")
    print_line("; ".join([status.status, *status.reasons]))
    if status.status == "nothing to judge":
        print_line(f"  {_COMPARED_WITH if batch.all_rows.labelled else 'no row of this batch has a label'}")
    elif status.undecided:
        print_line(f"  too few labels to tell: {', '.join(status.undecided)}")


def _print_rates(status: WatchStatus) -> None:
    several = f"{len(status.batches)} batches, {status.batches[0]} to {status.batches[-1]}"
    print_line(f"rates among rows that have a label, over {several if len(status.batches) > 1 else 'this batch'}:")
    against = "no audit of this model has figures"
    if audit := status.audit:
        against = f"after {audit.queue} {audit.low:.1%} to {audit.high:.1%} were to be expected: {audit.word}"
    print_line(f"  confident rows that are wrong  {_rate(status.uus)}; {against}")
    print_line(f"  all rows that are wrong        {_rate(status.wrong)}")
    for spot in status.spots:
        print_line(f"  wrong rows near {_spot(spot)}")
    if status.spots:
        print_line(f"  wrong rows near no open blind spot  {_rate(status.elsewhere)}")
    print_line(
        f"  Intervals hold at all looks together ({status.coverage:.1%} each); `worse` is said by mistake in at most "
        f"{100 * ERROR:.0f} of 100 projects."
    )


def _shift(shift: Shift) -> str:
    moved = "  MOVED" if shift.moved else ""
    points = f"{100 * shift.difference:+.1f} points ({100 * shift.low:+.1f} to {100 * shift.high:+.1f})"
    return f"{shift.what}  {shift.batch:.1%}, pool {shift.pool:.1%}: {points}{moved}"


def _spot(spot: WatchedSpot) -> str:
    closed = f"; at most {spot.limit:.1%} when it was closed" if spot.limit is not None else ""
    return f"{spot.id} ({'closed' if spot.closed else 'open'})  {_rate(spot.rate)}{closed}: {spot.word}"


def _rate(rate: Rate) -> str:
    if rate.value is None:
        return "no row has a label"
    since = f" since {rate.since}" if rate.since else ""
    return f"{rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%}), {rate.hits:,} of {rate.labelled:,}{since}"
