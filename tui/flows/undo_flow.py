"""What ``u`` takes back and ctrl+r does again: the last thing done on the screen in front.

That is an answer or tick that is not handed in (`tui.view_models.undo_steps`), or an action in the records that the
screen covers. Where there is neither, the last action elsewhere is named and asked about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import BlindspotError

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.teaching.revisions import Action
    from tui.app import BlindspotApp
    from tui.screens.work_screen import WorkScreen
    from tui.view_models.undo_steps import UndoStep, UndoWay
    from tui.view_models.workbench import Workbench

_DONE = {"undo": "Undone", "redo": "Done again"}


class UndoFlow:
    """Undo and redo of the app."""

    def __init__(self, app: BlindspotApp) -> None:
        self._app = app

    def why_not(self, way: UndoWay) -> str | None:
        """Why there is nothing to undo or redo, as a sentence; None if there is something."""
        workbench, front = self._app.workbench, self._app.front
        if workbench is None or front is None or not front.built:
            return f"There is nothing to {way}."
        if self._step(workbench, front, way) or workbench.next_action(way):
            return None
        if way == "redo":
            return "There is nothing to redo: it works after an undo, until the next change."
        stays = workbench.teaching.store.stays
        return f"{stays}; there is nothing else to undo." if stays else "There is nothing to undo."

    def revert(self, way: UndoWay) -> None:
        """Undo or do again the last thing of the screen in front, else ask about the last one elsewhere."""
        workbench, front = self._app.workbench, self._app.front
        if workbench is None or front is None or not front.built:
            return
        step, action = self._step(workbench, front, way), workbench.next_action(way, front.covers)
        if step is not None and (action is None or action.time <= step.time):
            front.put_back(workbench.steps.take(way, step))
            self._app.autosave()
            front.say(f"{_DONE[way]}: {step.note}.")
        elif action is not None:
            self._write(workbench, way, front.covers)
        elif (action := workbench.next_action(way)) is not None:
            frozen = (spot for found, spot in workbench.teaching.store.undo_list() if spot and front.covers(found))
            spot = next(frozen, None) if way == "undo" else None
            here = workbench.teaching.store.why_frozen(spot) if spot else f"There is nothing to {way} on this screen"
            self._ask(workbench, way, action, here)

    @staticmethod
    def _step(workbench: Workbench, front: WorkScreen, way: UndoWay) -> UndoStep | None:
        return workbench.steps.last(way, front.NAME, front.subject)

    def _ask(self, workbench: Workbench, way: UndoWay, action: Action, here: str) -> None:
        """Say why there is nothing here and what would be undone or done again elsewhere, and do so if it is wanted."""
        from engine.text import visible
        from tui.dialogs.choice_dialog import ChoiceDialog

        def take(choice: int | None) -> None:
            if choice == 0:
                self._write(workbench, way, lambda found: found.number == action.number)

        spots = sorted({place for kind, place in action.places if kind in ("pattern", "sample")})
        about = "" if all(spot in action.note.split() for spot in spots) else f" ({', '.join(spots)})"
        word = "take that back" if way == "undo" else "do that again"
        title = f"{here}. Elsewhere the last was: {visible(action.note)}{about}."
        ways = [word, "leave it"]
        self._app.push_screen(ChoiceDialog(title, ways, current=1), take)

    def _write(self, workbench: Workbench, way: UndoWay, within: Callable[[Action], bool]) -> None:
        try:
            done = workbench.revert(way, within)
        except BlindspotError as error:
            self._app.refuse(error)
            return
        self._app.changed()
        if done is not None:
            self._app.say(f"{_DONE[way]}: {done.note}.")
