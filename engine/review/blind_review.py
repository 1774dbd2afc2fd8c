"""The blind review as one reviewer sees it: what is to be judged, without a trace of who wrote what before it is.

An item is shown once the reviewer has decided on its blind spot. Who wrote its sides is shown once it has been judged.
A judgement is final.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from engine.errors import FileError, StoreError
from engine.files import identity, read_json, write_json
from engine.project import Project
from engine.review.anonymise import plain, plain_pattern
from engine.review.answers import ItemKind, is_own
from engine.review.items import Items, ReviewPair, ReviewSide
from engine.review.judgement_checks import checked
from engine.review.review_questions import samples_asked
from engine.schema import Discovery, Judgement, Prediction, Record, Role, Teacher
from engine.teaching.evidence import evidence_for
from engine.teaching.records import Teaching
from engine.teaching.sealing import decisions

EntryState = Literal["open", "skipped", "judged", "sealed", "own"]


@dataclass(frozen=True, slots=True)
class QueueEntry(Record):
    """One line of the queue.

    ``state``: ``own`` is one with work of the reviewer's own that they have not judged; ``sealed``: nothing is decided
    on its blind spot yet. ``own``: whether a side is the reviewer's, judged or not.
    """

    id: str
    blind_spot: str
    kind: ItemKind
    state: EntryState
    own: bool


@dataclass(frozen=True, slots=True)
class SampleView(Record):
    """A sample without its id and teacher. ``asked``: its verdict must be given; others are judged on request."""

    text: str
    text_pair: str | None
    label: str
    role: Role
    asked: bool


@dataclass(frozen=True, slots=True)
class SideView(Record):
    """One side: the text of its pattern (None for anchors) and its samples, as many of each role as the other's."""

    pattern: str | None
    samples: tuple[SampleView, ...]


@dataclass(frozen=True, slots=True)
class ItemView(Record):
    """An item as it is judged; ``evidence``: the rows that the teachers were shown, most typical first."""

    id: str
    blind_spot: str
    kind: ItemKind
    gold: str
    predicted: str
    own: bool
    evidence: tuple[Prediction, ...]
    left: SideView
    right: SideView


@dataclass(frozen=True, slots=True)
class Sources(Record):
    """Who wrote what, and whether both are known to have seen the same."""

    left: Teacher
    right: Teacher
    same_evidence: bool


