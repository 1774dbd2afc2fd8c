"""What is written about a blind spot: each pattern with its samples beneath, then samples without one.

One's own come first, a line each, for they are read in the form; those of other teachers, which are there once one has
decided, follow in full and with their names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from rich.text import Text

from engine.schema import Pattern, Sample
from engine.text import visible
from tui.keys import keys
from tui.terminal.glyphs import Glyphs
from tui.terminal.wrapping import bounded, fitted, wrap_spans, wrapped
from tui.themes import Ink
from tui.view_models.teaching_draft import short_id
from tui.widgets.line_list import LineList

_ID, _WORD, _LABEL_MOST = 5, 14, 12


class WrittenList(LineList):
    """The list, with its keys."""

    EMPTY = "Nothing written yet."

    BINDINGS = [*keys("written")]


class WrittenRows:
    """The records.

    Args:
        patterns, samples: of one annotator, oldest first.
        others: patterns and samples of other teachers.
        later: ids of records that were written after the annotator had committed.
        is_changed: whether a change of that record was begun and not handed in.
    """

    def __init__(
        self,
        patterns: Sequence[Pattern],
        samples: Sequence[Sample],
        ink: Ink,
        glyphs: Glyphs,
        *,
        others: tuple[Sequence[Pattern], Sequence[Sample]] = ((), ()),
        later: Collection[str] = (),
        is_changed: Callable[[str], bool] = lambda record_id: False,
    ) -> None:
        self.records = _in_groups(patterns, samples)
        self.own = len(self.records)
        """How many of the records are one's own; they come first."""
        for teacher in dict.fromkeys(record.teacher for records in others for record in records):
            by = [[record for record in records if record.teacher == teacher] for records in others]
            self.records += _in_groups(*by)  # type: ignore[arg-type]
        self._ink = ink
        self._glyphs = glyphs
        self._later = later
        self._is_changed = is_changed
        labels = [record.label for record in self.records if isinstance(record, Sample)]
        self._label_cells = min(_LABEL_MOST, max(map(len, labels), default=0))

    def __len__(self) -> int:
        return len(self.records)

    def index(self, record_id: str | None) -> int | None:
        """Where a record stands; None if it does not."""
        return next((index for index, record in enumerate(self.records) if record.id == record_id), None)

    def why_not(self, action: str, index: int) -> str | None:
        """Why a key does nothing to a record, as a sentence; None if it does."""
        record = self.records[index] if index < len(self.records) else None
        if action == "test" and not isinstance(record, Pattern):
            return "That is for patterns: move to one in the list of what is written."
        if action == "flip" and not isinstance(record, Sample):
            return "That is for rows and samples: move to a sample, or go to the field."
        if action in ("change", "delete", "find_rows") and record is None:
            return "Nothing is written yet."
        if action in ("change", "delete") and record is not None and index >= self.own:
            return f"That is {visible(record.teacher.name)}'s: it is there to be read."
        return None

    def height(self, index: int, width: int) -> int:
        """One line for one's own; of others, lines of the wrapped text."""
        if index < self.own:
            return 1
        head, words = self._parts(index)
        return len(wrap_spans(words.plain, width - head.cell_len))

    def lines(self, index: int, width: int) -> list[Text]:
        """The record's one line, or its head and its text wrapped beside it."""
        head, words = self._parts(index)
        room = width - head.cell_len
        if index < self.own:
            cut = fitted(words.plain, max(0, room), ellipsis=self._glyphs.ellipsis)
            words.plain = cut
            return [Text.assemble(head, words)]
        blank = " " * head.cell_len
        return [Text.assemble(blank if place else head, line) for place, line in enumerate(wrapped(words, room))]

    def _parts(self, index: int) -> tuple[Text, Text]:
        """What stands in front, and the words."""
        record, ink = self.records[index], self._ink
        head = Text(no_wrap=True, end="")
        if isinstance(record, Pattern):
            head.append(f"{short_id(record):<{_ID}}", ink.strong)
            head.append(f"{record.kind:<{_WORD}} ", ink.muted)
        else:
            head.append(f"  {short_id(record):<{_ID}}")
            head.append(f"{record.role:<8}", ink.muted)
            label = fitted(visible(record.label), self._label_cells, ellipsis=self._glyphs.ellipsis)
            head.append(f"{label}  ", ink.accent)
        words = Text()
        if index >= self.own:
            kind = f" ({record.teacher.title})" if isinstance(record, Pattern) else ""
            words.append(f"{visible(record.teacher.name)}{kind}: ", ink.muted)
        elif record.id in self._later:
            words.append("(later) ", ink.muted)
        if self._is_changed(record.id):
            words.append("(change not handed in) ", ink.warn)
        words.append(bounded(record.text), ink.strong if isinstance(record, Pattern) else "")
        if isinstance(record, Sample) and record.text_pair is not None:
            words.append(f" | {bounded(record.text_pair)}")
        return head, words


def _in_groups(patterns: Sequence[Pattern], samples: Sequence[Sample]) -> list[Pattern | Sample]:
    """Each pattern with its samples after it, then the samples that are for none of them."""
    records: list[Pattern | Sample] = []
    for pattern in patterns:
        records += [pattern, *(sample for sample in samples if sample.pattern == pattern.id)]
    known = {pattern.id for pattern in patterns}
    return records + [sample for sample in samples if sample.pattern not in known]
