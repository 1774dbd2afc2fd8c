"""One author's file as it is read: revisions in order, and what follows from them.

The current records, what is frozen, and what can be undone and redone, are functions of the revisions alone. What an
author had written on a blind spot is frozen when they decide on it: no later change, undo or redo touches it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from engine.schema import (
    Application,
    Commitment,
    Judgement,
    Pattern,
    Perturbation,
    Record,
    RowLabel,
    RowMark,
    Sample,
    SpotState,
)
from engine.teaching.hash_chain import Break, Chain
from engine.teaching.storage import AtomicStorage, Recovery

RecordKind = Literal[
    "mark",
    "label",
    "adjudication",
    "pattern",
    "sample",
    "state",
    "commitment",
    "perturbation",
    "application",
    "judgement",
]
Cause = Literal["edit", "undo", "redo", "final"]
Key = tuple[str, str]
Body = dict[str, Any]
Place = tuple[str, str]

TABLE = "revisions"
FINAL_KINDS: tuple[RecordKind, ...] = ("commitment", "judgement", "application")
"""What reveals something when it is written, so it is never changed."""
SCHEMAS: dict[str, type[Record]] = {
    "mark": RowMark,
    "label": RowLabel,
    "adjudication": RowLabel,
    "pattern": Pattern,
    "sample": Sample,
    "state": SpotState,
    "commitment": Commitment,
    "perturbation": Perturbation,
    "application": Application,
    "judgement": Judgement,
}


@dataclass(frozen=True, slots=True)
class Revision(Record):
    """One change of one record.

    Attributes:
        seq: its number in the author's file. id: of the record; revision: 1 for its first.
        kind: one of `RecordKind`. body: the record from now on; None: deleted.
        author, time (UTC, ISO 8601), tool: who, when, and with which version.
        action: seq of the first revision of the action it belongs to; one undo takes back one action.
        note: what the action did, in words.
        cause: ``edit``; ``undo`` or ``redo`` of the action ``answers``; ``final``: cannot be undone.
        hash: of this revision and the one before (`hash_chain`); None: written before there was a chain.
    """

    seq: int
    id: str
    revision: int
    kind: str
    body: Body | None
    author: str
    time: str
    tool: str
    action: int
    note: str
    cause: Cause
    answers: int | None = None
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What one undo takes back, or one redo does again.

    Attributes:
        number: seq of its first revision. note: what it did, in words.
        keys: kind and id of the records it changed.
        places: what it is about: kind of a record with its blind spot, or with the row of a mark or a perturbed pair.
        time: when it was done, undone or done again last (UTC, ISO 8601).
    """

    number: int
    note: str
    keys: frozenset[Key]
    places: frozenset[Place]
    time: str


_ANSWERS = ("pattern", "sample")  # kinds that make up an answer to a blind spot
_ABOUT = {"pattern": "blind_spot", "sample": "blind_spot", "perturbation": "row"}


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Put garbage collection off: while 30,000 records are made it looks through them again and again, for 0.2 s."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


