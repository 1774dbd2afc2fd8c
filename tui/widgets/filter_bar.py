"""The filter: a line that appears on `/`, narrows the list while one types, and goes away empty."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from tui.keys import keys
from tui.widgets.fields import Field


class FilterBar(Horizontal):
    """Takes a filter; enter goes back to the list and keeps it, esc clears it."""

    DEFAULT_CSS = """
    FilterBar { height: 1; padding: 0 1; display: none; }
    FilterBar.-open { display: block; }
    FilterBar Static { width: 2; }
    """
    BINDINGS = [*keys("filter")]

    class Changed(Message):
        """The filter is another one now."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """The user is back at the list."""

    def __init__(self, placeholder: str) -> None:
        super().__init__()
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        """The sign and the field."""
        yield Static("/", markup=False)
        yield Field(placeholder=self._placeholder)

    @property
    def text(self) -> str:
        """What the list is filtered by; empty: everything is shown."""
        return self.query_one(Field).value

    def set_text(self, text: str) -> None:
        """Filter by ``text``; the bar stays visible as long as it filters."""
        self.query_one(Field).value = text
        self.set_class(bool(text), "-open")

    def open(self) -> None:
        """Let the user type."""
        self.add_class("-open")
        self.screen.set_focus(self.query_one(Field))  # at once: `focus` waits for other messages

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    @on(Field.Submitted)
    def _submitted(self, event: Field.Submitted) -> None:
        event.stop()
        self._close()

    def action_clear(self) -> None:
        """Show everything again."""
        self.query_one(Field).value = ""
        self._close()

    def action_keep(self) -> None:
        """Back to the list, filtered."""
        self._close()

    def _close(self) -> None:
        self.set_class(bool(self.text), "-open")
        self.post_message(self.Closed())
