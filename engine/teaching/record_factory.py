"""The one place that makes and checks patterns, samples, labels, marks and perturbed pairs, and puts them into an edit.

People, imports, perturbations and LLMs hand in what they have; what a refusal is told as is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from engine.errors import RefusedRecord, StoreError
from engine.project import Project
from engine.schema import (
    UNLABELLED,
    Example,
    Pattern,
    PatternKind,
    Perturbation,
    Prediction,
    Role,
    RowLabel,
    RowMark,
    RowVerdict,
    Sample,
    Teacher,
)
from engine.teaching.records import Teaching
from engine.teaching.store import Edit
from engine.text import clean

if TYPE_CHECKING:
    from engine.teaching.leaks import LeakCheck
    from engine.teaching.validation import Draft, SampleChecker


@dataclass(frozen=True, slots=True)
class CheckedSample:
    """A sample that may be taken; made by `RecordFactory.check_sample` alone."""

    blind_spot: str
    draft: Draft


class RecordFactory:
    """Makes the records of one teacher. The edits are its author's.

    Args:
        project: gives the labels, and the rows that a sample may not repeat.
        teaching: the records.
        teacher: stands in every pattern and sample.
    """

    def __init__(self, project: Project, teaching: Teaching, teacher: Teacher) -> None:
        self._project = project
        self._teaching = teaching
        self._teacher = teacher

    @cached_property
    def checker(self) -> SampleChecker:
        """Made on first use: its index of the pool takes about a second for 10,000 rows, its import 20 ms."""
        from engine.teaching.validation import SampleChecker

        return SampleChecker(self._project, self._teaching.leaks)

    def pattern(
        self,
        edit: Edit,
        spot_id: str,
        kind: PatternKind,
        text: str,
        *,
        evidence: str | None = None,
        replaces: str | None = None,
    ) -> Pattern:
        """Make a pattern, or a new state of one's own pattern.

        Args:
            edit: takes it.
            spot_id: the blind spot it explains.
            kind: abstraction or extrapolation.
            text: the pattern in words.
            evidence: hash of the evidence that its teacher has seen; None: not known.
            replaces: full id of the pattern it takes the place of; once refined it stays called so.

        Raises:
            RefusedRecord: the text is empty, or holds a proof row.
        """
        text = _pattern_text(spot_id, text, self._teaching.leaks)
        before = self._teaching.store.current.get(("pattern", replaces)) if replaces else None
        body = (before.body if before else None) or {}
        pattern = Pattern(
            replaces or edit.new_id("P"),
            spot_id,
            kind,
            text,
            self._teacher,
            evidence,
            bool(body.get("refined")),
            body.get("rewords"),
        )
        edit.put("pattern", pattern.id, pattern)
        return pattern

    def check_sample(
        self,
        spot_id: str,
        *,
        text: str,
        label: str,
        role: Role,
        text_pair: str | None,
        gold: str,
        predicted: str,
        beside: Sequence[Sample],
        named: Callable[[Sample], str] = lambda sample: f"sample {sample.id}",
    ) -> CheckedSample:
        """A sample that may be taken, without white space around its texts.

        Args:
            spot_id: the blind spot it is about.
            text: what the model is to learn from.
            label: its right label.
            role: target, counter or anchor.
            text_pair: the second text where rows are pairs.
            gold: of the blind spot it was written for.
            predicted: of that blind spot.
            beside: the samples that it may not repeat.
            named: what a refusal calls one of them.

        Raises:
            RefusedRecord: it would not teach or would leak, with the reason.
        """
        from engine.teaching.validation import Draft

        draft = Draft(clean(text), label, role, None if text_pair is None else clean(text_pair))
        self.checker.check(draft, gold=gold, predicted=predicted, samples=beside, named=named)
        return CheckedSample(spot_id, draft)

    def sample(
        self,
        edit: Edit,
        checked: CheckedSample,
        *,
        pattern: str | None = None,
        evidence: str | None = None,
        replaces: str | None = None,
    ) -> Sample:
        """Make a sample, or a new state of one's own sample.

        Args:
            edit: takes it.
            checked: what it says.
            pattern: full id of the pattern it is written for.
            evidence: hash of the evidence that its teacher has seen; None: not known.
            replaces: full id of the sample it takes the place of.

        Raises:
            StoreError: this author has no sample ``replaces``.
        """
        if replaces and ("sample", replaces) not in self._teaching.store.current:
            raise StoreError(f"{self._teaching.author} has no sample `{replaces}`", hint="name one of your own")
        draft = checked.draft
        sample = Sample(
            replaces or edit.new_id("S"),
            checked.blind_spot,
            draft.text,
            draft.label,
            draft.role,
            self._teacher,
            draft.text_pair,
            pattern,
            evidence,
        )
        edit.put("sample", sample.id, sample)
        return sample

    def check_edit(self, row: Prediction, text: str, label: str, text_pair: str | None) -> Example:
        """A row's edit, without white space around its texts; ``text_pair``: None where it is that of the row.

        Raises:
            RefusedRecord: it has no text, another form than rows of the project or an unknown label, it is the row
                itself, or it is too close to a proof row.
        """
        from engine.teaching.validation import Draft

        pair = row.text_pair if text_pair is None else clean(text_pair)
        draft = Draft(clean(text), label, "counter", pair)
        self.checker.check_form(draft)
        if (draft.text, draft.text_pair) == (row.text, row.text_pair):
            raise RefusedRecord("the edit is the row itself", reason="the row itself", hint="change a word or two")
        self.checker.check_leak(draft)
        return Example("edit", draft.text, label, draft.text_pair)

    def perturbation(
        self, edit: Edit, row: Prediction, text: Example, *, confidence: float, model_key: str
    ) -> Perturbation:
        """Make a perturbed pair.

        Args:
            edit: takes it.
            row: that was edited.
            text: of `check_edit`.
            confidence: 0..1, with which the model gives the edit its label.
            model_key: of that model.
        """
        made = Perturbation(edit.new_id("E"), row.id, text.text, text.label, confidence, model_key, text.text_pair)
        edit.put("perturbation", made.id, made)
        return made

    def mark(self, edit: Edit, row: Prediction, verdict: RowVerdict, label: str | None) -> RowMark:
        """Make a mark of a row's gold label.

        Raises:
            StoreError: as `checked_mark`.
        """
        mark = checked_mark(self._project.labels, row, verdict, label)
        edit.put("mark", row.id, mark)
        return mark

    def label(self, edit: Edit, label: RowLabel) -> RowLabel:
        """Take a label of a row or, from the queue ``conflict``, a decision, which stands beside the labels.

        Args:
            edit: takes it.
            label: of a row that exists; this teacher becomes its labeller.

        Raises:
            StoreError: there is no such label, or it does not go with the certainty.
        """
        where, unsure = f"row {label.row}", label.label == UNLABELLED
        if not unsure and label.label not in self._project.labels:
            labels = ", ".join(self._project.labels)
            raise StoreError(f"there is no label `{label.label}`", where=where, hint=f"give one of {labels}")
        if unsure != (label.certainty == 0) or not 0 <= label.certainty <= 3:
            raise StoreError(
                f"the certainty {label.certainty} does not go with {'no label' if unsure else 'a label'}",
                where=where,
                hint="give 3 sure, 2 likely or 1 a guess, or no label and 0",
            )
        record = replace(label, teacher=self._teacher, note=clean(label.note))
        edit.put("adjudication" if label.queue == "conflict" else "label", record.key, record)
        return record


def reword_pattern(edit: Edit, teaching: Teaching, pattern: Pattern, text: str) -> Pattern:
    """Make a new wording of a pattern; one that was handed in stays, and the new one is a pattern beside it.

    Raises:
        RefusedRecord: the text is empty, or holds a proof row.
    """
    new = replace(pattern, text=_pattern_text(pattern.blind_spot, text, teaching.leaks), refined=True)
    if teaching.store.is_frozen("pattern", pattern.id):
        new = replace(new, id=edit.new_id("P"), rewords=pattern.id)
    edit.put("pattern", new.id, new)
    return new


def checked_mark(labels: Sequence[str], row: Prediction, verdict: RowVerdict, label: str | None) -> RowMark:
    """A mark of a row's gold label that may be taken.

    Args:
        labels: of the project.
        row: that has a gold label.
        verdict: what is wrong with it, if anything.
        label: the right one, for ``label wrong`` and for nothing else.

    Raises:
        StoreError: the row has no gold label, there is no such label, or verdict and label do not fit together.
    """
    where = f"row {row.id}"
    if row.label == UNLABELLED:
        hint = "give it one with `blindspot label`: a mark says whether a gold label is right"
        raise StoreError(f"row `{row.id}` has no label yet", hint=hint)
    others = ", ".join(other for other in labels if other != row.label)
    if verdict != "label wrong" and label is not None:
        raise StoreError(f"`{verdict}` takes no label", where=where, hint="leave it out, or say `label wrong`")
    if verdict == "label wrong" and label is None:
        raise StoreError("`label wrong` needs the right label", where=where, hint=f"give one of {others}")
    if label is not None and (label not in labels or label == row.label):
        problem = f"`{label}` is its label already" if label == row.label else f"there is no label `{label}`"
        raise StoreError(problem, where=where, hint=f"give one of {others}")
    return RowMark(row.id, verdict, label)


def _pattern_text(spot_id: str, text: str, leaks: LeakCheck | None) -> str:
    text = clean(text)
    if not text:
        hint = "say why these rows fail, or what else should fail"
        raise RefusedRecord("a pattern needs a text", reason="empty pattern", where=spot_id, hint=hint)
    if leaks is not None:
        leaks.check_pattern(text)
    return text
