"""What teaching and labels cost and what was got for it: people and LLMs side by side, then one by one."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult

from engine.errors import BlindspotError
from tui.reporting.cost_tables import Page, page
from tui.screens.work_screen import WorkScreen
from tui.shell import shell
from tui.terminal.wrapping import wrapped
from tui.widgets.notice import notice
from tui.widgets.scroll_mark import with_mark
from tui.widgets.table_text import table_text
from tui.widgets.text_pane import TextPane


class CostsScreen(WorkScreen):
    """One pane of tables."""

    NAME = "costs"
    HELP_TEXT = (
        "People cost their active time: the time between keys while the terminal has the focus, long pauses cut off; "
        "for labels, the time that each row was in front. LLMs cost their tokens, failed calls included. Unknown "
        "figures have a letter that says why, below the tables. Wage and prices are set in [cost] of blindspot.toml."
    )

    def body(self) -> ComposeResult:
        """The pane, and how much of it is out of sight."""
        yield from with_mark(TextPane(id="costs"), indent=1)

    def footer(self) -> Sequence[str]:
        """Where its figures come from."""
        return ("screen.comparison", "screen.proof", "screen.back", "app.help")

    def show(self) -> None:
        """Draw up the costs as they are now; the scroll stays."""
        from engine.costs.cost_book import project_costs

        shell(self).active_time.save()
        try:
            shown = page(project_costs(self.workbench.project))
        except BlindspotError as error:
            self.leave(str(error))
            return
        pane = self.query_one(TextPane)
        pane.show(lambda width: self._lines(shown, width), keep_scroll=True)
        pane.focus()

    def _lines(self, shown: Page, width: int) -> list[Text]:
        app = shell(self)
        if not shown.tables:
            paragraphs = [
                "Nothing has been written yet, and nobody was asked: d on a blind spot goes to the form.",
                "Then this screen shows what it took, by people and by LLMs, and what labels of rows (#) took.",
            ]
            return notice(width, app.ink, title="Nothing to pay for yet", paragraphs=paragraphs)
        inner = width - 2
        found = wrapped(Text(f"Costs {shown.heading}", style=app.ink.strong), inner)
        for table in shown.tables:
            found += [Text(""), *table_text(inner, table, app.ink, app.glyphs)]
        if shown.reasons:
            found.append(Text(""))
            for reason in shown.reasons:
                found += wrapped(Text(reason, style=app.ink.muted), inner)
        return [Text.assemble(" ", line) for line in found]
