"""Help: the keys of what has focus and of its screen, each with a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.screen import Screen

from tui.dialogs.base import Dialog
from tui.keys import label_of
from tui.screens.base import WorkScreen
from tui.shell import shell
from tui.widgets.text_pane import TextPane
from tui.widgets.wrapping import wrapped

_GROUPS = {"app": "Everywhere", "screen": "All screens", "list": "In the list", "pane": "In the text", "dialog": "Here"}
_KEY_CELLS = 10


class HelpDialog(Dialog[None]):
    """Lists bindings by group, nearest to the focus first; what cannot be used now says why."""

    def __init__(self, about: str, bindings: Sequence[ActiveBinding]) -> None:
        super().__init__("Keys", "j k  scroll     esc  leave")
        self._about = about
        self._bindings = bindings

    @classmethod
    def about(cls, screen: Screen[Any]) -> HelpDialog:
        """Help for the focus of a screen."""
        text = screen.HELP_TEXT if isinstance(screen, WorkScreen) else ""
        return cls(text, list(screen.active_bindings.values()))

    def body(self) -> ComposeResult:
        """The bindings."""
        yield TextPane(self._lines)

    def on_mount(self) -> None:
        """Scroll with j and k at once."""
        self.query_one(TextPane).focus()

    def action_accept(self) -> None:
        """Leave."""
        self.dismiss(None)

    def _lines(self, width: int) -> list[Text]:
        app = shell(self)
        lines = wrapped(Text(self._about), width) if self._about else []
        group, seen = "", set()
        for active in self._bindings:
            binding = active.binding
            if binding.id is None or binding.id in seen:
                continue
            seen.add(binding.id)
            name = binding.id.partition(".")[0]
            if name != group:
                group = name
                lines += [Text(""), Text(_GROUPS.get(name, "On this screen"), style=app.ink.strong)]
            reason = app.unavailable(binding.action)
            sentence = Text(binding.tooltip)
            if reason is not None:
                sentence = Text(f"{binding.tooltip} Not now: {reason}", style=app.ink.muted)
            key = label_of(binding)
            for number, line in enumerate(wrapped(sentence, max(10, width - _KEY_CELLS))):
                head = key if number == 0 else ""
                lines.append(Text.assemble((head + " " * (_KEY_CELLS - cell_len(head)), app.ink.accent), line))
        return lines
