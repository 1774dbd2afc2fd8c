"""Asks for the seeds of a retrain: one training of every arm and recipe for each of them."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from engine.settings import MOST_SEED
from tui.dialogs.dialog import Dialog
from tui.widgets.fields import Field

_DIGITS = len(str(MOST_SEED))


class SeedsDialog(Dialog[tuple[int, ...]]):
    """Answers with the seeds, each once; what is not a list of whole numbers stays in the field."""

    def __init__(self, seeds: tuple[int, ...]) -> None:
        super().__init__("Seeds", "enter  take them     esc  leave")
        self._seeds = seeds

    def body(self) -> ComposeResult:
        """The question and the field."""
        yield Static("Whole numbers, such as 13, 14, 15. Three or more show the noise of training.", markup=False)
        yield Field(", ".join(map(str, self._seeds)))

    @on(Field.Submitted)
    def action_accept(self) -> None:
        """Take them if they are whole numbers."""
        words = self.query_one(Field).value.replace(",", " ").split()
        if words and all(word.isdecimal() and len(word) <= _DIGITS and int(word) <= MOST_SEED for word in words):
            self.dismiss(tuple(dict.fromkeys(map(int, words))))
        else:
            self.refuse(f"Whole numbers from 0 to {MOST_SEED:,}, at least one, or esc to leave.")
