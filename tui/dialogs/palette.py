"""The command palette: the commands that can be used now, found by a part of their name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.screen import Screen

from tui.dialogs.base import Dialog
from tui.keys import in_order, keys, label_of
from tui.shell import shell
from tui.themes import Ink
from tui.widgets.fields import Field
from tui.widgets.line_list import LineList
from tui.widgets.wrapping import fitted

_WIDGETS = (
    "list",
    "pane",
    "plane",
    "filter",
    "field",
    "prose",
)  # groups of keys that mean nothing without their widget
_LEFT_OUT = ("app.palette", "app.interrupt", "screen.escape")
_NAME_CELLS, _KEY_CELLS = 14, 8


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the palette."""

    action: str
    name: str
    sentence: str
    key: str


class _Commands:
    def __init__(self, commands: Sequence[Command], ink: Ink, ellipsis: str) -> None:
        self.commands = commands
        self._ink = ink
        self._ellipsis = ellipsis

    def __len__(self) -> int:
        return len(self.commands)

    def height(self, index: int, width: int) -> int:
        return 1

    def lines(self, index: int, width: int) -> list[Text]:
        command = self.commands[index]
        rest = max(0, width - _NAME_CELLS - _KEY_CELLS)
        return [Text.assemble(
            fitted(command.name, _NAME_CELLS, ellipsis=self._ellipsis),
            (fitted(command.key, _KEY_CELLS, ellipsis=self._ellipsis), self._ink.accent),
            (fitted(command.sentence, rest, ellipsis=self._ellipsis), self._ink.muted),
        )]  # fmt: skip


class PaletteDialog(Dialog[str]):
    """Answers with the action of the command; its caller runs it."""

    BINDINGS = [*keys("palette")]

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__("Commands", "enter  run     up down  move     esc  leave")
        self._commands = commands

    @classmethod
    def over(cls, screen: Screen[Any]) -> PaletteDialog:
        """The commands that can be used on a screen now; moves in lists are left out."""
        app = shell(screen)
        return cls([
            Command(_addressed(binding.action), binding.description, binding.tooltip, label_of(binding))
            for binding in (active.binding for active in in_order(screen.active_bindings))
            if str(binding.id).partition(".")[0] not in _WIDGETS
            and binding.id not in _LEFT_OUT
            and app.unavailable(binding.action) is None
        ])  # fmt: skip

    def body(self) -> ComposeResult:
        """The field and the list."""
        yield Field(placeholder="part of a name")
        yield LineList(self._rows(""))

    def on_mount(self) -> None:
        """Type at once; the list follows."""
        self.query_one(LineList).can_focus = False
        self.query_one(Field).focus()

    def _rows(self, text: str) -> _Commands:
        app = shell(self)
        words = text.casefold().split()
        kept = [
            command
            for command in self._commands
            if all(word in f"{command.name} {command.sentence}".casefold() for word in words)
        ]
        kept.sort(key=lambda command: not command.name.casefold().startswith(text.casefold()))
        return _Commands(kept, app.ink, app.glyphs.ellipsis)

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        self.query_one(LineList).show(self._rows(event.value), cursor=0)

    @on(Field.Submitted)
    @on(LineList.Chosen)
    def action_accept(self) -> None:
        """Run the command under the cursor."""
        rows = self.query_one(LineList)
        commands = self._rows(self.query_one(Field).value).commands
        if commands:
            self.dismiss(commands[rows.cursor].action)

    def action_move(self, step: int) -> None:
        """Move in the list while the field keeps the focus."""
        rows = self.query_one(LineList)
        rows.move_to(rows.cursor + step)


def _addressed(action: str) -> str:
    """The action with its target, so that it means the same when the dialog is gone."""
    return action if action.startswith(("app.", "screen.")) else f"screen.{action}"
