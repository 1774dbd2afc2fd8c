"""Writing an LLM's answers as records, under the same checks as a person's."""

from __future__ import annotations

from collections import Counter

from engine.errors import RefusedRecord
from engine.llm.answer_schemas import Patterns, Samples, usable_samples
from engine.llm.call_log import CallStep
from engine.llm.chat_backend import ChatAnswer
from engine.llm.teaching_task import TeachingTask
from engine.project import Project
from engine.schema import PATTERN_KINDS, ROLES, PatternKind, Role, Sample, Teacher
from engine.teaching.record_factory import RecordFactory
from engine.teaching.records import Teaching


class AnswerWriter:
    """Writes for one LLM, in a file of its own.

    Args:
        project: gives the rows that a sample may not repeat.
        teaching: the records; its author's file takes what is written.
        teacher: stands in every pattern and sample.

    Attributes:
        patterns: how many were written. samples: how many, by role.
        refused: samples and patterns that were not taken, by reason.
    """

    def __init__(self, project: Project, teaching: Teaching, teacher: Teacher) -> None:
        self._teaching = teaching
        self._factory = RecordFactory(project, teaching, teacher)
        self._ids: dict[str, dict[PatternKind, list[str]]] = {}
        self.patterns = 0
        self.samples: Counter[Role] = Counter()
        self.refused: Counter[str] = Counter()

    def keep(
        self, task: TeachingTask, step: CallStep, answer: ChatAnswer[Patterns] | ChatAnswer[Samples]
    ) -> Counter[Role]:
        """Write what can be used of an answer; returns how many samples were taken, by role.

        Raises:
            StoreError: the records cannot be written.
        """
        before = self.samples.copy()
        if isinstance(answer.value, Patterns):
            kind = next(kind for kind in PATTERN_KINDS if kind == step)
            self._keep_patterns(task, kind, task.usable(answer.value))
        else:
            self._keep_samples(task, answer.value)
        return self.samples - before

    def _known(self, task: TeachingTask) -> dict[PatternKind, list[str]]:
        """Ids of the patterns of a blind spot."""
        done = task.done.patterns
        return self._ids.setdefault(task.spot_id, {kind: [one.id for one in done[kind]] for kind in PATTERN_KINDS})

    def _keep_patterns(self, task: TeachingTask, kind: PatternKind, texts: list[str]) -> None:
        known = self._known(task)
        with self._teaching.store.edit(f"describe {kind} of {task.spot_id}") as edit:
            for text in texts:
                try:
                    pattern = self._factory.pattern(edit, task.spot_id, kind, text, evidence=task.seen)
                except RefusedRecord as refused:
                    self.refused[refused.reason] += 1
                    continue
                known[kind].append(pattern.id)
                self.patterns += 1

    def _keep_samples(self, task: TeachingTask, answer: Samples) -> None:
        gold, predicted = task.evidence.gold, task.evidence.predicted
        numbered = [known for kind in PATTERN_KINDS for known in self._known(task)[kind]]
        with self._teaching.store.edit(f"write samples of {task.spot_id}") as edit:
            taken = [sample for sample in self._teaching.own("sample") if isinstance(sample, Sample)]
            for one in usable_samples(answer, task.sample_request):
                try:
                    checked = self._factory.check_sample(
                        task.spot_id,
                        text=one.text,
                        label=one.label,
                        role=one.role,
                        text_pair=one.text_pair,
                        gold=gold,
                        predicted=predicted,
                        beside=taken,
                    )
                except RefusedRecord as refused:
                    self.refused[refused.reason] += 1
                    continue
                about = numbered[one.pattern - 1] if one.pattern else None
                sample = self._factory.sample(edit, checked, pattern=about, evidence=task.seen)
                taken.append(sample)
                self.samples[one.role] += 1

    def counts(self) -> dict[Role, int]:
        """The samples that were taken, every role named."""
        return {role: self.samples[role] for role in ROLES}
