"""What the current model says of the sample that is typed and of what it was edited from, and what the edit changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from engine.counted import counted
from engine.data.differences import TextChange, changes
from engine.text import visible
from tui.shell import shell
from tui.terminal.wrapping import fitted
from tui.widgets.line import Line

if TYPE_CHECKING:
    from engine.scorer.protocol import ModelAnswer
    from tui.view_models.teaching_draft import TeachingDraft

Texts = tuple[str, "str | None"]

TYPED, START, ANCHOR = "typed", "start", "anchor"
"""Places of `live_verdict`: what is typed, what it was edited from, and the anchor that was handed in last."""

_BY_PREDICTIONS = "model  known only by its predictions: it cannot judge new texts"
_LABEL = 16  # cells of a label at most


class DraftLine(Line):
    """A line about what is being written."""

    drafting: TeachingDraft | None = None


class VerdictLine(DraftLine):
    """``model  positive 0.98  ✗ not the label: a UU``; a verdict on an older text is dim and says so by its dots."""

    def line(self, width: int) -> Text:
        """The verdict, or why there is none."""
        app, drafting = shell(self), self.drafting
        text = Text(no_wrap=True, end="")
        if drafting is None:
            return text
        live, ink, dots = app.live_verdict, app.ink, app.glyphs.ellipsis
        if drafting.lacks_verdicts:
            return Text(fitted(_BY_PREDICTIONS, width, ellipsis=dots), ink.muted, no_wrap=True, end="")
        if live.trouble:
            return Text(fitted(f"! {visible(live.trouble)}", width, ellipsis=dots), ink.warn, no_wrap=True, end="")
        if not live.is_ready:
            return Text(f"model  is being loaded{dots}", ink.muted, no_wrap=True, end="")
        verdict, current = live.view(TYPED)
        start = drafting.start
        if start is None and not drafting.get("text"):
            return Text(
                "model  its verdict shows here as you type; f12 turns that off", ink.muted, no_wrap=True, end=""
            )
        if start is not None:
            before, known = live.view(START)
            text.append(f"{visible(start.name)}  ", ink.muted)
            text.append(self._said(before) if known else dots, ink.muted)
            text.append(f" {app.glyphs.arrow} ", ink.muted)
        else:
            before, known = None, False
            text.append("model  " if current or verdict is None else f"model{dots} "[:7], ink.muted)
        if verdict is None or not current:
            text.append(f"{self._said(verdict)}{dots}".strip(), ink.muted)
            return text
        text.append(self._said(verdict), ink.strong)
        if start is not None and before is not None and known:
            text.append("  flipped" if before.label != verdict.label else "  not flipped", ink.strong)
        self._compare(text, verdict, drafting)
        return text

    def _compare(self, text: Text, verdict: ModelAnswer, drafting: TeachingDraft) -> None:
        """Whether it is what the label of the sample says."""
        app, discovery = shell(self), drafting.board.discovery
        if drafting.label == verdict.label:
            text.append(f"  {app.glyphs.check} ", app.ink.accent).append("the label")
        elif drafting.label:
            text.append(f"  {app.glyphs.cross} ", app.ink.warn).append("not the label")
            if verdict.confidence >= discovery.tau:
                text.append(", a UU", app.ink.strong)
        if verdict.key != discovery.model_key:
            text.append("  (another model than that of these blind spots)", app.ink.muted)

    def _said(self, verdict: ModelAnswer | None) -> str:
        if verdict is None:
            return ""
        label = fitted(visible(verdict.label), _LABEL, ellipsis=shell(self).glyphs.ellipsis).rstrip()
        return f"{label} {verdict.confidence:.2f}"


class ChangeLine(DraftLine):
    """``2 words changed: good → awful, + not``."""

    def line(self, width: int) -> Text:
        """How many words lie between start and edit, and which."""
        app, drafting = shell(self), self.drafting
        start = drafting.start if drafting is not None else None
        text = Text(no_wrap=True, end="")
        if drafting is None or start is None:
            return text
        found = changes(start.text, drafting.get("text"))
        if start.text_pair is not None:
            found += changes(start.text_pair, drafting.get("pair"))
        words = sum(change.words for change in found)
        if not words:
            return Text("No word is changed yet.", app.ink.muted, no_wrap=True, end="")
        text.append(f"{counted(words, 'word')} changed: ", app.ink.muted)
        for number, change in enumerate(found):
            text.append(", " if number else "", app.ink.muted).append(self._changed(change))
        if text.cell_len > width:
            text.truncate(width - len(app.glyphs.ellipsis))
            text.append(app.glyphs.ellipsis, app.ink.muted)
        return text

    def _changed(self, change: TextChange) -> Text:
        app = shell(self)
        before, after = visible(change.before), visible(change.after)
        if not before:
            return Text.assemble(("+ ", app.ink.muted), (after, app.ink.change))
        if not after:
            return Text.assemble(("- ", app.ink.muted), (before, app.ink.change))
        return Text.assemble(before, (f" {app.glyphs.arrow} ", app.ink.muted), (after, app.ink.change))
