"""The footer: at most seven keys that work here, those that cannot be used now dimmed."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text
from textual.screen import Screen

from tui.keys import FOOTER_KEYS, label_of
from tui.shell import shell
from tui.widgets.line import Line


class KeyBar(Line):
    """Shows the bindings that are marked for the footer, nearest to the focus first."""

    DEFAULT_CSS = """
    KeyBar { background: $surface; padding: 0 1; }
    """

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
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not binding.show or binding.id is None or binding.id in seen or len(seen) == FOOTER_KEYS:
                continue
            key, label = label_of(binding), binding.description
            if len(text) + cell_len(key) + cell_len(label) + 3 > width:
                continue
            seen.add(binding.id)
            off = app.unavailable(binding.action) is not None
            text.append("  " if text else "")
            text.append(key, ink.muted if off else ink.accent)
            text.append(f" {label}", ink.muted)
        return text