class Log:
    """One author's file, for reading. Revisions of kinds that a newer version wrote are kept and left alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._storage = AtomicStorage(path, table=TABLE, is_whole=self._is_whole)
        self._readings = 0
        self._built: dict[int, Revision] = {}  # of records that were just read, by the record's id()
        self.version = 0
        """Grows with every change of the records."""
        self._reset()
        self.refresh()

    def _reset(self) -> None:
        self._chain = Chain()
        self.revisions: list[Revision] = []
        """Everything ever written, in order."""
        self.current: dict[Key, Revision] = {}
        """The latest revision of each record that is not deleted, by kind and id."""
        self._latest: dict[Key, Revision] = {}
        self._actions: dict[int, list[Revision]] = {}
        self._done: list[int] = []
        self._undone: list[int] = []
        self._places: dict[int, set[Place]] = {}
        self._turned: dict[int, str] = {}  # when an action was done, undone or done again last
        self.decided: dict[str, Revision] = {}
        """The first decision on each blind spot, which stands for ever, by the blind spot's id."""
        self._handed_in: dict[str, dict[str, int]] = {}  # of decisions that do not list it themselves
        self._frozen: dict[Key, str] = {}  # blind spot for whose sake a record stays as it is

    @property
    def recovery(self) -> Recovery | None:
        """What was lost when the file was found damaged; None when it was whole."""
        return self._storage.recovery

    @property
    def broken(self) -> Break | None:
        """Where records are missing, or are not as they were written; None where all follow from one another."""
        return self._chain.follow(self.revisions)

    @property
    def repair(self) -> str | None:
        """One sentence where the file was damaged, lacks records or holds changed ones; None where all is well."""
        if self.recovery:
            return self.recovery.sentence
        return f"{self.path.name}: {self.broken.sentence}; `blindspot verify` says more." if self.broken else None

    def refresh(self) -> bool:
        """Read the file again if it has changed; whether it had.

        Raises:
            StoreError: the file may not be read.
        """
        if not self._storage.changed:
            return False
        with _collecting_later():
            records = (self._storage.read() or {}).get(TABLE, {})
            if self._storage.readings != self._readings:
                self._reset()
            new = [self._built[id(record)] for record in islice(records.values(), len(self.revisions), None)]
            self._built.clear()
            for revision in sorted(new, key=lambda one: one.seq):
                self._apply(revision)
        self._readings = self._storage.readings
        self.version += 1
        return True

    def _is_whole(self, key: str, record: Any) -> bool:
        """Whether it is a revision whose record can be read; of a kind that a newer version wrote, nothing is asked."""
        try:
            revision = Revision.from_json(record)
            if revision.body is not None and revision.kind in SCHEMAS:
                SCHEMAS[revision.kind].from_json(revision.body)
        except ValueError:
            return False
        self._built[id(record)] = revision
        return str(revision.seq) == key

    def next_undo(self, within: Callable[[Action], bool] = lambda _: True) -> Action | None:
        """The last action that is not undone, not frozen and ``within`` what is asked for; None if there is none.

        One is passed over too as long as a later one has changed a record of it.
        """
        return self._next(self._done, within)

    def next_redo(self, within: Callable[[Action], bool] = lambda _: True) -> Action | None:
        """The last action that was undone, as in `next_undo`."""
        return self._next(self._undone, within)

    def undo_list(self) -> list[tuple[Action, str | None]]:
        """All actions that are not undone, latest first, each with the blind spot for whose sake it stays, or None."""
        found, kept = [], dict[Key, str]()
        for number in reversed(self._done):
            action = self._action(number)
            beneath = next((kept[key] for key in sorted(action.keys) if key in kept), None)
            spot = self._frozen_by(number) or beneath
            kept |= dict.fromkeys(action.keys, spot) if spot else {}
            found.append((action, spot))
        return found

    @property
    def stays(self) -> str | None:
        """Why undo passes over the last action that is not undone, as a clause; None if it does not."""
        spot = self._frozen_by(self._done[-1]) if self._done else None
        return self.why_frozen(spot) if spot else None

    def is_frozen(self, kind: RecordKind, record_id: str) -> bool:
        """Whether a record stays as it is, because its author has decided on its blind spot since."""
        return (kind, record_id) in self._frozen

    def why_frozen(self, spot_id: str) -> str:
        """Why what was written on a blind spot stays, as a clause: ``B1 is committed: what was handed in stays``."""
        decision = str((self.decided[spot_id].body or {}).get("decision"))
        return f"{spot_id} is {decision}: what was {'handed in' if decision == 'committed' else 'written there'} stays"

    def standing(self, spot_id: str) -> dict[str, int]:
        """Id and number of the revision of every pattern and sample on a blind spot as they are now, oldest first."""
        return {
            record_id: found.revision
            for (kind, record_id), found in self.current.items()
            if kind in _ANSWERS and found.body is not None and found.body["blind_spot"] == spot_id
        }

    def handed_in(self, spot_id: str) -> dict[str, int] | None:
        """What stood there when the author decided on a blind spot, as in `standing`; None: nothing is decided.

        A decision lists it; one of a version that did not froze what stood there when it was written.
        """
        return self._handed_in.get(spot_id)

    def ids(self) -> Iterable[Key]:
        """Kind and id of every record there ever was."""
        return self._latest.keys()

    def _body(self, key: Key) -> Body | None:
        return self.current[key].body if key in self.current else None

    def _next(self, stack: list[int], within: Callable[[Action], bool]) -> Action | None:
        later: set[Key] = set()
        for number in reversed(stack):
            action = self._action(number)
            if later.isdisjoint(action.keys) and not self._frozen_by(number) and within(action):
                return action
            later |= action.keys
        return None

    def _action(self, number: int) -> Action:
        revisions = self._actions[number]
        keys = frozenset((found.kind, found.id) for found in revisions)
        return Action(number, revisions[0].note, keys, frozenset(self._places[number]), self._turned[number])

    def _frozen_by(self, number: int) -> str | None:
        """The blind spot for whose sake an action stays: it was written on before the author decided there."""
        decided = (spot for kind, spot in sorted(self._places[number]) if kind in _ANSWERS and spot in self.decided)
        return next((spot for spot in decided if self.decided[spot].seq > number), None)

    def _apply(self, revision: Revision) -> None:
        key = (revision.kind, revision.id)
        places = self._places.setdefault(revision.action, set())
        about = _ABOUT.get(revision.kind, "")
        for body in (self._body(key), revision.body):
            if isinstance(body, dict):  # those of kinds that a newer version wrote may be anything
                places.add((revision.kind, str(body.get(about, revision.id))))
        if revision.kind == "commitment" and revision.body is not None and revision.id not in self.decided:
            self._freeze(revision)
        self.revisions.append(revision)
        self._latest[key] = revision
        if revision.body is None:
            self.current.pop(key, None)
        else:
            self.current[key] = revision
        first = revision.action not in self._actions
        self._actions.setdefault(revision.action, []).append(revision)
        self._turned[revision.action if revision.answers is None else revision.answers] = revision.time
        if not first or revision.cause == "final":
            return
        if revision.cause == "edit":
            self._done.append(revision.action)
            self._undone.clear()
            return
        source, target = (self._done, self._undone) if revision.cause == "undo" else (self._undone, self._done)
        if revision.answers in source:  # a damaged file may have lost it
            source.remove(revision.answers)
            target.append(revision.answers)

    def _freeze(self, decision: Revision) -> None:
        """Take in a first decision: what stands on its blind spot now stays."""
        spot, listed = decision.id, (decision.body or {}).get("handed_in")
        self.decided[spot] = decision
        self._handed_in[spot] = listed if isinstance(listed, dict) else self.standing(spot)
        kinds = {record_id: kind for kind, record_id in self._latest if kind in _ANSWERS}
        self._frozen |= {(kinds[name], name): spot for name in self._handed_in[spot] if name in kinds}
