"""A chain of hashes over one author's revisions: what was changed or taken out after it was written is noticed.

Each hash covers its revision and the hash before it (Schneier & Kelsey, Secure Audit Logs to Support Computer
Forensics, 1999, section 4, without their keys). So somebody who writes the whole file anew, or cuts off its end, is not
found by the chain: that takes a hash kept elsewhere. Revisions of versions without a chain have no hash; the first hash
covers them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from engine.teaching.revisions import Revision

_NAMED = 5  # numbers that a sentence names


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold.

    Attributes:
        missing: first and last number of revisions that are not there though later ones are.
        changed: numbers of revisions that do not follow from the one before: they, or it, are not as they were written.
    """

    missing: tuple[tuple[int, int], ...]
    changed: tuple[int, ...]

    @property
    def sentence(self) -> str:
        """What is wrong, without the file and without a full stop."""
        parts = []
        if self.missing:
            gaps = [str(first) if first == last else f"{first} to {last}" for first, last in self.missing]
            one = len(gaps) == 1 and self.missing[0][0] == self.missing[0][1]
            parts.append(f"{_named(gaps, one)} {'is' if one else 'are'} missing")
        if self.changed:
            one = len(self.changed) == 1
            named = _named([str(seq) for seq in self.changed], one)
            parts.append(f"{named} or the one before {'was' if one else 'were'} changed after it was written")
        return ", and ".join(parts)


def link(before: str, revision: Revision) -> str:
    """The hash of a revision, given that of the one before (empty for the first): sha256, 64 hex digits.

    Empty fields are left out, so that a field added later does not change the hashes of today.
    """
    values = {name: getattr(revision, name) for name in revision.__dataclass_fields__ if name != "hash"}
    written = {name: value for name, value in values.items() if value is not None}
    return hashlib.sha256(before.encode() + orjson.dumps(written, option=orjson.OPT_SORT_KEYS)).hexdigest()


def head(revisions: Sequence[Revision]) -> str:
    """The hash that the next revision follows on; empty where there is none."""
    if revisions and revisions[-1].hash:
        return revisions[-1].hash
    found = ""
    for revision in revisions:
        found = revision.hash or link(found, revision)
    return found


class Chain:
    """Follows the revisions of an author, which only grow: each is looked at once."""

    def __init__(self) -> None:
        self._missing: list[tuple[int, int]] = []
        self._changed: list[int] = []
        self._known = 0  # how many revisions were looked at
        self._before, self._last, self._begun = "", 0, False

    def follow(self, revisions: Sequence[Revision]) -> Break | None:
        """Where the chain of revisions, in order, does not hold; None if it does.

        Args:
            revisions: those of the last time, and what was written since.
        """
        for revision in islice(revisions, self._known, None):
            if revision.seq > self._last + 1:
                self._missing.append((self._last + 1, revision.seq - 1))
            expected = link(self._before, revision)
            self._begun = self._begun or revision.hash is not None
            if self._begun and revision.hash != expected and revision.seq == self._last + 1:
                self._changed.append(revision.seq)
            self._before, self._last = revision.hash or expected, revision.seq
        self._known = len(revisions)
        return Break(tuple(self._missing), tuple(self._changed)) if self._missing or self._changed else None


def _named(numbers: Sequence[str], one: bool) -> str:
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    return f"record{'' if one else 's'} {', '.join(numbers[:_NAMED])}{more}"
