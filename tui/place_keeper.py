"""Keeps what is typed and where the user is: saved shortly after every change, and returned to when the app opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.css.query import NoMatches

from engine.errors import BlindspotError
from tui.screens import make_screen
from tui.screens.base import WorkScreen

if TYPE_CHECKING:
    from textual.timer import Timer

    from tui.app import BlindspotApp

_SAVE_AFTER = 0.4  # seconds after the first change that is not saved yet


class PlaceKeeper:
    """Writes drafts and place of the app's screens, and builds the screens again."""

    def __init__(self, app: BlindspotApp) -> None:
        self._app = app
        self._timer: Timer | None = None

    def autosave(self) -> None:
        """Save shortly; further changes until then are saved with it."""
        if self._timer is None:
            self._timer = self._app.set_timer(_SAVE_AFTER, self.save)

    def save(self) -> None:
        """Save now."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        app = self._app
        if app.workbench is None:
            return
        try:
            screens = [
                {"name": screen.NAME, "arguments": screen.arguments(), "place": screen.place()}
                for screen in app.screen_stack
                if isinstance(screen, WorkScreen) and screen.built
            ]
            place = {"theme": app.theme, "live_verdict": app.live_verdict.wanted, "screens": screens}
            app.workbench.save(place)
        except NoMatches:  # the app is ending and has lost its widgets; what was saved before stands
            return
        except BlindspotError as error:
            app.refuse(error)

    async def return_to(self, screens: list[dict[str, Any]]) -> None:
        """Open the screens that were saved, each at its place; the first one is open already."""
        app = self._app
        for number, saved in enumerate(screens):
            if number:
                try:
                    await app.push_screen(make_screen(saved["name"], **saved["arguments"]))
                except (BlindspotError, KeyError, TypeError):
                    app.say("The place where you were is not there any more.", warning=True)
                    return
            front = app.front
            if front is not None:
                front.restore(saved["place"])
