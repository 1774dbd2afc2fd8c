"""Asks for a few words."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from tui.dialogs.dialog import Dialog
from tui.widgets.fields import Field


class TextDialog(Dialog[str]):
    """One question, one line; an empty answer is not taken."""

    def __init__(self, title: str, question: str, *, value: str = "") -> None:
        super().__init__(title, "enter  take it     esc  leave")
        self._question = question
        self._value = value

    def body(self) -> ComposeResult:
        """The question and the field."""
        yield Static(self._question, markup=False)
        yield Field(self._value)

    @on(Field.Submitted)
    def action_accept(self) -> None:
        """Take what is written."""
        answer = self.query_one(Field).value.strip()
        if answer:
            self.dismiss(answer)
        else:
            self.refuse("A word at least, or esc to leave.")
