"""Asks to choose one of several words: by moving, or by the number in front."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult

from tui.dialogs.base import Dialog
from tui.shell import shell
from tui.themes import Ink
from tui.widgets.line_list import LineList
from tui.widgets.wrapping import fitted


class _Choices:
    """One line a choice; the first nine carry their number."""

    def __init__(self, choices: Sequence[str], ink: Ink, ellipsis: str) -> None:
        self._choices = choices
        self._ink = ink
        self._ellipsis = ellipsis

    def __len__(self) -> int:
        return len(self._choices)

    def height(self, index: int, width: int) -> int:
        return 1

    def lines(self, index: int, width: int) -> list[Text]:
        number = f"{index + 1}  " if index < 9 else "   "
        word = fitted(self._choices[index], max(0, width - len(number)), ellipsis=self._ellipsis)
        return [Text.assemble((number, self._ink.accent), word)]


class ChoiceDialog(Dialog[int]):
    """Answers with the index of the choice.

    Args:
        title: the question.
        choices: what can be chosen, safe to print.
        current: where the cursor starts.
    """

    def __init__(self, title: str, choices: Sequence[str], *, current: int = 0) -> None:
        super().__init__(title, "1-9 or enter  choose     esc  leave")
        self._choices = choices
        self._current = current

    def body(self) -> ComposeResult:
        """The list."""
        app = shell(self)
        rows = LineList(_Choices(self._choices, app.ink, app.glyphs.ellipsis))
        rows.cursor = self._current
        rows.styles.height = len(self._choices)
        yield rows

    def on_key(self, event: events.Key) -> None:
        """A number chooses at once."""
        if event.character and event.character.isdecimal() and 1 <= int(event.character) <= min(9, len(self._choices)):
            event.stop()
            self.dismiss(int(event.character) - 1)

    @on(LineList.Chosen)
    def action_accept(self) -> None:
        """Take the choice under the cursor."""
        self.dismiss(self.query_one(LineList).cursor)
