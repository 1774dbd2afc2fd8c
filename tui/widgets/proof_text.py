"""One arm of a proof in words and figures: the verdict first, its reason, what it means, its terms, the figures."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from engine.proof.figures import count, share
from engine.proof.report import ProofSummary, before_and_after
from engine.proof.report_types import JUDGED, Report, ReportArm, of_group
from engine.text import visible
from tui.reporting import plain_words
from tui.reporting.spots_about import About
from tui.reporting.tables import definitions, near_blind_spots, spot_lines, summary, unseen
from tui.terminal.glyphs import Glyphs
from tui.terminal.wrapping import fitted, wrapped
from tui.themes import Ink
from tui.widgets.arm_rows import verdict_text
from tui.widgets.table_text import table_text

_NOT_PROVEN = "To prove one: more labels (U and # on the list of blind spots) or samples (d there), then r."
_COLUMNS = ("before", "after", "change")


def proof_text(
    width: int, report: Report, arm: ReportArm, ink: Ink, glyphs: Glyphs, *, about: About, estimates: str = ""
) -> list[Text]:
    """Everything that is known of an arm, and what became of the estimates made before it.

    ``about``: what is known of the blind spots.
    """
    closed, worse = summary(arm)
    head = Text.assemble(verdict_text(report.verdict_of(arm), ink, glyphs), f"; {visible(closed)}.")
    head.stylize(ink.strong)
    lines = [*wrapped(head, width), *wrapped(Text(plain_words.verdict(report, arm)), width)]
    for one in worse:
        lines += wrapped(Text(visible(f"{one}."), style=ink.warn if arm.worse else ink.muted), width)
    if asked := plain_words.labels_asked(report):
        lines += wrapped(Text(visible(asked), style=ink.accent), width)
    if arm.verdict != "proven" and not (report.labels_asked and report.labels_asked.goes_on):
        lines += wrapped(Text(_NOT_PROVEN, style=ink.accent), width)
    for told in (plain_words.task(report), f"{visible(plain_words.meaning(report, arm))} {visible(arm.reason)}."):
        lines += wrapped(Text(told, style=ink.muted), width)
    for note in report.notes:
        lines += wrapped(Text(visible(note), style=ink.muted), width)
    for split in JUDGED:
        figures = before_and_after(report, arm, split)
        if figures:
            title, interval = f"{split}, {report.rows.on(split):,} rows", f"{100 * report.interval:.4g} % interval"
            lines += [Text(""), *_table(width, title, interval, figures, ink, glyphs)]
    lines += _spots(width, report, arm, about, ink)
    lines += _beside(width, report, arm, ink, glyphs)
    lines += _pool(width, report, arm, ink, glyphs)
    lines.append(Text(""))
    for word, meaning in definitions(report):
        lines += wrapped(Text(f"{word}: {meaning}", style=ink.muted), width)
    return [*lines, Text(""), *wrapped(Text(visible(estimates), style=ink.muted), width)] if estimates else lines


def _table(
    width: int, title: str, interval: str, figures: Sequence[ProofSummary], ink: Ink, glyphs: Glyphs
) -> list[Text]:
    """Name, before, after, change, interval; figures aligned on the right."""
    values = [(line.before, line.after, line.change) for line in figures]
    cells = [max(len(head), *(len(row[place]) for row in values)) for place, head in enumerate(_COLUMNS)]
    last = max(len(interval), *(len(line.interval) for line in figures))
    gap = "  " if width >= 24 + sum(cells) + last + 8 else " "
    name_cells = max(8, width - sum(cells) - last - 4 * len(gap))
    name_cells = min(name_cells, max(len(title), *(len(line.name) for line in figures)))

    def row(name: str, parts: Sequence[str], final: str) -> str:
        padded = [f"{part:>{size}}" for part, size in zip(parts, cells, strict=True)]
        return gap.join([fitted(name, name_cells, ellipsis=glyphs.ellipsis), *padded, f"{final:>{last}}"])

    lines = [Text(row(title, _COLUMNS, interval), style=ink.muted)]
    lines[0].stylize(ink.strong, 0, len(title))
    for line, parts in zip(figures, values, strict=True):
        decides = line is figures[0]  # UUs at matched coverage: what the verdict looks at first
        lines.append(Text(row(line.name, parts, line.interval), style=ink.strong if decides else ""))
    return lines


def _beside(width: int, report: Report, arm: ReportArm, ink: Ink, glyphs: Glyphs) -> list[Text]:
    """What describes and does not decide: churn, accuracy by label, proof rows by nearest blind spot."""
    lines = []
    if arm.churn is not None:
        noise = report.seed_noise
        than = f"; two seeds of the baseline differ on {100 * noise:.1f} %" if noise is not None else ""
        lines += [
            Text(""),
            *wrapped(Text(f"Churn: {100 * arm.churn:.1f} % of proof rows change label{than}."), width),
        ]
    for label, after in (arm.proof.by_label or {}).items():
        before = (report.baseline.proof.by_label or {})[label]
        if before is not None and after is not None:
            lines.append(Text(f"accuracy on {visible(label)}: {share(before)} {glyphs.arrow} {share(after)}"))
    near = near_blind_spots(report, arm)
    return [*lines, Text(""), *table_text(width, near, ink, glyphs)] if near else lines


def _spots(width: int, report: Report, arm: ReportArm, about: About, ink: Ink) -> list[Text]:
    """The word on each blind spot, what it is about, the counts behind the word, and a few of its rows."""
    lines = []
    for spot, (name, counts) in zip(report.spots, spot_lines(report, arm), strict=True):
        lines += wrapped(Text(visible(name), style=ink.strong), width)
        known = about.get(spot.id)
        said = (known.headline, counts, known.excess) if known else (counts,)
        lines += [line for one in said if one for line in wrapped(Text(visible(one)), width)]
        for row in known.rows if known else ():
            lines += wrapped(Text(f"{row.text} ({row.said})", style=ink.muted), width)
    if told := unseen(report, arm):
        lines += wrapped(Text(visible(told)), width)
    title = Text("blind spots: rows right now, of the pool and near them in proof", style=ink.strong)
    return [Text(""), title, *lines] if lines else []


def _pool(width: int, report: Report, arm: ReportArm, ink: Ink, glyphs: Glyphs) -> list[Text]:
    """How many rows of each blind spot are right now."""
    pool = report.pool
    if pool is None:
        return []
    lines = [Text(""), Text("blind spots of the pool", style=ink.strong)]
    lines += wrapped(Text(visible(pool.note), style=ink.muted), width)
    for spot in pool.blind_spots:
        after = of_group(spot.arms, arm.group)
        said = f"right before {count(spot.baseline.fixed)}, after {count(after.fixed)} of {spot.rows}"
        name = f"{spot.id:<4} {visible(spot.gold)} {glyphs.arrow} {visible(spot.predicted)}"
        name = fitted(name, min(34, max(10, width - len(said) - 2)), ellipsis=glyphs.ellipsis)
        lines.append(Text(f"{name}  {said}"))
    return lines
