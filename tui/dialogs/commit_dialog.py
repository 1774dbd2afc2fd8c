"""Asks whether one's answer to a blind spot stands: commit it, decline to give one, or go on. Says that it is final."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from engine.counted import counted
from tui.dialogs.choice_dialog import ChoiceDialog

COMMIT, DECLINE, DECLINE_ALL = "commit", "decline", "decline all"
_FINAL = (
    "Once you commit or decline, the answers of the other teachers, and the rows that are held back, are shown to you. "
    "That is final and cannot be undone; what you write afterwards counts as written later."
)


class DecideDialog(ChoiceDialog):
    """Answers with the index of `ways`; the first one, where the cursor starts, decides nothing.

    Args:
        spot_id: the blind spot.
        patterns, samples: how many the annotator has written there; without a pattern there is nothing to commit.
        unfinished: something is typed and not handed in.
        untouched: number of blind spots where nothing is decided or written, with this one if it is one of them.
    """

    def __init__(self, spot_id: str, patterns: int, samples: int, *, unfinished: bool, untouched: int) -> None:
        written = f"{counted(patterns, 'pattern')}, {counted(samples, 'sample')}"
        choices = {
            None: "Not yet",
            COMMIT: f"Commit: {written}",
            DECLINE: "Decline: no answer of mine, for a reason",
        }
        if not patterns:
            del choices[COMMIT]
        if not patterns and not samples and untouched > 1:
            choices[DECLINE_ALL] = f"Decline all {untouched} untouched ones: I only review"
        self.ways = tuple(choices)
        """What each choice stands for: None, `COMMIT`, `DECLINE` or `DECLINE_ALL`."""
        super().__init__(f"Hand in your answer to {spot_id}?", list(choices.values()))
        self._notes = [_FINAL]
        if not patterns:
            self._notes.insert(0, "Without a pattern of yours there is nothing to commit: you may decline.")
        elif unfinished:
            self._notes.insert(0, "! What you have typed and not handed in does not count.")

    def body(self) -> ComposeResult:
        """What it means, then the list."""
        for note in self._notes:
            yield Static(note, markup=False)
        yield Static("")
        yield from super().body()
