"""The footer: at most seven keys that work here, those that cannot be used now dimmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.screen import Screen

from tui.keys import FOOTER_KEYS, in_order, label_of
from tui.shell import shell
from tui.widgets.line import Line


class KeyBar(Line):
    """Shows keys, those of the screen first.

    Args:
        chosen: gives the ids of the bindings to show; none: those that are marked for the footer.
    """

    DEFAULT_CSS = """
    KeyBar { background: $surface; padding: 0 1; }
    """

    def __init__(self, chosen: Callable[[], Sequence[str]]) -> None:
        super().__init__()
        self._chosen = chosen

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_updated)

    def _bindings_updated(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.update()

    def line(self, width: int) -> Text:
        """Keys and their words, as many as fit."""
        app = shell(self)
        ink = app.ink
        text = Text(no_wrap=True, end="")
        chosen = self._chosen()
        bindings = [active.binding for active in in_order(self.screen.active_bindings)]
        shown = [binding for binding in bindings if (binding.id in chosen if chosen else binding.show)]
        for binding in shown[: FOOTER_KEYS - 1] + shown[FOOTER_KEYS - 1 :][-1:]:  # the last one is help
            key, label = label_of(binding), binding.description
            if text.cell_len + cell_len(key) + cell_len(label) + 3 > width:
                continue
            off = app.unavailable(binding.action) is not None
            text.append("  " if text else "")
            text.append(key, ink.muted if off else ink.accent)
            text.append(f" {label}", ink.muted)
        return text
