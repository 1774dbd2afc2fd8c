"""What the apps of this package share: a terminal driver that loses nothing, themes, and safe output."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from time import monotonic

from textual import events
from textual.app import App
from textual.css.stylesheet import Stylesheet
from textual.filter import LineFilter

from tui.terminal.driver import SteadyDriver
from tui.terminal.glyphs import ASCII, UNICODE
from tui.terminal.safe_lines import SafeLines
from tui.themes import DARK, INKS, PLAIN, THEMES, Ink

_PATIENCE = 1.0  # seconds that screens have to work off their messages before they are taken apart


class _KeptStylesheet(Stylesheet):
    """Parses what a newly opened screen brings, and what was parsed before only once more where variables changed."""

    def reparse(self) -> None:
        """Parse what is not known yet; Textual's parses every source anew: 12 ms for each first opening."""
        self.parse()


class SteadyApp(App[None], inherit_bindings=False):
    """An app on `SteadyDriver`, in the themes of `tui.themes`, plain where NO_COLOR is set.

    Args:
        ascii: use no characters beyond ASCII in bars, maps and signs.
    """

    ENABLE_COMMAND_PALETTE = False

    ascii = False
    """Whether characters beyond ASCII are avoided."""

    def __init__(self, *, ascii: bool = False) -> None:
        no_color = "NO_COLOR" in os.environ
        super().__init__(driver_class=SteadyDriver, ansi_color=True if no_color else None)
        self.ascii = ascii
        self.glyphs = ASCII if ascii else UNICODE
        self.animation_level = "none"
        self._safe_lines = SafeLines()
        for theme in THEMES.values():
            self.register_theme(theme)
        self.set_reactive(App.theme, PLAIN if no_color else DARK)
        self.stylesheet = _KeptStylesheet(variables=self.get_css_variables())

    def get_css_variables(self) -> dict[str, str]:
        """The variables of the theme, and ``$line``: how borders are drawn."""
        return super().get_css_variables() | {"line": "ascii" if self.ascii else "solid"}

    @property
    def ink(self) -> Ink:
        """The styles of data text in the current colours."""
        return INKS[self.theme]

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Those of Textual, after what keeps control characters off the terminal."""
        return [self._safe_lines, *super().get_line_filters()]

    def on_resize(self, event: events.Resize) -> None:
        """A terminal that changes its size drops part of what it showed, or moves it."""
        self._forget_screen()

    def action_redraw(self) -> None:
        """Paint the screen anew."""
        self._forget_screen()
        self.screen.refresh()

    async def end(self, status: int) -> None:
        """Exit with that status once no message waits: its handler would look for widgets that are gone already."""
        last = monotonic() + _PATIENCE
        while monotonic() < last and any(
            node.message_queue_size for screen in self.screen_stack for node in screen.walk_children(with_self=True)
        ):
            await asyncio.sleep(0)
        self.exit(return_code=status)

    def _forget_screen(self) -> None:
        if isinstance(self._driver, SteadyDriver):
            self._driver.forget()
