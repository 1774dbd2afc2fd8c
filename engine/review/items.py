"""The items of the blind review: one teacher's words beside another's, frozen when they are made.

An item is about one blind spot and one kind of work. Its two sides hold equal numbers of samples of each role, and
nothing about it tells who wrote which: ids, the order of items in the file, of the two sides in an item, and of
samples in a side all follow from a random key that only the engine reads.
"""

from __future__ import annotations

import hmac
import random
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from engine.errors import FileError, StoreError
from engine.files import content_key, identity, read_bytes, write_atomic, write_jsonl
from engine.project import Project
from engine.review.answers import ITEM_KINDS, ItemKind, TeacherAnswer, item_pairs, source_name
from engine.schema import ROLES, Discovery, Pattern, Record, Sample, Teacher
from engine.teaching.records import Records
from engine.teaching.write_lock import writing

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class ReviewSide(Record):
    """One teacher's part of an item, as it stood when the item was made.

    Attributes:
        author: stem of the file that it is from. evidence: hash of what its teacher had seen; None: not known.
        pattern: None for anchors, which need none.
    """

    teacher: Teacher
    author: str
    evidence: str | None
    pattern: Pattern | None
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class ReviewPair(Record):
    """What a reviewer judges as one. ``a`` and ``b`` are in no order that would tell anything."""

    id: str
    blind_spot: str
    kind: ItemKind
    a: ReviewSide
    b: ReviewSide

    @property
    def same_evidence(self) -> bool:
        """Whether both teachers are known to have been shown the same."""
        return self.a.evidence is not None and self.a.evidence == self.b.evidence

    @property
    def sides(self) -> tuple[ReviewSide, ReviewSide]:
        """Both, the LLM's second."""
        return (self.b, self.a) if self.a.teacher.kind == "llm" else (self.a, self.b)


