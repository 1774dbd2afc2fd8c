"""Labelling rows from the workbench: which queue, and the screen over it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine.counted import counted
from engine.errors import BlindspotError
from engine.guest import is_guest
from tui.hints import more_rows, with_project
from tui.shell import shell

if TYPE_CHECKING:
    from tui.screens.work_screen import WorkScreen

_FLAGGED = "flagged"
"""Stands for a queue of all flagged rows, which is made when it is chosen."""
_KINDS = {  # with the name and a number of three digits they fit into the dialog at 80 columns
    "audit": "held-out rows, to measure the errors",
    "verdict": "held-out rows that decide a proof",
    "hunt": "rows where the model may well be wrong",
    "flagged": "rows where LLM and model differ",
    "pattern": "rows that a pattern or a sample finds",
    "random": "rows drawn at random",
    "conflict": "rows on which people differ",
    "proof-conflict": "held-out rows people differ on",
    "stale": "your labels that a new guideline touches",
}

_HELD_OUT = ("audit", "verdict", "proof-conflict")


def choose_queue(screen: WorkScreen) -> None:
    """Ask which rows are to be labelled, where there are several queues, and go there."""
    from engine.label_queue.open_queues import open_queues
    from tui.dialogs.choice_dialog import ChoiceDialog

    workbench = screen.workbench
    try:
        found = open_queues(workbench.project, workbench.teaching)
        flagged = _flagged(screen)
        if flagged and all(left < len(flagged) for name, left in found if name.startswith("flagged-")):
            place = sum(name.partition("-")[0] in ("audit", "verdict", "hunt") for name, _ in found)
            found.insert(place, (_FLAGGED, len(flagged)))
    except BlindspotError as error:
        shell(screen).refuse(error)
        return
    if not found:
        screen.say(f"Every row has a label. {more_rows()}", warning=True)
        return
    if len(found) == 1:
        label_rows(screen, found[0][0])
        return

    def take(place: int | None) -> None:
        if place is not None:
            label_rows(screen, found[place][0])

    kinds = [name if name in _KINDS else name.partition("-")[0] for name, _ in found]
    words = [f"{name}: {_KINDS[kind]} ({left:,})" for kind, (name, left) in zip(kinds, found, strict=True)]
    screen.app.push_screen(ChoiceDialog("Label which rows?", words), take)


def _flagged(screen: WorkScreen) -> list[str]:
    """The rows that an LLM flags and nobody has labelled."""
    board = screen.workbench.board
    return [row.prediction.id for row in board.every_flagged()] if board else []


def label_rows(screen: WorkScreen, queue: str) -> None:
    """Lay the label screen over a screen of the workbench; when it is left, what has changed is shown."""
    from engine.label_queue.picked_rows import queue_flagged
    from engine.label_queue.project_session import open_session
    from engine.label_queue.row_chooser import row_chooser
    from engine.schema import Teacher
    from tui.screens.label_screen import LabelScreen

    app, workbench = shell(screen), screen.workbench
    project, author = workbench.project, workbench.teaching.author
    try:
        if queue == _FLAGGED:
            queue = queue_flagged(project, workbench.teaching, _flagged(screen), "all").spec.name
        opened = open_session(project, workbench.teaching, Teacher(author, "human"), queue=queue)
    except BlindspotError as error:
        app.refuse(error)
        return

    app.labelling.callback(opened.close)
    more = row_chooser(project.root, opened.name, opened.kind)
    if more is not None:
        app.labelling.callback(more.close)

    def end(_: None) -> None:
        try:
            app.labelling.close()
        except BlindspotError as error:
            app.refuse(error)
        app.changed()
        done = opened.session.pace.done
        said = f"{counted(done, 'row')} of {opened.name} {'has' if done == 1 else 'have'} your label."
        if done and not is_guest():
            said += _discover_next(screen, opened.kind)
        if opened.kind == "audit" and done:
            said += with_project(" What the audit has found: `blindspot audit DIR --status`.", project.root.name)
        if opened.kind == "verdict":
            said += " The verdict is being computed."
            app.run_worker(partial(_look, screen, opened.name), thread=True, group="look", exit_on_error=False)
        screen.say(said)

    label_screen = LabelScreen(
        opened.session,
        source=f"{project.root.name}: {opened.name}",
        out=opened.out,
        guideline=opened.guideline.text,
        units=opened.units,
        more=more,
    )
    app.push_screen(label_screen, end)


def _discover_next(screen: WorkScreen, kind: str) -> str:
    """That blind spots can be looked for with the new labels; empty if they change nothing there."""
    board = screen.workbench.board
    if kind in _HELD_OUT or (board is not None and not board.labels_since):
        return ""
    again = "" if board is None else " again"
    return f" D looks for blind spots{again}." if screen.NAME == "spots" else f" Back in the list D looks{again}."


def _look(screen: WorkScreen, queue: str) -> None:
    """Look at the labels that came last, in a thread as it takes seconds, and say where the verdict stands."""
    from engine.operations.verdict_process import look_and_tell

    app = shell(screen)
    try:
        told = look_and_tell(screen.workbench.project, queue)
    except BlindspotError as error:
        app.call_later(app.refuse, error)
    else:
        app.call_later(app.say, with_project(told, app.root))
