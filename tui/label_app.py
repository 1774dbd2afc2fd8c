"""Labelling by single keys as an app of its own. It needs no project and no model."""

from __future__ import annotations

import asyncio
import signal
from functools import partial

from tui.screens.label_screen import LabelScreen
from tui.steady_app import SteadyApp
from tui.terminal.driver import TerminalGone
from tui.themes import next_theme


class LabelApp(SteadyApp, inherit_bindings=False):
    """`LabelScreen` alone; leaving it ends the app.

    Args:
        screen: what is labelled.
        ascii: use no characters beyond ASCII.
    """

    def __init__(self, screen: LabelScreen, *, ascii: bool = False) -> None:
        super().__init__(ascii=ascii)
        self._labels = screen

    async def on_mount(self) -> None:
        """Show the screen; hang-ups end the app."""
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGHUP, signal.SIGTERM):
                loop.add_signal_handler(number, partial(self.exit, return_code=128 + number))
        await self.push_screen(self._labels, lambda _: self.exit())

    def on_terminal_gone(self, message: TerminalGone) -> None:
        """The terminal has been closed: every label is saved already."""
        self.exit(return_code=128 + signal.SIGHUP)

    def action_theme(self) -> None:
        """Change colours: dark, light, plain, and dark again."""
        self.theme = next_theme(self.theme)
        self.call_after_refresh(self._labels.repaint, f"Colours: {self.theme.removeprefix('blindspot-')}.")
