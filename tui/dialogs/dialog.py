"""A dialog: a box in the middle, a title, a body and one line that names its keys. Esc leaves it without an answer."""

from __future__ import annotations

from typing import Generic, TypeVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.keys import keys
from tui.terminal.wrapping import seen

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer], Generic[Answer]):
    """Base of all dialogs; the answer is None when it was left with esc."""

    CSS_PATH = "base.tcss"
    BINDINGS = [*keys("dialog")]

    def __init__(self, title: str, hint: str) -> None:
        super().__init__()
        self._heading = title
        self._hint = hint

    def compose(self) -> ComposeResult:
        """Title, body, keys."""
        with Vertical(id="box"):
            yield Static(seen(Text(self._heading)), id="title", markup=False)
            yield from self.body()
            yield Static(Text(self._hint), id="hint", markup=False)

    def body(self) -> ComposeResult:
        """What lies between title and keys."""
        raise NotImplementedError

    def refuse(self, reason: str) -> None:
        """Say in place of the keys why this answer is not taken; the next change of it takes that away."""
        self.query_one("#hint", Static).update(Text(reason))

    @on(Input.Changed)
    def mended(self) -> None:
        """Name the keys again."""
        self.query_one("#hint", Static).update(Text(self._hint))

    def action_cancel(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)

    def action_accept(self) -> None:
        """Take the answer."""
        raise NotImplementedError
