"""The end of the app: what screens and widgets have still to work off comes before they are taken apart."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.app import BlindspotApp

_PATIENCE = 1.0  # seconds that screens have to work off their messages


async def end(app: BlindspotApp, status: int) -> None:
    """Exit with that status once no message waits: its handler would look for widgets that are gone already."""
    last = monotonic() + _PATIENCE
    while monotonic() < last and any(
        node.message_queue_size for screen in app.screen_stack for node in screen.walk_children(with_self=True)
    ):
        await asyncio.sleep(0)
    app.exit(return_code=status)
