"""Asks whether the model of an arm is to become the current one; warns if nothing was proven of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from engine.proof.report_closed import closed_sentence
from engine.text import visible
from tui.dialogs.dialog import Dialog
from tui.keys import keys
from tui.shell import shell
from tui.widgets.arm_rows import verdict_text

if TYPE_CHECKING:
    from engine.proof.report_types import ReportArm


class PromoteDialog(Dialog[bool]):
    """Answers with True if it is to be promoted.

    Args:
        arm: entry of a report. word: the verdict on it, as it is told.
        seed: whose model is taken.
    """

    BINDINGS = [*keys("choices")]

    def __init__(self, arm: ReportArm, word: str, seed: int) -> None:
        super().__init__(f"Promote {visible(arm.arm)} {visible(arm.recipe)}?", "enter  promote     esc  leave it")
        self._arm, self._word = arm, word
        self._seed = seed

    def body(self) -> ComposeResult:
        """Verdict, warning, what follows."""
        app = shell(self)
        yield Static(Text.assemble("Judged: ", verdict_text(self._word, app.ink, app.glyphs)), markup=False)
        yield Static(f"{visible(closed_sentence(self._arm))}.", id="closed", markup=False)
        if self._arm.verdict != "proven":
            warning = f"! It was not proven to be better. {visible(self._arm.meaning)}"
            yield Static(Text(warning, style=app.ink.warn), id="warning", markup=False)
        yield Static(
            f"Its model of seed {self._seed} starts the next round: blind spots are looked for again, with it, in the "
            "background. What you wrote is kept. A promotion is not undone, but another model can be promoted.",
            id="what",
            markup=False,
        )

    def action_accept(self) -> None:
        """Promote."""
        self.dismiss(True)
