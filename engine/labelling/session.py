"""One person labels rows, one after the other: which row is next, what was said, and how fast it goes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Protocol

from engine.errors import StoreError
from engine.labelling.answers import SURE, UNSURE, Answer, AnswerStore
from engine.labelling.label_file import FileAnswers, LabelFile
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


class RowQueue(Protocol):
    """The rows that one person is still asked for, in their order."""

    @property
    def left(self) -> int:
        """How many there are."""

    def take(self) -> TextRow | None:
        """The next one; the same again until it is answered or put off. None: there is none."""

    def answered(self, row: TextRow) -> None:
        """It has an answer now, and is not asked for any more."""

    def put_off(self, row: TextRow) -> None:
        """It comes again when all others have been asked for."""

    def give_back(self, row: TextRow) -> None:
        """Its answer was taken back, and it is the next one."""

    def touch(self) -> None:
        """The person is at work: what is held for them stays theirs."""


class FixedQueue:
    """All rows of a list that have no answer, in its order: a `RowQueue` of one person alone."""

    def __init__(self, rows: Iterable[TextRow]) -> None:
        self._rows = deque(rows)

    @property
    def left(self) -> int:
        """How many there are."""
        return len(self._rows)

    def take(self) -> TextRow | None:
        """The next one."""
        return self._rows[0] if self._rows else None

    def answered(self, row: TextRow) -> None:
        """It is not asked for any more."""
        self._rows.remove(row)

    def put_off(self, row: TextRow) -> None:
        """It comes last."""
        self._rows.remove(row)
        self._rows.append(row)

    def give_back(self, row: TextRow) -> None:
        """It comes first."""
        self._rows.appendleft(row)

    def touch(self) -> None:
        """Nobody else asks for rows of a list."""


class LabelSession:
    """A queue of rows, the row in front, and what was done.

    Args:
        queue: of the rows that have no answer yet.
        labels: those that can be given, in the order of their keys.
        answers: takes each.
        done: the rows that this person has answered before, the latest last.
        reasons: if there are some, each label needs one of them: why a conflict is decided so.
        context: what is shown beneath a row, one line each; nothing by default.
        now: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        queue: RowQueue,
        labels: Sequence[str],
        answers: AnswerStore,
        *,
        done: Sequence[TextRow] = (),
        reasons: Sequence[str] = (),
        context: Callable[[TextRow], list[str]] = lambda _: [],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.labels = tuple(labels)
        self.reasons = tuple(reasons)
        self._queue = queue
        self._answers = answers
        self._context = context
        self._now = now
        self._done = {row.id for row in done}
        self._undo: list[tuple[TextRow, Answer | None]] = [(row, None) for row in done]
        """Each row that was answered, with the answer that it had before."""
        self._row: TextRow | None = None
        self._seconds: list[float] = []
        self._recent: deque[str] = deque(maxlen=_RECENT)
        self._notes: dict[str, str] = {}
        """Notes on rows that have no answer yet, by the row's id."""
        self._go(queue.take())

    @classmethod
    def over_file(
        cls,
        rows: Sequence[TextRow],
        labels: Sequence[str],
        file: LabelFile,
        labeller: str,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> LabelSession:
        """A session over a list of rows that saves into a file; rows that have a label there are not asked for again.

        Raises:
            StoreError: the file has another text under the id of a row, or a label that is none of ``labels``.
        """
        by_id = {row.id: row for row in rows}
        _refuse_others(by_id, labels, file)
        given = file.labels
        return cls(
            FixedQueue(row for row in rows if row.id not in given),
            labels,
            FileAnswers(file, labeller),
            done=[by_id[name] for name in given if name in by_id],
            now=now,
        )

    # what is asked

    @property
    def row(self) -> TextRow | None:
        """The row in front; None once all are labelled."""
        return self._row

    @property
    def context(self) -> list[str]:
        """What is shown beneath the row in front, one line each."""
        return self._context(self._row) if self._row else []

    @property
    def given(self) -> Answer | None:
        """What was said of the row in front before."""
        return self._answers.get(self._row.id) if self._row else None

    @property
    def note(self) -> str:
        """The note on the row in front."""
        if self.given is not None:
            return self.given.note
        return self._notes.get(self._row.id, "") if self._row else ""

    @property
    def unsaved_notes(self) -> int:
        """Number of notes on rows that have no answer yet: a note is saved with its label."""
        return len(self._notes)

    @property
    def recent(self) -> tuple[str, ...]:
        """The labels that were given last, the last first, each once."""
        return tuple(self._recent)

    @property
    def pace(self) -> Pace:
        """How far and how fast."""
        left, done, spent = self._queue.left, len(self._done), self._seconds
        if not spent:
            return Pace(done, left, None, None, None)
        mean = max(sum(spent) / len(spent), 0.001)
        return Pace(done, left, median(spent), 3600 / mean, left * mean / 60)

    # answering

    def label(self, label: str, certainty: int = SURE, *, reason: str = "") -> None:
        """Save the label of the row in front, and go on to the next one.

        Args:
            label: one of ``labels``.
            certainty: 3 sure, 2 likely, 1 a guess.
            reason: one of ``reasons``, where there are some.

        Raises:
            StoreError: there is no such label or reason, no row is left, or it cannot be saved; the row stays in front.
        """
        if label not in self.labels:
            raise StoreError(f"there is no label {visible(label)!r}", hint=f"give one of {', '.join(self.labels)}")
        if self.reasons and reason not in self.reasons:
            raise StoreError("a conflict is decided with a reason", hint=f"give one of {', '.join(self.reasons)}")
        self._save(label, certainty, reason)
        if label in self._recent:
            self._recent.remove(label)
        self._recent.appendleft(label)

    def unsure(self) -> None:
        """Save that the person is unsure of the row in front, and go on.

        Raises:
            StoreError: as `label`; or it is a conflict, which stays one without a label.
        """
        if self.reasons:
            raise StoreError("a conflict is decided by a label", hint="skip it with space")
        self._save("", UNSURE, "")

    def skip(self) -> bool:
        """Put the row in front off until all others are labelled; whether there is another one."""
        before = self._row
        if before is not None and self.given is None:
            self._queue.put_off(before)
        self._go(self._queue.take())  # from one that has an answer, back to where one was
        return self._row != before

    def back(self) -> bool:
        """Go to the row that was answered before the one in front; whether there is one."""
        unique = list(dict.fromkeys(row for row, _ in self._undo))
        at = unique.index(self._row) if self._row in unique else len(unique)
        if at == 0:
            return False
        self._go(unique[at - 1])
        return True

    def write_note(self, note: str) -> None:
        """Take a note on the row in front; it is saved with the row's label, at once if it has one.

        Raises:
            StoreError: it cannot be saved.
        """
        if self._row is None:
            return
        if self.given is not None:
            self._answers.put(self._row, replace(self.given, note=note))
        else:
            self._notes[self._row.id] = note

    def undo(self) -> TextRow | None:
        """Take the last answer back, also one of an earlier session, and go to its row; None: there is none.

        Raises:
            StoreError: it cannot be saved.
        """
        if not self._undo:
            return None
        row, before = self._undo[-1]
        if before is None:
            given = self._answers.get(row.id)
            self._answers.drop(row.id)
            if given is not None and given.note:
                self._notes[row.id] = given.note
            self._done.discard(row.id)
            self._queue.give_back(row)
        else:
            self._answers.put(row, before)
        self._undo.pop()
        if self._seconds:
            self._seconds.pop()
        self._go(row)
        return row

    def touch(self) -> None:
        """The person is at work: the row in front stays theirs."""
        self._queue.touch()

    def _save(self, label: str, certainty: int, reason: str) -> None:
        row = self._row
        if row is None:
            raise StoreError("all rows are labelled", hint="go back with b, or leave")
        seconds = round(min(self._now() - self._shown, IDLE_AFTER), 2)
        before = self.given
        self._answers.put(row, Answer(label, certainty, self.note, seconds, reason))
        self._notes.pop(row.id, None)
        self._undo.append((row, before))
        self._done.add(row.id)
        self._seconds.append(seconds)
        if before is None:
            self._queue.answered(row)
        self._go(self._queue.take())

    def _go(self, row: TextRow | None) -> None:
        self._row = row
        self._shown = self._now()


def _refuse_others(rows: dict[str, TextRow], labels: Sequence[str], file: LabelFile) -> None:
    for name, given in file.labels.items():
        row = rows.get(name)
        if row is not None and (row.text, row.text_pair) != (given.text, given.text_pair):
            raise StoreError(
                f"row {visible(name)} has another text in the file of labels than in the file of texts",
                hint="name another file with --out, or give the rows ids of their own in a column `id`",
            )
        if given.label and given.label not in labels:
            raise StoreError(
                f"the file of labels has the label {visible(given.label)!r}, which --labels does not name",
                hint="name it too, or another file with --out",
            )
