"""Asks which blind spots the LLM is to explain, with a guess at what each choice takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Static

from tui.dialogs.choice_dialog import ChoiceDialog

if TYPE_CHECKING:
    from engine.operations.job_records import TeachOptions

Way = tuple[str, "TeachOptions | None"]


class TeachDialog(ChoiceDialog):
    """Answers with the index of a way.

    Args:
        title: who is asked.
        server: where rows are sent; empty: nowhere.
        ways: words and the options of the job; None: do not start one. The cursor starts at the first.
    """

    def __init__(self, title: str, ways: Sequence[Way], server: str) -> None:
        super().__init__(title, [words for words, _ in ways])
        self._server = server
        self.ways = ways

    def body(self) -> ComposeResult:
        """What becomes of the answers, then the list."""
        sends = f" that sends rows to {self._server}" if self._server else ""
        yield Static(
            f"A job in the background{sends}. What it answers is sealed for you until you commit to your own answer, "
            "or decline. `blindspot teach` can also set a limit to cost and tokens.",
            markup=False,
        )
        yield Static("")
        yield from super().body()
