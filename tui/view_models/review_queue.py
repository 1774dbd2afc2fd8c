"""The reviewer's queue and where they are in it. Knows nothing of the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.view_models.judgement import JudgementDraft

if TYPE_CHECKING:
    from engine.review.blind_review import QueueEntry, Review, Sources
    from tui.view_models.workbench import Workbench


class ReviewQueue:
    """The items of one reviewer, in an order of their own.

    Attributes:
        entries: all of them, with their states. at: the one in front. own: with one's own text too.
    """

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._review: Review | None = None
        self.entries: list[QueueEntry] = []
        self.at = 0
        self.own = False

    @property
    def review(self) -> Review:
        """The engine's side of it, made when it is first asked for: that reads files."""
        from engine.review.blind_review import Review

        if self._review is None:
            self._review = Review(self._workbench.project, self._workbench.teaching)
        return self._review

    @property
    def entry(self) -> QueueEntry | None:
        """The item in front; None: there is none."""
        return self.entries[self.at] if self.entries else None

    @property
    def sealed(self) -> int:
        """Number of items that cannot be seen yet."""
        return sum(entry.state == "sealed" for entry in self.entries)

    def refresh(self) -> None:
        """Take in what was written since, and stay at the item in front.

        Raises:
            StoreError: the items are damaged, or cannot be written.
        """
        self.review.refresh()
        self.read(self.entry.id if self.entry else None)

    def read(self, item_id: str | None) -> None:
        """Read the states again and go to an item; one that is not there is the first that is to be judged.

        Raises:
            StoreError: the items are damaged.
        """
        self.entries = self.review.queue(own=self.own)
        ids = [entry.id for entry in self.entries]
        first = next((at for at, entry in enumerate(self.entries) if _is_open(entry)), 0)
        self.at = ids.index(item_id) if item_id in ids else first

    def step(self, step: int) -> None:
        """Go that many items on, around the end."""
        self.at = (self.at + step) % len(self.entries)

    def next(self) -> int | None:
        """Place of the next item that is to be judged, else of one that was skipped; None: all are done or sealed."""
        count = len(self.entries)
        order = [(self.at + step) % count for step in range(1, count + 1)]
        skipped = (at for at in order if self.entries[at].state == "skipped")
        return next((at for at in order if _is_open(self.entries[at])), next(skipped, None))

    def toggle_skip(self) -> bool:
        """Set the item in front aside, or take it up again; whether it is aside now.

        Raises:
            StoreError: it cannot be written.
        """
        entry = self.entry
        assert entry is not None, "there is an item in front"
        skip = entry.state != "skipped"
        (self.review.skip if skip else self.review.unskip)(entry.id)
        self.read(entry.id)
        return skip

    def draft(self) -> JudgementDraft | None:
        """The answers to the item in front; None: there is no item, or it is sealed.

        Raises:
            StoreError: it is not there any more.
        """
        entry = self.entry
        if entry is None or entry.state == "sealed":
            return None
        return JudgementDraft(self._workbench, self.review.item(entry.id), self.review.judgement(entry.id))

    def sources(self, draft: JudgementDraft | None) -> Sources | None:
        """Who wrote what, of an item that has been handed in."""
        return self.review.reveal(draft.item.id) if draft is not None and draft.is_final else None


def _is_open(entry: QueueEntry) -> bool:
    return entry.state in ("open", "own")
