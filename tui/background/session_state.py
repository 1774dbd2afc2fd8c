"""Keeps what is typed and where the user is: saved shortly after every change, and returned to when the app opens."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from textual.css.query import NoMatches

from engine.errors import BlindspotError
from tui.screens import make_screen
from tui.screens.work_screen import WorkScreen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.timer import Timer

    from engine.schema import Drafts
    from tui.app import BlindspotApp

T = TypeVar("T")

_SAVE_AFTER = 0.4  # seconds after the first change that is not saved yet


@dataclass(frozen=True, slots=True)
class SavedScreen:
    """One screen: its name, and what it says of itself (`tui.screens.work_screen`); ``place`` is JSON of its own."""

    name: str
    arguments: dict[str, str] = field(default_factory=dict)
    place: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Session:
    """Where the user is. ``screens``: lowest first. ``choices``: what outlives a screen, by its name, as JSON."""

    theme: str = ""
    live_verdict: bool = True
    screens: tuple[SavedScreen, ...] = ()
    choices: dict[str, dict[str, Any]] = field(default_factory=dict)


def fitting(kind: type[T], values: dict[str, Any]) -> T:
    """What was saved, maybe by another version; as at first where it is of another shape. Every field has a default."""
    from engine.shapes import WrongShape, fit  # not before the first paint

    try:
        return fit(values, kind)
    except WrongShape:
        return kind()


class SessionState:
    """Writes drafts and place of the app's screens, and builds the screens again."""

    def __init__(self, app: BlindspotApp) -> None:
        self._app = app
        self._timer: Timer | None = None
        self._writing = Lock()
        self._newest: Drafts | None = None  # an older one that is still on its way to the disk is dropped

    def autosave(self) -> None:
        """Save shortly, in a thread, for a disk may be slow; further changes until then are saved with it."""
        if self._timer is None:
            self._timer = self._app.set_timer(_SAVE_AFTER, self._save_apart)

    def save(self) -> None:
        """Save now."""
        drafts = self._collect()
        if drafts is not None:
            self._write(drafts)

    def _save_apart(self) -> None:
        drafts = self._collect()
        if drafts is not None:
            self._app.run_worker(partial(self._write, drafts), thread=True, group="save")

    def _collect(self) -> Drafts | None:
        """What there is to save; None if there is nothing to save it from."""
        import orjson  # not before the first paint

        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        app = self._app
        if app.workbench is None:
            return None
        try:
            screens = tuple(
                SavedScreen(screen.NAME, screen.arguments(), asdict(screen.place()))
                for screen in app.screen_stack
                if isinstance(screen, WorkScreen) and screen.built
            )
        except NoMatches:  # the app is ending and has lost its widgets; what was saved before stands
            return None
        chosen = {"retrain": app.retrain_choices.as_json()} if app.retrain_choices else {}
        session = Session(app.colours, app.live_verdict.wanted, screens, chosen)
        place = orjson.loads(orjson.dumps(session))  # lists: equal to what comes back from the disk
        self._newest = app.workbench.drafts(place)
        return self._newest

    def _write(self, drafts: Drafts) -> None:
        app = self._app
        try:
            with self._writing:
                if drafts is self._newest and app.workbench is not None:
                    app.workbench.save(drafts)
        except BlindspotError as error:
            app.call_later(app.refuse, error)

    async def return_to(self, screens: Sequence[SavedScreen]) -> None:
        """Open the screens that were saved, each at its place; the first one is open already."""
        app = self._app
        for number, saved in enumerate(screens):
            if number:
                try:
                    await app.push_screen(make_screen(saved.name, **saved.arguments))
                except (BlindspotError, KeyError, TypeError):
                    app.say("The place where you were is not there any more.", warning=True)
                    return
            front = app.front
            if front is not None:
                front.restore(fitting(front.PLACE, saved.place))
