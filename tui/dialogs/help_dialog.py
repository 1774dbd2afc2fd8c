"""Help: the keys of what has focus and of its screen, each with a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.screen import Screen

from tui.availability import why_not
from tui.dialogs.page_dialog import PaneDialog
from tui.keys import Live, in_order
from tui.shell import shell
from tui.terminal.wrapping import wrapped

if TYPE_CHECKING:
    from tui.app import BlindspotApp

_GROUPS = {
    "app": "Everywhere",
    "screen": "All screens",
    "list": "In the list",
    "pane": "In the text",
    "plane": "On the map",
    "written": "In the list of what is written",
    "field": "In the form",
    "prose": "In the field",
    "dialog": "Here",
}
_KEY_CELLS = 10


class HelpDialog(PaneDialog):
    """Lists bindings by group, nearest to the focus first; what cannot be used now says why."""

    def __init__(self, about: Sequence[str], live: Sequence[Live], measures: Mapping[str, str] | None = None) -> None:
        super().__init__("Keys", "j k  scroll     q  leave")
        self._measures = measures or {}
        self._about = about
        self._live = live

    @classmethod
    def about(cls, screen: Screen[Any], text: str, measures: Mapping[str, str]) -> HelpDialog:
        """Help for the focus of a screen; ``text`` is about the screen, ``measures`` what its words mean."""
        app = shell(screen)
        about = [text] if text else []
        if app.is_typing:
            about.append(
                "While you write, letters go into the field: these are the keys that work there. esc leaves it."
            )
        return cls(about, [one for one in in_order(screen) if one.label], measures)

    def lines(self, width: int) -> list[Text]:
        """What the screen is for, the bindings, what its words mean, and the project."""
        app = shell(self)
        lines = [line for text in self._about for line in wrapped(Text(text), width)]
        group = ""
        for one in self._live:
            name = str(one.binding.id).partition(".")[0]
            if name != group:
                group = name
                lines += [Text(""), Text(_GROUPS.get(name, "On this screen"), style=app.ink.strong)]
            lines += self._entry(one, width)
        if self._measures:
            lines += [Text(""), Text("What the words mean", style=app.ink.strong)]
        for name, meaning in self._measures.items():
            lines += wrapped(Text.assemble((name, app.ink.accent), f": {meaning}"), width)
        lines.append(Text(""))
        return lines + [line for text in _at_hand(app) for line in wrapped(Text(text, style=app.ink.muted), width)]

    def _entry(self, one: Live, width: int) -> list[Text]:
        app, binding = shell(self), one.binding
        reason = why_not(app, binding.action, one.owner)
        sentence = Text(binding.tooltip)
        if reason is not None:
            sentence = Text(f"{binding.tooltip} Not now: {reason}", style=app.ink.muted)
        heads = [one.label.ljust(_KEY_CELLS)]
        return [
            Text.assemble((heads.pop() if heads else " " * _KEY_CELLS, app.ink.accent), line)
            for line in wrapped(sentence, max(10, width - _KEY_CELLS))
        ]


def _at_hand(app: BlindspotApp) -> list[str]:
    """Project and model in full; the header has no room for long names. Where it lies is no matter of guests."""
    from engine.guest import is_guest
    from engine.text import visible

    about = [f"Project: {visible(app.root.name if is_guest() else str(app.root))}"]
    if app.workbench is not None and app.workbench.board is not None:
        about.append(f"Model: {visible(app.workbench.board.discovery.model)}")
    return about
