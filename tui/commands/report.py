"""`blindspot report`: before and after side by side, with the verdict on each arm."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from engine.data.text import visible
from engine.preview.record import checked, sentence
from engine.project import Project
from engine.proof.figures import count
from engine.proof.report import Line, before_and_after, read_report
from tui.commands.shared import SubParsers, add_json, add_project, new_parser, print_json

if TYPE_CHECKING:
    from rich.console import Console

_ARMS_ABREAST = 4
_STYLES = {"proven": "bold green", "less confident only": "bold yellow", "no change": "bold", "worse": "bold red"}


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "report",
        "show a finished proof: before, after and the verdict on each arm",
        "  blindspot report work\n  blindspot report work --id 3f9c21ab\n"
        "  blindspot report work --json | jq '.arms[] | {arm, recipe, verdict}'",
    )
    add_project(parser)
    parser.add_argument("--id", metavar="ID", help="which proof; default: the newest")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the report."""
    project = Project.open(options.project)
    report = read_report(project, options.id)
    estimates = checked(project, report)
    if options.json:
        print_json(report | {"estimates": [one.as_json() for one in estimates]})
        return 0
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    console.soft_wrap = not console.is_terminal  # a reader that is no terminal gets each sentence on one line
    show(report, console)
    if estimates:
        console.print(visible(sentence(estimates)))
    return 0


def show(report: dict[str, Any], console: Console) -> None:
    """Print a report for people: for each arm the verdict, then its figures, then what they mean."""
    seeds = ", ".join(map(str, report["seeds"]))
    console.print(f"Proof {report['id']}, round {report['round']}, {report['created'][:16].replace('T', ' ')} UTC")
    interval = f"{report['interval'] * 100:.4g} % paired bootstrap"
    console.print(f"seeds {seeds}; tau {report['tau']:g}; margin {report['margin']:g}; intervals: {interval}")
    for note in report["notes"]:
        console.print(note)
    if len(report["arms"]) > 1:
        console.print(_side_by_side(report))
    for arm in report["arms"]:
        console.print(f"\n{arm['arm']}, {arm['recipe']}, {arm['n_added']} samples: ", end="")
        console.print(arm["verdict"].upper(), style=_STYLES[arm["verdict"]])
        console.print(f"{arm['reason']}.")
        for split in ("proof", "test"):
            if lines := before_and_after(report, arm, split):
                console.print(_table(f"{split} ({report['rows'][split]} rows)", lines))
        if arm.get("mcnemar"):  # proofs of before it was computed lack it
            tested = ", ".join(f"{split} p = {value:.2g}" for split, value in arm["mcnemar"].items())
            console.print(f"Equal accuracy (McNemar): {tested}.")
        console.print(arm["meaning"])
    _show_pool(report, console)


def _side_by_side(report: dict[str, Any]) -> Any:
    """All arms in one table: UUs at matched coverage on proof with the interval of their change, and the verdict."""
    from rich.table import Table

    heads = ("arm", "recipe", "added", "matched", "change", "at tau", "accur.")
    table = Table(*heads, "verdict", title=None, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in table.columns[2:-1]:
        column.justify = "right"
    for arm in (report["baseline"], *report["arms"]):
        figures = arm["proof"]
        change = figures.get("difference", {}).get("uu_at_matched_coverage")
        interval = f"{count(change['low'], sign=True)} to {count(change['high'], sign=True)}" if change else ""
        values = [count(figures[name]["mean"]) for name in ("uu_at_matched_coverage", "uu_at_tau")]
        accuracy = f"{figures['accuracy']['mean']:.3f}".removeprefix("0")
        table.add_row(arm["arm"], arm["recipe"] if change else "", str(arm["n_added"]), values[0], interval, values[1],
                      accuracy, arm.get("verdict", ""))  # fmt: skip
    return table


def _table(title: str, lines: list[Line]) -> Any:
    from rich.table import Table

    table = Table(title, "before", "after", "change", "interval", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.columns[0].min_width = 23
    for column in table.columns[1:]:
        column.justify, column.min_width = "right", 7
    for line in lines:
        table.add_row(line.name, line.before, line.after, line.change, line.interval)
    return table


def _show_pool(report: dict[str, Any], console: Console) -> None:
    """Rows of each blind spot that an arm gets right, four arms a table, as many as 80 columns hold."""
    if report["pool"] is None:
        return
    from rich.table import Table

    console.print(f"\n{report['pool']['note']}")
    spots = report["pool"]["blind_spots"]
    for first in range(0, len(report["arms"]), _ARMS_ABREAST):
        abreast = slice(first, first + _ARMS_ABREAST)
        names = [f"{arm['arm']}\n{arm['recipe']}" for arm in report["arms"][abreast]]
        table = Table("blind spot", "rows", "baseline", *names, box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in table.columns[1:]:
            column.justify = "right"
        for spot in spots:
            right = [count(entry["fixed"]) for entry in (spot["baseline"], *spot["arms"][abreast])]
            name = visible(f"{spot['id']} {spot['gold']} -> {spot['predicted']}")
            table.add_row(name, str(spot["rows"]), *right)
        console.print(table)
