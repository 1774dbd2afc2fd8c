"""A report as Markdown, for a pull request or a wiki."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.proof.report_types import JUDGED, Report, ReportArm, SpotEntry
from engine.text import visible
from tui.reporting import plain_words, tables
from tui.reporting.measures import PROOF
from tui.reporting.spots_about import About, SpotAbout, listed
from tui.reporting.table import Table
from tui.reporting.tables import arm_name

if TYPE_CHECKING:
    from engine.operations.history import Round

# What means something to Markdown or to GitHub's additions to it: code, emphasis, links, images, HTML, entities,
# tables, mathematics, and links and addresses without brackets.
_SPECIAL = re.compile(r"[\\`*_\[\]<>|#&$~@]|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)
_LINE_START = re.compile(r"^(\d*)([-+=.)])")  # what makes a list, a rule or a heading there


def markdown(report: Report, rounds: Sequence[Round], project: Path, about: About = MappingProxyType({})) -> str:
    """The whole report.

    Args:
        report: a finished proof.
        rounds: of its project.
        project: its folder, as the user names it.
        about: what is known of its blind spots.
    """
    made = report.created[:16].replace("T", " ")
    head = f"Proof {report.id}, round {report.round}, {made} UTC; {tables.head_line(report)}."
    parts = [f"# {_escaped(plain_words.title(report, project))}", _paragraph(plain_words.task(report))]
    parts += [_summary(report, arm) for arm in report.arms]
    asked = plain_words.labels_asked(report)
    parts += map(_paragraph, (*([asked] if asked else []), head, *report.notes))
    parts += ["## Arms", _paragraph(tables.ARMS), _table(tables.side_by_side(report))]
    for arm in report.arms:
        parts += [
            f"### {_escaped(arm_name(arm))}: {_escaped(report.verdict_of(arm))}",
            _paragraph(f"{arm.reason}. {plain_words.meaning(report, arm)}"),
        ]
        found = [tables.before_after(report, arm, split) for split in JUDGED]
        parts += [
            _table(one)
            for one in (*found, tables.near_blind_spots(report, arm), tables.blind_spots(report, arm))
            if one
        ]
        parts += [_paragraph(told)] if (told := tables.unseen(report, arm)) else []
    if spots := listed(report):
        parts += ["## Blind spots", *(_spot(report, spot, about.get(spot.id)) for spot in spots)]
    parts += ["## Beside the verdict"]
    described = tables.by_label(report), tables.reliability(report, report.arms), tables.churn(report)
    parts += [_table(one) for one in described if one]
    pool = tables.pool_rows(report, report.arms)
    if report.pool and pool:
        parts += ["## Pool rows of the blind spots", _paragraph(report.pool.note), _table(pool)]
    parts += ["## What the terms mean", _list(tables.definitions(report))]
    parts += ["## What the measures mean", _list(list(PROOF.items()))]
    parts += [
        "## Rounds",
        _table(tables.rounds_table(rounds)),
        "## To run it again",
        _table(tables.to_rerun(report, project)),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(report: Report, arm: ReportArm) -> str:
    """Verdict, blind spots closed, the figures in plain words, and for whom it got worse."""
    closed, worse = tables.summary(arm)
    head = f"**{_escaped(arm_name(arm))}: {_escaped(report.verdict_of(arm))}; {_escaped(closed)}.** "
    head += _escaped(plain_words.verdict(report, arm))
    return "\n".join([head, *(f"- {_escaped(one)}" for one in worse)])


def _spot(report: Report, spot: SpotEntry, about: SpotAbout | None) -> str:
    """What a blind spot is about, what each arm made of it, and a few of its rows."""
    name = tables.spot_name(spot)
    if about is None:
        return f"**{_escaped(name)}** {_escaped(tables.words_by_arm(report, spot))}".rstrip()
    head = f"**{_escaped(name)}: {_escaped(about.headline)}**" if about.headline else f"**{_escaped(name)}**"
    told = [f"words: {about.words}"] if about.title and about.words else []
    told += [one for one in (about.excess, tables.words_by_arm(report, spot)) if one]
    rows = [f"- {_escaped(row.text)} ({_escaped(row.said)})" for row in about.rows]
    return "\n".join([f"{head} {_escaped('; '.join(told))}".rstrip(), *rows])


def _list(pairs: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"- *{_escaped(name)}*: {_escaped(meaning)}" for name, meaning in pairs)


def _table(table: Table) -> str:
    """A pipe table, with its title as a line of its own."""
    rule = "| --- |" + " ---: |" * (len(table.head) - 1)
    lines = ["| " + " | ".join(map(_escaped, row)) + " |" for row in (table.head, *table.rows)]
    title = f"{_escaped(table.title)}:\n\n" if table.title else ""
    return title + "\n".join([lines[0], rule, *lines[1:]])


def _paragraph(text: str) -> str:
    return _LINE_START.sub(r"\1\\\2", _escaped(text))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", visible(text))
