"""What a retrain can be made of, as a list to tick: arms, recipes, what the arms are made of, and seeds."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from tui.terminal.wrapping import fitted
from tui.themes import Ink
from tui.view_models.retrain_plan import RunRow

_PART_CELLS, _NAME_CELLS = 8, 15


class RunRows:
    """The lines; the first of each part carries its name."""

    def __init__(self, rows: Sequence[RunRow], ink: Ink, ellipsis: str) -> None:
        self.rows = rows
        self._ink = ink
        self._ellipsis = ellipsis

    def __len__(self) -> int:
        return len(self.rows)

    def height(self, index: int, width: int) -> int:
        """Always one line."""
        return 1

    def lines(self, index: int, width: int) -> list[Text]:
        """Part, tick, name, and what it is."""
        row = self.rows[index]
        first = index == 0 or self.rows[index - 1].part != row.part
        part = {"arm": "arms", "recipe": "recipes", "samples": "samples", "seeds": "seeds"}[row.part] if first else ""
        text = Text(no_wrap=True, end="")
        text.append(f"{part:<{_PART_CELLS}}", self._ink.muted)
        if row.part != "seeds":
            text.append("[x] " if row.on else "[ ] ", self._ink.accent if row.on else self._ink.muted)
            text.append(f"{row.name:<{_NAME_CELLS - 1}} ", "" if row.on else self._ink.muted)
        room = max(0, width - text.cell_len)
        text.append(fitted(row.about, room, ellipsis=self._ellipsis), "" if row.part == "seeds" else self._ink.muted)
        return [text]
