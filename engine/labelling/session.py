"""One person labels rows, one after the other: which row is next, what was said, and how fast it goes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from statistics import median

from engine.errors import StoreError
from engine.labelling.label_file import SURE, UNSURE, LabelFile, RowLabel
from engine.labelling.texts import TextRow
from engine.text import visible

IDLE_AFTER = 60.0  # seconds: a longer look at a row is a break and counts as so much
_RECENT = 5


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it goes; None before the first label.

    Attributes:
        done: rows with a label, or of which the person is unsure. left: the others.
        median_seconds: of this session's labels. an_hour: labels at their mean pace. minutes_left: at that pace.
    """

    done: int
    left: int
    median_seconds: float | None
    an_hour: float | None
    minutes_left: float | None


class LabelSession:
    """The rows, a place among them, and what was done.

    Args:
        rows: all rows, in the order in which they are labelled.
        labels: those that can be given, in the order of their keys.
        file: takes each label; those in it are not asked for again.
        labeller: the person.
        now: seconds of a clock that never goes back.

    Raises:
        StoreError: the file has another text under the id of a row, or a label that is none of ``labels``.
    """

    def __init__(
        self,
        rows: Sequence[TextRow],
        labels: Sequence[str],
        file: LabelFile,
        labeller: str,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.labels = tuple(labels)
        self._rows = rows
        self._file = file
        self._labeller = labeller
        self._now = now
        self._by_id = {row.id: place for place, row in enumerate(rows)}
        self._refuse_others()
        given = file.labels
        self._queue = deque(place for place, row in enumerate(rows) if row.id not in given)
        self._undo: list[tuple[int, RowLabel | None]] = [
            (self._by_id[name], None) for name in given if name in self._by_id
        ]
        """The place of each row that was labelled, with the label that it had before."""
        self._place: int | None = None
        self._seconds: list[float] = []
        self._recent: deque[str] = deque(maxlen=_RECENT)
        self._notes: dict[int, str] = {}
        """Notes on rows that have no label yet, by their place."""
        self._go(self._queue[0] if self._queue else None)

    # what is asked

    @property
    def row(self) -> TextRow | None:
        """The row in front; None once all are labelled."""
        return None if self._place is None else self._rows[self._place]

    @property
    def given(self) -> RowLabel | None:
        """What was said of the row in front before."""
        return self._file.get(self.row.id) if self.row else None

    @property
    def note(self) -> str:
        """The note on the row in front."""
        if self.given is not None:
            return self.given.note
        return "" if self._place is None else self._notes.get(self._place, "")

    @property
    def unsaved_notes(self) -> int:
        """Number of notes on rows that have no label yet: a note is saved with its label."""
        return len(self._notes)

    @property
    def recent(self) -> tuple[str, ...]:
        """The labels that were given last, the last first, each once."""
        return tuple(self._recent)

    @property
    def pace(self) -> Pace:
        """How far and how fast."""
        left, spent = len(self._queue), self._seconds
        done = len(self._rows) - left
        if not spent:
            return Pace(done, left, None, None, None)
        mean = max(sum(spent) / len(spent), 0.001)
        return Pace(done, left, median(spent), 3600 / mean, left * mean / 60)

    # answering

    def label(self, label: str, certainty: int = SURE) -> None:
        """Save the label of the row in front, and go on to the next one.

        Args:
            label: one of ``labels``.
            certainty: 3 sure, 2 likely, 1 a guess.

        Raises:
            StoreError: there is no such label, no row is left, or it cannot be saved; the row stays in front.
        """
        if label not in self.labels:
            raise StoreError(f"there is no label {visible(label)!r}", hint=f"give one of {', '.join(self.labels)}")
        self._save(label, certainty)
        if label in self._recent:
            self._recent.remove(label)
        self._recent.appendleft(label)

    def unsure(self) -> None:
        """Save that the person is unsure of the row in front, and go on.

        Raises:
            StoreError: as `label`.
        """
        self._save("", UNSURE)

    def skip(self) -> bool:
        """Put the row in front off until all others are labelled; whether there is another one."""
        before = self._place
        if before is None:
            return False
        if self.given is None:
            self._queue.remove(before)
            self._queue.append(before)
        self._on()  # from one that has a label, back to where one was
        return self._place != before

    def back(self) -> bool:
        """Go to the row that was labelled before the one in front; whether there is one."""
        unique = list(dict.fromkeys(place for place, _ in self._undo))
        at = unique.index(self._place) if self._place in unique else len(unique)
        if at == 0:
            return False
        self._go(unique[at - 1])
        return True

    def write_note(self, note: str) -> None:
        """Take a note on the row in front; it is saved with the row's label, at once if it has one.

        Raises:
            StoreError: it cannot be saved.
        """
        if self.given is not None:
            self._file.put(replace(self.given, note=note))
        elif self._place is not None:
            self._notes[self._place] = note

    def undo(self) -> TextRow | None:
        """Take the last label back, also one of an earlier session, and go to its row; None: there is none.

        Raises:
            StoreError: it cannot be saved.
        """
        if not self._undo:
            return None
        place, before = self._undo[-1]
        row = self._rows[place]
        if before is None:
            given = self._file.get(row.id)
            self._file.drop(row.id)
            if given is not None and given.note:
                self._notes[place] = given.note
            self._queue.appendleft(place)
        else:
            self._file.put(before)
        self._undo.pop()
        if self._seconds:
            self._seconds.pop()
        self._go(place)
        return row

    def _save(self, label: str, certainty: int) -> None:
        row = self.row
        if row is None or self._place is None:
            raise StoreError("all rows are labelled", hint="go back with b, or leave")
        seconds = round(min(self._now() - self._shown, IDLE_AFTER), 2)
        before = self.given
        moment = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._file.put(
            RowLabel(row.id, row.text, row.text_pair, label, certainty, self.note, seconds, self._labeller, moment)
        )
        self._notes.pop(self._place, None)
        self._undo.append((self._place, before))
        self._seconds.append(seconds)
        if before is None:
            self._queue.remove(self._place)
        self._on()

    def _on(self) -> None:
        self._go(self._queue[0] if self._queue else None)

    def _go(self, place: int | None) -> None:
        self._place = place
        self._shown = self._now()

    def _refuse_others(self) -> None:
        for name, given in self._file.labels.items():
            place = self._by_id.get(name)
            if place is not None and (self._rows[place].text, self._rows[place].text_pair) != (
                given.text,
                given.text_pair,
            ):
                raise StoreError(
                    f"row {visible(name)} has another text in the file of labels than in the file of texts",
                    hint="name another file with --out, or give the rows ids of their own in a column `id`",
                )
            if given.label and given.label not in self.labels:
                raise StoreError(
                    f"the file of labels has the label {visible(given.label)!r}, which --labels does not name",
                    hint="name it too, or another file with --out",
                )
