"""Committing to one's answer, or declining to give one: the same key on every screen of a blind spot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.counted import counted
from engine.errors import BlindspotError
from tui.shell import shell

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.schema import Commitment
    from engine.teaching.writer import Annotator
    from tui.screens.work_screen import WorkScreen
    from tui.view_models.workbench import Workbench

_WHY = "Why do you give no answer? A few words."


def why_not(workbench: Workbench, spot_id: str | None) -> str | None:
    """Why nothing can be decided there now, as a sentence; None if it can."""
    board = workbench.board
    if board is None or spot_id is None or board.discovery.spot(spot_id) is None:
        return "These rows belong to no blind spot."
    decision = board.spot(spot_id).decision
    return f"You have {decision} for {spot_id}: that is final." if decision else None


def decide(screen: WorkScreen, spot_id: str) -> None:
    """Ask whether the annotator commits or declines, and write the decision."""
    from tui.dialogs.commit_dialog import COMMIT, DECLINE, DECLINE_ALL, DecideDialog
    from tui.dialogs.text_dialog import TextDialog
    from tui.view_models.teaching_draft import TeachingDraft

    drafting = TeachingDraft(screen.workbench, spot_id)
    patterns, samples = len(drafting.patterns), len(drafting.samples)
    untouched = len(drafting.annotator.untouched())
    dialog = DecideDialog(spot_id, patterns, samples, unfinished=drafting.is_unfinished, untouched=untouched)

    def decline(reason: str | None) -> None:
        if reason is not None:
            _write(screen, spot_id, lambda annotator: annotator.decline(spot_id, reason))

    def decline_all(reason: str | None) -> None:
        if reason is not None:
            _write(screen, spot_id, lambda annotator: annotator.decline_untouched(reason))

    def take(choice: int | None) -> None:
        way = dialog.ways[choice] if choice is not None else None
        if way == COMMIT:
            _write(screen, spot_id, lambda annotator: annotator.commit(spot_id))
        elif way == DECLINE:
            screen.app.push_screen(TextDialog(f"Decline {spot_id}", _WHY), decline)
        elif way == DECLINE_ALL:
            screen.app.push_screen(TextDialog(f"Decline all {untouched}, for good", _WHY), decline_all)

    screen.app.push_screen(dialog, take)


def _write(screen: WorkScreen, spot_id: str, decision: Callable[[Annotator], Commitment | list[Commitment]]) -> None:
    from tui.view_models.teaching_draft import TeachingDraft

    app, workbench = shell(screen), screen.workbench
    assert workbench.annotator is not None, "nothing is decided before a discovery"
    try:
        made = decision(workbench.annotator)
        workbench.teaching.refresh()
    except BlindspotError as error:
        app.refuse(error)
        return
    app.changed()
    if isinstance(made, list):
        declined = f"{counted(len(made), 'blind spot')} {'is' if len(made) == 1 else 'are'} declined"
        app.say(f"{declined}. v judges blind what others wrote there.")
        return
    patterns, samples = TeachingDraft(workbench, spot_id).others
    if workbench.board is not None and workbench.board.spot(spot_id).to_review:
        app.say(f"{spot_id} is {made.decision}. What others wrote is to be judged blind first: v.")
        return
    written = f"{counted(len(patterns), 'pattern')}, {counted(len(samples), 'sample')}"
    seen = f"Others wrote {written}." if patterns or samples else "Nobody else has answered yet."
    app.say(f"{spot_id} is {made.decision}. {seen}")
