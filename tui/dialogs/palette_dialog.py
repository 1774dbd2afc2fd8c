"""The command palette: what can be done here, found by a part of its name, its sentence or another word for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.screen import Screen

from tui.availability import why_not
from tui.dialogs.dialog import Dialog
from tui.keys import in_order, keys
from tui.shell import shell
from tui.terminal.wrapping import fitted
from tui.themes import Ink
from tui.widgets.fields import Field
from tui.widgets.line_list import LineList

_WIDGETS = ("list", "pane", "plane", "filter", "field", "prose")  # their keys mean nothing without them
_LEFT_OUT = ("app.palette", "app.interrupt", "screen.escape")
_NAME_CELLS, _KEY_CELLS = 14, 8
_OTHER_WORDS = {
    "app.help": "help shortcuts bindings manual about version model",
    "app.theme": "theme color colour appearance mode",
    "app.quit": "quit exit close end",
    "app.undo": "revert back",
    "app.redo": "repeat",
    "app.redraw": "refresh repaint clear garbled",
    "app.messages": "log history errors notifications",
    "app.stop": "cancel abort kill",
    "screen.map": "plot scatter projection umap",
    "screen.back": "close previous leave",
    "screen.retrain": "train fit arms recipes seeds jobs finetune",
    "screen.review": "judge blind adjudicate",
    "screen.comparison": "comparison win rate agreement statistics",
    "screen.costs": "cost costs money price tokens time",
    "screen.labels": "agreement quality audit llm guideline disagreements conflicts",
    "screen.proof": "report result results verdict proven figures evaluation",
    "screen.rounds": "history timeline",
    "spots.open": "open evidence show rows",
    "spots.describe": "write pattern sample annotate label",
    "spots.filter": "search find",
    "spots.sort": "sort order",
    "spots.done": "finish complete",
    "spots.skip": "ignore set aside",
    "spots.commit": "submit hand in decline final",
    "spots.teach": "llm teach ai gpt model",
    "spots.discover": "scan find blind spots score",
    "evidence.filter": "search find",
    "evidence.copy": "clipboard yank",
    "evidence.commit": "submit hand in decline final",
    "evidence.wrong": "mark relabel",
    "describe.commit": "submit hand in decline final",
    "review.hand_in": "submit final",
    "describe.flip": "perturb counterfactual edit",
    "describe.copy": "duplicate",
    "proof.flips": "fixed broken regressions",
    "proof.promote": "deploy accept round",
    "retrain.start": "start train run",
    "retrain.quick": "quick look preview",
    "retrain.resume": "resume continue",
    "comparison.compare": "compare draw up",
    "pattern_test.llm": "llm judge",
    "flips.filter": "search find",
}
"""What people may type for a command, beside its own name and sentence."""


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the palette.

    Attributes:
        action: what is run. name, sentence: as in the table of keys. key: as it is shown here; empty if there is none.
        words: other words for it. reason: why it cannot be used now; None if it can.
    """

    action: str
    name: str
    sentence: str
    key: str
    words: str
    reason: str | None


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
        said = f"not now: {command.reason}" if command.reason else command.sentence
        rest = max(0, width - _NAME_CELLS - _KEY_CELLS)
        return [
            Text.assemble(
                (fitted(command.name, _NAME_CELLS, ellipsis=self._ellipsis), self._ink.muted if command.reason else ""),
                (fitted(command.key, _KEY_CELLS, ellipsis=self._ellipsis), self._ink.accent),
                (fitted(said, rest, ellipsis=self._ellipsis), self._ink.muted),
            )
        ]


class PaletteDialog(Dialog[str]):
    """Answers with the action of the command; its caller runs it."""

    BINDINGS = [*keys("palette")]

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__("Commands", "enter  run     up down  move     esc  leave")
        self._commands = commands

    @classmethod
    def over(cls, screen: Screen[Any]) -> PaletteDialog:
        """The commands of a screen; moves in lists are left out."""
        app = shell(screen)
        return cls(
            [
                Command(
                    _addressed(binding.action),
                    binding.description,
                    binding.tooltip,
                    one.label,
                    _OTHER_WORDS.get(str(binding.id), ""),
                    why_not(app, binding.action, one.owner),
                )
                for one in in_order(screen)
                if (binding := one.binding).id not in _LEFT_OUT and str(binding.id).partition(".")[0] not in _WIDGETS
            ]
        )

    def body(self) -> ComposeResult:
        """The field and the list."""
        yield Field(placeholder="part of a name")
        yield LineList(self._rows(""))

    def on_mount(self) -> None:
        """Type at once; the list follows."""
        self.query_one(LineList).can_focus = False
        self.query_one(Field).focus()

    def _rows(self, text: str) -> _Commands:
        """Those that all words are found in, by name first; what cannot be used now only where it is asked for."""
        app, asked = shell(self), text.casefold().strip()
        kept = [
            command
            for command in self._commands
            if (asked or not command.reason)
            and all(word in f"{command.name} {command.sentence} {command.words}".casefold() for word in asked.split())
        ]
        kept.sort(key=lambda command: (bool(command.reason), not command.name.casefold().startswith(asked)))
        return _Commands(kept, app.ink, app.glyphs.ellipsis)

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        rows = self._rows(event.value)
        self.query_one(LineList).show(rows, cursor=0)
        event.prevent_default()  # the base would name the keys after us
        self.mended()
        if not len(rows):
            self.refuse("No command here is called that.     esc  leave")

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
