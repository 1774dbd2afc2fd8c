"""What the current model says of a text while it is typed; the model is in a process of its own, started when needed.

Each state of a field asks at once, or 70 ms after the state before: that is one question a key at the pace of people,
and no more than the model can answer when a key is held. No timer runs when nothing is typed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.widgets.line import Line

if TYPE_CHECKING:
    from textual.timer import Timer

    from engine.scorer.protocol import ModelAnswer, ScorerAnswer, ScorerState
    from engine.scorer.scorer_client import Scorer
    from tui.app import BlindspotApp
    from tui.widgets.verdict_line import Texts

_PAUSE = 0.07  # seconds between two questions
_KEPT = 256  # verdicts


class LiveVerdict:
    """The app's end of the scorer. Reached as ``app.live_verdict``.

    A *place* is where a text stands on the screen. The `VerdictLine`s of the screen in front show what `view` says.

    Attributes:
        wanted: whether this annotator wants to see verdicts.
        trouble: why there are none, as one sentence; empty if nothing is wrong.
    """

    def __init__(self, app: BlindspotApp) -> None:
        self._app = app
        self.wanted = True
        self.trouble = ""
        self._model = ""
        self._scorer: Scorer | None = None
        self._shown: dict[str, Texts] = {}
        self._sent: dict[int, tuple[str, Texts]] = {}
        self._known: dict[Texts, ModelAnswer] = {}
        self._last: dict[str, ModelAnswer] = {}
        self._failed: set[Texts] = set()
        """What was asked when the scorer ended: not asked again by itself, as it may have been the reason."""
        self._timer: Timer | None = None

    @property
    def is_allowed(self) -> bool:
        """Whether the project has a model that can be asked, and shows its verdicts."""
        workbench = self._app.workbench
        if workbench is None or workbench.lacks_verdicts:
            return False
        return workbench.project.settings.teaching.live_verdict

    @property
    def is_on(self) -> bool:
        """Whether verdicts are shown."""
        return self.wanted and self.is_allowed

    @property
    def is_ready(self) -> bool:
        """Whether the model is loaded."""
        return bool(self._model)

    @property
    def pid(self) -> int | None:
        """The process of the model, while there is one."""
        return self._scorer.pid if self._scorer is not None else None

    def begin(self, model_key: str) -> None:
        """Let the model be loaded: a screen that shows verdicts is open. ``model_key`` is what it should be."""
        if self._model not in ("", model_key):
            self._forget()
        from engine.extras import has_models

        if self.is_on and not has_models():
            self.trouble = "No verdict: models cannot be loaded here."
        elif self.is_on and self._scorer is None:
            from engine.scorer.scorer_client import Scorer

            self._scorer = Scorer(self._app.root, self._tell)
            self._scorer.start()

    def show(self, texts: dict[str, Texts]) -> None:
        """Say what stands where now: a verdict on each is wanted."""
        if texts == self._shown:
            return
        for place in self._last.keys() - texts.keys():
            del self._last[place]
        self._shown = dict(texts)
        self._ask()

    def preview(self, blind_spot: str) -> None:
        """Ask for an estimate of what one's samples would change; the screen in front is told when it comes."""
        if self._scorer is not None and self.is_ready and self._app.workbench is not None:
            self._scorer.preview(blind_spot, self._app.workbench.teaching.author)

    def view(self, place: str) -> tuple[ModelAnswer | None, bool]:
        """The verdict on what stands there, or on what stood there before; and whether it is the former."""
        texts = self._shown.get(place)
        known = self._known.get(texts) if texts is not None else None
        return (known, True) if known is not None else (self._last.get(place), False)

    def known(self, texts: Texts) -> ModelAnswer | None:
        """The verdict on these texts; None: it was not asked for, or is still on its way."""
        return self._known.get(texts)

    def toggle(self) -> None:
        """Turn verdicts off or on for oneself; off also frees the memory of the model."""
        self.wanted = not self.wanted
        if not self.wanted:
            self.close()
        elif self._app.workbench is not None and self._app.workbench.board is not None:
            self.begin(self._app.workbench.board.discovery.model_key)
            self._ask()

    def close(self) -> None:
        """End the process."""
        if self._scorer is not None:
            self._scorer.close()
            self._scorer = None
        self.trouble = ""
        self._failed.clear()
        self._forget()

    def _tell(self, message: ScorerAnswer | ScorerState) -> None:
        self._app.call_later(self._heard, message)  # out of the scorer's thread

    def _forget(self) -> None:
        """Forget what was said, and what was asked: its answer would be of another model."""
        self._forget_verdicts()
        self._sent.clear()

    def _forget_verdicts(self) -> None:
        self._model = ""
        self._known.clear()
        self._last.clear()

    def _ask(self) -> None:
        """Ask about what is not known and not asked yet, unless that was done a moment ago."""
        if self._scorer is None or self._timer is not None:
            return
        asked = {texts for _, texts in self._sent.values()} | self._failed
        for place, texts in self._shown.items():
            if _is_whole(texts) and texts not in self._known and texts not in asked:
                self._sent[self._scorer.ask(*texts, place=place)] = place, texts
                self._timer = self._timer or self._app.set_timer(_PAUSE, self._ask_again)

    def _ask_again(self) -> None:
        self._timer = None
        self._ask()

    def _heard(self, message: ScorerAnswer | ScorerState) -> None:
        from engine.scorer.protocol import ScorerState

        if self._scorer is None:
            return
        if isinstance(message, ScorerState):
            if message.name == "failed":
                self._failed = {texts for _, texts in self._sent.values()}
                self._sent.clear()
            self._forget_verdicts()  # what was asked before a model is loaded is answered by that model
            self._model, self.trouble = message.key, self._shortened(message.message)
            if message.name == "ready":
                self._ask()
        else:
            self._take(message)
        front = self._app.front
        if front is not None and front.built:
            for line in front.query("VerdictLine").results(Line):
                line.update()
            front.show_verdicts()

    def _take(self, answer: ScorerAnswer) -> None:
        place, texts = self._sent.pop(answer.id, ("", ("", None)))
        for number in [n for n, (asked, _) in self._sent.items() if asked == place and n < answer.id]:
            del self._sent[number]
        if answer.error:
            self.trouble = self._shortened(answer.error)
        front = self._app.front
        if answer.preview is not None and front is not None and front.built:
            front.show_preview(answer.preview)
        if answer.verdict is not None and texts[0]:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[texts] = self._last[place] = answer.verdict
            self.trouble = ""

    def _shortened(self, sentence: str) -> str:
        """A sentence without the project's folder in front, which the header names: it has one line."""
        workbench = self._app.workbench
        return sentence.removeprefix(f"{workbench.project.root}: ") if workbench is not None else sentence


def _is_whole(texts: Texts) -> bool:
    return all(text is None or text for text in texts)
