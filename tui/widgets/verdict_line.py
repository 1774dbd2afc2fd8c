"""Under the field of a sample: what the model says of it, and of a minimal edit what was changed.

The verdict is the model's, the label the writer's; both are shown, and whether they agree.
"""

from __future__ import annotations

from rich.text import Text

from engine.data.text import visible
from tui.drafting import Drafting
from tui.shell import shell
from tui.widgets.differences import changes, words_changed
from tui.widgets.line import Line
from tui.widgets.wrapping import fitted

_LABEL_CELLS = 16


class DraftLine(Line):
    """A line about what is being written; the form gives it."""

    drafting: Drafting | None = None


class VerdictLine(DraftLine):
    """``model: positive 0.93, as its label says``; for a minimal edit the verdict on the row stands before it."""

    def line(self, width: int) -> Text:
        """The line at this width; what is of an older text is not shown."""
        app, drafting, text = shell(self), self.drafting, Text(no_wrap=True, end="")
        if drafting is None:
            return text
        ink, verdicts = app.ink, app.verdicts
        text.append("model: ", ink.muted)
        draft = drafting.get("text"), drafting.get("pair")
        found, start = verdicts.of(*draft), drafting.start
        if start is not None:
            text.append(f"row {self._short(start.predicted)} {start.confidence:.2f} {app.glyphs.arrow} ", ink.muted)
        if verdicts.state:
            text.append(visible(verdicts.state), ink.muted)
            return text
        if found is None:
            text.append("..." if draft[0].strip() else "nothing to judge yet", ink.muted)
            return text
        text.append(f"{self._short(found.label)} {found.confidence:.2f}", ink.strong)
        if start is not None:
            flipped = found.label != start.predicted
            text.append(", flipped" if flipped else ", not flipped yet", ink.accent if flipped else "")
        if drafting.label:
            agrees = found.label == drafting.label
            text.append(", as its label says" if agrees else f", its label says {self._short(drafting.label)}",
                        "" if agrees else ink.warn)  # fmt: skip
        return text

    def _short(self, label: str) -> str:
        return fitted(visible(label), _LABEL_CELLS, ellipsis=shell(self).glyphs.ellipsis).rstrip()


class ChangeLine(DraftLine):
    """``2 words changed: not bad > good``: a minimal edit should stay one."""

    def line(self, width: int) -> Text:
        """The line at this width."""
        app, drafting, text = shell(self), self.drafting, Text(no_wrap=True, end="")
        start = drafting.start if drafting is not None else None
        if drafting is None or start is None:
            return text
        found = changes(start.text, drafting.get("text")) + changes(start.text_pair or "", drafting.get("pair"))
        count = words_changed(found)
        text.append(f"{count} word{'' if count == 1 else 's'} changed", app.ink.muted)
        for number, (old, new) in enumerate(found):
            text.append("; " if number else ": ", app.ink.muted)
            text.append(visible(old) or "nothing", "" if old else app.ink.muted)
            text.append(f" {app.glyphs.arrow} ", app.ink.muted)
            text.append(visible(new) or "nothing", app.ink.change if new else app.ink.muted)
        return fitted_text(text, width, app.glyphs.ellipsis)


def fitted_text(text: Text, width: int, ellipsis: str) -> Text:
    """The text, cut at the width with a sign that there is more."""
    if text.cell_len > width > len(ellipsis):
        text.truncate(width - len(ellipsis))
        text.append(ellipsis)
    return text
