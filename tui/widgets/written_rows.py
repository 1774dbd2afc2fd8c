"""What is written about a blind spot: each pattern with its samples beneath, then samples without one.

One's own come first; those of other teachers, which are there once one has decided, follow with their names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from rich.text import Text

from engine.data.text import visible
from engine.schema import Pattern, Sample
from tui.drafting import short_id
from tui.glyphs import Glyphs
from tui.keys import keys
from tui.themes import Ink
from tui.widgets.line_list import LineList
from tui.widgets.wrapping import fitted

_ID, _WORD, _LABEL_MOST, _NAME_MOST = 5, 14, 12, 20


class WrittenList(LineList):
    """The list, with its keys."""

    BINDINGS = [*keys("written")]


class WrittenRows:
    """One line a record.

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

    def height(self, index: int, width: int) -> int:
        """Always one line."""
        return 1

    def lines(self, index: int, width: int) -> list[Text]:
        """The record's one line."""
        record, ink, ellipsis = self.records[index], self._ink, self._glyphs.ellipsis
        text = Text(no_wrap=True, end="")
        if isinstance(record, Pattern):
            text.append(f"{short_id(record):<{_ID}}", ink.strong)
            text.append(f"{record.kind:<{_WORD}} ", ink.muted)
        else:
            text.append(f"  {short_id(record):<{_ID}}")
            text.append(f"{record.role:<8}", ink.muted)
            text.append(fitted(visible(record.label), self._label_cells, ellipsis=ellipsis) + "  ", ink.accent)
        if index >= self.own:
            teacher = record.teacher
            name = fitted(visible(teacher.name), _NAME_MOST, ellipsis=ellipsis).rstrip()
            text.append(f"{name} ({teacher.title}): " if isinstance(record, Pattern) else f"{name}: ", ink.muted)
        elif record.id in self._later:
            text.append("(later) ", ink.muted)
        if self._is_changed(record.id):
            text.append("(change not handed in) ", ink.warn)
        words = visible(record.text)
        if isinstance(record, Sample) and record.text_pair is not None:
            words = f"{words} | {visible(record.text_pair)}"
        words = fitted(words, max(0, width - text.cell_len), ellipsis=ellipsis)
        text.append(words, ink.strong if isinstance(record, Pattern) else "")
        return [text]


def _in_groups(patterns: Sequence[Pattern], samples: Sequence[Sample]) -> list[Pattern | Sample]:
    """Each pattern with its samples after it, then the samples that are for none of them."""
    records: list[Pattern | Sample] = []
    for pattern in patterns:
        records += [pattern, *(sample for sample in samples if sample.pattern == pattern.id)]
    known = {pattern.id for pattern in patterns}
    return records + [sample for sample in samples if sample.pattern not in known]
