"""A first look at a blind spot beside the list: figures, words, and its most typical rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from engine.text import visible
from tui.reporting.confidence_text import excess_figures
from tui.terminal.glyphs import Glyphs
from tui.terminal.wrapping import bounded, wrapped
from tui.themes import Ink
from tui.view_models.spot_columns import estimate_words, title_of

if TYPE_CHECKING:
    from engine.teaching.views import EvidenceRow, SpotView

ROWS = 5


def spot_preview(
    width: int, spot: SpotView | None, rows: Sequence[EvidenceRow], ink: Ink, glyphs: Glyphs, *, flagged: int = 0
) -> list[Text]:
    """Heading, figures and the first rows; ``spot`` is None for the rows that belong to no blind spot.

    ``flagged``: of those rows, how many are flagged.
    """
    dot = f" {glyphs.dot} "
    if spot is None:
        lines = [
            Text("In no blind spot", style=ink.strong),
            *wrapped(Text("too far from every group, or in a group that is too small", style=ink.muted), width),
        ]
        if flagged:
            are = "is" if flagged == 1 else "are"
            lines += wrapped(Text(f"{flagged:,} of them {are} flagged by the LLM, not checked", style=ink.muted), width)
    else:
        figures = [f"confidence {spot.mean_confidence:.2f}", f"coherence {spot.coherence:.2f}"]
        if spot.size != spot.size_before:
            figures.insert(0, f"{spot.size_before - spot.size} of {spot.size_before} marked off")
        if spot.overlap is not None:
            figures.append(f"{spot.overlap:.0%} the same rows as before")
        if spot.estimate:
            figures.append(f"{spot.flagged} flagged near it{dot}{estimate_words(spot)}")
        if spot.excess:
            figures.append(excess_figures(spot.excess))
        if spot.held_back:
            figures.append(f"{spot.held_back} of {spot.size_before} rows held back")
        if spot.sealed:
            figures.append("others' answers are sealed (C)")
        if spot.to_review:
            figures.append("others' answers wait for your review (v)")
        title = f"{spot.id}  {visible(spot.gold)} taken for {visible(spot.predicted)}"
        lines = [*wrapped(Text(title, style=ink.strong), width), *wrapped(Text(title_of(spot)), width)]
        lines += wrapped(Text(dot.join(figures), style=ink.muted), width)
        if spot.status == "skipped":
            lines += wrapped(Text(f"skipped: {visible(spot.reason)}"), width)
    for row in rows[:ROWS]:
        lines.append(Text(""))
        prediction = row.prediction
        lines += wrapped(Text(bounded(prediction.text)), width)
        if prediction.text_pair is not None:
            lines += wrapped(Text(bounded(prediction.text_pair)), width)
    return lines
