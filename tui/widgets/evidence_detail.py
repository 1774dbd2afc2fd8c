"""What is known of one row: what the model says as bars, its mark, and the nearest rows that the model gets right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from engine.model.truncation import cut_place
from engine.text import visible
from tui.terminal.glyphs import Glyphs, bar
from tui.terminal.wrapping import fitted, wrapped
from tui.themes import Ink
from tui.widgets.evidence_rows import paragraphs

if TYPE_CHECKING:
    from engine.schema import Discovery, Prediction
    from engine.teaching.views import EvidenceRow

_MOST_LABELS = 6
_LABEL_CELLS = 18
_NOTE_CELLS = 18  # a space, the probability, two spaces, "gold" or "model says"


def evidence_detail(width: int, row: EvidenceRow, found: Discovery, ink: Ink, glyphs: Glyphs) -> list[Text]:
    """The lines beside or beneath the list, for one row of a discovery."""
    prediction, labels = row.prediction, found.labels
    lines = _bars(width, prediction, labels, ink, glyphs)
    if row.mark is not None:
        right = f", right is {visible(row.mark.label)}" if row.mark.label else ""
        by = f", by {visible(row.marked_by)}" if row.marked_by else ""
        lines += wrapped(Text(f"marked {row.mark.verdict}{right}{by}"), width)
    if row.flagged:
        lines += wrapped(Text("flagged by the LLM, not checked: nobody has labelled it, and it may be no UU"), width)
    if row.suspect:
        lines += wrapped(Text("label? the pool's other rows suggest another label: look closely"), width)
    if row.read_to:
        lines += wrapped(Text(visible(cut_place(prediction, row.read_to, found.read_tokens))), width)
    if row.held_back:
        lines += wrapped(Text("was held back until your decision: no teacher sees it before"), width)
    lines += [Text(f"row {visible(prediction.id)}", style=ink.muted), Text("")]
    if row.neighbours:
        lines += wrapped(Text("Nearest rows that the model gets right", style=ink.strong), width)
    for near in row.neighbours:
        head = f"{visible(near.label)} {near.confidence:.2f}  "
        for number, text in enumerate(paragraphs(near, ink)):
            lines += wrapped(Text.assemble((head if number == 0 else "", ink.muted), text), width)
    return lines


def _bars(width: int, prediction: Prediction, labels: tuple[str, ...], ink: Ink, glyphs: Glyphs) -> list[Text]:
    """A bar a label: the most probable ones, and the gold one in any case."""
    ranked = sorted(zip(labels, prediction.probabilities, strict=True), key=lambda pair: -pair[1])
    shown = [pair for place, pair in enumerate(ranked) if place < _MOST_LABELS or pair[0] == prediction.label]
    names = {label: visible(label) for label, _ in shown}
    name_cells = min(_LABEL_CELLS, max(cell_len(name) for name in names.values()))
    bar_cells = max(4, min(30, width - name_cells - 1 - _NOTE_CELLS))
    lines = []
    for label, probability in shown:
        filled, track = bar(probability, bar_cells, glyphs)
        says, gold = label == prediction.predicted, label == prediction.label
        note = "model says" if says else "gold" if gold else ""
        name = fitted(names[label], name_cells, ellipsis=glyphs.ellipsis)
        share = (filled, ink.bar), (track, ink.muted)
        lines.append(Text.assemble((name, "" if note else ink.muted), " ", *share, f" {probability:.2f}  {note}"))
    if len(ranked) > len(shown):
        lines.append(Text(f"{len(ranked) - len(shown)} labels are less probable", style=ink.muted))
    return lines
