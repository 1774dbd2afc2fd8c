"""What the round's model says of a draft while it is typed: asked shortly after the last key, shown when it comes.

A verdict belongs to a text: as soon as the text changes it is stale, and what is shown is never of another text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.timer import Timer

    from engine.scorer.client import Scorer
    from tui.app import BlindspotApp

_ASK_AFTER = 0.06  # seconds after the last key: a fast typist's keys are 0.1 to 0.2 apart, a paste comes in one piece

OFF_BY_PROJECT = "`teaching.live_verdict` is false in this project: nobody is shown what the model says of a draft."
OFF_BY_KEY = "off, f12 shows it"

_STATES = {"loading": "it is being loaded"}

Draft = tuple[str, str]  # both texts; the second is empty where rows are single texts


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model says of a draft; ``confidence`` is 0..1."""

    draft: Draft
    label: str
    confidence: float


class Verdicts:
    """The app's live verdict. Reached as ``app.verdicts``; the describe screen asks and shows it."""

    def __init__(self, app: BlindspotApp) -> None:
        self._app = app
        self._scorer: Scorer | None = None
        self._model_key = ""
        self._timer: Timer | None = None
        self._asked: dict[int, Draft] = {}
        self._last: Verdict | None = None
        self._state = ""
        self.wanted = True
        """Whether the annotator wants to see it."""

    @property
    def allowed(self) -> bool:
        """Whether the project lets annotators see it."""
        workbench = self._app.workbench
        return workbench is not None and workbench.project.settings.teaching.live_verdict

    @property
    def state(self) -> str:
        """Why there is no verdict, in a few words; empty if one is to be expected."""
        if not self.allowed:
            return "off in this project"
        return self._state if self.wanted else OFF_BY_KEY

    def of(self, text: str, pair: str) -> Verdict | None:
        """The verdict on this very draft, if it has come."""
        return self._last if self._last is not None and self._last.draft == (text, pair) else None

    def toggle(self) -> None:
        """Show it, or do without; the process ends when nobody wants it."""
        self.wanted = not self.wanted
        if not self.wanted:
            self.close()

    def look_at(self, text: str, pair: str) -> None:
        """Ask about a draft shortly, unless another one comes first; an empty one only gets the model loaded."""
        if not (self.allowed and self.wanted):
            return
        if self._timer is not None:
            self._timer.stop()
        if not text.strip():
            self._ready().start()
        elif self.of(text, pair) is None:
            self._timer = self._app.set_timer(_ASK_AFTER, lambda: self._ask((text, pair)))

    def close(self) -> None:
        """End the process."""
        if self._timer is not None:
            self._timer.stop()
        if self._scorer is not None:
            self._scorer.close()
        self._scorer, self._last, self._state = None, None, ""
        self._asked.clear()

    def _ready(self) -> Scorer:
        """The scorer of the model that found the blind spots; another one's is closed."""
        workbench = self._app.workbench
        assert workbench is not None, "asked for by a screen that shows the project"
        key = workbench.board.discovery.model_key if workbench.board else ""
        if self._scorer is not None and key != self._model_key:
            self.close()
        if self._scorer is None:
            from engine.scorer.client import Scorer

            self._model_key = key
            self._scorer = Scorer(workbench.project.root, self._tell)
        return self._scorer

    def _tell(self, message: dict[str, Any]) -> None:
        self._app.call_later(self._told, message)  # from the scorer's thread

    def _ask(self, draft: Draft) -> None:
        self._timer = None
        number = self._ready().ask("verdict", text=draft[0], text_pair=draft[1] or None)
        self._asked[number] = draft

    def _told(self, message: dict[str, Any]) -> None:
        if "state" in message:
            self._state = _STATES.get(message["state"]) or str(message.get("message", ""))
        elif (draft := self._asked.get(message["id"])) is not None:
            self._asked = {number: asked for number, asked in self._asked.items() if number > message["id"]}
            self._last = Verdict(draft, message["label"], message["confidence"])
        front = self._app.front
        if front is not None and front.built:
            front.show_verdict()