class Items:
    """The items of a project and the key that hides who wrote what.

    Args:
        project: its review folder need not exist yet.
    """

    def __init__(self, project: Project) -> None:
        self._folder = project.review_dir
        self._key = b""
        self._seen: tuple[int, int, int] | None = None
        self._items: dict[str, ReviewPair] = {}
        self._complete: object = None
        """The state of everything when last there was no item to make."""
        self.read()

    @property
    def path(self) -> Path:
        """Where the items are."""
        return self._folder / "items.jsonl"

    @property
    def _key_file(self) -> Path:
        return self._folder / "key"

    def all(self) -> tuple[ReviewPair, ...]:
        """All items, in the order of their ids."""
        return tuple(self._items.values())

    def get(self, item_id: str) -> ReviewPair:
        """The item of that id.

        Raises:
            StoreError: there is none.
        """
        if item_id not in self._items:
            raise StoreError(f"there is no item `{item_id}`", hint="take an id that `blindspot review` prints")
        return self._items[item_id]

    def read(self) -> None:
        """Take in the items that any process has made since.

        Raises:
            StoreError: the file is damaged.
        """
        seen = identity(self.path)
        if seen is None:
            self._items, self._seen = {}, None
            return
        if seen == self._seen:
            return
        try:
            found = [ReviewPair.from_json(orjson.loads(line)) for line in read_bytes(self.path).splitlines()]
            self._key = read_bytes(self._key_file)
        except (FileNotFoundError, FileError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                "the items of the review, or their key, are damaged",
                where=str(self._folder),
                hint="restore the folder; judgements mean nothing without it",
            ) from error
        self._items, self._seen = {item.id: item for item in found}, seen

    def make(self, discovery: Discovery, records: Records) -> None:
        """Make the items that the records allow and that are not there yet; those that are there stay as they are.

        Raises:
            StoreError: another process holds the folder, or it cannot be written.
        """
        state = (discovery.key, records.version, len(self._items))
        if state == self._complete:
            return
        pairs = item_pairs(discovery, records)
        if not self._missing(pairs):
            self._complete = state
            return
        try:
            with writing(self._folder / ".lock"):
                self.read()
                if not self._key_file.is_file():
                    write_atomic(self._key_file, secrets.token_bytes(_KEY_BYTES))
                self._key = read_bytes(self._key_file)
                new = [item for kind, pair in self._missing(pairs) for item in self._pair_up(kind, *pair)]
                items = sorted([*self._items.values(), *new], key=lambda item: item.id)
                if new:
                    write_jsonl(self.path, [item.as_json() for item in items])
        except FileError as error:
            raise StoreError(
                f"the review cannot be written ({error.reason})",
                where=str(self._folder),
                hint="free disk space, or give yourself permission",
            ) from error
        self.read()

    def left_and_right(self, item: ReviewPair, reviewer: str) -> tuple[ReviewSide, ReviewSide]:
        """The sides as a reviewer (stem of the file) is shown them."""
        return (item.b, item.a) if self.digest("sides", item.id, reviewer)[0] & 1 else (item.a, item.b)

    def digest(self, *parts: str) -> bytes:
        """A hash that nobody without the key can compute."""
        return hmac.digest(self._key, orjson.dumps(parts), "sha256")

    def _missing(
        self, pairs: Iterable[tuple[TeacherAnswer, TeacherAnswer]]
    ) -> list[tuple[ItemKind, tuple[TeacherAnswer, TeacherAnswer]]]:
        there = {(item.kind, item.blind_spot, *(source_name(side) for side in item.sides)) for item in self.all()}
        return [
            (kind, pair)
            for pair in pairs
            for kind in ITEM_KINDS
            if (kind, pair[0].blind_spot, *(source_name(answer) for answer in pair)) not in there
            and all(answer.has(kind) for answer in pair)
        ]

    def _pair_up(self, kind: ItemKind, one: TeacherAnswer, other: TeacherAnswer) -> list[ReviewPair]:
        """Patterns against each other in the order they were written; anchors all in one item."""
        if kind == "anchors":
            return [self._item(kind, one, other, None, None)]
        return [
            self._item(kind, one, other, mine, theirs)
            for mine, theirs in zip(one.patterns_of(kind), other.patterns_of(kind), strict=False)
        ]

    def _item(
        self, kind: ItemKind, one: TeacherAnswer, other: TeacherAnswer, mine: Pattern | None, theirs: Pattern | None
    ) -> ReviewPair:
        name = (
            one.blind_spot,
            kind,
            *source_name(one),
            *source_name(other),
            *(found.id for found in (mine, theirs) if found),
        )
        groups = [answer.samples_of(pattern) for answer, pattern in ((one, mine), (other, theirs))]
        # With what it is drawn from: a lost item that is made anew from other records is another one, not yet judged.
        drawn_from = content_key(
            *(
                [found.text if found else "", [[sample.as_json() for sample in part] for part in group.values()]]
                for found, group in zip((mine, theirs), groups, strict=True)
            )
        )
        item_id = self.digest("item", *name, drawn_from).hex()[:16]
        sides = [
            ReviewSide(answer.teacher, answer.author, answer.evidence, pattern, self._draw(item_id, groups, place))
            for place, (answer, pattern) in enumerate(((one, mine), (other, theirs)))
        ]
        if self.digest("order", item_id)[0] & 1:
            sides.reverse()
        return ReviewPair(item_id, one.blind_spot, kind, *sides)

    def _draw(self, item_id: str, groups: Sequence[dict[str, list[Sample]]], place: int) -> tuple[Sample, ...]:
        """Of each role as many samples as both sides have, drawn and shuffled."""
        drawn: list[Sample] = []
        for role in ROLES:
            count = min(len(group.get(role, ())) for group in groups)
            seed = self.digest("draw", item_id, role, str(place))
            drawn += random.Random(seed).sample(groups[place].get(role, []), count)
        return tuple(drawn)
