"""The workbench app: opens fast, keeps what is typed, survives a lost terminal, and never does heavy work itself.

Nothing of the engine is imported before the first paint; project files are then read in a thread. When nothing runs
and no key is pressed, no timer runs and nothing is sent to the terminal. Messages go up, data go down.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events, on, work
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen

from engine.errors import BlindspotError
from tui.availability import why_not
from tui.background.job_watch import JobWatch
from tui.background.live_verdict import LiveVerdict
from tui.background.screen_time import ActiveTime
from tui.background.session_state import Session, SessionState, fitting
from tui.flows.undo_flow import UndoFlow
from tui.hints import with_project
from tui.keys import keys
from tui.message_log import Messages
from tui.screens import make_screen
from tui.screens.spots_screen import SpotsScreen
from tui.screens.work_screen import WorkScreen
from tui.steady_app import SteadyApp
from tui.terminal.driver import TerminalGone
from tui.themes import DARK, THEMES, next_theme
from tui.view_models.header_status import HeaderStatus
from tui.widgets.fields import Field

if TYPE_CHECKING:
    from tui.view_models.retrain_plan import RetrainChoices
    from tui.view_models.workbench import Workbench


class BlindspotApp(SteadyApp, inherit_bindings=False):
    """The workbench over one project.

    Args:
        root: the project folder.
        annotator: whose records are written.
        ascii: use no characters beyond ASCII in bars, maps and signs.
    """

    CSS_PATH = ["app.tcss", "screens/spots.tcss"]  # Textual does not read the sheet of a default screen
    BINDINGS = [*keys("app")]
    TITLE = "Blindspot"

    class Opened(Message):
        """The project has been opened."""

        def __init__(self, workbench: Workbench) -> None:
            super().__init__()
            self.workbench = workbench

    class Failed(Message):
        """The project cannot be opened."""

        def __init__(self, error: BlindspotError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, root: Path, annotator: str, ascii: bool = False) -> None:
        super().__init__(ascii=ascii)
        self.root = root
        self.annotator = annotator
        self.workbench: Workbench | None = None
        """The opened project; None until it has been read."""
        self.failed = False
        """Whether the project could not be opened."""
        self.colours = DARK
        """The theme that the user chose; NO_COLOR shows another one and changes nothing in that choice."""
        self.job_watch = JobWatch(self)
        self.active_time = ActiveTime(self)
        self.live_verdict = LiveVerdict(self)
        self.retrain_choices: RetrainChoices | None = None
        """What was chosen on the screen of that name, which it outlives."""
        self.labelling = ExitStack()
        """What is to be closed when rows are no longer labelled: the hold on the row in front, who chooses the next."""
        self.messages = Messages()
        self._keeper = SessionState(self)
        self._leaving = False
        self.undoing = UndoFlow(self)

    @property
    def status(self) -> HeaderStatus:
        """The figures of the header."""
        if self.workbench is None:
            return HeaderStatus(self.root.name or str(self.root))
        return self.workbench.status(job=self.job_watch.line)

    @property
    def is_typing(self) -> bool:
        """Whether a letter would go into a field."""
        return self.focused is not None and self.focused.check_consume_key("q", "q")

    @property
    def front(self) -> WorkScreen | None:
        """The full screen in front, dialogs aside; None once the app is being left."""
        if self._leaving:
            return None
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, WorkScreen)), None)

    def get_default_screen(self) -> Screen[None]:
        """The list of blind spots is always at the bottom of the stack."""
        return SpotsScreen()

    def on_mount(self) -> None:
        """Read the project once something is on the screen."""
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGHUP, signal.SIGTERM):
                loop.add_signal_handler(number, self.leave, 128 + number)
        self.call_after_refresh(self._open)

    def on_unmount(self) -> None:
        """End what lives only with the app."""
        self.live_verdict.close()
        with suppress(BlindspotError):  # nobody is there to be told; such a hold ends by itself
            self.labelling.close()
        if self.workbench is not None:
            self.workbench.close()

    # opening

    @work(thread=True, group="open")
    def _open(self) -> None:
        from tui.view_models.workbench import Workbench

        try:
            self.post_message(self.Opened(Workbench.open(self.root, self.annotator)))
        except BlindspotError as error:
            self.post_message(self.Failed(error))

    @on(Opened)
    async def _opened(self, message: Opened) -> None:
        self.workbench = workbench = message.workbench
        self.job_watch.watch()
        saved = fitting(Session, workbench.place)
        if saved.theme in THEMES:
            self.colours = saved.theme
            if not self.no_color:
                self.theme = saved.theme
        if "retrain" in saved.choices:
            from tui.view_models.retrain_plan import RetrainChoices

            self.retrain_choices = fitting(RetrainChoices, saved.choices["retrain"])
        self.live_verdict.wanted = saved.live_verdict
        self.changed()
        await self._keeper.return_to(saved.screens)
        self.tell_problems([with_project(sentence, self.root) for sentence in workbench.repairs])

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        bottom = self.screen_stack[0]
        assert isinstance(bottom, SpotsScreen)
        self.failed = True
        bottom.refuse(with_project(str(message.error), self.root))

    # what screens and widgets ask for

    def say(self, message: str, *, warning: bool = False) -> None:
        """Put a sentence into the message line of the screen in front."""
        front = self.front
        if front is not None and front.built:
            front.say(message, warning=warning)

    def tell_problems(self, more: Sequence[str] = ()) -> None:
        """Say which files were left out of what is shown, once each, and what else is to be said of files."""
        from engine import problems

        if told := [*more, *problems.take()]:
            self.say(" ".join(told), warning=True)

    def refuse(self, error: BlindspotError) -> None:
        """Show an error that the user can mend."""
        self.say(with_project(str(error), self.root), warning=True)

    def changed(self) -> None:
        """Records, discovery or jobs have changed: show it, and remember the place."""
        front = self.front
        if front is not None:
            front.update()
        self.autosave()

    def job_changed(self) -> None:
        """The running job has moved on."""
        front = self.front
        if front is not None and front.built:
            front.show_job()

    async def go(self, name: str, **arguments: Any) -> None:
        """Open a screen; an open one of that name is returned to, or replaced if it shows something else."""
        self._take_in()
        stack = [screen for screen in self.screen_stack if isinstance(screen, WorkScreen)]
        depth = next((number for number, screen in enumerate(stack) if name == screen.NAME), None)
        if depth is None:
            await self.push_screen(make_screen(name, **arguments))
            return
        same = depth == 0 or stack[depth].arguments() == arguments
        for _ in range(len(stack) - depth - (1 if same else 0)):
            await self.pop_screen()
        if not same:
            await self.push_screen(make_screen(name, **arguments))

    @property
    def write_to_terminal(self) -> Callable[[str], None] | None:
        """Writes a control sequence to the terminal; None where there is none."""
        return None if self._driver is None or self.is_headless else self._driver.write

    async def run_action(self, action: Any, default_namespace: DOMNode | None = None, namespaces: Any = None) -> bool:
        """Run an action, or say why it cannot be used now; none is run once the app is being left."""
        if self._leaving:
            return True
        reason = why_not(self, action, default_namespace) if isinstance(action, str) else None
        if reason is not None:
            self.refuse_key(reason)
            return True
        before, front = self.messages.last, self.front
        done = await super().run_action(action, default_namespace, namespaces)
        if self.messages.is_over(before) and front is self.front:
            self.say("")
        return done

    def refuse_key(self, reason: str) -> None:
        """Say why a key does nothing; that goes with the next key."""
        self.say(reason, warning=True)
        self.messages.is_about_key()

    # keeping what is typed

    def autosave(self) -> None:
        """Save drafts and place shortly; called at every change, however small."""
        if not self._leaving:
            self._keeper.autosave()

    def save(self) -> None:
        """Save drafts and place now."""
        self._keeper.save()

    def leave(self, status: int = 0) -> None:
        """Save everything and end the app with this exit status, or 1 if the project could not be opened.

        From now on input is dropped, and so is every action. What screens and widgets have still to work off is
        waited for: they would look for parts of themselves that are gone already.
        """
        if self._leaving:
            return
        self.active_time.save()
        self.save()
        self._leaving = True
        self.run_worker(self.end(status or int(self.failed)), group="end")

    def on_terminal_gone(self, message: TerminalGone) -> None:
        """The terminal has been closed: save and end."""
        self.leave(128 + signal.SIGHUP)

    async def on_event(self, event: events.Event) -> None:
        """Tell the clock of each key before a screen takes it; drop input once the app is being left."""
        if self._leaving and isinstance(event, events.InputEvent | events.Paste | events.Resize):
            return
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self.active_time.key()
        await super().on_event(event)

    def on_key(self, event: events.Key) -> None:
        """Give a field the letter that was typed right behind the key that leads there, and went to the list.

        Here and not on a screen, as actions of keys are run here: this letter comes after its key.
        """
        if isinstance(self.focused, Field) and event.is_printable and event.character:
            self.focused.insert_text_at_cursor(event.character)

    def on_app_blur(self, event: events.AppBlur) -> None:
        """The user is elsewhere."""
        self.active_time.pause()

    def on_app_focus(self, event: events.AppFocus) -> None:
        """Take in what other processes wrote while the user was elsewhere."""
        self.active_time.resume()
        self._take_in()
        self.job_watch.look()

    def _take_in(self) -> None:
        """Show what other processes have written; many terminals never tell when they regain focus."""
        try:
            if self.workbench is not None and self.workbench.teaching.refresh():
                self.changed()
        except BlindspotError as error:
            self.refuse(error)

    # actions

    def action_undo(self) -> None:
        """Take back the last thing done on this screen."""
        self.undoing.revert("undo")

    def action_redo(self) -> None:
        """Do again what undo took back."""
        self.undoing.revert("redo")

    def action_theme(self) -> None:
        """Change colours: dark, light, plain, and dark again."""
        self.theme = self.colours = next_theme(self.theme)
        self.call_after_refresh(self._repaint)
        self.autosave()

    def _repaint(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, WorkScreen):
                screen.repaint()
        self.say(f"Colours: {self.theme.removeprefix('blindspot-')}.")

    def action_help(self) -> None:
        """Explain the keys of what has focus."""
        from tui.dialogs.help_dialog import HelpDialog

        screen = self.screen
        text, measures = (screen.HELP_TEXT, screen.MEASURES) if isinstance(screen, WorkScreen) else ("", {})
        self.push_screen(HelpDialog.about(screen, text, measures))

    def action_palette(self) -> None:
        """Find a command by its name."""
        from tui.dialogs.palette_dialog import PaletteDialog

        self.push_screen(PaletteDialog.over(self.screen), self._run_command)

    async def _run_command(self, action: str | None) -> None:
        if action is not None:
            await self.run_action(action, self.screen)

    def action_stop_job(self) -> None:
        """Ask the running job to stop."""
        if self.job_watch.stop():
            self.job_changed()
            self.say("It stops at its next step. What it has finished is kept; R on the retrain screen (r) goes on.")

    def action_messages(self) -> None:
        """Show what was said, in full."""
        from tui.dialogs.messages_dialog import MessagesDialog

        self.push_screen(MessagesDialog(self.messages.all))

    def action_interrupt(self) -> None:
        """Say how to leave."""
        first = "esc leaves the field; then " if self.is_typing else ""
        kept = f"; {self.workbench.kept}" if self.workbench else ""
        self.say(f"{first}Q leaves the app, q goes back{kept}.")

    def action_quit(self) -> Any:
        """Save everything and leave."""
        self.leave()
