"""What an annotator may write: every action is checked and written whole; all but a decision can be undone.

A record that names a row, label, blind spot or pattern names one that exists.
"""

from __future__ import annotations

from engine.errors import StoreError
from engine.project import Project
from engine.schema import (
    BlindSpot,
    Commitment,
    Discovery,
    Pattern,
    PatternKind,
    Prediction,
    Role,
    RowMark,
    RowVerdict,
    Sample,
    SpotState,
    SpotStatus,
    Teacher,
)
from engine.teaching.commitments import decide
from engine.teaching.evidence import evidence_for, is_withheld, known_spot, parts_of
from engine.teaching.record_factory import RecordFactory
from engine.teaching.records import Teaching
from engine.teaching.revisions import RecordKind
from engine.teaching.sealing import decision, decisions, is_sealed
from engine.teaching.store import Reverted
from engine.text import clean

_KINDS: dict[str, RecordKind] = {"P": "pattern", "S": "sample", "E": "perturbation"}
"""Kind of a record by the first letter of its id."""


class Annotator:
    """Writes for one teacher.

    Args:
        project: gives labels, and rows that a sample may not repeat.
        discovery: of the round.
        teaching: the records; its author's file takes what is written.
        teacher: stands in every pattern and sample.

    Attributes:
        project, discovery, teaching, teacher: as above. factory: makes and checks what is written.
    """

    def __init__(self, project: Project, discovery: Discovery, teaching: Teaching, teacher: Teacher) -> None:
        self.project = project
        self.discovery = discovery
        self.teaching = teaching
        self.teacher = teacher
        self.factory = RecordFactory(project, teaching, teacher)
        self._drawn: dict[str, frozenset[str]] = {}

    def prepare(self) -> None:
        """Read what samples are checked against now rather than at the first one. May run in a thread."""
        self.factory.checker.prepare()

    def mark(self, row: str, verdict: RowVerdict, label: str | None = None) -> RowMark:
        """Mark a row's gold label.

        Args:
            row: id of a UU, or of a neighbour that is shown beside one.
            verdict: what is wrong with it, if anything.
            label: the right one; needed for ``label wrong`` and for nothing else.

        Raises:
            StoreError: there is no such row or label, the row has no gold label, or verdict and label do not fit.
        """
        prediction = self.discovery.predictions.get(row)
        if prediction is None:
            raise StoreError(f"there is no row `{row}` in the evidence", hint="take an id that `blindspot show` prints")
        self._check_shown(prediction)
        right = f", right is {label}" if label else ""
        with self.teaching.store.edit(f"mark row {row} as {verdict}{right}") as edit:
            return self.factory.mark(edit, prediction, verdict, label)

    def unmark(self, row: str) -> None:
        """Take one's own mark off a row.

        Raises:
            StoreError: this annotator has not marked it.
        """
        with self.teaching.store.edit(f"take the mark off row {row}") as edit:
            edit.delete("mark", row)

    def describe(self, spot_id: str, kind: PatternKind, text: str, *, replaces: str | None = None) -> Pattern:
        """Write a pattern, or a new wording of one's own pattern ``replaces``.

        Args:
            spot_id: the blind spot it explains.
            kind: abstraction or extrapolation.
            text: the pattern in words.
            replaces: id of the pattern it takes the place of; once refined it stays called so.

        Raises:
            StoreError: there is no such blind spot or pattern, or the text is empty.
        """
        spot = known_spot(self.discovery, spot_id)
        with self.teaching.store.edit(f"{'change' if replaces else 'describe'} {kind} of {spot.id}") as edit:
            old = self.pattern_id(spot.id, replaces, own=True) if replaces else None
            return self.factory.pattern(edit, spot.id, kind, text, evidence=self._seen(spot), replaces=old)

    def write_sample(
        self,
        spot_id: str,
        *,
        text: str,
        label: str,
        role: Role,
        text_pair: str | None = None,
        pattern: str | None = None,
        replaces: str | None = None,
    ) -> Sample:
        """Write a sample, or a new state of one's own sample ``replaces``.

        Args:
            spot_id: the blind spot it is about.
            text: what the model is to learn from.
            label: its right label.
            role: target, counter or anchor.
            text_pair: the second text where rows are pairs.
            pattern: id of the pattern it is written for (``P3`` for one's own, ``P3@ann`` for ann's).
            replaces: id of the sample it takes the place of.

        Raises:
            RefusedRecord: it would not teach or would leak, with the reason.
            StoreError: there is no such blind spot, pattern or sample.
        """
        spot = known_spot(self.discovery, spot_id)
        about = self.pattern_id(spot.id, pattern) if pattern else None
        with self.teaching.store.edit(f"{'change' if replaces else 'write'} {role} sample of {spot.id}") as edit:
            self.teaching.refresh()
            checked = self.factory.check_sample(
                spot.id,
                text=text,
                label=label,
                role=role,
                text_pair=text_pair,
                gold=spot.gold,
                predicted=spot.predicted,
                beside=self._visible_samples(replaces),
                named=self._named,
            )
            return self.factory.sample(edit, checked, pattern=about, evidence=self._seen(spot), replaces=replaces)

    def delete(self, record_id: str) -> None:
        """Delete one's own sample, perturbed pair, or pattern with one's own samples for it, in one action.

        Raises:
            StoreError: this annotator has no such record.
        """
        kind = _KINDS.get(record_id[:1], "sample")
        with self.teaching.store.edit(f"delete {kind} {record_id}") as edit:
            if kind != "pattern":
                edit.delete(kind, record_id)
                return
            edit.delete("pattern", record_id)
            for sample in self.teaching.own("sample"):
                if isinstance(sample, Sample) and sample.pattern == record_id:
                    edit.delete("sample", sample.id)

    def set_status(self, spot_id: str, status: SpotStatus, reason: str = "") -> None:
        """Call a blind spot done or skipped; any other status leaves it to follow from what is written.

        Raises:
            StoreError: there is no such blind spot, or it is skipped without a reason.
        """
        spot, reason = known_spot(self.discovery, spot_id), clean(reason)
        if status == "skipped" and not reason:
            raise StoreError("a skipped blind spot needs a reason", where=spot.id, hint="say in a few words why")
        by_hand = status in ("done", "skipped")
        with self.teaching.store.edit(f"call {spot.id} {status}" if by_hand else f"reopen {spot.id}") as edit:
            if by_hand:
                edit.put("state", spot.id, SpotState(spot.id, status, reason if status == "skipped" else ""))
            elif spot.id in self.teaching.states():
                edit.delete("state", spot.id)

    def commit(self, spot_id: str) -> Commitment:
        """Hand in one's answer to a blind spot for good; others' answers and the rows held back are seen from then on.

        Raises:
            StoreError: there is no such blind spot, no pattern of one's own there, or a decision already.
        """
        spot = known_spot(self.discovery, spot_id)
        return decide(self.project, self.discovery, self.teaching, [spot], "committed")[0]

    def decline(self, spot_id: str, reason: str) -> Commitment:
        """Decline to answer, for good, and see others' answers and the rows held back from then on.

        What one has written there stays, but counts as written after the decision.

        Raises:
            StoreError: there is no such blind spot, no reason, or a decision already.
        """
        spot = known_spot(self.discovery, spot_id)
        return decide(self.project, self.discovery, self.teaching, [spot], "declined", clean(reason))[0]

    def untouched(self) -> list[BlindSpot]:
        """Blind spots on which nothing is decided and nothing of one's own is written, in the order of the round."""
        own = [*self.teaching.own("pattern"), *self.teaching.own("sample")]
        written = {record.blind_spot for record in own if isinstance(record, Pattern | Sample)}
        known = written | decisions(self.teaching, self.teaching.author).keys()
        return [spot for spot in self.discovery.blind_spots if spot.id not in known]

    def decline_untouched(self, reason: str) -> list[Commitment]:
        """Decline every blind spot of `untouched` for one reason, in one action: for who reviews and does not teach.

        Raises:
            StoreError: there is no reason, or none is left.
        """
        spots = self.untouched()
        if not spots:
            raise StoreError(
                "there is no blind spot left on which you have written nothing and decided nothing",
                hint="commit or decline each of the others by its id",
            )
        return decide(self.project, self.discovery, self.teaching, spots, "declined", clean(reason))

    def undo(self) -> Reverted | None:
        """Take back this annotator's last action; None if there is none.

        Raises:
            StoreError: it cannot be written.
        """
        return self.teaching.store.undo()

    def redo(self) -> Reverted | None:
        """Do again what the last undo took back; None if there is nothing.

        Raises:
            StoreError: it cannot be written.
        """
        return self.teaching.store.redo()

    def pattern_id(self, spot_id: str, name: str, *, own: bool = False) -> str:
        """The full id of a pattern of a blind spot, named in full or, for one's own, as ``P3``.

        Raises:
            StoreError: the blind spot has none of that name.
        """
        full = self.teaching.own_id(name)
        there = [pattern for pattern in self.teaching.patterns() if pattern.blind_spot == spot_id]
        found = [pattern.id for pattern in there if not is_sealed(self.teaching, pattern)]
        if full not in found or (own and not self.teaching.is_own(full)):
            hint = f"take one of {', '.join(found)}" if found else "write one with `blindspot describe`"
            raise StoreError(f"{spot_id} has no pattern `{name}`{' of yours' * own}", hint=hint)
        return full

    def _check_shown(self, row: Prediction) -> None:
        """A row is not marked before it can be seen."""
        if is_withheld(row, self.project.manifest.withheld):
            raise StoreError(
                f"row `{row.id}` nearly equals a proof row", hint="take a row that `blindspot show` prints"
            )
        spot = next((spot for spot in self.discovery.blind_spots if row.id in spot.rows), None)
        if spot is None or decision(self.teaching, spot.id) is not None:
            return
        if row.id in self._held_back(spot):
            raise StoreError(
                f"row `{row.id}` is held back to test patterns",
                where=spot.id,
                hint="commit your answer there, or decline, to see it",
            )

    def _held_back(self, spot: BlindSpot) -> frozenset[str]:
        """Rows that nobody sees before answering; kept, because drawing them hashes every row of the blind spot."""
        if spot.id not in self._drawn:
            share, withheld = self.project.settings.teaching.held_back, self.project.manifest.withheld
            parts = parts_of(spot, self.discovery, held_back=share, withheld=withheld)
            self._drawn[spot.id] = frozenset(parts.held_back)
        return self._drawn[spot.id]

    def _seen(self, spot: BlindSpot) -> str:
        """Hash of the evidence that this annotator sees now."""
        decided = decision(self.teaching, spot.id) is not None
        return evidence_for(self.project, self.discovery, self.teaching, spot.id, decided=decided).hash

    def _visible_samples(self, replaces: str | None) -> list[Sample]:
        """What a new sample may not repeat; a refusal that named a sealed one would tell what another wrote."""
        decided = decisions(self.teaching, self.teaching.author)
        return [
            sample
            for sample in self.teaching.samples()
            if sample.id != replaces and (self.teaching.is_own(sample.id) or sample.blind_spot in decided)
        ]

    def _named(self, sample: Sample) -> str:
        """Others' without an id: a reviewer who tries the texts of an item must not be told who wrote them."""
        return f"sample {sample.id}" if self.teaching.is_own(sample.id) else "a sample of another teacher"
