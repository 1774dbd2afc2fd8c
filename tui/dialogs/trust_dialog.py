"""Asks whether the project may reach outside its folder: what would leave, and what to know before one agrees."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.trust import OutsideUse
from tui.dialogs.choice_dialog import ChoiceDialog
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
        """Each use with its cautions, which may take more lines than there are, then the list."""
        warn = shell(self).ink.warn
        with VerticalScroll(id="uses", can_focus=False):
            yield Static("Nobody on this machine has agreed to this yet:", markup=False)
            for use in self._uses:
                yield Static(Text(use.sentence), markup=False)
                for caution in use.cautions:
                    yield Static(Text(f"! {caution}", style=warn), markup=False)
        yield Static("", id="more", markup=False)
        yield from super().body()

    def on_resize(self) -> None:
        """Say whether there is more above or below than is seen."""
        self.call_after_refresh(self._tell_more)

    def on_key(self, event: events.Key) -> None:
        """Turn the page: the list has the focus."""
        if event.key in ("pageup", "pagedown"):
            event.stop()
            uses = self.query_one("#uses", VerticalScroll)
            uses.scroll_relative(y=uses.size.height * (1 if event.key == "pagedown" else -1), animate=False)

    def _tell_more(self) -> None:
        more = self.query_one("#uses", VerticalScroll).max_scroll_y > 0
        self.query_one("#more", Static).update("! There is more: PgDn and PgUp turn the page." if more else "")