class Review:
    """The review for one reviewer.

    Args:
        project: must have been discovered before there is anything to judge.
        teaching: the records, with the reviewer as their author.

    Raises:
        StoreError: the items are damaged, or cannot be written.
    """

    def __init__(self, project: Project, teaching: Teaching) -> None:
        self._project = project
        self._teaching = teaching
        self._items = Items(project)
        self._found: Discovery | None = None
        self._round: object = None
        self.refresh()

    def refresh(self) -> None:
        """Take in what any process has written, and make the items that it allows.

        Raises:
            StoreError: the items are damaged, or cannot be written.
        """
        self._teaching.refresh()
        path = self._project.round_dir(self._project.round) / "discovery.json"
        seen = (self._project.round, identity(path))
        if seen != self._round:
            self._found, self._round = self._project.discovery(), seen
        self._items.read()
        if self._found and not self._project.read_only:
            self._items.make(self._found, self._teaching)

    def queue(self, *, own: bool = False) -> list[QueueEntry]:
        """The items of the round's blind spots in this reviewer's own random order.

        Args:
            own: those with one's own work on a side too.
        """
        if not self._found:
            return []
        spots = {spot.id for spot in self._found.blind_spots}
        decided, judged, skipped = decisions(self._teaching, self._teaching.author), self._judged(), self._skipped()
        entries = []
        for item in self._items.all():
            mine = self._is_own(item)
            if item.blind_spot not in spots or (mine and not own):
                continue
            state: EntryState = "open"
            if item.id in judged:
                state = "judged"
            elif item.blind_spot not in decided:
                state = "sealed"
            elif item.id in skipped:
                state = "skipped"
            elif mine:
                state = "own"
            entries.append(QueueEntry(item.id, item.blind_spot, item.kind, state, mine))
        return sorted(entries, key=lambda entry: self._items.digest("queue", entry.id, self._stem))

    def item(self, item_id: str) -> ItemView:
        """What there is to judge.

        Raises:
            StoreError: there is no such item, its blind spot is gone, or it is sealed.
        """
        item = self._open(item_id)
        spot = self._found.spot(item.blind_spot) if self._found else None
        if self._found is None or spot is None:
            raise StoreError(
                f"the blind spot {item.blind_spot} is gone",
                where=f"item {item_id}",
                hint="judge another item of `blindspot review`",
            )
        evidence = evidence_for(self._project, self._found, self._teaching, spot.id)
        left, right = self._items.left_and_right(item, self._stem)
        return ItemView(
            item.id,
            item.blind_spot,
            item.kind,
            spot.gold,
            spot.predicted,
            self._is_own(item),
            evidence.rows,
            _view(item, left),
            _view(item, right),
        )

    def judge(self, judgement: Judgement) -> Judgement:
        """Hand in a judgement for good. Whether it is about one's own work is found out here.

        Raises:
            StoreError: there is no such item, it is sealed or judged already, or an answer that is needed is missing.
        """
        item = self._open(judgement.item)
        left, right = (_view(item, side) for side in self._items.left_and_right(item, self._stem))
        made = replace(checked(self._project, judgement, left=left, right=right), own=self._is_own(item))
        with self._teaching.store.edit(f"judge item {item.id}", final=True) as edit:
            if item.id in self._judged():
                raise StoreError(
                    "this item has been judged",
                    where=f"item {item.id}",
                    hint="a judgement is final, as the sources have been shown",
                )
            edit.put("judgement", item.id, made)
        self._set_skipped(item.id, on=False)
        return made

    def judgement(self, item_id: str) -> Judgement | None:
        """This reviewer's judgement of an item; None before it."""
        return self._judged().get(item_id)

    def skip(self, item_id: str) -> None:
        """Put an item aside; `unskip` takes that back.

        Raises:
            StoreError: there is no such item, it is sealed or judged.
        """
        self._open(item_id)
        if item_id in self._judged():
            raise StoreError("this item has been judged", where=f"item {item_id}", hint="go on with the next one")
        self._set_skipped(item_id, on=True)

    def unskip(self, item_id: str) -> None:
        """Take an item up again."""
        self._set_skipped(item_id, on=False)

    def reveal(self, item_id: str) -> Sources:
        """Who wrote the two sides of an item that this reviewer has judged.

        Raises:
            StoreError: there is no such item, or it has not been judged.
        """
        item = self._items.get(item_id)
        if item_id not in self._judged():
            raise StoreError(
                "who wrote what is shown after the judgement", where=f"item {item_id}", hint="judge it first"
            )
        left, right = self._items.left_and_right(item, self._stem)
        return Sources(left.teacher, right.teacher, item.same_evidence)

    @property
    def _stem(self) -> str:
        return self._teaching.store.stem

    def _is_own(self, item: ReviewPair) -> bool:
        return any(is_own(side, self._teaching) for side in item.sides)

    def _open(self, item_id: str) -> ReviewPair:
        """An item that this reviewer may see."""
        item = self._items.get(item_id)
        if item.blind_spot not in decisions(self._teaching, self._teaching.author):
            raise StoreError(
                f"item {item_id} is sealed",
                where=item.blind_spot,
                hint="commit your answer to that blind spot first, or decline",
            )
        return item

    def _judged(self) -> dict[str, Judgement]:
        return {found.item: found for found in self._teaching.own("judgement") if isinstance(found, Judgement)}

    @property
    def _state_path(self) -> Path:
        return self._project.review_dir / "skipped" / f"{self._stem}.json"

    def _skipped(self) -> list[str]:
        try:
            found = read_json(self._state_path)
        except (FileNotFoundError, FileError):  # it holds nothing that would be missed
            return []
        return found if isinstance(found, list) else []

    def _set_skipped(self, item_id: str, *, on: bool) -> None:
        skipped = self._skipped()
        if (item_id in skipped) != on:
            kept = [*skipped, item_id] if on else [other for other in skipped if other != item_id]
            write_json(self._state_path, kept)


def _view(item: ReviewPair, side: ReviewSide) -> SideView:
    left, samples = samples_asked(item), []
    for found in side.samples:
        asked = left.get(found.role, 0) > 0
        left[found.role] = left.get(found.role, 0) - 1
        pair = plain(found.text_pair) if found.text_pair is not None else None
        samples.append(SampleView(plain(found.text), pair, found.label, found.role, asked))
    return SideView(plain_pattern(side.pattern.text) if side.pattern else None, tuple(samples))
