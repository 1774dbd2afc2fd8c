"""The plots of the HTML report as SVG that needs nothing from outside; matplotlib is imported when one is drawn."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from engine.child import in_root_folder
from engine.proof.figures import count
from engine.proof.report_types import Report, ReportArm, ReportBaseline
from engine.text import visible
from tui.reporting.tables import FEWEST_IN_BIN, arm_name, rows_in

if TYPE_CHECKING:
    from engine.operations.history import Round

# Colours for verdicts that a red-green blind reader can tell apart (Okabe & Ito 2008).
_COLORS = {"proven": "#009E73", "less confident only": "#E69F00", "no change": "#777777", "worse": "#D55E00"}
_INK = "#777777"  # axes and text: readable on light and dark alike
_WIDTH = 7.5
_NAME_LETTERS = 32
_RELIABILITY = (
    "Accuracy by confidence on proof: below the diagonal a model is too sure. Beneath it the rows in each bin, a mean "
    f"over seeds; bins with fewer than {FEWEST_IN_BIN} rows are left out above."
)


def plots(report: Report, rounds: Sequence[Round]) -> list[tuple[str, str]]:
    """Caption and SVG of every plot that there is something to draw for."""
    drawn = [("UUs at matched coverage on proof, with intervals; the line is the baseline", draw(_intervals, report))]
    if report.baseline.proof.risk_coverage:
        drawn += [
            ("Error rate among the most confident proof rows, by coverage", draw(_curves, report)),
            (_RELIABILITY, draw(_reliability, report)),
        ]
    if report.pool:
        drawn.append(("Share of each blind spot's pool rows that are right", draw(_fix_rates, report)))
    if len(rounds) > 1:
        drawn.append(("UUs in the pool by round", draw(_over_time, rounds)))
    return drawn


def draw(paint: Callable[[Any, Any], None], data: Any) -> str:
    """The SVG of what ``paint`` draws of some data on an empty figure."""
    with in_root_folder():  # a `matplotlibrc` of the current folder is anybody's
        import matplotlib as mpl
        from matplotlib.figure import Figure

    style = {
        "svg.fonttype": "none",
        "svg.hashsalt": "blindspot",
        "font.family": "sans-serif",
        "font.size": 9,
        "text.color": _INK,
        "axes.labelcolor": _INK,
        "axes.edgecolor": _INK,
        "xtick.color": _INK,
        "ytick.color": _INK,
        "legend.frameon": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "text.parse_math": False,
    }
    with mpl.rc_context(style), warnings.catch_warnings():
        # Names are data: `$` in one is no formula, and the reader's browser has fonts for what matplotlib's has not.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=(_WIDTH, 3.4), layout="constrained")
        paint(figure, data)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = out.getvalue()
    return svg[svg.index("<svg") :]


def _intervals(figure: Any, report: Report) -> None:
    arms = (report.baseline, *report.arms)
    figure.set_size_inches(_WIDTH, 0.8 + 0.28 * len(arms))
    axes = figure.add_subplot()
    for place, arm in enumerate(arms):
        found = arm.proof.uu_at_matched_coverage
        color = _COLORS[arm.verdict] if isinstance(arm, ReportArm) else _INK
        axes.plot([found.low, found.high], [place, place], color=color, linewidth=2)
        axes.plot([found.mean], [place], "o", color=color)
        at = (found.mean, place)
        axes.annotate(count(at[0]), at, xytext=(0, 5), textcoords="offset points", ha="center", fontsize=7)
    axes.axvline(report.baseline.proof.uu_at_matched_coverage.mean, color=_INK, linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(arms)), [_cut(arm_name(arm) if isinstance(arm, ReportArm) else arm.arm) for arm in arms])
    axes.set_ylim(len(arms) - 0.5, -0.8)


def _lines(axes: Any, report: Report, points: Callable[[ReportBaseline], tuple[list[float], list[float]]]) -> None:
    """One line an arm, the baseline dashed."""
    import matplotlib as mpl

    wheel = mpl.colormaps["tab20"]
    for place, arm in enumerate(report.arms):
        axes.plot(*points(arm), color=wheel(place % 20), linewidth=1.3, label=_cut(arm_name(arm)))
    axes.plot(*points(report.baseline), color=_INK, linewidth=2, linestyle="--", label="baseline")


def _curves(figure: Any, report: Report) -> None:
    def points(arm: ReportBaseline) -> tuple[list[float], list[float]]:
        curve = arm.proof.risk_coverage or ()
        return [at for at, _ in curve], [risk for _, risk in curve]

    axes = figure.add_subplot()
    _lines(axes, report, points)
    figure.legend(loc="outside right upper", fontsize=7)
    axes.set_xlabel("coverage")
    axes.set_ylabel("error rate")
    axes.set_ylim(bottom=0)


def _reliability(figure: Any, report: Report) -> None:
    def accuracies(arm: ReportBaseline) -> tuple[list[float], list[float]]:
        bins = [one for one in arm.proof.reliability or () if rows_in(one, report) >= FEWEST_IN_BIN]
        return [one.confidence for one in bins], [one.accuracy for one in bins]

    def rows(arm: ReportBaseline) -> tuple[list[float], list[float]]:
        bins = arm.proof.reliability or ()
        return [one.confidence for one in bins], [rows_in(one, report) for one in bins]

    figure.set_size_inches(_WIDTH, 4.4)
    axes, beneath = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    _lines(axes, report, accuracies)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper", fontsize=7)
    axes.plot([0, 1], [0, 1], color=_INK, linewidth=0.8, linestyle=":")
    lowest = min(one.confidence for one in report.baseline.proof.reliability or ())
    axes.set_xlim(lowest - 0.02, 1.01)
    axes.set_ylim(0, 1.01)
    axes.set_ylabel("accuracy")
    _lines(beneath, report, rows)
    beneath.axhline(FEWEST_IN_BIN, color=_INK, linewidth=0.8, linestyle=":")
    beneath.set_yscale("symlog", linthresh=1)
    beneath.set_ylim(bottom=0)
    beneath.yaxis.set_major_formatter("{x:g}")  # the usual one writes powers as formulas
    beneath.set_xlabel("confidence")
    beneath.set_ylabel("rows")


def _fix_rates(figure: Any, report: Report) -> None:
    spots = report.pool.blind_spots if report.pool else ()
    arms = ["baseline", *(_cut(arm_name(arm)) for arm in report.arms)]
    shares = [[entry.fixed / spot.rows for entry in (spot.baseline, *spot.arms)] for spot in spots]
    figure.set_size_inches(_WIDTH, 1.6 + 0.2 * len(spots))
    axes = figure.add_subplot()
    image = axes.imshow(shares, aspect="auto", cmap="viridis", vmin=0, vmax=1)
    axes.set_yticks(range(len(spots)), [_cut(f"{spot.id} ({spot.rows})") for spot in spots])
    axes.set_xticks(range(len(arms)), arms, rotation=40, ha="right", fontsize=7)
    figure.colorbar(image, ax=axes)


def _cut(name: str) -> str:
    """A name as a plot has room for it."""
    name = visible(name)
    return name if len(name) <= _NAME_LETTERS else f"{name[: _NAME_LETTERS - 3]}..."


def _over_time(figure: Any, rounds: Sequence[Round]) -> None:
    found = [one for one in rounds if one.uus is not None]
    axes = figure.add_subplot()
    axes.plot([one.number for one in found], [one.uus for one in found], "o-", color="#0072B2")
    axes.set_xticks([one.number for one in found])
    axes.set_xlabel("round")
    axes.set_ylim(bottom=0)
