"""The history of the project: what became of its blind spots from round to round."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult

from engine.errors import BlindspotError
from tui.reporting.tables import round_sentences, rounds_table
from tui.screens.work_screen import WorkScreen
from tui.shell import shell
from tui.terminal.wrapping import wrapped
from tui.widgets.scroll_mark import with_mark
from tui.widgets.table_text import table_text
from tui.widgets.text_pane import TextPane


class RoundsScreen(WorkScreen):
    """One pane: a table with a line a round, then the ids behind its counts."""

    NAME = "rounds"
    HELP_TEXT = (
        "A round begins with each promotion. A blind spot is kept if it shares a fifth of its rows with one of the "
        "round before; several such are a split or a merger; one without any is not found again. It is closed only if "
        "the proof of the promoted model shows it: by the rows near it that the model now gets right."
    )

    def body(self) -> ComposeResult:
        """The pane, and how much of it is out of sight."""
        yield from with_mark(TextPane(id="rounds"), indent=1)

    def footer(self) -> Sequence[str]:
        """Where the rounds come from."""
        return ("screen.proof", "screen.retrain", "screen.back", "app.help")

    def show(self) -> None:
        """Draw up the history as it is now; the scroll stays."""
        from engine.operations.history import history

        try:
            rounds = history(self.workbench.project)
        except BlindspotError as error:
            self.leave(str(error))
            return

        def lines(width: int) -> list[Text]:
            app, inner = shell(self), width - 2
            found = table_text(inner, rounds_table(rounds), app.ink, app.glyphs)
            for one in rounds:
                found.append(Text(""))
                for sentence in round_sentences(one):
                    found += wrapped(Text(sentence), inner)
            return [Text.assemble(" ", line) for line in found]

        pane = self.query_one(TextPane)
        pane.show(lines, keep_scroll=True)
        pane.focus()
