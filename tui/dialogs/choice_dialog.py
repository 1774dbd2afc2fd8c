"""Asks to choose one of several words: by moving, by the number in front, or, of many, by typing a part of it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult

from tui.dialogs.dialog import Dialog
from tui.keys import keys
from tui.shell import shell
from tui.terminal.wrapping import fitted, wrapped
from tui.themes import Ink
from tui.widgets.fields import Field
from tui.widgets.line_list import GUTTER, LineList
from tui.widgets.scroll_mark import ScrollMark

FEW = 9
"""So many choices carry a number that chooses; of more, one types a part."""

_OTHER_LINES = 16  # of a terminal: frame, title, field, marks, keys
_LEAST_SCORE = 70.0  # of 100, by rapidfuzz: a typing error in a word still finds it


class _Choices:
    """Few carry their number, and are shown whole; of many each has one line."""

    def __init__(self, choices: Sequence[str], shown: Sequence[int], ink: Ink, ellipsis: str) -> None:
        self.shown = shown
        self._choices = choices
        self._ink = ink
        self._ellipsis = ellipsis

    def __len__(self) -> int:
        return len(self.shown)

    def height(self, index: int, width: int) -> int:
        return len(self.lines(index, width)) if len(self._choices) <= FEW else 1

    def lines(self, index: int, width: int) -> list[Text]:
        place = self.shown[index]
        if len(self._choices) > FEW:
            return [Text(fitted(self._choices[place], width, ellipsis=self._ellipsis))]
        number = f"{place + 1}  "
        first, *rest = wrapped(Text(self._choices[place]), max(1, width - len(number)))
        indent = " " * len(number)
        return [Text.assemble((number, self._ink.accent), first), *(Text.assemble(indent, line) for line in rest)]


class ChoiceDialog(Dialog[int]):
    """Answers with the index of the choice.

    Args:
        title: the question.
        choices: what can be chosen, safe to print.
        current: where the cursor starts.
    """

    BINDINGS = [*keys("palette"), *keys("choices")]

    def __init__(self, title: str, choices: Sequence[str], *, current: int = 0) -> None:
        self._by_typing = len(choices) > FEW
        hint = "type a part     enter  choose" if self._by_typing else "1-9 or enter  choose"
        super().__init__(title, f"{hint}     esc  leave")
        self._choices = choices
        self._current = current

    def body(self) -> ComposeResult:
        """The field, if there are many, and the list."""
        app = shell(self)
        every = range(len(self._choices))
        rows = LineList(_Choices(self._choices, every, app.ink, app.glyphs.ellipsis))
        rows.cursor = self._current
        rows.styles.height = min(len(self._choices), max(3, self.app.size.height - _OTHER_LINES))
        if self._by_typing:
            yield Field(placeholder=f"a part of one of the {len(self._choices)}")
        yield rows
        yield ScrollMark(rows)

    def on_mount(self) -> None:
        """Type at once; the list follows."""
        if self._by_typing:
            self._rows.can_focus = False
            self.query_one(Field).focus()
        self.call_after_refresh(self._fit)

    def on_resize(self) -> None:
        """Choices may take fewer lines now, or more."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Give the list the lines that its choices take, now that its width is known, and the room beside the rest."""
        shown, box = self._rows, self.query_one("#box")
        if not self._by_typing:
            width = shown.size.width - GUTTER
            lines = sum(shown.rows.height(place, width) for place in range(len(shown.rows)))
            others = [one for one in box.children if one is not shown]
            taken = sum(one.outer_size.height + one.styles.margin.height for one in others) + box.gutter.height
            shown.styles.height = min(lines, max(3, int(0.9 * self.app.size.height) - taken))
        shown.reveal()

    @property
    def _rows(self) -> LineList:
        return self.query_one(LineList)

    def on_key(self, event: events.Key) -> None:
        """A number chooses at once, where few are asked for."""
        letter = event.character or ""
        if not self._by_typing and letter.isdecimal() and 1 <= int(letter) <= len(self._choices):
            event.stop()
            self.dismiss(int(letter) - 1)

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        app = shell(self)
        shown = matching(self._choices, event.value)
        cursor = 0 if event.value else self._current
        self._rows.show(_Choices(self._choices, shown, app.ink, app.glyphs.ellipsis), cursor=cursor)
        event.prevent_default()  # the base would name the keys after us
        self.mended()
        if not shown:
            self.refuse("None of them is like that.     esc  leave")

    @on(Field.Submitted)
    @on(LineList.Chosen)
    def action_accept(self) -> None:
        """Take the choice under the cursor."""
        rows = self._rows.rows
        assert isinstance(rows, _Choices)
        if rows.shown:
            self.dismiss(rows.shown[self._rows.cursor])

    def action_move(self, step: int) -> None:
        """Move in the list while the field keeps the focus."""
        self._rows.move_to(self._rows.cursor + step)


def matching(choices: Sequence[str], text: str) -> list[int]:
    """Which choices a text may mean, the likeliest first: those it is part of, else those that are spelt nearly so."""
    words = text.casefold().split()
    found = [place for place, choice in enumerate(choices) if all(word in choice.casefold() for word in words)]
    if found:
        return sorted(found, key=lambda place: not choices[place].casefold().startswith(text.casefold().strip()))
    from rapidfuzz import fuzz, process

    folded = [choice.casefold() for choice in choices]
    near = process.extract(text.casefold(), folded, scorer=fuzz.partial_ratio, score_cutoff=_LEAST_SCORE, limit=FEW)
    return [place for _, _, place in near]
