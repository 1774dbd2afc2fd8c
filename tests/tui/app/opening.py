"""Opening the app over a project under a pilot, waiting for what it shows, and reading its screen as text."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.events import Paste
from textual.pilot import Pilot

from tui.app import BlindspotApp
from tui.widgets.text_pane import TextPane


class Driver:
    """A running app and the keys for it."""

    def __init__(self, app: BlindspotApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys and let the app come to rest."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type a text."""
        await self.press(*("space" if c == " " else c for c in text))

    async def paste(self, text: str) -> None:
        """Paste a text into the field that has the focus: a pilot needs 50 ms for each key it presses."""
        assert self.app.focused is not None
        self.app.focused.post_message(Paste(text))
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object], *, seconds: float = 60) -> None:
        """Wait for a condition; fail after a generous limit, with the screen."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s:\n{self.text}"
            await self.pilot.pause()
            await asyncio.sleep(0.02)

    async def sees(self, *texts: str) -> None:
        """Wait until all these texts are on the screen."""
        await self.until(lambda: all(text in self.text for text in texts))

    @property
    def text(self) -> str:
        """What the terminal shows, one line a row."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    @property
    def words(self) -> str:
        """What the terminal shows, as one line without columns."""
        return " ".join(self.text.split())

    @property
    def pane(self) -> str:
        """All of the text pane of the screen in front, without blanks: a path is broken wherever a line ends."""
        return "".join(self.app.screen.query_one(TextPane).text.split())

    @property
    def screen(self) -> Any:
        """The screen in front."""
        return self.app.screen


@asynccontextmanager
async def opened(
    root: Path, *, annotator: str = "ann", size: tuple[int, int] = (80, 24), ascii: bool = False
) -> AsyncIterator[Driver]:
    """The app over a project, once it has been read; leaving the block ends it without a word, as a kill does."""
    app = BlindspotApp(root, annotator, ascii)
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot)
        await driver.until(lambda: app.workbench is not None)
        await pilot.pause()
        yield driver
