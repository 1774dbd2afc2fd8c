"""The three questions of a blind spot, in order: abstraction, extrapolation, samples. The same for every LLM.

All begin with the same evidence, and nothing else of the data is in them. What has been answered is found again by the
teacher's name and the hash of the evidence, so it is not asked twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.errors import SettingsError
from engine.llm.chat_backend import Prompt
from engine.llm.prompts import Prompts, fenced, labels_text, quoted
from engine.project import Project
from engine.schema import PATTERN_KINDS, Discovery, Pattern, PatternKind, Sample
from engine.teaching.evidence import Evidence, known_spot
from engine.teaching.records import Records


class Questions:
    """Makes the prompts of a project.

    Args:
        project: its labels and quotas.
        prompts: its templates.
    """

    def __init__(self, project: Project, prompts: Prompts) -> None:
        self._prompts = prompts
        self._labels = project.labels
        self._asked = project.settings.teaching
        self._fields = (
            "a `text`, a `text_pair` and a `label`" if project.settings.task.pair else "a `text` and a `label`"
        )

    def abstraction(self, evidence: Evidence) -> Prompt:
        """Why do these rows fail?

        Raises:
            SettingsError: a template of the project has a mistake.
        """
        return self._prompts.render(
            "abstraction", evidence=self._prompts.evidence(evidence), count=self._asked.patterns
        )

    def extrapolation(self, evidence: Evidence, abstractions: Sequence[str]) -> Prompt:
        """What else should fail, given the answers to the first question?

        Raises:
            SettingsError: a template of the project has a mistake.
        """
        return self._prompts.render(
            "extrapolation",
            evidence=self._prompts.evidence(evidence),
            count=self._asked.patterns,
            patterns=fenced(list(abstractions)),
            gold=quoted(evidence.gold),
            predicted=quoted(evidence.predicted),
        )

    def samples(self, evidence: Evidence, abstractions: Sequence[str], extrapolations: Sequence[str]) -> Prompt:
        """Samples for the patterns of both kinds, numbered from 1 in this order.

        Raises:
            SettingsError: a template of the project has a mistake.
        """
        both = [(PATTERN_KINDS[0], text) for text in abstractions] + [
            (PATTERN_KINDS[1], text) for text in extrapolations
        ]
        listed = [{"pattern": n, "kind": kind, "text": text} for n, (kind, text) in enumerate(both, start=1)]
        return self._prompts.render(
            "samples",
            evidence=self._prompts.evidence(evidence),
            patterns=fenced(listed),
            targets=self._asked.targets,
            counters=self._asked.counters,
            anchors=self._asked.anchors,
            gold=quoted(evidence.gold),
            predicted=quoted(evidence.predicted),
            labels=labels_text(self._labels),
            fields=self._fields,
        )


@dataclass(frozen=True)
class Done:
    """What an LLM has answered about a blind spot on the same evidence."""

    patterns: dict[PatternKind, tuple[Pattern, ...]]
    samples: tuple[Sample, ...]

    @property
    def open(self) -> int:
        """How many of the three questions are still to be asked."""
        return sum(not part for part in (*self.patterns.values(), self.samples))


def answered(records: Records, teacher: str, spot_id: str, seen: str) -> Done:
    """What the records hold of an LLM's answers.

    Args:
        records: of the project.
        teacher: its name.
        spot_id: the blind spot.
        seen: hash of the evidence that it was shown.
    """

    def is_its(record: Pattern | Sample) -> bool:
        made_by = record.teacher.kind == "llm" and record.teacher.name == teacher
        return made_by and record.blind_spot == spot_id and record.evidence == seen

    patterns = [pattern for pattern in records.patterns() if is_its(pattern)]
    by_kind = {kind: tuple(one for one in patterns if one.kind == kind) for kind in PATTERN_KINDS}
    return Done(by_kind, tuple(sample for sample in records.samples() if is_its(sample)))


def chosen_spots(discovery: Discovery, spots: Sequence[str] | None) -> tuple[str, ...]:
    """The blind spots of a run, each once: those named, or all.

    Raises:
        StoreError: there is no such blind spot.
    """
    named = tuple(known_spot(discovery, spot).id for spot in dict.fromkeys(spots or ()))
    return named or tuple(spot.id for spot in discovery.blind_spots)


def model_of(project: Project) -> str:
    """The model that the project asks.

    Raises:
        SettingsError: none is set.
    """
    llm = project.settings.llm
    if not llm.model.strip():
        hint = (
            "name a model in [llm] of blindspot.toml (and base_url, if it is not at api.openai.com), export its key as "
            f"{llm.key_env}; `teach` and `label` can replay recorded answers instead (--replay)"
        )
        raise SettingsError("no LLM is set up", where="llm.model", hint=hint)
    return llm.model


def asking(project: Project, *, model: str | None = None, base_url: str | None = None) -> Project:
    """The project as it is for one run that asks another model, or another server."""
    llm = project.settings.llm
    llm = replace(llm, model=model or llm.model, base_url=base_url or llm.base_url)
    return Project(project.root, replace(project.settings, llm=llm), project.manifest)
