"""Why an action cannot be used now: what holds on every screen is said here, the rest by the screen in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import actions
from textual.screen import Screen
from textual.widget import Widget

from engine.guest import is_guest, refusal

if TYPE_CHECKING:
    from tui.app import BlindspotApp


_NOT_FOR_GUESTS = {
    "compare": "starting a job",
    "discover": "starting a job",
    "hunt": "starting a job",
    "llm": "asking an LLM",
    "promote": "promoting a model",
    "quick": "starting a job",
    "resume": "going on with a job",
    "start": "starting a job",
    "stop_job": "stopping a job",
    "teach": "asking an LLM",
}
"""What the engine would refuse, by action: said at once, in place of what is asked on the way there."""


def not_for_guests(action: str) -> bool:
    """Whether whoever works here may never use an action, written as in a binding, because they are a guest."""
    return is_guest() and actions.parse(action)[1] in _NOT_FOR_GUESTS


def why_not(app: BlindspotApp, action: str, owner: object) -> str | None:
    """Why an action, written as in a binding, cannot be used now, as a sentence; None if it can.

    Args:
        app: with its screens.
        action: as in a binding.
        owner: whose binding it is; what a field does with its own keys is no matter of the screen's.
    """
    target, name, parameters = actions.parse(action)
    if not target and isinstance(owner, Widget) and not isinstance(owner, Screen):
        return None
    if not_for_guests(action):
        return str(refusal(_NOT_FOR_GUESTS[name]))
    if name in ("undo", "redo"):
        return app.undoing.why_not("undo" if name == "undo" else "redo")
    if name == "stop_job":
        return _why_not_stopped(app)
    if name == "theme" and app.no_color:
        return "Colours are off because NO_COLOR is set."
    front = app.front
    return front.unavailable(name, parameters) if front is not None and front is app.screen and front.built else None


def _why_not_stopped(app: BlindspotApp) -> str | None:
    running = app.workbench.running if app.workbench else None
    if running is None:
        return "No job is running."
    return f"{running.id} was asked to stop already and does so at its next step." if running.stopping else None
