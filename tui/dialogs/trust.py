"""Asks whether the project may reach outside its folder: what would leave, and what to know before one agrees."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from engine.trust import OutsideUse
from tui.dialogs.choice import ChoiceDialog
from tui.shell import shell

AGREE = 1


class TrustDialog(ChoiceDialog):
    """Answers with `AGREE` if the person agrees; the cursor starts at the other choice.

    Args:
        uses: what nobody on this machine has agreed to.
    """

    def __init__(self, uses: Sequence[OutsideUse]) -> None:
        super().__init__("May this project reach outside its folder?", ["No", "Yes: I know all of this and agree"])
        self._uses = uses

    def body(self) -> ComposeResult:
        """Each use with its cautions, then the list."""
        warn = shell(self).ink.warn
        yield Static("Nobody on this machine has agreed to this yet:", markup=False)
        for use in self._uses:
            yield Static(Text(use.sentence), markup=False)
            for caution in use.cautions:
                yield Static(Text(f"! {caution}", style=warn), markup=False)
        yield Static("")
        yield from super().body()
