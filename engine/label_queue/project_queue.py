"""The rows of a project that one person is asked for next, shared with everybody who is at work on it. Light."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from functools import cache
from itertools import chain

from engine.files import content_key
from engine.label_queue.leases import Leases
from engine.label_queue.queue_files import Choice
from engine.labelling.texts import TextRow
from engine.schema import QueueKind, RowLabel, SplitName
from engine.settings import LabellingSettings
from engine.teaching.records import Teaching

Texts = Callable[[Collection[str]], Mapping[str, TextRow]]

_DIGITS = 16  # hex digits of `content_key`
_RESERVE = 5  # open rows below which more are asked for


@cache
def people_for(row_id: str, settings: LabellingSettings, seed: int, kind: QueueKind) -> int:
    """How many people label a row: as the settings say, and one more for a share of rows drawn by their ids.

    Of a verdict's rows it is one: it looks once each has an answer, and asks for no more than it needs.
    """
    if kind == "verdict":
        return 1
    drawn = int(content_key("overlap", seed, row_id), 16) / 2 ** (4 * _DIGITS)
    return settings.people + int(drawn < settings.overlap)


class ProjectQueue:
    """A `RowQueue` over choices that may grow while one labels.

    A row is open for a person who has not labelled it, as long as it has room: as fewer people have labelled it, or are
    at work on it, than label each row.

    Args:
        teaching: the records of this person and all others.
        leases: who is at work on what.
        choices: all choices so far, in their order; asked anew for every row.
        texts: gives the texts of rows by id.
        room: for how many people a row has room, given its id and how many others have labelled it.
        split: where the rows are.
        is_done: whether what this person said of a row is the answer that is asked for.
        more: is called when few open rows are left; it returns at once, and what it chooses comes with ``choices``.
        to_come: how many rows will be chosen yet, by another process, given the rows that others have labelled.
    """

    def __init__(
        self,
        teaching: Teaching,
        leases: Leases,
        *,
        choices: Callable[[], list[Choice]],
        texts: Texts,
        room: Callable[[str, int], int],
        split: SplitName,
        is_done: Callable[[str], bool],
        more: Callable[[], None] = lambda: None,
        to_come: Callable[[Collection[str]], int] = lambda others: 0,
    ) -> None:
        self._teaching = teaching
        self._leases = leases
        self._choices = choices
        self._get_texts = texts
        self._room = room
        self._split = split
        self._is_done = is_done
        self._more = more
        self._to_come = to_come
        self._texts: dict[str, TextRow] = {}
        self._put_off: dict[str, None] = {}
        self._next: str | None = None
        self._others: Counter[str] = Counter()
        self._version: tuple[tuple[str, int], ...] = ()
        self._rows: dict[str, None] = {}
        self._state: object = None
        """What ``_rows`` follows from; None: look again."""

    @property
    def left(self) -> int:
        """How many rows are open for this person, or will be."""
        return len(self._open()) + self._to_come(self._others)

    def take(self) -> TextRow | None:
        """The next open row, held for this person; None: none is left, or another session has each in front."""
        rows = self._open()
        if len(rows) < _RESERVE:
            self._more()
            rows = self._open()
        first = [self._next] if self._next in rows else []
        in_turn = (row_id for row_id in rows if row_id not in self._put_off)
        for row_id in chain(first, in_turn, [row_id for row_id in self._put_off if row_id in rows]):
            row, room = self._text(row_id), self._room(row_id, self._others[row_id])
            if self._is_done(row_id):  # by another session of this person
                self._drop(row_id)
                continue
            if row is None or not self._leases.take(row_id, room):
                continue
            if row_id in self._open():  # nobody has labelled it between the look and the lease
                self._next = row_id
                return row
        self._leases.release()
        return None

    def answered(self, row: TextRow) -> None:
        """It is not asked for any more."""
        self._drop(row.id)

    def put_off(self, row: TextRow) -> None:
        """It comes after all others."""
        self._put_off.pop(row.id, None)
        self._put_off[row.id] = None
        self._next = None

    def give_back(self, row: TextRow) -> None:
        """It is the next one."""
        self._put_off.pop(row.id, None)
        self._next, self._state = row.id, None

    def touch(self) -> None:
        """What is held stays so."""
        self._leases.renew()

    def _open(self) -> dict[str, None]:
        self._count_others()
        state = (self._version, len(self._choices()))  # what this person says is taken in by `answered`
        if state != self._state:
            self._state, self._rows = state, self._look()
        return self._rows

    def _drop(self, row_id: str) -> None:
        self._put_off.pop(row_id, None)
        self._rows = {other: None for other in self._rows if other != row_id}  # `take` may be going through them

    def _look(self) -> dict[str, None]:
        return {
            one.row: None
            for one in self._choices()
            if not self._is_done(one.row) and self._room(one.row, self._others[one.row]) > 0
        }

    def _count_others(self) -> None:
        self._teaching.refresh()
        own = self._teaching.store.stem
        version = tuple(one for one in self._teaching.version if one[0] != own)
        if version != self._version:
            self._version = version
            name = self._teaching.author
            given = self._teaching.by_author("label")
            self._others = Counter(
                record.row
                for author, record in given
                if isinstance(record, RowLabel)
                and record.split == self._split
                and author != name
                and record.teacher.kind != "llm"
            )

    def _text(self, row_id: str) -> TextRow | None:
        if row_id not in self._texts:
            self._texts |= self._get_texts([one.row for one in self._choices() if one.row not in self._texts])
        return self._texts.get(row_id)
