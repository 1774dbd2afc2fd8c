"""The form for a pattern or a sample: what is written, its text, why it was refused, and how much is asked for.

What is typed goes to the drafts at each change; a refusal never changes the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static, TextArea

from engine.text import clean, visible
from tui.keys import key_of, keys
from tui.shell import shell
from tui.terminal.wrapping import fitted
from tui.view_models.teaching_draft import TeachingDraft, short_id
from tui.widgets.line import Line
from tui.widgets.prose import Prose
from tui.widgets.verdict_line import ANCHOR, START, TYPED, ChangeLine, DraftLine, VerdictLine

if TYPE_CHECKING:
    from engine.schema import PatternKind, Role
    from tui.widgets.verdict_line import Texts

_ASKS: dict[PatternKind | Role, str] = {
    "abstraction": "Why does the model get these rows wrong?",
    "extrapolation": "What else should it get wrong for the same reason?",
    "target": "A new text that the model should get wrong like these rows.",
    "counter": "A small change of such a text that gives it another label; ctrl+f starts from the row.",
    "anchor": "An ordinary text of the same kind that the model should keep getting right.",
}
_NAMES: dict[Role, str] = {"target": "targets", "counter": "counters", "anchor": "anchors"}


class FormLine(DraftLine):
    """What the form writes: new or changed, kind or role, label, and the pattern it is for."""

    def line(self, width: int) -> Text:
        """The line at this width; the key of each part stands behind it."""
        named = self._slot(keys=True)
        return named if named.cell_len <= width else self._slot(keys=False)

    def _slot(self, *, keys: bool) -> Text:
        app, drafting = shell(self), self.drafting
        if drafting is None:
            return Text("")
        ink, text = app.ink, Text(no_wrap=True, end="")
        record, start = drafting.record, drafting.start
        what = f"Edit of {visible(start.name)}" if start else "New sample" if drafting.is_sample else "New pattern"
        text.append(f"Change {short_id(record)}" if record else what, ink.strong)
        if not drafting.is_sample:
            text.append(f"  {drafting.kind}")
            text.append(" (ctrl+o)" if keys else "", ink.muted)
            return text
        if start:
            text.append(f" ({fitted(visible(start.label), 12, ellipsis=app.glyphs.ellipsis).rstrip()})", ink.muted)
        text.append(f"  {drafting.role}")
        text.append(" (ctrl+o)" if keys and not start else "", ink.muted)
        text.append("  label ")
        label = fitted(visible(drafting.label), 20, ellipsis=app.glyphs.ellipsis).rstrip()
        text.append(label or "none", "" if label else ink.warn)
        text.append(" (ctrl+l)" if keys else "", ink.muted)
        if drafting.role != "anchor":
            text.append(f"  for {short_id(drafting.about) if drafting.about else 'no pattern'}")
            text.append(f" ({key_of('describe.about')})" if keys else "", ink.muted)
        return text


class QuotaLine(DraftLine):
    """How much of each kind is written, of how much is asked for."""

    def line(self, width: int) -> Text:
        """``targets 4/6   counters 1/3   anchors 0/6``; what is complete carries a sign."""
        app, drafting = shell(self), self.drafting
        text = Text(no_wrap=True, end="")
        if drafting is None:
            return text
        for role, written, asked in drafting.quota():
            full = written >= asked
            text.append("   " if text else "")
            text.append(f"{_NAMES[role]} {written}/{asked}", app.ink.muted if full else "")
            text.append(f" {app.glyphs.check}" if full else "", app.ink.accent)
        about = drafting.about
        if about and width >= 60:
            place = drafting.patterns.index(about) + 1
            text.append(f"   ({short_id(about)}, {place} of {len(drafting.patterns)})", app.ink.muted)
        return text


class TeachingForm(Vertical):
    """The form; the screen turns its keys into changes of the `TeachingDraft` and calls `load` or `show`."""

    DEFAULT_CSS = """
    TeachingForm { height: auto; }
    TeachingForm Static { height: auto; display: none; padding: 0 1; }
    TeachingForm .-said { display: block; }
    TeachingForm Line { padding: 0 1; }
    TeachingForm #pair { display: none; margin-top: 1; }
    TeachingForm.-pair #pair { display: block; }
    """
    BINDINGS = [*keys("field")]

    class Changed(Message):
        """Something was typed, or the cursor moved."""

    class HandedIn(Message):
        """What is written is to be handed in."""

    def __init__(self) -> None:
        super().__init__()
        self.drafting: TeachingDraft | None = None
        self._refused: tuple[object, ...] | None = None
        """What was refused: texts, kind or role, label and pattern; None if nothing was."""

    def compose(self) -> ComposeResult:
        """Line, fields, verdict, refusal, quota."""
        yield FormLine()
        yield Prose(id="text")
        yield Prose(id="pair")
        yield VerdictLine()
        yield ChangeLine()
        yield Static(id="refusal", markup=False)
        yield QuotaLine()

    @property
    def text(self) -> Prose:
        """The field of the text, or of the first of a pair."""
        return self.query_one("#text", Prose)

    @property
    def pair(self) -> Prose:
        """The field of the second text of a pair."""
        return self.query_one("#pair", Prose)

    def load(self, drafting: TeachingDraft, *, pairs: bool) -> None:
        """Show the slot at hand with its texts."""
        self.drafting = drafting
        for line in self.query(DraftLine):
            line.drafting = drafting
        self.set_class(pairs and drafting.is_sample, "-pair")
        self.text.show_text(drafting.get("text"))
        self.pair.show_text(drafting.get("pair"))
        self._accept()
        self.show()

    def show(self) -> None:
        """Show everything but the texts again."""
        drafting = self.drafting
        if drafting is None:
            return
        self.text.placeholder = _ASKS[drafting.role if drafting.is_sample else drafting.kind]
        self.pair.placeholder = "The second text of the pair."
        self._forgive()
        self._judge()
        for line in self.query(Line):
            line.update()

    def _judge(self) -> None:
        """Ask for the verdicts that are to be shown."""
        drafting, live = self.drafting, shell(self).live_verdict
        if drafting is None:
            return
        start, pair = drafting.start, self.has_class("-pair")
        texts: dict[str, Texts] = {}
        if drafting.is_sample and live.is_on:
            texts[TYPED] = clean(drafting.get("text")), clean(drafting.get("pair")) if pair else None
            if start is not None:
                texts[START] = start.text, start.text_pair
            if anchor := drafting.anchor:
                texts[ANCHOR] = anchor.text, anchor.text_pair
        live.show(texts)
        lacking = drafting.is_sample and drafting.lacks_verdicts
        self.query_one(VerdictLine).display = TYPED in texts or lacking
        self.query_one(ChangeLine).display = start is not None

    def keep(self) -> None:
        """Put what the fields hold into the drafts."""
        if self.drafting is not None:
            self.drafting.set("text", self.text.text)
            if self.has_class("-pair"):
                self.drafting.set("pair", self.pair.text)

    def refuse(self, reason: str) -> None:
        """Say why it was refused, right under the fields; nothing takes the words away."""
        self._refused = self._content
        refusal = self.query_one("#refusal", Static)
        refusal.add_class("-said")
        refusal.update(Text(f"! {reason}", style=shell(self).ink.warn))

    @property
    def _content(self) -> tuple[object, ...]:
        drafting = self.drafting
        choices = (drafting.kind, drafting.role, drafting.label, drafting.about) if drafting else ()
        return (self.text.text, self.pair.text, *choices)

    def _forgive(self) -> None:
        """What was changed since may be right now."""
        if self._content != self._refused:
            self._accept()

    def _accept(self) -> None:
        if self._refused is not None:
            self._refused = None
            self.query_one("#refusal", Static).remove_class("-said")

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.keep()
        self._judge()
        for line in (self.query_one(VerdictLine), self.query_one(ChangeLine)):
            line.update()
        self._forgive()
        self.post_message(self.Changed())

    @on(TextArea.SelectionChanged)
    def _moved(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        self.post_message(self.Changed())

    def action_hand_in(self) -> None:
        """Hand in what is written."""
        self.keep()
        self.post_message(self.HandedIn())
