"""What a retrain can be made of, as a list to tick: arms, recipes, what the arms are made of, and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.text import Text

from tui.themes import Ink
from tui.widgets.wrapping import fitted

Part = Literal["arm", "recipe", "samples", "seeds"]

ARMS = {
    "human": "written by people",
    "llm": "written by a language model",
    "example": "bundled or imported examples",
    "both": "people and language models together",
    "all": "everything together",
}
CONTROLS, REVIEWED, EQUAL = "controls", "reviewed", "equal"
_PART_CELLS, _NAME_CELLS = 9, 10


@dataclass(frozen=True, slots=True)
class RunRow:
    """One line: an arm, a recipe or a way to choose samples that is on or off, or the seeds."""

    part: Part
    name: str
    about: str
    on: bool = True


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
            text.append(f"{row.name:<{_NAME_CELLS}}", "" if row.on else self._ink.muted)
        room = max(0, width - text.cell_len)
        text.append(fitted(row.about, room, ellipsis=self._ellipsis), "" if row.part == "seeds" else self._ink.muted)
        return [text]
