"""A report as Markdown, for a pull request or a wiki."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.data.text import visible
from tui.ledger_tables import Table
from tui.reporting import tables
from tui.reporting.tables import Report, arm_name

if TYPE_CHECKING:
    from engine.discovery.rounds import Round

_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_[]<>|#"})


def markdown(report: Report, rounds: Sequence[Round]) -> str:
    """The whole report."""
    made = report["created"][:16].replace("T", " ")
    parts = [f"# Proof {report['id']}", _escaped(f"Round {report['round']}, {made} UTC; {tables.head_line(report)}.")]
    parts += [_escaped(note) for note in report["notes"]]
    parts += ["## Arms", _table(tables.side_by_side(report))]
    for arm in report["arms"]:
        parts += [f"### {_escaped(arm_name(arm))}: {arm['verdict']}", _escaped(f"{arm['reason']}. {arm['meaning']}")]
        found = [tables.before_after(report, arm, split) for split in ("proof", "test")]
        parts += [_table(one) for one in (*found, tables.near_blind_spots(report, arm)) if one]
    parts += ["## Beside the verdict"]
    described = tables.by_label(report), tables.reliability(report, report["arms"]), tables.churn(report)
    parts += [_table(one) for one in described if one]
    if pool := tables.pool_rows(report, report["arms"]):
        parts += ["## Blind spots of the pool", report["pool"]["note"], _table(pool)]
    parts += ["## Rounds", _table(tables.rounds_table(rounds)), "## To run it again", _table(tables.to_rerun(report))]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    """A pipe table, with its title as a line of its own."""
    rule = "| --- |" + " ---: |" * (len(table.head) - 1)
    lines = ["| " + " | ".join(map(_escaped, row)) + " |" for row in (table.head, *table.rows)]
    title = f"{_escaped(table.title)}:\n\n" if table.title else ""
    return title + "\n".join([lines[0], rule, *lines[1:]])


def _escaped(text: str) -> str:
    return visible(text).translate(_SPECIAL)
