"""Rich's console for the command line: strings are data and made visible, only styles become escape sequences."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import rich.console
from rich.console import ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

from engine.text import visible
from tui.terminal.printing import Output


class Console(rich.console.Console):
    """For people: wrapped to the width of a terminal; whole lines without colours for any other reader.

    A string is one line of text, in a table's cell too; line breaks of one's own are separate calls.
    """

    def __init__(self) -> None:
        file: Any = sys.stdout.own if isinstance(sys.stdout, Output) else sys.stdout
        super().__init__(file=file, highlight=False, markup=False, emoji=False)
        self.soft_wrap = not self.is_terminal

    def render_str(self, text: str, **options: Any) -> Text:
        """The string as it may be seen."""
        return super().render_str(visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is rendered, made visible in any case: a `Text` that somebody made has not passed `render_str`."""
        for text, style, control in super().render(renderable, options):
            safe = text if control or text == "\n" else "\n".join(map(visible, text.split("\n")))
            yield Segment(safe, style, control)

    def say(self, text: str, *, indent: int = 0) -> None:
        """Print one paragraph, indented."""
        if self.is_terminal:
            self.print(Padding(Text(visible(text)), (0, 0, 0, indent)))
        else:
            self.print(" " * indent + text)

    def table_line(self, text: str) -> None:
        """Print one line of a table: cut where the terminal ends."""
        narrow = self.is_terminal
        self.print(text.rstrip(), no_wrap=narrow, overflow="ellipsis" if narrow else "ignore")
