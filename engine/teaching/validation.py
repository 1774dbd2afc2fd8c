"""Which samples are taken: only those that teach something new, and none that would leak a held-out row.

Proof rows are asked about through the leak guard alone, and no message repeats a word of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.data.duplicates import NearDuplicates
from engine.data.pool_rows import known_labels, labelled, pool_rows
from engine.data.row_hashes import RowHashes, read_row_hashes
from engine.errors import RefusedRecord
from engine.project import Project
from engine.schema import Example, Role, Sample
from engine.teaching.leaks import LeakCheck
from engine.text import normalise, row_hash

_CHUNK = 100  # samples indexed together; one more sample then costs a new index of at most so many
_MEND = "write another one"


@dataclass(frozen=True, slots=True)
class Draft:
    """A sample that is not taken yet."""

    text: str
    label: str
    role: Role
    text_pair: str | None = None


def barred_label(role: Role, *, gold: str, predicted: str) -> str | None:
    """The label that a sample of this role cannot have in a blind spot ``gold`` -> ``predicted``; None: none.

    A target is a text that the model is expected to get wrong as it did in the blind spot, so it cannot carry the
    label that the model gives there; a counter-sample differs from a target in its label, so it cannot carry the
    blind spot's gold label.
    """
    labels: dict[Role, str] = {"target": predicted, "counter": gold}
    return labels.get(role)


class SampleChecker:
    """Checks drafts against everything the project has; keep it, for the first check reads the pool.

    Nearly equal texts with different labels are welcome: that is what counter-samples are.

    Args:
        project: gives the labels, whether rows are pairs, and the rows of all splits.
        leaks: that of the records, so that the proof rows are read once; None: made anew.
    """

    def __init__(self, project: Project, leaks: LeakCheck | None = None) -> None:
        self._project = project
        self._leaks = leaks or LeakCheck(project)
        self._guard = self._leaks.guard
        self._samples = _SampleIndex()

    def prepare(self) -> None:
        """Read the rows now rather than at the first check: 0.1 s for 10,000, 7 s for 100,000. May run in a thread."""
        self._guard.is_leak("any text", "and any second one" if self._project.settings.task.pair else None)
        self._guard.is_inside("any text")
        _ = self._rows, self._pool

    def check(
        self,
        draft: Draft,
        *,
        gold: str,
        predicted: str,
        samples: Sequence[Sample],
        named: Callable[[Sample], str] = lambda sample: f"sample {sample.id}",
    ) -> None:
        """Return if the draft may be taken.

        Args:
            draft: what is to be taken.
            gold: of the blind spot it was written for.
            predicted: of that blind spot.
            samples: all that were taken so far, but one that the draft replaces.
            named: what a refusal calls one of them.

        Raises:
            RefusedRecord: it may not, with the reason.
        """
        self.check_form(draft)
        self._check_role(draft, gold, predicted)
        self._samples.update(samples)
        key = row_hash(draft.text, draft.text_pair)
        if sample := self._samples.equal(key):
            raise RefusedRecord(f"the text equals {named(sample)}", reason="equals a sample", hint=_MEND)
        if place := self._place(key):
            raise RefusedRecord(f"the text equals {place}", reason="equals a row of the data", hint=_MEND)
        self.check_leak(draft)
        if row := self._near_row(draft):
            raise RefusedRecord(
                f"the text nearly equals row {row.id} of the pool, which has the same label",
                reason="nearly equals a pool row of the same label",
                hint=_MEND,
            )
        if sample := self._samples.near(draft):
            raise RefusedRecord(
                f"the text nearly equals {named(sample)}, which has the same label",
                reason="nearly equals a sample of the same label",
                hint=_MEND,
            )

    def check_form(self, draft: Draft) -> None:
        """Return if texts and label are of the form of the project's rows.

        Raises:
            RefusedRecord: they are not.
        """
        if not normalise(draft.text):
            raise RefusedRecord("the text is empty", reason="empty text", hint="write a text")
        if self._project.settings.task.pair and not normalise(draft.text_pair or ""):
            raise RefusedRecord(
                "rows of this project are pairs and the second text is empty", reason="no second text", hint="write it"
            )
        if not self._project.settings.task.pair and draft.text_pair is not None:
            raise RefusedRecord(
                "rows of this project are single texts", reason="a second text", hint="leave the second text out"
            )
        if draft.label not in self._project.labels:
            raise RefusedRecord(
                f"there is no label `{draft.label}`",
                reason="unknown label",
                hint=f"give one of {', '.join(self._project.labels)}",
            )

    def check_leak(self, draft: Draft) -> None:
        """Return if the texts show no proof row.

        Raises:
            RefusedRecord: they do.
        """
        both = f"{draft.text}\n{draft.text_pair or ''}"
        if self._guard.is_leak(draft.text, draft.text_pair) or self._guard.is_inside(both):
            raise RefusedRecord(
                "the text is too close to a held-out proof row",
                reason="too close to a held-out proof row",
                hint=_MEND,
            )

    def _check_role(self, draft: Draft, gold: str, predicted: str) -> None:
        if draft.label != barred_label(draft.role, gold=gold, predicted=predicted):
            return
        if draft.role == "target":
            raise RefusedRecord(
                f"a target labelled `{draft.label}` is one that the model of {gold} -> {predicted} gets right",
                reason="a target with the predicted label",
                hint="give another label, or make it a counter-sample or an anchor",
            )
        raise RefusedRecord(
            f"a counter-sample of {gold} -> {predicted} needs another label than `{gold}`",
            reason="a counter-sample with the gold label",
            hint="give the label that the edit brings about, or make it a target",
        )

    def _place(self, key: str) -> str:
        """Where a row of the open splits stands, by the hash of its text; empty if there is none."""
        for name, hashes in self._rows.items():
            if key in hashes:
                return f"row {hashes.last(key) + 1} of {name}"
        return ""

    @cached_property
    def _rows(self) -> dict[str, RowHashes]:
        """Hashes of the rows of the open splits."""
        return {name: read_row_hashes(self._project, name) for name in ("train", "pool", "test", "dev")}

    @cached_property
    def _pool(self) -> dict[str, tuple[list[Example], NearDuplicates]]:
        """Pool rows that have a label and their index, by label."""
        rows: defaultdict[str, list[Example]] = defaultdict(list)
        for row in labelled(pool_rows(self._project, known_labels(self._project.discovery()))):
            rows[row.label].append(row)
        return {
            label: (same, NearDuplicates((row.text, row.text_pair) for row in same)) for label, same in rows.items()
        }

    def _near_row(self, draft: Draft) -> Example | None:
        rows, index = self._pool.get(draft.label, ([], None))
        found = index.find(draft.text, draft.text_pair) if index else None
        return rows[found] if found is not None else None


class _SampleIndex:
    """The samples taken so far. One more is added for the price of a small index; only a removal builds all anew."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._known: dict[str, Sample] = {}
        self._keys: dict[str, Sample] = {}
        self._chunks: defaultdict[str, list[tuple[list[Sample], NearDuplicates]]] = defaultdict(list)

    def update(self, samples: Sequence[Sample]) -> None:
        new = [sample for sample in samples if self._known.get(sample.id) is not sample]
        if len(samples) - len(new) != len(self._known):
            self._clear()
            new = list(samples)
        by_label: defaultdict[str, list[Sample]] = defaultdict(list)
        for sample in new:
            self._known[sample.id] = sample
            self._keys[row_hash(sample.text, sample.text_pair)] = sample
            by_label[sample.label].append(sample)
        for label, added in by_label.items():
            chunks = self._chunks[label]
            if chunks and len(chunks[-1][0]) + len(added) <= _CHUNK:
                added = chunks.pop()[0] + added
            chunks.append((added, NearDuplicates((sample.text, sample.text_pair) for sample in added)))

    def equal(self, key: str) -> Sample | None:
        return self._keys.get(key)

    def near(self, draft: Draft) -> Sample | None:
        for samples, index in self._chunks.get(draft.label, ()):
            found = index.find(draft.text, draft.text_pair)
            if found is not None:
                return samples[found]
        return None
