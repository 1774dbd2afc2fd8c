"""Which blind spot is described, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from engine.text import visible
from tui.shell import shell
from tui.terminal.wrapping import fitted
from tui.widgets.line import Line

if TYPE_CHECKING:
    from engine.teaching.views import SpotView


class SpotLine(Line):
    """Which blind spot it is, where the annotator stands with it, and what others have written about it."""

    DEFAULT_CSS = """
    SpotLine { padding: 0 1; }
    """
    spot: SpotView | None = None
    by_others = 0

    def line(self, width: int) -> Text:
        """Id, direction, size, words."""
        app, spot = shell(self), self.spot
        if spot is None:
            return Text("")
        arrow = app.glyphs.arrow
        text = Text.assemble((spot.id, app.ink.strong), f"  {visible(spot.gold)} {arrow} {visible(spot.predicted)}")
        others = ""
        if spot.to_review:
            others = f"   {spot.decision}, others to be reviewed"
        elif spot.decision is not None:
            others = f"   {spot.decision}, {self.by_others} by others" if self.by_others else f"   {spot.decision}"
        elif spot.sealed:
            others = "   others' answers are sealed"
        rest = f"   {spot.size} UUs   {', '.join(spot.words)}"
        room = max(0, width - text.cell_len - len(others))
        text.append(fitted(rest, room, ellipsis=app.glyphs.ellipsis).rstrip(), app.ink.muted)
        text.append(others, app.ink.muted)
        text.no_wrap, text.end = True, ""
        return text
