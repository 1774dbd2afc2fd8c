"""What is being written about one blind spot, kept as it is typed.

It is a new pattern or sample, a counter-sample edited from a row or another sample, or a change of one's own.

Each of these slots has drafts of its own, so going from one to another loses nothing. Knows nothing of the terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import StoreError
from engine.schema import PATTERN_KINDS, ROLES, Pattern, PatternKind, Role, Sample
from engine.text import visible
from tui.keys import key_of
from tui.view_models.edit_source import EditSource, find_start

if TYPE_CHECKING:
    from engine.scorer.protocol import ModelAnswer
    from engine.teaching.views import Board
    from engine.teaching.writer import Annotator
    from tui.view_models.workbench import Workbench

PATTERN, SAMPLE, EDIT = "pattern", "sample", "edit:"
"""The slots of what is new, an edit's with the id of its start after it; that of a change is the id of its record."""

_FIELDS = ("text", "pair", "kind", "role", "about", *(f"label.{role}" for role in ROLES))
_NO_PATTERN = "-"


class TeachingDraft:
    """The slot at hand, its fields, and what handing them in does.

    Attributes:
        slot: `PATTERN`, `SAMPLE`, `EDIT` and the id of its start, or the id of the record that is being changed.
        anchor: the sample that was written last, if it is an anchor.
    """

    def __init__(self, workbench: Workbench, spot_id: str) -> None:
        self._workbench = workbench
        self._spot_id = spot_id
        self.slot = PATTERN
        self.anchor: Sample | None = None
        self._starts: dict[str, EditSource | None] = {}

    @property
    def lacks_verdicts(self) -> bool:
        """Whether nothing can say what the model makes of what is written."""
        return self._workbench.lacks_verdicts is not None

    @property
    def board(self) -> Board:
        """What the round looks like."""
        assert self._workbench.board is not None, "nothing has been discovered yet"
        return self._workbench.board

    @property
    def annotator(self) -> Annotator:
        """Who writes."""
        assert self._workbench.annotator is not None, "nothing has been discovered yet"
        return self._workbench.annotator

    @property
    def patterns(self) -> list[Pattern]:
        """This annotator's patterns for the blind spot, oldest first."""
        return [pattern for pattern in self.board.patterns(self._spot_id) if self._is_own(pattern)]

    @property
    def samples(self) -> list[Sample]:
        """This annotator's samples for the blind spot, oldest first."""
        return [sample for sample in self.board.samples(self._spot_id) if self._is_own(sample)]

    @property
    def others(self) -> tuple[list[Pattern], list[Sample]]:
        """Patterns and samples of other teachers; none before the decision."""
        patterns, samples = self.board.patterns(self._spot_id), self.board.samples(self._spot_id)
        return [found for found in patterns if not self._is_own(found)], [
            found for found in samples if not self._is_own(found)
        ]

    @property
    def later(self) -> frozenset[str]:
        """Ids of one's own records that were written or changed after one had committed."""
        from engine.teaching.sealing import committed_records

        teaching = self._workbench.teaching
        committed = committed_records(teaching, teaching.author, self._spot_id)
        if committed is None:
            return frozenset()
        records: list[Pattern | Sample] = [*self.patterns, *self.samples]
        return frozenset(record.id for record in records if record not in (*committed[0], *committed[1]))

    @property
    def is_unfinished(self) -> bool:
        """Whether something is typed that was not handed in."""
        keys = [self._key(name, slot) for slot in (PATTERN, SAMPLE) for name in ("text", "pair")]
        ids = [pattern.id for pattern in self.patterns] + [sample.id for sample in self.samples]
        edits = self._workbench.drafted(self._key("", EDIT).removesuffix("."))
        starts = {edit.removesuffix(f".{name}") for edit in edits for name in _FIELDS if edit.endswith(f".{name}")}
        known = self.board.discovery.predictions
        return any(map(self._workbench.draft, keys)) or any(
            (*map(self.is_changed, ids), *(start in known or start in ids for start in starts))
        )

    @property
    def record(self) -> Pattern | Sample | None:
        """The record that is being changed; None for a new one."""
        records: list[Pattern | Sample] = [*self.patterns, *self.samples]
        return next((record for record in records if record.id == self.slot), None)

    @property
    def start(self) -> EditSource | None:
        """What the counter-sample is edited from; None for anything else."""
        if not self.slot.startswith(EDIT):
            return None
        if self._starts.get(self.slot) is None:
            self._starts[self.slot] = find_start(self.board, self._spot_id, self.slot.removeprefix(EDIT))
        return self._starts[self.slot]

    @property
    def is_sample(self) -> bool:
        """Whether a sample is written, rather than a pattern."""
        return self.slot == SAMPLE or self.start is not None or isinstance(self.record, Sample)

    @property
    def is_counter(self) -> bool:
        """Whether a counter-sample is written."""
        return self.is_sample and self.role == "counter"

    @property
    def is_gone(self) -> bool:
        """Whether what the slot is about is not there: undone, deleted elsewhere, or of another round."""
        return self.slot not in (PATTERN, SAMPLE) and self.start is None and self.record is None

    # fields

    def get(self, name: str) -> str:
        """A field: as typed last, else as it is in the record, else empty."""
        return self._workbench.draft(self._key(name)) or self._given.get(name, "")

    def set(self, name: str, value: str) -> None:
        """Remember a field; what equals the record or the start is no draft."""
        same = value == self._given.get(name, "")
        self._workbench.keep_draft(self._key(name), "" if same else value)

    @property
    def _given(self) -> dict[str, str]:
        """The fields before anything is typed."""
        start = self.start
        if start is None:
            return _fields_of(self.record)
        label = _after(self._workbench.project.labels, start.label)
        return {"text": start.text, "pair": start.text_pair or "", "role": "counter", "label.counter": label}

    @property
    def kind(self) -> PatternKind:
        """Kind of the pattern."""
        return next((kind for kind in PATTERN_KINDS if kind == self.get("kind")), PATTERN_KINDS[0])

    @property
    def role(self) -> Role:
        """Role of the sample."""
        return next((role for role in ROLES if role == self.get("role")), ROLES[0])

    @property
    def label(self) -> str:
        """Label of the sample; targets and counters remember theirs. Empty until one is chosen: none is pre-filled."""
        label = self.get(f"label.{self.role}")
        return label if label in self._workbench.project.labels else ""

    @property
    def about(self) -> Pattern | None:
        """The pattern that the sample is for: the one chosen, else the last written; anchors are for none."""
        chosen = self.get("about")
        if self.role == "anchor" or chosen == _NO_PATTERN:
            return None
        patterns = self.patterns
        return next((pattern for pattern in patterns if pattern.id == chosen), patterns[-1] if patterns else None)

    def next_kind(self) -> None:
        """Take the other kind of pattern."""
        self.set("kind", _after(PATTERN_KINDS, self.kind))

    def next_role(self) -> None:
        """Take the next role."""
        self.set("role", _after(ROLES, self.role))

    @property
    def labels(self) -> list[str]:
        """Labels that can be chosen; an edit never has that of its start."""
        start = self.start
        return [label for label in self._workbench.project.labels if start is None or label != start.label]

    def set_label(self, label: str) -> None:
        """Take a label."""
        self.set(f"label.{self.role}", label)

    def next_about(self) -> None:
        """Take the next pattern, or none after the last."""
        about = self.about
        ids = [*(pattern.id for pattern in self.patterns), _NO_PATTERN]
        self.set("about", _after(ids, about.id if about else _NO_PATTERN))

    def quota(self) -> list[tuple[Role, int, int]]:
        """Role, written and asked: targets and counters for the pattern at hand, anchors for the blind spot."""
        about, asked = self.about, self._workbench.project.settings.teaching
        pattern = about or (self.patterns[-1] if self.patterns else None)
        written = [sample for sample in self.samples if sample.pattern == (pattern.id if pattern else None)]
        anchors = sum(sample.role == "anchor" for sample in self.samples)
        return [
            ("target", sum(sample.role == "target" for sample in written), asked.targets),
            ("counter", sum(sample.role == "counter" for sample in written), asked.counters),
            ("anchor", anchors, asked.anchors),
        ]

    def why_not(self, action: str) -> str | None:
        """Why a key of the form does nothing now, as a sentence; None if it does."""
        if action in ("label", "about", "copy") and not self.is_sample:
            return f"That is for samples: {key_of('describe.form')} goes to a new one."
        if action in ("kind", "copy") and self.start is not None:
            return f"An edit is a counter-sample with a text of its own: {key_of('describe.form')} leaves it."
        if action == "about" and self.role == "anchor":
            return "An anchor belongs to the blind spot, not to a pattern."
        if action == "about" and not self.patterns:
            return f"There is no pattern yet: {key_of('describe.form')} goes to a new one."
        return None

    def why_frozen(self, record: Pattern | Sample) -> str | None:
        """Why a record of one's own stays as it is, as a sentence; None if it can be changed and deleted."""
        store = self._workbench.teaching.store
        if not store.is_frozen("pattern" if isinstance(record, Pattern) else "sample", record.id):
            return None
        return f"{store.why_frozen(record.blind_spot)}. {key_of('describe.form')} writes something new beside it."

    # slots

    def is_changed(self, record_id: str) -> bool:
        """Whether a change of that record, or an edit from it, was begun and not handed in."""
        return any(self._workbench.draft(self._key(name, record_id)) for name in _FIELDS)

    def forget(self, slot: str) -> None:
        """Drop everything typed into a slot."""
        for name in _FIELDS:
            self._workbench.keep_draft(self._key(name, slot), "")

    def hand_in(self) -> str:
        """Write the record, clear its draft and say what was written.

        Raises:
            StoreError: it is refused, with the reason; the draft stays.
        """
        old = self.record
        if self.is_sample:
            if not self.label:
                raise StoreError("the sample has no label yet", hint="choose one with ctrl+l")
            written: Pattern | Sample = self.annotator.write_sample(
                self._spot_id,
                text=self.get("text"),
                label=self.label,
                role=self.role,
                text_pair=self.get("pair") if self._workbench.project.settings.task.pair else None,
                pattern=self.about.id if self.about else None,
                replaces=old.id if old else None,
            )
        else:
            replaces = old.id if old else None
            written = self.annotator.describe(self._spot_id, self.kind, self.get("text"), replaces=replaces)
        self.anchor = written if isinstance(written, Sample) and written.role == "anchor" else None
        if old is not None:
            self.forget(old.id)
            self.slot = SAMPLE if self.is_sample else PATTERN
            return f"{short_id(written)} is changed."
        if self.start is not None:
            self.forget(self.slot)
            self.slot = SAMPLE
        else:
            self.set("text", "")
            self.set("pair", "")
        if isinstance(written, Sample):
            if self.anchor is not None:  # it may have any label: that of this one says nothing about the next
                self._workbench.keep_draft(self._key("label.anchor", SAMPLE), "")
            return f"{short_id(written)} is written: {written.role}, {written.label}."
        self.slot = SAMPLE
        self.set("about", "")
        return f"{short_id(written)} is written. Now samples for it."

    def doubt(self, verdict: ModelAnswer) -> str | None:
        """What is odd about the anchor that was written last, as a sentence; None if the model gets it right."""
        anchor = self.anchor
        if anchor is None or verdict.label == anchor.label:
            return None
        said = f"the model says {visible(verdict.label)} ({verdict.confidence:.2f}), not {visible(anchor.label)}"
        return f"{short_id(anchor)} is an anchor, but {said}. Anchors should stay right, not become so."

    def delete(self, record: Pattern | Sample) -> str:
        """Drop a change that was not handed in; else delete the record, a pattern with its samples. Say what was done.

        Raises:
            StoreError: it cannot be written.
        """
        name = short_id(record)
        if self.is_changed(record.id):
            self.forget(record.id)
            done = f"The change of {name} is dropped; once more deletes {name} itself."
        else:
            own = sum(sample.pattern == record.id for sample in self.samples)
            self.annotator.delete(record.id)
            along = f" with its {own} samples" if own > 1 else " with its sample" if own else ""
            done = f"{name} is deleted{along}; u brings it back."
        if self.slot == record.id:
            self.slot = SAMPLE if isinstance(record, Sample) else PATTERN
        return done

    def _key(self, name: str, slot: str | None = None) -> str:
        return f"describe.{self._spot_id}.{slot or self.slot}.{name}"

    def _is_own(self, record: Pattern | Sample) -> bool:
        return self._workbench.teaching.is_own(record.id)


def short_id(record: Pattern | Sample) -> str:
    """The id of one's own record without its author: ``P3``."""
    return record.id.partition("@")[0]


def _fields_of(record: Pattern | Sample | None) -> dict[str, str]:
    if isinstance(record, Pattern):
        return {"text": record.text, "kind": record.kind}
    if isinstance(record, Sample):
        return {
            "text": record.text,
            "pair": record.text_pair or "",
            "role": record.role,
            f"label.{record.role}": record.label,
            "about": record.pattern or _NO_PATTERN,
        }
    return {}


def _after(known: Sequence[str], value: str) -> str:
    return known[(known.index(value) + 1) % len(known)] if value in known else known[0]
