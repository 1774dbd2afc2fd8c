"""How widgets and screens reach the app with its type: `shell(self)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from textual.message_pump import MessagePump

    from tui.app import BlindspotApp


def shell(node: MessagePump) -> BlindspotApp:
    """The app that a widget or screen lives in."""
    return cast("BlindspotApp", node.app)
