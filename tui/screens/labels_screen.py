"""The labels of a project: who gave how many, how far people agree, how good an LLM's are, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult

from engine.errors import BlindspotError
from engine.label_queue.llm_quality import givers
from engine.text import visible
from tui.hints import more_rows
from tui.keys import keys
from tui.reporting.label_tables import Block, disagreement_lines, overview_blocks
from tui.screens.work_screen import Place, WorkScreen
from tui.shell import shell
from tui.terminal.wrapping import wrapped
from tui.widgets.notice import notice
from tui.widgets.scroll_mark import with_mark
from tui.widgets.table_text import table_text
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from engine.label_queue.llm_quality import Compared
    from engine.labelling.texts import TextRow


@dataclass(frozen=True, slots=True)
class LabelsPlace(Place):
    """Which disagreement is read, from 1; 0: the overview."""

    at: int = 0


class LabelsScreen(WorkScreen[LabelsPlace]):
    """One pane: the overview, or one row on which people and an LLM differ."""

    NAME = "labels"
    PLACE = LabelsPlace
    HELP_TEXT = (
        "An LLM's labels are compared with people's on rows that were drawn at random; rows that people were asked "
        "about because they looked wrong count in no figure. Below labelling.llm_floor nothing trains on its labels. "
        "Its labels of rows that nobody has labelled yet are not shown."
    )
    BINDINGS = [*keys("labels")]

    def __init__(self) -> None:
        super().__init__()
        self._at = 0
        self._blocks: list[Block] = []
        self._differ: list[tuple[str, Compared, TextRow | None]] = []

    def body(self) -> ComposeResult:
        """The pane, and how much of it is out of sight."""
        yield from with_mark(TextPane(id="labels"), indent=1)

    def footer(self) -> Sequence[str]:
        """The disagreements, and the way to labelling and back."""
        differ = ("labels.next", "labels.previous") if self._differ else ()
        return (*differ, "screen.label", "screen.back", "app.help")

    def show(self) -> None:
        """Read the labels as they are now; the scroll stays."""
        from engine.label_queue.label_overview import disagreement_texts, label_overview

        project = self.workbench.project
        try:
            found = label_overview(project, self.workbench.teaching)
            texts = {one.quality.author: disagreement_texts(project, one.quality) for one in found.llms}
        except BlindspotError as error:
            self.leave(str(error))
            return
        self._blocks = overview_blocks(found, project.root) if found.labellers else []
        self._differ = [
            (llm.quality.teacher.name, one, texts[llm.quality.author].get(one.row))
            for llm in found.llms
            for one in llm.quality.disagreements
        ]
        self._at = min(self._at, len(self._differ))
        self._paint(keep_scroll=True)
        self.query_one(TextPane).focus()

    def action_step(self, step: int) -> None:
        """The next disagreement, the one before, or the overview before the first."""
        to = min(max(self._at + step, 0), len(self._differ))
        if to == self._at:
            self.say(self._no_further(step))
            return
        self._at = to
        self._paint()

    def _no_further(self, step: int) -> str:
        if not self._differ:
            return "There is no row on which they differ."
        if step < 0:
            return "This is the overview; n reads the first row on which they differ."
        return "That was the last row on which they differ."

    def place(self) -> LabelsPlace:
        """Which disagreement is read."""
        return LabelsPlace(self._at)

    def restore(self, place: LabelsPlace) -> None:
        """Return to it."""
        self._at = min(max(place.at, 0), len(self._differ))
        self._paint()

    def _paint(self, *, keep_scroll: bool = False) -> None:
        self.query_one(TextPane).show(self._lines, keep_scroll=keep_scroll)
        self.update_lines()

    def _lines(self, width: int) -> list[Text]:
        app, inner = shell(self), width - 2
        if not self._blocks:
            has_rows = self.ready and self.workbench.project.manifest.splits["pool"].unlabelled
            paragraphs = [
                "Nobody has labelled a row of the pool yet: # goes to labelling."
                if has_rows
                else f"Every pool row came with a label, so nobody is asked for one. {more_rows()}",
                "Then this screen shows who gave how many labels, how far they agree, and how good an LLM's are.",
            ]
            return notice(width, app.ink, title="No labels yet", paragraphs=paragraphs)
        found: list[Text] = []
        if self._at:
            name, one, row = self._differ[self._at - 1]
            title = (
                f"{self._at} of {len(self._differ)} rows on which {givers(one.checked_by)} and {visible(name)} differ"
            )
            text, *rest = disagreement_lines(one, row)
            found = [*wrapped(Text(title, style=app.ink.strong), inner), Text(""), *wrapped(Text(text), inner)]
            for line in rest:
                found += [Text(""), *wrapped(Text(line), inner)]
        else:
            for block in self._blocks:
                found += [Text("")] if found else []
                found += (
                    wrapped(Text(block), inner)
                    if isinstance(block, str)
                    else table_text(inner, block, app.ink, app.glyphs)
                )
        return [Text.assemble(" ", line) for line in found]
