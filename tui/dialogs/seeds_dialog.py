"""Asks for the seeds of a retrain: one training of every arm and recipe for each of them."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from engine.errors import SettingsError
from engine.settings import read_seeds
from tui.dialogs.dialog import Dialog
from tui.widgets.fields import Field


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
        """Take them if they are seeds."""
        try:
            self.dismiss(read_seeds(self.query_one(Field).value))
        except SettingsError as error:
            self.refuse(f"{(error.hint or error.what).capitalize()}; esc leaves.")
