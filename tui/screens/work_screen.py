"""What every screen has: header, message line, footer, the way back, and a place to come back to.

A screen is rebuilt after a restart from `arguments` and `place`. Data come from the workbench;
`show` is called whenever they have changed, and again when the screen comes back to the front.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from typing_extensions import TypeVar

from tui.keys import keys
from tui.shell import shell
from tui.widgets.key_bar import KeyBar
from tui.widgets.line import Line
from tui.widgets.line_list import LineList
from tui.widgets.message_line import MessageLine
from tui.widgets.status_line import StatusLine
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from engine.preview.record import Preview
    from engine.teaching.revisions import Action
    from tui.view_models.workbench import Workbench


@dataclass(frozen=True, slots=True)
class Place:
    """Where the user is on a screen: row, filter, focus; JSON values, or tuples of them.

    Each screen that keeps something has its own. Other versions wrote what is read, so every field has a default.
    """


P = TypeVar("P", bound=Place, default=Any)


class WorkScreen(Screen[None], Generic[P]):
    """Base of all full screens. Subclasses give `NAME`, `body` and `show`, and what else they need."""

    NAME: ClassVar[str] = ""
    """Its name in `tui.screens.SCREENS`."""

    PLACE: ClassVar[type[Place]] = Place
    """What `place` gives."""

    HELP_TEXT: ClassVar[str] = ""
    """One or two sentences for `?`: what the screen is for."""

    MEASURES: ClassVar[Mapping[str, str]] = {}
    """What its words and measures mean (`tui.reporting.measures`), a line each; they stand in `?` beneath the keys."""

    BINDINGS = [*keys("screen")]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]

    built = False
    """Whether its widgets exist; until then nothing can be shown or asked."""

    def compose(self) -> ComposeResult:
        """Header, body, message line, footer."""
        yield StatusLine()
        yield from self.body()
        yield MessageLine()
        yield KeyBar(self.footer)

    def body(self) -> ComposeResult:
        """What lies between header and message line."""
        raise NotImplementedError

    def show(self) -> None:
        """Fill the body with what the workbench holds now; keep the cursor where it is."""
        raise NotImplementedError

    def footer(self) -> Sequence[str]:
        """Ids of the keys in the footer now, at most seven; none: those that `tui.keys` marks for it."""
        return ()

    def show_job(self) -> None:
        """Show where the running job is; called twice a second while one runs."""
        self.update_lines()

    def show_preview(self, preview: Preview) -> None:
        """Show an estimate of what samples would change; for screens on which one writes them."""

    def show_verdicts(self) -> None:
        """Take in what the model says of the texts that `live_verdict` was shown; for screens on which one writes."""

    def arguments(self) -> dict[str, str]:
        """What `make_screen` has to be given to build this screen again."""
        return {}

    def place(self) -> Place:
        """Where the user is on this screen."""
        return Place()

    def restore(self, place: P) -> None:
        """Return to a `place`; whatever is not there any more is passed over."""

    @property
    def subject(self) -> str:
        """What its steps (`tui.view_models.undo_steps`) are about, where one screen shows several things."""
        return ""

    def covers(self, action: Action) -> bool:
        """Whether an action in the records was done on this screen and on what it shows, so that it is undone here."""
        return False

    def did(self, note: str, before: Any, after: Any) -> None:
        """Remember a step that is not in the records; `put_back` is given ``before`` when it is undone."""
        self.workbench.steps.did(self.NAME, self.subject, note, before, after)

    def put_back(self, state: Any) -> None:
        """Undo a step, or do it again: ``state`` is what `did` was given as before or after."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key leads to where one is."""
        return not (action == "go" and self.NAME in parameters)

    def unavailable(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why an action cannot be used now, as a sentence; None if it can."""
        return None

    @property
    def workbench(self) -> Workbench:
        """The opened project with its records; not to be asked for before it is `ready`."""
        workbench = shell(self).workbench
        assert workbench is not None, "the project is still being opened"
        return workbench

    @property
    def ready(self) -> bool:
        """Whether the project has been opened."""
        return shell(self).workbench is not None

    def update(self) -> None:
        """Show everything again after a change."""
        if not self.built:
            return
        if self.ready:
            self.show()
        self.update_lines()

    def update_lines(self) -> None:
        """Show header and footer again."""
        for line in self.query(Line):
            if not isinstance(line, MessageLine):
                line.update()

    def repaint(self) -> None:
        """Paint everything again in other colours; rows are made anew, as they keep the styles they were made with."""
        self.update()
        for pane in self.query(TextPane):
            pane.repaint()
        for rows in self.query(LineList):
            rows.repaint()

    def say(self, message: str, *, warning: bool = False) -> None:
        """Put a sentence into the message line."""
        self.query_one(MessageLine).say(message, warning=warning)

    def leave(self, reason: str) -> None:
        """Go back because what the screen showed is gone, and say why."""

        def go() -> None:
            if self.is_current:
                self.app.pop_screen()
                shell(self).say(reason, warning=True)

        self.app.call_later(go)

    def on_mount(self) -> None:
        """Show what is there."""
        self.built = True
        self.update()

    def on_key(self, event: events.Key) -> None:
        """A letter that does nothing here says so: it may do something on another screen, or in the other case."""
        letter = event.character or ""
        if shell(self).is_typing or not (letter.isascii() and letter.isalnum()):
            return
        live = {key: one for key, one in self.active_bindings.items() if one.binding.id}
        if letter in live:
            return
        other = live.get(letter.swapcase())
        meant = f" {letter.swapcase()}: {other.binding.description}." if other else ""
        shell(self).refuse_key(f"{letter} does nothing here.{meant} ? explains the keys.")

    def on_descendant_focus(self) -> None:
        """Where the focus is belongs to the place one comes back to."""
        if self.built and self.ready:
            shell(self).autosave()

    def on_screen_resume(self) -> None:
        """Show what has changed meanwhile."""
        self.update()

    def on_screen_suspend(self) -> None:
        """What was said belongs to what was done then."""
        if self.built:
            self.say("")

    def action_back(self) -> None:
        """Go back to the screen before."""
        self.app.pop_screen()

    def action_escape(self) -> None:
        """Go back; screens with a filter clear it first."""
        self.action_back()

    def action_label_rows(self) -> None:
        """Label rows of the stream."""
        from tui.screens.label_rows import choose_queue

        choose_queue(self)

    async def action_go(self, name: str) -> None:
        """Open another screen."""
        await shell(self).go(name)
