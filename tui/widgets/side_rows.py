"""One side of a review item: its pattern, then its samples, each in full beneath the answers about it."""

from __future__ import annotations

from functools import cached_property

from rich.text import Text

from engine.text import visible
from tui.terminal.glyphs import Glyphs
from tui.terminal.wrapping import bounded, fitted, wrapped
from tui.themes import Ink
from tui.view_models.judgement import VERDICT, JudgementDraft, SideName

_OPEN = "?"
_LABEL_MOST = 16
_SECOND = "| "  # in front of the second text of a pair


class SideRows:
    """Rows of one side.

    Args:
        draft: the item with its answers.
        side: which one.

    Attributes:
        shown: numbers of the rows that are shown.
    """

    def __init__(self, draft: JudgementDraft, side: SideName, ink: Ink, glyphs: Glyphs) -> None:
        self._draft = draft
        self._side: SideName = side
        self._ink = ink
        self._glyphs = glyphs
        self.shown = draft.rows(side)

    def __len__(self) -> int:
        return len(self.shown)

    @cached_property
    def _paragraphs(self) -> list[list[Text]]:
        return [[self._head(row), *self._texts(row)] for row in self.shown]

    def height(self, index: int, width: int) -> int:
        """Lines of answers and texts."""
        return len(self.lines(index, width))

    def lines(self, index: int, width: int) -> list[Text]:
        """What it is with its answers, then its texts; a correction last."""
        return [line for text in self._paragraphs[index] for line in wrapped(text, width)]

    def _head(self, row: int) -> Text:
        draft, ink, text = self._draft, self._ink, Text()
        if draft.is_pattern(self._side, row):
            text.append("pattern", ink.strong)
        else:
            sample = draft.sample(self._side, row)
            text.append(f"{sample.role} ", ink.muted)
            text.append(fitted(visible(sample.label), _LABEL_MOST, ellipsis=self._glyphs.ellipsis).rstrip(), ink.accent)
        for name, word in draft.asks(self._side, row).items():
            text.append(f"  {word} ", ink.muted)
            self._answer(text, draft.answer(self._side, row, name))
        if VERDICT in draft.names(self._side, row):
            verdict = draft.answer(self._side, row, VERDICT)
            text.append("  " if verdict else "  verdict ", ink.muted)
            self._answer(text, verdict)
        return text

    def _answer(self, text: Text, answer: str) -> None:
        text.append(answer or _OPEN, "" if answer else self._ink.warn)

    def _texts(self, row: int) -> list[Text]:
        draft, ink = self._draft, self._ink
        pattern = draft.side(self._side).pattern
        if pattern is not None and row == 0:
            return [Text(bounded(pattern), style=ink.strong)]
        sample = draft.sample(self._side, row)
        texts = [Text(bounded(sample.text))]
        if sample.text_pair is not None:
            texts.append(Text(_SECOND + bounded(sample.text_pair)))
        mended = draft.mended(self._side, row)
        if mended:
            label = f", {visible(mended['label'])}" if "label" in mended else ""
            words = " ".join(
                sign + bounded(mended[name]) for name, sign in (("text", ""), ("text_pair", _SECOND)) if name in mended
            )
            texts.append(Text.assemble((f"fixed{label}", ink.accent), f": {words}" if words else ""))
        return texts
