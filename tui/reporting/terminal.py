"""A report in the terminal: the verdict on each arm first, then its figures, then curves and blind spots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rich.text import Text

from engine.proof.figures import count
from engine.proof.report_types import JUDGED, Report, ReportArm
from engine.text import visible
from tui.reporting import plain_words, tables
from tui.reporting.measures import PROOF
from tui.reporting.spots_about import About, listed
from tui.reporting.table import Table
from tui.reporting.tables import arm_name

if TYPE_CHECKING:
    from tui.terminal.console import Console

_ARMS_ABREAST = 4
_STYLES = {"proven": "bold green", "less confident only": "bold yellow", "no change": "bold", "worse": "bold red"}
_NAME_CELLS, _BAR_CELLS = 22, 40
_CURVES = 4  # arms whose curves can be told apart in one plot of characters


def show(report: Report, console: Console, *, about: About = MappingProxyType({}), explain: bool = False) -> None:
    """Print a report for people.

    Args:
        report: a finished proof.
        console: where to.
        about: what is known of its blind spots.
        explain: with a line on what each measure means.
    """
    console.print(f"Proof {report.id}, round {report.round}, {report.created[:16].replace('T', ' ')} UTC")
    console.print(plain_words.task(report))
    for arm in report.arms:
        _show_summary(report, arm, console)
    if told := plain_words.labels_asked(report):
        console.print(told)
    console.print(f"{tables.head_line(report)}.")
    for note in report.notes:
        console.print(note)
    if len(report.arms) > 1:
        console.print(_rich(_without(tables.side_by_side(report), "added", "closed"), gap=1))
        console.print(Text("\n").join(_intervals(report)))
        if told := tables.overlap(report):
            console.print(told)
    for arm in report.arms:
        _show_arm(report, arm, console)
    if about:
        _show_spots(report, about, console)
    for found in (tables.by_label(report), tables.churn(report)):
        if found:
            console.print()
            console.print(_rich(found))
    if console.is_terminal and report.baseline.proof.risk_coverage:
        console.print()
        console.print(Text.from_ansi(_curves(report)))
    _abreast(tables.reliability, report, console)
    if report.pool is not None:
        console.print()
        console.print(report.pool.note)
        _abreast(tables.pool_rows, report, console)

    console.print()
    for word, meaning in tables.definitions(report):
        console.print(f"{word}: {meaning}")
    if explain:
        console.print()
        for name, meaning in PROOF.items():
            console.print(f"{name}: {meaning}")


def _show_summary(report: Report, arm: ReportArm, console: Console) -> None:
    """Verdict, blind spots closed, the figures in plain words, and for whom it got worse."""
    closed, worse = tables.summary(arm)
    word = report.verdict_of(arm)
    console.print(Text.assemble(f"{arm_name(arm)}: ", (word, _STYLES.get(word, "bold")), f"; {closed}."))
    console.print(f"  {plain_words.verdict(report, arm)}")
    for one in worse:
        console.print(f"  {one}.")


def _show_spots(report: Report, about: About, console: Console) -> None:
    """What each blind spot is about, with a few of its rows."""
    console.print()
    console.print("what the blind spots are about, with rows of the pool")
    for spot in listed(report):
        found = about.get(spot.id)
        if found is None:
            continue
        console.print(f"{tables.spot_name(spot)}: {found.headline or 'no words that several rows share'}")
        for told in (found.excess, *(f"{row.text} ({row.said})" for row in found.rows)):
            if told:
                console.print(f"  {told}")


def _abreast(make: Callable[[Report, Sequence[ReportArm]], Table | None], report: Report, console: Console) -> None:
    """A table with a column an arm, a few arms at a time."""
    for first in range(0, len(report.arms), _ARMS_ABREAST):
        if found := make(report, report.arms[first : first + _ARMS_ABREAST]):
            console.print(_rich(found))


def _show_arm(report: Report, arm: ReportArm, console: Console) -> None:
    console.print()
    console.print(f"{arm_name(arm)}, {arm.n_added} rows added: ", end="")
    word = report.verdict_of(arm)
    console.print(word.upper(), style=_STYLES.get(word))
    console.print(f"{arm.reason}.")
    for split in JUDGED:
        if found := tables.before_after(report, arm, split):
            console.print(_rich(found, first=23))
    if found := tables.near_blind_spots(report, arm):
        console.print(_rich(found))
    for name, counts in tables.spot_lines(report, arm):
        console.print(name)
        console.print(f"  {counts}")
    if told := tables.unseen(report, arm):
        console.print(told)
    console.print(plain_words.meaning(report, arm))


def _without(table: Table, *heads: str) -> Table:
    """The table without some columns, so that it fits into 80 cells."""
    left = [place for place, name in enumerate(table.head) if name not in heads]
    rows = [tuple(row[place] for place in left) for row in table.rows]
    return Table(table.title, tuple(table.head[place] for place in left), rows)


def _rich(table: Table, *, first: int = 0, gap: int = 2) -> Any:
    """As a table of rich; a title goes where the head of the first column would be."""
    from rich.table import Table as RichTable

    head = (table.title or table.head[0], *table.head[1:])
    made = RichTable(*head, box=None, pad_edge=False, padding=(0, gap, 0, 0))
    made.columns[0].min_width = first
    for name, column in zip(table.head[1:], made.columns[1:], strict=True):
        column.justify = "left" if name == "verdict" else "right"
    for row in table.rows:
        made.add_row(*row)
    return made


def _intervals(report: Report) -> list[Text]:
    """UUs at matched coverage of each arm with its interval, on one scale; the line is the baseline."""
    arms = (report.baseline, *report.arms)
    found = [arm.proof.uu_at_matched_coverage for arm in arms]
    low, high = min(one.low for one in found), max(one.high for one in found)

    def cell(value: float) -> int:
        return int((value - low) / ((high - low) or 1) * (_BAR_CELLS - 1) + 0.5)

    mark = cell(found[0].mean)
    ends = f"{count(low)}{count(high):>{_BAR_CELLS - len(count(low))}}"
    lines = [Text(f"{'UUs at matched':<{_NAME_CELLS + 2}}{ends}", style="dim")]
    for arm, one in zip(arms, found, strict=True):
        start, end = cell(one.low), cell(one.high)
        cells = [" "] * _BAR_CELLS
        cells[mark] = "|"
        cells[start : end + 1] = "-" * (end - start + 1)
        cells[cell(one.mean)] = "o"
        name, style = visible(arm.arm), ""
        if isinstance(arm, ReportArm):
            name, style = arm_name(arm), _STYLES[arm.verdict].removeprefix("bold ")
        lines.append(Text(f"{name[:_NAME_CELLS]:<{_NAME_CELLS}}  {''.join(cells)}", style=style))
    return lines


def _curves(report: Report) -> str:
    """Risk-coverage curves on proof, drawn in braille."""
    import plotille

    figure = plotille.Figure()
    figure.width, figure.height = 56, 12
    figure.color_mode, figure.with_colors = "names", True
    figure.x_label, figure.y_label = "coverage", "error rate"
    figure.set_x_limits(min_=0, max_=1)
    figure.set_y_limits(min_=0)
    best = sorted(report.arms, key=lambda arm: arm.proof.uu_at_matched_coverage.mean)[:_CURVES]
    colors = ("bright_white", "bright_green", "bright_cyan", "bright_yellow", "bright_magenta")
    for arm, color in zip((report.baseline, *best), colors, strict=False):
        points = arm.proof.risk_coverage or ()
        figure.plot([at for at, _ in points], [risk for _, risk in points], lc=color, label=arm_name(arm))
    return "risk-coverage on proof\n" + str(figure.show(legend=True))
