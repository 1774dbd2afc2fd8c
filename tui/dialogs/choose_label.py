"""Taking another label: the next one where there are few, a dialog with a search where there are many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual.screen import Screen

_FEW = 4  # so many a key goes through one by one


def choose_label(screen: Screen[Any], labels: Sequence[str], current: str, take: Callable[[str], None]) -> None:
    """Take the label after the current one, or ask which.

    Args:
        screen: where it was asked for.
        labels: those that can be chosen.
        current: the one that is chosen; anything else: none is yet.
        take: called with the label; not at all if the dialog is left with esc.
    """
    from engine.text import visible
    from tui.dialogs.choice_dialog import ChoiceDialog

    place = labels.index(current) if current in labels else -1
    if len(labels) <= _FEW:
        take(labels[(place + 1) % len(labels)])
        return

    def chosen(choice: int | None) -> None:
        if choice is not None:
            take(labels[choice])

    screen.app.push_screen(
        ChoiceDialog("Which label?", [visible(label) for label in labels], current=max(0, place)), chosen
    )
