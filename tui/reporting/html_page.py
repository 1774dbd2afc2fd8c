"""A report as one HTML page that loads nothing: style, tables and plots are in it.

Everything that is data is made visible and then escaped by the template; its policy forbids scripts and loading.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine.proof.report_types import JUDGED, Report
from engine.text import visible
from tui.reporting import plain_words, tables
from tui.reporting.measures import PROOF
from tui.reporting.plots import plots
from tui.reporting.spots_about import About, listed
from tui.reporting.table import Table

if TYPE_CHECKING:
    from engine.operations.history import Round


def page(report: Report, rounds: Sequence[Round], project: Path, about: About = MappingProxyType({})) -> str:
    """The whole page; everything that is data is escaped.

    Args:
        report: a finished proof.
        rounds: of its project.
        project: its folder, as the user names it.
        about: what is known of its blind spots.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    template = Environment(
        loader=PackageLoader("tui.reporting", "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("page.html.jinja")
    arms = [
        {
            "name": tables.arm_name(arm),
            "entry": arm,
            "word": report.verdict_of(arm),
            "meaning": plain_words.meaning(report, arm),
            "tables": _there(
                [
                    *(tables.before_after(report, arm, split) for split in JUDGED),
                    tables.near_blind_spots(report, arm),
                    tables.blind_spots(report, arm),
                ]
            ),
            "summary": tables.summary(arm),
            "sentence": plain_words.verdict(report, arm),
            "unseen": tables.unseen(report, arm),
        }
        for arm in report.arms
    ]
    return template.render(
        report=report,
        title=plain_words.title(report, project),
        task=plain_words.task(report),
        labels_asked=plain_words.labels_asked(report),
        spots=[
            (tables.spot_name(spot), about.get(spot.id), tables.words_by_arm(report, spot)) for spot in listed(report)
        ],
        made=report.created[:16].replace("T", " "),
        head=tables.head_line(report),
        side_by_side=tables.side_by_side(report),
        arms_words=tables.ARMS,
        overlap=tables.overlap(report),
        definitions=tables.definitions(report),
        measures=list(PROOF.items()),
        plots=plots(report, rounds),
        arms=arms,
        beside=_there(
            [
                tables.every_figure(report, "proof"),
                tables.every_figure(report, "test"),
                tables.by_label(report),
                tables.reliability(report, report.arms),
                tables.churn(report),
            ]
        ),
        pool=tables.pool_rows(report, report.arms),
        rounds=tables.rounds_table(rounds),
        to_rerun=tables.to_rerun(report, project),
    )


def _visible(value: Any) -> Any:
    """What the template writes; text that is data may hold no control characters, which HTML forbids too."""
    return visible(value) if type(value) is str else value  # a plot, or a table of the macro, is `Markup`


def _there(found: Sequence[Table | None]) -> list[Table]:
    return [table for table in found if table is not None]
